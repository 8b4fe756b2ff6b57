package charmtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// errNotLeader refuses what only the leader may do.
var errNotLeader = errors.New("this unit is not the leader")

func statusTools() map[string]tool {
	return map[string]tool{
		"status-set": {"[options] <maintenance | blocked | waiting | active> [message]", "Set status information.", func() command { return &statusSet{} }},
		"status-get": {"[options] [--include-data] [--application]", "Print status information.", func() command { return &statusGet{} }},
	}
}

type statusSet struct {
	app    bool
	status Status
}

func (c *statusSet) flags(_ *execution, s *flagSet) { s.toggle(&c.app, "application") }

func (c *statusSet) init(_ *execution, args []string) error {
	if len(args) == 0 {
		return errors.New("invalid args, require <status> [message]")
	}
	allowed := []string{"maintenance", "blocked", "waiting", "active"}
	if !slices.Contains(allowed, args[0]) {
		return fmt.Errorf("invalid status %q, expected one of [%s]", args[0], strings.Join(allowed, " "))
	}
	c.status.Status = args[0]
	if len(args) > 1 {
		c.status.Message = utf8Text(args[1])
		return unrecognized(args[2:])
	}
	return nil
}

func (c *statusSet) run(x *execution) error {
	if c.app && !x.isLeader() {
		return errNotLeader
	}
	x.after = append(x.after, x.agent.setStatus(c.status, c.app, x.run.name))
	return nil
}

type statusGet struct {
	out  output
	data bool
	app  bool
}

func (c *statusGet) flags(_ *execution, s *flagSet) {
	c.out.flags(s, "smart", "yaml", "json")
	s.toggle(&c.data, "include-data")
	s.toggle(&c.app, "application")
}

func (c *statusGet) init(_ *execution, args []string) error { return unrecognized(args) }

func (c *statusGet) run(x *execution) error {
	if c.app && !x.isLeader() {
		return fmt.Errorf("finding application status: %w", errNotLeader)
	}
	status := x.status(c.app)
	describe := func(s Status) map[string]any {
		return map[string]any{"status": s.Status, "message": s.Message, "status-data": map[string]any{}}
	}
	switch {
	case c.app:
		details := describe(status)
		details["units"] = map[string]any{x.agent.unit: describe(x.status(false))}
		return c.out.write(x, map[string]any{"application-status": details})
	case c.data:
		return c.out.write(x, describe(status))
	}
	return c.out.write(x, status.Status)
}

// status returns a status as it was when the dispatch first asked: what it has
// set since is not shown.
func (x *execution) status(app bool) Status {
	if x.run.status[app] == nil {
		status := x.agent.status
		if app {
			status = x.agent.appStatus
		}
		x.run.status[app] = &status
	}
	return *x.run.status[app]
}

func leaderTools() map[string]tool {
	return map[string]tool{
		"is-leader":  {"[options]", "Print application leadership status.", func() command { return &isLeader{} }},
		"leader-get": {"[options] [<key>]", "Print application leadership settings.", func() command { return &leaderGet{} }},
		"leader-set": {"<key>=<value> [...]", "Write application leadership settings.", func() command { return &leaderSet{} }},
	}
}

// isLeader says whether the unit is the leader. A dispatch that was once told
// no is told no from then on.
func (x *execution) isLeader() bool {
	if !x.agent.leader {
		x.run.notLeader = true
	}
	return !x.run.notLeader
}

type isLeader struct {
	out output
}

func (c *isLeader) flags(_ *execution, s *flagSet) { c.out.flags(s, "smart", "yaml", "json") }

func (c *isLeader) init(_ *execution, args []string) error { return unrecognized(args) }

func (c *isLeader) run(x *execution) error { return c.out.write(x, x.isLeader()) }

type leaderGet struct {
	out output
	key string
}

func (c *leaderGet) flags(_ *execution, s *flagSet) { c.out.flags(s, "smart", "yaml", "json") }

func (c *leaderGet) init(_ *execution, args []string) error {
	if len(args) == 0 {
		return nil
	}
	switch c.key = args[0]; {
	case c.key == "-":
		c.key = ""
	case strings.Contains(c.key, "="):
		return fmt.Errorf("invalid key %q", c.key)
	}
	return unrecognized(args[1:])
}

func (c *leaderGet) run(x *execution) error {
	if c.key == "" {
		return c.out.write(x, x.agent.leaderBag)
	}
	if value, ok := x.agent.leaderBag[c.key]; ok {
		return c.out.write(x, value)
	}
	return c.out.write(x, nil)
}

type leaderSet struct {
	pairs map[string]string
}

func (c *leaderSet) flags(*execution, *flagSet) {}

func (c *leaderSet) init(_ *execution, args []string) (err error) {
	c.pairs, err = keyValues(args, true)
	return err
}

func (c *leaderSet) run(x *execution) error {
	if !x.isLeader() {
		return errors.New("cannot write leadership settings: cannot write settings: not the leader")
	}
	for key, value := range c.pairs {
		if value == "" {
			delete(x.agent.leaderBag, key)
		} else {
			x.agent.leaderBag[key] = value
		}
	}
	return nil
}
