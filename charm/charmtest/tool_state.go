package charmtest

import (
	"fmt"
	"maps"

	"github.com/juju/gnuflag"
	"gopkg.in/yaml.v2"
)

// Limits of the state of a unit, in bytes.
const (
	maxStateKey   = 256
	maxStateValue = 65_536
)

func stateTools() map[string]tool {
	return map[string]tool{
		"state-get":    {"[options] [<key>]", "Print server-side-state value.", func() command { return &stateGet{} }},
		"state-set":    {"[options] key=value [key=value ...]", "Set server-side-state values.", func() command { return &stateSet{} }},
		"state-delete": {"<key>", "Delete server-side-state key value pairs.", func() command { return &stateDelete{} }},
	}
}

// state returns the unit's state as the dispatch first saw it, with its own
// writes; nil if nothing was ever stored.
func (x *execution) state() map[string]string {
	if x.run.state == nil && len(x.agent.state) > 0 {
		x.run.state = maps.Clone(x.agent.state)
	}
	return x.run.state
}

func checkState(key, value string) error {
	if len(key) > maxStateKey {
		return fmt.Errorf("max allowed key length (%d) exceeded", maxStateKey)
	}
	if len(value) > maxStateValue {
		return fmt.Errorf("max allowed value length (%d) exceeded", maxStateValue)
	}
	return nil
}

type stateGet struct {
	out    output
	strict bool
	key    string
}

func (c *stateGet) flags(_ *execution, s *gnuflag.FlagSet) {
	c.out.flags(s, "smart", "yaml", "json")
	toggle(s, &c.strict, "strict")
}

func (c *stateGet) init(_ *execution, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if args[0] != "-" {
		c.key = args[0]
	}
	return unrecognized(args[1:])
}

func (c *stateGet) run(x *execution) error {
	if c.key == "" {
		return c.out.write(x, x.state())
	}
	value, ok := x.state()[c.key]
	if !ok && c.strict {
		return fmt.Errorf("%q not found", c.key)
	}
	return c.out.write(x, value)
}

// settingsFile is the --file of tools that set pairs.
type settingsFile struct {
	path string
}

func (f *settingsFile) flags(s *gnuflag.FlagSet) { text(s, &f.path, "file") }

// merge reads the file and adds the pairs of the command line, which override
// those of the file.
func (f *settingsFile) merge(x *execution, pairs map[string]string) (map[string]string, error) {
	if f.path == "" {
		return pairs, nil
	}
	data, err := x.readFile(f.path)
	if err != nil {
		return nil, err
	}
	out := make(map[string]string)
	if err := yaml.Unmarshal(data, &out); err != nil {
		return nil, err
	}
	if out == nil {
		out = make(map[string]string)
	}
	maps.Copy(out, pairs)
	return out, nil
}

type stateSet struct {
	file  settingsFile
	pairs map[string]string
}

func (c *stateSet) flags(_ *execution, s *gnuflag.FlagSet) { c.file.flags(s) }

func (c *stateSet) init(_ *execution, args []string) (err error) {
	c.pairs, err = keyValues(args)
	return err
}

func (c *stateSet) run(x *execution) error {
	pairs, err := c.file.merge(x, c.pairs)
	if err != nil {
		return err
	}
	for key, value := range pairs {
		if err := checkState(key, value); err != nil {
			return err
		}
	}
	if len(pairs) > 0 {
		if x.state() == nil {
			x.run.state = map[string]string{}
		}
		maps.Copy(x.run.state, pairs)
		x.run.pending.state = true
	}
	return nil
}

type stateDelete struct {
	key string
}

func (c *stateDelete) flags(*execution, *gnuflag.FlagSet) {}

func (c *stateDelete) init(_ *execution, args []string) error {
	if len(args) == 0 {
		return nil
	}
	c.key = args[0]
	return unrecognized(args[1:])
}

func (c *stateDelete) run(x *execution) error {
	if _, ok := x.state()[c.key]; ok {
		delete(x.state(), c.key)
		x.run.pending.state = true
	}
	return nil
}
