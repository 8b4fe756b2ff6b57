package charmtest

import (
	"fmt"
	"maps"

	"github.com/juju/gnuflag"
)

func configTools() map[string]tool {
	return map[string]tool{
		"config-get": {"[options] [<key>]", "Print application configuration.", func() command { return &configGet{} }},
	}
}

type configGet struct {
	out output
	all bool
	key string
}

func (c *configGet) flags(_ *execution, s *gnuflag.FlagSet) {
	c.out.flags(s, "smart", "yaml", "json")
	toggle(s, &c.all, "a", "all")
}

func (c *configGet) init(_ *execution, args []string) error {
	if len(args) == 0 {
		return nil
	}
	c.key = args[0]
	if c.key != "" && c.all {
		return fmt.Errorf("cannot use argument --all together with key %q", c.key)
	}
	return unrecognized(args[1:])
}

func (c *configGet) run(x *execution) error {
	settings := x.config()
	if c.key != "" {
		return c.out.write(x, settings[c.key])
	}
	if !c.all {
		settings = maps.Clone(settings)
		maps.DeleteFunc(settings, func(_ string, value any) bool { return value == nil })
	}
	return c.out.write(x, settings)
}

// config returns the configuration as the dispatch first saw it, with nil for
// options that are unset and have no default.
func (x *execution) config() map[string]any {
	if x.run.config == nil {
		x.run.config = make(map[string]any)
		for name, option := range x.agent.charm.Config().Options {
			x.run.config[name] = option.Default
		}
		maps.Copy(x.run.config, x.agent.config)
	}
	return x.run.config
}
