package cos

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/src/config"
	"jimm-migrator/src/loki"
)

// The directories of the archive with files for the observability stack.
const (
	rulesFolder      = "loki_alert_rules"
	dashboardsFolder = "grafana_dashboards"
)

// topologyMark stands in the expressions of our alert rules for the matchers that
// select this application's lines.
const topologyMark = "%%juju_topology%%"

// ruleGroups is a file of alert rules. Loki reads YAML; ours are JSON, which is
// YAML too, and needs no YAML here.
type ruleGroups struct {
	Groups []ruleGroup `json:"groups"`
}

type ruleGroup struct {
	Name  string `json:"name"`
	Rules []rule `json:"rules"`
}

type rule struct {
	Alert       string            `json:"alert"`
	Expr        string            `json:"expr"`
	For         string            `json:"for,omitempty"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
}

// OfferLogging publishes for Loki the topology of this application and its
// alert rules.
func OfferLogging(ctx context.Context, u config.Unit, id string) error {
	t := topologyOf(u.Env())
	groups, err := alertRules(os.DirFS(u.Env().CharmDir), t)
	if err != nil {
		return err
	}
	metadata, err := PlainJSON(t)
	if err != nil {
		return err
	}
	rules, err := PlainJSON(groups)
	if err != nil {
		return err
	}
	return u.SetRelationData(ctx, id, t.Application, map[string]string{"metadata": metadata, "alert_rules": rules})
}

// alertRules reads the alert rules of the archive and makes them this
// application's own.
func alertRules(archive fs.FS, t topology) (ruleGroups, error) {
	files, err := fs.Glob(archive, rulesFolder+"/*.rules")
	if err != nil || len(files) == 0 {
		return ruleGroups{}, fmt.Errorf("cannot find alert rules in %q: %w", rulesFolder, orMissing(err))
	}
	var out ruleGroups
	for _, name := range files {
		var file ruleGroups
		if err := readJSON(archive, name, &file); err != nil {
			return ruleGroups{}, err
		}
		for _, group := range file.Groups {
			out.Groups = append(out.Groups, group.of(t))
		}
	}
	return out, nil
}

// of returns the group with the application's name, labels and matchers.
func (g ruleGroup) of(t topology) ruleGroup {
	out := ruleGroup{Name: t.identifier() + "_" + g.Name + "_alerts"}
	for _, r := range g.Rules {
		labels := t.labels()
		maps.Copy(labels, r.Labels)
		r.Labels = labels
		r.Expr = strings.ReplaceAll(r.Expr, topologyMark, t.matchers())
		out.Rules = append(out.Rules, r)
	}
	return out
}

// EventVersion is the version of the lines that go to Loki, their field "v": it
// increases when a field changes its meaning or is removed.
const EventVersion = 1

// Loki returns a client of the related Lokis. It is nil if none is related; a nil
// client discards lines. Problems are logged, because no action and no hook may fail
// for lack of a log. patience limits the wait for unsent lines at the end; zero
// means the default of package loki.
func Loki(ctx context.Context, u Unit, patience time.Duration) *loki.Client {
	endpoints, err := lokiEndpoints(ctx, u)
	if err != nil {
		u.Logger().WarnContext(ctx, "no events go to Loki", slog.Any("error", err))
	}
	if len(endpoints) == 0 {
		return nil
	}
	t := topologyOf(u.Env())
	labels := t.labels()
	labels["juju_unit"] = t.Unit
	opts := loki.Options{URLs: endpoints, Labels: labels, Patience: patience, Proxy: config.Proxy(u.Env(), hostsOf(endpoints)), DialContext: u.Env().DialContext}
	if slices.ContainsFunc(endpoints, func(raw string) bool { return strings.HasPrefix(raw, "https:") }) {
		received, err := config.ReceivedCAs(ctx, u)
		if err != nil {
			u.Logger().WarnContext(ctx, "no authorities were received", slog.Any("error", err))
		}
		if len(received) > 0 {
			opts.RootCAs = config.Widened(nil, received)
		}
	}
	return loki.Open(ctx, opts)
}

// Unit is what [Loki] needs of the unit.
type Unit interface {
	Env() charm.Env
	Logger() *slog.Logger
	config.Relations
}

// lokiEndpoints returns where to push, each place once: every unit of every
// related application sends its own.
func lokiEndpoints(ctx context.Context, u config.Relations) ([]string, error) {
	ids, err := u.RelationIDs(ctx, config.EndpointLogging)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, id := range ids {
		texts, err := config.UnitData(ctx, u, id, "endpoint")
		if err != nil {
			return out, err
		}
		for _, text := range texts {
			var endpoint struct {
				URL string `json:"url"`
			}
			if json.Unmarshal([]byte(text), &endpoint) == nil && pushable(endpoint.URL) {
				out = append(out, endpoint.URL)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// pushable reports whether a URL can be pushed to.
func pushable(raw string) bool {
	at, err := url.Parse(raw)
	return err == nil && (at.Scheme == "http" || at.Scheme == "https") && at.Host != ""
}

func hostsOf(urls []string) []string {
	var out []string
	for _, raw := range urls {
		if at, err := url.Parse(raw); err == nil && config.InCluster(at.Hostname()) {
			out = append(out, at.Hostname())
		}
	}
	return out
}

// LogRemoteErrors logs the errors that the other side of a relation reports
// about our data: Loki about alert rules, Grafana about dashboards.
func LogRemoteErrors(ctx context.Context, h *charm.Hook) error {
	relation := h.Env().Relation
	data, err := h.RelationData(ctx, relation.ID, relation.RemoteApp)
	if err != nil {
		return err
	}
	var event struct {
		Errors any `json:"errors"`
	}
	if json.Unmarshal([]byte(data["event"]), &event) == nil && said(event.Errors) {
		h.Logger().WarnContext(ctx, relation.RemoteApp+" cannot use the data sent over "+relation.Endpoint, slog.Any("errors", event.Errors))
	}
	return nil
}

// said reports whether there are errors: charms also write an empty text or list
// when all is well again.
func said(errors any) bool {
	switch errors := errors.(type) {
	case string:
		return errors != ""
	case []any:
		return len(errors) > 0
	case map[string]any:
		return len(errors) > 0
	default:
		return errors != nil
	}
}

func readJSON(archive fs.FS, name string, into any) error {
	raw, err := fs.ReadFile(archive, name)
	if err != nil {
		return fmt.Errorf("cannot read a file of the charm: %w", err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("cannot read %q of the charm: %w", path.Base(name), err)
	}
	return nil
}

func orMissing(err error) error {
	if err == nil {
		return fs.ErrNotExist
	}
	return err
}
