package main

import (
	"errors"
	"fmt"
	"io"
	"os"

	"jimm-migrator/tests/cmd/jaas-sim/screen"
)

// output is the destination and format of a result.
type output struct {
	format string
	file   string
	used   bool // something was printed
}

// formats adds the options --format and --output; the first format is the default.
func (p *program) formats(set *flags, o *output, formats ...string) {
	p.out = o
	o.format = formats[0]
	set.format(&o.format, formats...)
	set.text(&o.file, "print the result to a file", "o", "output")
}

// write prints a value; plain, if that is the format, takes a map of tasks.
func (o *output) write(stdout io.Writer, value any) error {
	return o.with(stdout, func(w io.Writer) error {
		switch o.format {
		case "yaml":
			return screen.YAML(w, value)
		case "json":
			return screen.JSON(w, value)
		}
		tasks, ok := value.(map[string]any)
		if !ok {
			return fmt.Errorf("cannot print a %T", value)
		}
		return screen.Plain(w, tasks)
	})
}

// with prints to the file, or to stdout if none was given.
func (o *output) with(stdout io.Writer, show func(io.Writer) error) error {
	o.used = true
	if o.file == "" {
		return show(stdout)
	}
	file, err := os.Create(o.file)
	if err != nil {
		return err
	}
	return errors.Join(show(file), file.Close())
}
