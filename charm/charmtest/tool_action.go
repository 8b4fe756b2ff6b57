package charmtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	jujucharm "github.com/juju/charm/v12"
	"github.com/juju/gnuflag"
)

func actionTools() map[string]tool {
	return map[string]tool{
		"action-get":  {"[options] [<key>[.<key>.<key>...]]", "Get action parameters.", func() command { return &actionGet{} }},
		"action-set":  {"<key>=<value> [<key>=<value> ...]", "Set action results.", func() command { return &actionSet{} }},
		"action-log":  {"<message>", "Record a progress message for the current action.", func() command { return &actionLog{} }},
		"action-fail": {`["<failure message>"]`, "Set action fail status with message.", func() command { return &actionFail{} }},
	}
}

type actionGet struct {
	out  output
	keys []string
}

func (c *actionGet) flags(_ *execution, s *gnuflag.FlagSet) { c.out.flags(s, "smart", "yaml", "json") }

func (c *actionGet) init(_ *execution, args []string) error {
	if len(args) > 0 {
		c.keys = strings.Split(args[0], ".")
		return unrecognized(args[1:])
	}
	return nil
}

func (c *actionGet) run(x *execution) error {
	if x.run.task == nil {
		return errNoTask
	}
	var value any = x.run.task.Params
	for _, key := range c.keys {
		inner, _ := value.(map[string]any)
		value = inner[key]
	}
	return c.out.write(x, value)
}

// actionSet keeps all its pairs or none.
type actionSet struct {
	pairs []actionResult
}

type actionResult struct {
	path  []string
	value string
}

func (c *actionSet) flags(*execution, *gnuflag.FlagSet) {}

func (c *actionSet) init(x *execution, args []string) error {
	rule := jujucharm.GetActionNameRule()
	for _, arg := range args {
		key, value, ok := strings.Cut(arg, "=")
		if !ok {
			return fmt.Errorf("argument %q must be of the form key...=value", arg)
		}
		path := strings.Split(key, ".")
		for _, part := range path {
			if slices.Contains([]string{"stdout", "stdout-encoding", "stderr", "stderr-encoding"}, part) {
				return fmt.Errorf("cannot set reserved action key %q", part)
			}
			if !rule.MatchString(part) {
				allowed := "lowercase alphanumeric and hyphens"
				if x.agent.before(3, 6, 4) {
					allowed = "lowercase alphanumeric, hyphens and periods"
				}
				return fmt.Errorf("key %q must start and end with lowercase alphanumeric, and contain only %s", part, allowed)
			}
		}
		c.pairs = append(c.pairs, actionResult{path, utf8Text(value)})
	}
	return nil
}

func (c *actionSet) run(x *execution) error {
	t := x.run.task
	if t == nil {
		return errNoTask
	}
	if t.Results == nil {
		t.Results = map[string]any{}
	}
	for _, pair := range c.pairs {
		into := t.Results
		last := len(pair.path) - 1
		for _, part := range pair.path[:last] {
			inner, ok := into[part].(map[string]any)
			if !ok {
				inner = map[string]any{}
				into[part] = inner
			}
			into = inner
		}
		into[pair.path[last]] = pair.value
	}
	return nil
}

// utf8Text returns what remains of a text that is sent as JSON.
func utf8Text(text string) string { return string([]rune(text)) }

type actionLog struct {
	message string
}

func (c *actionLog) flags(*execution, *gnuflag.FlagSet) {}

func (c *actionLog) init(_ *execution, args []string) error {
	if len(args) == 0 {
		return errors.New("no message specified")
	}
	c.message = utf8Text(strings.Join(args, " "))
	return nil
}

func (c *actionLog) run(x *execution) error {
	t := x.run.task
	if t == nil {
		return errNoTask
	}
	if len(t.Log) >= maxTaskLogs {
		return nil // Juju reports nothing either
	}
	message := LogMessage{Time: nowToTheSecond(), Message: c.message}
	t.Log = append(t.Log, message)
	if notify := x.agent.opts.OnLog; notify != nil {
		x.after = append(x.after, func() { notify(t.ID, message) })
	}
	return nil
}

type actionFail struct {
	message string
}

func (c *actionFail) flags(*execution, *gnuflag.FlagSet) {}

func (c *actionFail) init(_ *execution, args []string) error {
	c.message = "action failed without reason given, check action for errors"
	if len(args) > 0 {
		c.message = utf8Text(args[0])
		return unrecognized(args[1:])
	}
	return nil
}

func (c *actionFail) run(x *execution) error {
	if x.run.task == nil {
		return errNoTask
	}
	x.run.failed, x.run.failMessage = true, c.message
	return nil
}
