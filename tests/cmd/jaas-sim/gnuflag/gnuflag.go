// Package gnuflag reads options as Juju's command line does: they may stand
// anywhere before "--", single letters may be joined, long ones take a value as
// "--x=v" or "--x v".
package gnuflag

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// ErrHelp asks for the usage text instead of a run.
var ErrHelp = errors.New("help requested")

// Set are the options of a command.
type Set struct {
	Synopsis string // the command line, for the usage text
	Purpose  string
	options  []*option
}

// option is one option, with all its names.
type option struct {
	names []string
	value string // what it takes, for the usage text; empty: nothing
	usage string
	set   func(string) error
}

func (s *Set) add(set func(string) error, value, usage string, names ...string) {
	s.options = append(s.options, &option{names: names, value: value, usage: usage, set: set})
}

// Text defines an option that takes a text.
func (s *Set) Text(into *string, value, usage string, names ...string) {
	s.add(func(text string) error {
		*into = text
		return nil
	}, value, usage, names...)
}

// Toggle defines an option that is given or not.
func (s *Set) Toggle(into *bool, usage string, names ...string) {
	s.add(func(text string) (err error) {
		*into, err = strconv.ParseBool(text)
		return err
	}, "", usage, names...)
}

// Duration defines an option that takes a time span.
func (s *Set) Duration(into *time.Duration, usage string, names ...string) {
	s.add(func(text string) (err error) {
		*into, err = time.ParseDuration(text)
		return err
	}, "DURATION", usage, names...)
}

// Number defines an option that takes a number, at least 0.
func (s *Set) Number(into *uint, usage string, names ...string) {
	s.add(func(text string) error {
		number, err := strconv.ParseUint(text, 0, 31)
		*into = uint(number)
		return err
	}, "N", usage, names...)
}

// List defines an option that takes texts separated by commas.
func (s *Set) List(into *[]string, value, usage string, names ...string) {
	s.add(func(text string) error {
		*into = strings.Split(text, ",")
		return nil
	}, value, usage, names...)
}

// Words defines an option that takes a text and can be given again.
func (s *Set) Words(into *[]string, value, usage string, names ...string) {
	s.add(func(text string) error {
		*into = append(*into, text)
		return nil
	}, value, usage, names...)
}

// Pairs defines an option that takes key=value and can be given again.
func (s *Set) Pairs(into map[string]string, value, usage string, names ...string) {
	s.add(func(text string) error {
		key, rest, ok := strings.Cut(text, "=")
		if !ok {
			return fmt.Errorf("expected %s", value)
		}
		into[key] = rest
		return nil
	}, value, usage, names...)
}

// Choice defines the option --format.
func (s *Set) Choice(into *string, choices ...string) {
	s.add(func(text string) error {
		if !slices.Contains(choices, text) {
			return fmt.Errorf("unknown format %q", text)
		}
		*into = text
		return nil
	}, "FORMAT", strings.Join(choices, ", ")+"; default "+*into, "format")
}

// Parse returns the arguments that are not options.
func (s *Set) Parse(args []string) (rest []string, err error) {
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--":
			return append(rest, args...), nil
		case arg == "-" || !strings.HasPrefix(arg, "-"):
			rest = append(rest, arg)
		case strings.HasPrefix(arg, "--"):
			name, value, joined := strings.Cut(arg[2:], "=")
			if args, err = s.one(name, value, joined, args); err != nil {
				return nil, err
			}
		default:
			if args, err = s.letters(arg[1:], args); err != nil {
				return nil, err
			}
		}
	}
	return rest, nil
}

// letters parses a run of single letters, the last of which may have its value
// joined.
func (s *Set) letters(run string, args []string) (rest []string, err error) {
	for _, letter := range run {
		name := string(letter)
		run = strings.TrimPrefix(run, name)
		o := s.find(name)
		joined := run != "" && o != nil && o.value != ""
		if args, err = s.one(name, run, joined, args); err != nil || joined {
			return args, err
		}
	}
	return args, nil
}

// one sets one option. If its value is not joined it is the next argument.
func (s *Set) one(name, value string, joined bool, args []string) (rest []string, err error) {
	o := s.find(name)
	switch {
	case o == nil && (name == "help" || name == "h"):
		return nil, ErrHelp
	case o == nil:
		return nil, fmt.Errorf("option provided but not defined: %s", dashed(name))
	case joined:
	case o.value == "":
		value = "true"
	case len(args) == 0:
		return nil, fmt.Errorf("option needs an argument: %s", dashed(name))
	default:
		value, args = args[0], args[1:]
	}
	if err := o.set(value); err != nil {
		return nil, fmt.Errorf("invalid value %q for option %s: %w", value, dashed(name), err)
	}
	return args, nil
}

func (s *Set) find(name string) *option {
	for _, o := range s.options {
		if slices.Contains(o.names, name) {
			return o
		}
	}
	return nil
}

func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// Help prints the usage text.
func (s *Set) Help(w io.Writer) {
	fmt.Fprintf(w, "usage: %s\n\n%s\n\n", s.Synopsis, s.Purpose)
	table := tabwriter.NewWriter(w, 0, 1, 2, ' ', 0)
	for _, o := range s.options {
		var names []string
		for _, name := range o.names {
			names = append(names, dashed(name))
		}
		fmt.Fprintf(table, "  %s\t%s\n", strings.TrimSpace(strings.Join(names, ", ")+" "+o.value), o.usage)
	}
	table.Flush()
}
