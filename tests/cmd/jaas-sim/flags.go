package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/juju/gnuflag"

	"jimm-migrator/tests/cmd/jaas-sim/application"
	"jimm-migrator/tests/cmd/jaas-sim/operations"
)

// errHelp requests the usage text instead of a run.
var errHelp = errors.New("help requested")

// flags are the options of a command, read and listed as Juju does.
type flags struct {
	set      *gnuflag.FlagSet
	synopsis string
	purpose  string
}

func newFlags(synopsis, purpose string) *flags {
	set := gnuflag.NewFlagSetWithFlagKnownAs("jaas-sim", gnuflag.ContinueOnError, "option")
	set.SetOutput(io.Discard)
	set.Usage = func() {}
	return &flags{set: set, synopsis: synopsis, purpose: purpose}
}

// option is the value of an option that a function reads.
type option struct {
	read    func(string) error
	current func() string
}

// Set reads the value.
func (o *option) Set(text string) error { return o.read(text) }

// String returns the value.
func (o *option) String() string { return o.current() }

func (f *flags) add(o *option, usage string, names ...string) {
	for _, name := range names {
		f.set.Var(o, name, usage)
	}
}

// text defines an option with a text.
func (f *flags) text(into *string, usage string, names ...string) {
	for _, name := range names {
		f.set.StringVar(into, name, *into, usage)
	}
}

// toggle defines an option without a value.
func (f *flags) toggle(into *bool, usage string, names ...string) {
	for _, name := range names {
		f.set.BoolVar(into, name, *into, usage)
	}
}

// duration defines an option with a duration.
func (f *flags) duration(into *time.Duration, usage, name string) {
	f.set.DurationVar(into, name, *into, usage)
}

// number defines an option with a number, at least 0.
func (f *flags) number(into *uint, usage, name string) {
	f.add(&option{func(text string) error {
		number, err := strconv.ParseUint(text, 0, 31)
		*into = uint(number)
		return err
	}, func() string { return strconv.FormatUint(uint64(*into), 10) }}, usage, name)
}

// list defines an option with texts separated by commas.
func (f *flags) list(into *[]string, usage string, names ...string) {
	f.add(&option{func(text string) error {
		*into = strings.Split(text, ",")
		return nil
	}, func() string { return strings.Join(*into, ",") }}, usage, names...)
}

// words defines an option with a text that can be repeated.
func (f *flags) words(into *[]string, usage, name string) {
	f.add(&option{func(text string) error {
		*into = append(*into, text)
		return nil
	}, func() string { return strings.Join(*into, " ") }}, usage, name)
}

// pairs defines an option with key=value that can be repeated.
func (f *flags) pairs(into map[string]string, value, usage, name string) {
	f.add(&option{func(text string) error {
		key, rest, ok := strings.Cut(text, "=")
		if !ok {
			return fmt.Errorf("expected %s", value)
		}
		into[key] = rest
		return nil
	}, func() string { return "" }}, usage, name)
}

// format defines the option --format.
func (f *flags) format(into *string, formats ...string) {
	f.add(&option{func(text string) error {
		if !slices.Contains(formats, text) {
			return fmt.Errorf("unknown format %q", text)
		}
		*into = text
		return nil
	}, func() string { return *into }}, "Specify output format ("+strings.Join(formats, "|")+")", "format")
}

// command is the command line of a command about the model that is served.
type command struct {
	*flags
	program *program
	out     output // of a command that has a choice of formats
	state   string
}

// aboutModel begins the command line of such a command. The first format is the default; without any, there is no
// choice.
func (p *program) aboutModel(synopsis, purpose string, formats ...string) *command {
	c := &command{flags: newFlags("jaas-sim "+synopsis, purpose), program: p}
	if len(formats) > 0 {
		p.formats(c.flags, &c.out, formats...)
	}
	var ignored string
	c.text(&ignored, "accepted; the world has one model", "m", "model")
	c.text(&c.state, stateUsage, "state")
	return c
}

// read parses the command line and returns the arguments: at least as many as there are texts, each of which says that
// its argument is missing.
func (c *command) read(args []string, missing ...string) ([]string, error) {
	words, err := c.program.parse(c.flags, args)
	if err == nil && len(words) < len(missing) {
		err = usageError{errors.New(missing[len(words)])}
	}
	return words, err
}

// readAll is read for a command that has no other arguments.
func (c *command) readAll(args []string, missing ...string) ([]string, error) {
	words, err := c.read(args, missing...)
	if err == nil {
		err = noArguments(words[len(missing):])
	}
	return words, err
}

// client returns a client of the world.
func (c *command) client() (*operations.Client, error) { return dial(c.state) }

// application returns a client for the application of the world.
func (c *command) application() (*application.Client, error) {
	world, err := c.client()
	if err != nil {
		return nil, err
	}
	return application.NewClient(world), nil
}

// parse returns the arguments that are not options. Its error is a usage error, or errHelp.
func (p *program) parse(f *flags, args []string) ([]string, error) {
	// The parser's own answer to --help changes a variable of its package.
	var help bool
	f.toggle(&help, "Show this text", "h", "help")
	err := f.set.Parse(true, args)
	switch {
	case help:
		fmt.Fprintf(p.stdout, "Usage: %s\n\nSummary:\n%s\n\nOptions:\n", f.synopsis, f.purpose)
		f.set.SetOutput(p.stdout)
		f.set.PrintDefaults()
		return nil, errHelp
	case err != nil:
		return nil, usageError{err}
	}
	return f.set.Args(), nil
}
