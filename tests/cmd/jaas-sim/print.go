package main

import (
	"fmt"
	"io"
	"maps"
	"strings"

	"gopkg.in/yaml.v2"

	"jimm-migrator/charm/charmtest"
)

// printLine shows a line of a task's log as `juju run` of 3.6 does, which takes
// the message for a format string: "50% done" comes out mangled.
func printLine(w io.Writer, line charmtest.LogMessage, utc bool) {
	at := line.Time.Local()
	if utc {
		at = at.UTC()
	}
	format, noArgs := at.Format("15:04:05")+" "+line.Message+"\n", []any{}
	fmt.Fprintf(w, format, noArgs...)
}

// printPlain shows an ended task as `juju run` does in its plain format: the
// message if it failed, the results as YAML and an empty line, then what the
// process printed.
func printPlain(w io.Writer, task charmtest.Task) error {
	results := maps.Clone(task.Results)
	for _, key := range []string{"return-code", "stdout", "stdout-encoding", "stderr", "stderr-encoding"} {
		delete(results, key)
	}
	var out strings.Builder
	if task.Status == charmtest.TaskFailed {
		fmt.Fprintf(&out, "Action id %s failed: %s\n", task.ID, task.Message)
	}
	if len(results) > 0 {
		text, err := yaml.Marshal(results)
		if err != nil {
			return fmt.Errorf("cannot print the results: %w", err)
		}
		out.Write(text)
	}
	out.WriteString("\n")
	for _, key := range []string{"stdout", "stderr"} {
		if text, _ := task.Results[key].(string); text != "" {
			out.WriteString(strings.Trim(text, "\n") + "\n")
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// unitTag is how Juju names a unit where it lists tasks: unit-jimm-migrator-0.
func unitTag(unit string) string {
	return "unit-" + strings.ReplaceAll(unit, "/", "-")
}
