package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/juju/charm/v12"
	"gopkg.in/yaml.v2"

	"jimm-migrator/charm/charmtest"
)

// printActions shows the table of `juju actions`, or with schemas the YAML of
// `juju actions --schema`.
func printActions(w io.Writer, actions map[string]charm.ActionSpec, schemas bool) error {
	if schemas {
		all := map[string]any{}
		for name, action := range actions {
			all[name] = action.Params
		}
		text, err := yaml.Marshal(all)
		if err != nil {
			return fmt.Errorf("cannot print the schemas: %w", err)
		}
		_, err = w.Write(text)
		return err
	}
	table := tabwriter.NewWriter(w, 0, 1, 2, ' ', 0)
	fmt.Fprintln(table, "Action\tDescription")
	for _, name := range slices.Sorted(maps.Keys(actions)) {
		description := strings.TrimSpace(actions[name].Description)
		fmt.Fprintf(table, "%s\t%s\n", name, strings.ReplaceAll(description, "\n", "\n\t"))
	}
	return table.Flush()
}

// actions is the command of that name.
func (p *program) actions(_ context.Context, args []string) error {
	set := newFlags(
		"jaas-sim actions [options]",
		"Lists the charm's actions, as \"juju actions\" does.",
	)
	dir, schemas := ".", false
	set.text(&dir, "the charm's; default .", "charm")
	set.toggle(&schemas, "show the full schemas", "schema")
	others, err := p.parse(set, args)
	if err == nil {
		err = noArguments(others)
	}
	if err != nil {
		return err
	}
	deployed, err := charmtest.ReadCharm(dir, jujuMajor)
	if err != nil {
		return fmt.Errorf("cannot read the charm: %w", err)
	}
	return printActions(p.stdout, deployed.Actions().ActionSpecs, schemas)
}
