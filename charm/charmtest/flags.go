package charmtest

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/juju/gnuflag"
)

// errHelp asks for the usage text instead of a run.
var errHelp = errors.New("help requested")

// parseFlags reads the flags of a tool with Juju's own parser and returns the
// other arguments: flags may stand anywhere before "--".
func parseFlags(name string, args []string, define func(*gnuflag.FlagSet)) (rest []string, err error) {
	set := gnuflag.NewFlagSetWithFlagKnownAs(name, gnuflag.ContinueOnError, "option")
	set.SetOutput(io.Discard)
	set.Usage = func() {}
	// The parser's own answer to --help changes a variable of its package.
	var help bool
	toggle(set, &help, "help", "h")
	define(set)
	err = set.Parse(true, args)
	if help {
		return nil, errHelp
	}
	return set.Args(), err
}

// toggle defines a flag that is on or off.
func toggle(set *gnuflag.FlagSet, into *bool, names ...string) {
	for _, name := range names {
		set.BoolVar(into, name, *into, "")
	}
}

// text defines a flag that takes a text.
func text(set *gnuflag.FlagSet, into *string, names ...string) {
	for _, name := range names {
		set.StringVar(into, name, *into, "")
	}
}

// checked is the value of a flag that is read by a function.
type checked func(value string) error

// Set reads the value.
func (c checked) Set(value string) error { return c(value) }

// String returns nothing: such a flag has no default.
func (c checked) String() string { return "" }

// unrecognized refuses arguments that a tool has no use for.
func unrecognized(args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("unrecognized args: %q", args)
}

// keyValues reads "key=value" arguments as most tools do: both are trimmed of
// white space, no key is empty or given twice.
func keyValues(args []string) (map[string]string, error) {
	out := make(map[string]string, len(args))
	for _, arg := range args {
		key, value, ok := strings.Cut(arg, "=")
		if key = strings.TrimSpace(key); !ok || key == "" {
			return nil, fmt.Errorf("expected %q, got %q", "key=value", arg)
		}
		if _, ok := out[key]; ok {
			return nil, fmt.Errorf("key %q specified more than once", key)
		}
		out[key] = strings.TrimSpace(value)
	}
	return out, nil
}
