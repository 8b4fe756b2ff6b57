package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"gopkg.in/yaml.v2"

	"jimm-migrator/charm/charmtest/charmdir"
)

// printActions shows the table of `juju actions`, or with schemas the YAML of
// `juju actions --schema`.
func printActions(w io.Writer, actions map[string]charmdir.Action, schemas bool) error {
	if schemas {
		all := map[string]any{}
		for name, action := range actions {
			all[name] = action.Schema
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
