package charmtest

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// errHelp asks for the usage text instead of a run.
var errHelp = errors.New("help requested")

// flagSet parses arguments as Juju's gnuflag does: flags may stand anywhere
// before "--", single letters may be joined ("-ab", "-rdb:1"), long ones take
// a value as "--x=v" or "--x v".
type flagSet struct {
	flags map[string]*flag
}

type flag struct {
	boolean bool
	set     func(string) error
}

func (s *flagSet) add(f *flag, names ...string) {
	if s.flags == nil {
		s.flags = make(map[string]*flag)
	}
	for _, name := range names {
		s.flags[name] = f
	}
}

// text defines a flag that takes a text.
func (s *flagSet) text(into *string, names ...string) {
	s.value(func(value string) error {
		*into = value
		return nil
	}, names...)
}

// value defines a flag whose value is checked.
func (s *flagSet) value(set func(string) error, names ...string) {
	s.add(&flag{set: set}, names...)
}

// toggle defines a flag that is on or off.
func (s *flagSet) toggle(into *bool, names ...string) {
	s.add(&flag{boolean: true, set: func(value string) (err error) {
		*into, err = strconv.ParseBool(value)
		return err
	}}, names...)
}

// number defines a flag that takes a number.
func (s *flagSet) number(into *int, names ...string) {
	s.value(func(value string) (err error) {
		*into, err = strconv.Atoi(value)
		return err
	}, names...)
}

// parse returns the arguments that are not flags.
func (s *flagSet) parse(args []string) (rest []string, err error) {
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
			if name == "" && joined {
				return nil, fmt.Errorf("empty option in argument %q", arg)
			}
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

// letters parses a run of single-letter flags, the last of which may have its
// value joined.
func (s *flagSet) letters(run string, args []string) (rest []string, err error) {
	for run != "" {
		_, size := utf8.DecodeRuneInString(run)
		name := run[:size]
		run = run[size:]
		f := s.flags[name]
		// "-r=3" gives "=3": only long flags take "=" away. A boolean followed
		// by "=" is given the text with it, and refuses.
		joined := run != "" && f != nil && (!f.boolean || run[0] == '=')
		if args, err = s.one(name, run, joined, args); err != nil {
			return nil, err
		}
		if joined {
			break
		}
	}
	return args, nil
}

// one sets one flag. If its value is not joined it is the next argument,
// whatever that looks like.
func (s *flagSet) one(name, value string, joined bool, args []string) (rest []string, err error) {
	dashed := "-" + name
	if utf8.RuneCountInString(name) > 1 {
		dashed = "-" + dashed
	}
	f, ok := s.flags[name]
	if !ok {
		if name == "help" || name == "h" {
			return nil, errHelp
		}
		return nil, fmt.Errorf("option provided but not defined: %s", dashed)
	}
	switch {
	case joined:
	case f.boolean:
		value = "true"
	case len(args) == 0:
		return nil, fmt.Errorf("option needs an argument: %s", dashed)
	default:
		value, args = args[0], args[1:]
	}
	if err := f.set(value); err != nil {
		return nil, fmt.Errorf("invalid value %q for option %s: %w", value, dashed, err)
	}
	return args, nil
}

// unrecognized refuses arguments that a tool has no use for.
func unrecognized(args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("unrecognized args: %q", args)
}

// keyValues reads "key=value" arguments as most tools do: both are trimmed of
// white space, no key is empty or given twice.
func keyValues(args []string, allowEmpty bool) (map[string]string, error) {
	out := make(map[string]string, len(args))
	for _, arg := range args {
		key, value, ok := strings.Cut(arg, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if !ok || key == "" || value == "" && !allowEmpty {
			return nil, fmt.Errorf("expected %q, got %q", "key=value", arg)
		}
		if _, ok := out[key]; ok {
			return nil, fmt.Errorf("key %q specified more than once", key)
		}
		out[key] = value
	}
	return out, nil
}
