// Package screen prints tasks and operations as the command line of Juju 3.6
// does, byte for byte: in its plain format, in YAML and in JSON.
package screen

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"gopkg.in/yaml.v2"

	"jimm-migrator/charm/charmtest"
)

// Infof prints progress. The text ends in one newline, unless it has more.
func Infof(w io.Writer, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	_, _ = io.WriteString(w, text) // to a person
}

// Line is a line of a task's log while it runs: the time of day and the message.
func Line(line charmtest.LogMessage, utc bool) string {
	return place(line.Time, utc).Format("15:04:05") + " " + line.Message
}

// stamp is a time in YAML and JSON; empty if it is not set.
func stamp(t time.Time, utc bool) string {
	if t.IsZero() {
		return ""
	}
	return place(t, utc).String()
}

// place converts a time to a time zone.
func place(t time.Time, utc bool) time.Time {
	if utc {
		return t.UTC()
	}
	return t.Local()
}

// logLines are the lines of a task's log in YAML and JSON.
func logLines(task charmtest.Task, utc bool) []string {
	var lines []string
	for _, line := range task.Log {
		lines = append(lines, stamp(line.Time, utc)+" "+line.Message)
	}
	return lines
}

// YAML prints a value. Juju prints with this library, which folds long lines and quotes what YAML 1.1 would read as
// another type.
func YAML(w io.Writer, value any) error {
	text, err := marshal(value)
	if err != nil {
		return fmt.Errorf("cannot print as YAML: %w", err)
	}
	// If the last value is a text that ends in newlines, they are lost.
	_, err = io.WriteString(w, strings.TrimRight(text, "\n")+"\n")
	return err
}

// marshal is the library's, with one difference of Juju's own fork: "1e5" is not a number, because its exponent has no
// sign, and is not quoted.
func marshal(value any) (string, error) {
	text, err := yaml.Marshal(value)
	quoted := regexp.MustCompile(`(?m)^((?: |- )*(?:[a-z0-9.-]+: )?)"([-+]?(?:\.\d+|\d+(?:\.\d*)?)[eE]\d+)"(:.*)?$`)
	return quoted.ReplaceAllString(string(text), "$1$2$3"), err
}

// JSON prints a value on one line.
func JSON(w io.Writer, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("cannot print as JSON: %w", err)
	}
	_, err = w.Write(append(text, '\n'))
	return err
}
