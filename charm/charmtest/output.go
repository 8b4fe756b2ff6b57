package charmtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/juju/gnuflag"
	"gopkg.in/yaml.v2"
)

// output is the --format and -o of a tool.
type output struct {
	format string
	path   string
}

// flags defines the flags, with the default format first and then the others
// that are allowed.
func (o *output) flags(s *gnuflag.FlagSet, formats ...string) {
	o.format = formats[0]
	s.Var(checked(func(value string) error {
		if !slices.Contains(formats, value) {
			return fmt.Errorf("unknown format %q", value)
		}
		o.format = value
		return nil
	}), "format", "")
	text(s, &o.path, "o", "output")
}

// write formats a value and writes it to stdout, or to the file asked for.
func (o *output) write(x *execution, value any) error {
	text, err := format(o.format, value)
	if err != nil {
		return err
	}
	if o.path == "" {
		x.stdout.Write(text)
		return nil
	}
	return os.WriteFile(x.abs(o.path), text, 0o644) //nolint:gosec // as the agent does, for the charm to read
}

// format writes a value as a tool prints it.
func format(name string, value any) ([]byte, error) {
	value = plain(value)
	switch name {
	case "json":
		out, err := json.Marshal(value)
		return append(out, '\n'), err
	case "smart":
		switch value := value.(type) {
		case string:
			return line(value), nil
		case []string:
			return line(strings.Join(value, "\n")), nil
		case bool:
			if value {
				return line("True"), nil
			}
			return line("False"), nil
		}
	}
	if value == nil {
		return nil, nil
	}
	out, err := yaml.Marshal(value)
	if err != nil {
		return nil, err
	}
	return append(bytes.TrimRight(out, "\n"), '\n'), nil
}

// line ends a text with a newline; an empty text stays empty.
func line(text string) []byte {
	if text == "" {
		return nil
	}
	return []byte(text + "\n")
}

// plain turns integers into floats, because the tools read them from JSON: they
// print 1000000 as 1e+06 unless they print JSON.
func plain(value any) any {
	switch value := value.(type) {
	case int:
		return float64(value)
	case int64:
		return float64(value)
	case map[string]any:
		out := make(map[string]any, len(value))
		for key, inner := range value {
			out[key] = plain(inner)
		}
		return out
	case []any:
		out := make([]any, len(value))
		for i, inner := range value {
			out[i] = plain(inner)
		}
		return out
	}
	return value
}

// abs makes a file argument absolute: it is relative to where the tool was
// started, and opened by the agent.
func (x *execution) abs(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(x.dir, path)
}

// readFile reads a file argument, "-" being the tool's standard input.
func (x *execution) readFile(path string) ([]byte, error) {
	if path == "-" {
		return x.stdin()
	}
	return os.ReadFile(x.abs(path))
}
