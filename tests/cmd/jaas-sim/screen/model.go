package screen

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/juju/charm/v12"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/cmd/jaas-sim/application"
)

// Actions prints the table of `juju actions`.
func Actions(w io.Writer, actions map[string]charm.ActionSpec) error {
	table := columns(w)
	fmt.Fprintln(table, "Action\tDescription")
	for _, name := range slices.Sorted(maps.Keys(actions)) {
		description := strings.TrimSpace(actions[name].Description)
		fmt.Fprintf(table, "%s\t%s\n", name, strings.ReplaceAll(description, "\n", "\n\t"))
	}
	return table.Flush()
}

func columns(w io.Writer) *tabwriter.Writer { return tabwriter.NewWriter(w, 0, 1, 2, ' ', 0) }

// The cloud and the controller of the model are made up.
const (
	controller = "jaas-sim"
	cloud      = "localhost/localhost"
)

// StatusTable prints the tables of `juju status` of a Kubernetes model.
func StatusTable(w io.Writer, status application.Status, relations bool, now time.Time) error {
	table := columns(w)
	fmt.Fprintf(table, "Model\tController\tCloud/Region\tVersion\tTimestamp\n%s\t%s\t%s\t%s\t%s\n\n",
		status.Model, controller, cloud, status.Juju, now.Format("15:04:05Z07:00"))
	if err := table.Flush(); err != nil {
		return err
	}
	table = columns(w)
	fmt.Fprintf(table, "App\tVersion\tStatus\tScale\tCharm\tChannel\tRev\tAddress\tExposed\tMessage\n%s\t%s\t%s\t%5d\t%s\t\t%3d\t\tno\t%s\n\n",
		status.Name, status.Workload, status.Current.Status, len(status.Units), status.Charm, status.Revision, status.Current.Message)
	if err := table.Flush(); err != nil {
		return err
	}
	table = columns(w)
	fmt.Fprintln(table, "Unit\tWorkload\tAgent\tAddress\tPorts\tMessage")
	for _, unit := range status.Units {
		name, message := unit.Name, unit.Workload.Message
		if unit.Leader {
			name += "*"
		}
		if doing, ok := strings.CutPrefix(unit.Agent.Message, "running action "); ok {
			message = "(" + doing + ") " + message
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t\t\t%s\n", name, unit.Workload.Status, unit.Agent.Status, message)
	}
	if relations && len(status.Relations) > 0 {
		fmt.Fprintln(table)
		if err := table.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(table, "Integration provider\tRequirer\tInterface\tType\tMessage")
		for _, r := range status.Relations {
			provider, requirer := r.Remote, status.Name+":"+r.Endpoint
			if r.Provider {
				provider, requirer = requirer, provider
			}
			fmt.Fprintf(table, "%s\t%s\t%s\tregular\t\n", provider, requirer, r.Interface)
		}
	}
	return table.Flush()
}

// Status is what `juju status` prints as YAML or JSON, as far as the world has the data.
func Status(status application.Status) any {
	units := map[string]any{}
	for _, unit := range status.Units {
		shown := map[string]any{"workload-status": statusInfo(unit.Workload), "juju-status": statusInfo(unit.Agent)}
		if unit.Leader {
			shown["leader"] = true
		}
		units[unit.Name] = shown
	}
	relations := map[string]any{}
	for _, r := range status.Relations {
		remote, _, _ := strings.Cut(r.Remote, ":")
		relations[r.Endpoint] = []any{map[string]any{"related-application": remote, "interface": r.Interface, "scope": "global"}}
	}
	app := map[string]any{
		"charm": "local:" + status.Charm + "-" + strconv.Itoa(status.Revision), "charm-origin": "local", "charm-name": status.Charm,
		"charm-rev": status.Revision, "charm-version": status.Version, "scale": len(status.Units), "exposed": false,
		"application-status": statusInfo(status.Current), "units": units, "version": status.Workload,
	}
	if len(relations) > 0 {
		app["relations"] = relations
	}
	return map[string]any{
		"model": map[string]any{
			"name": status.Model, "type": "caas", "controller": controller, "cloud": cloud, "version": status.Juju,
			"model-status": map[string]any{"current": "available"},
		},
		"machines":     map[string]any{},
		"applications": map[string]any{status.Name: app},
	}
}

func statusInfo(status charmtest.Status) map[string]any {
	out := map[string]any{"current": status.Status}
	if status.Message != "" {
		out["message"] = status.Message
	}
	return out
}
