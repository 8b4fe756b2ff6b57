package charmtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/juju/gnuflag"
)

// errNotLeader is the refusal of what only the leader may do.
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

func (c *statusSet) flags(_ *execution, s *gnuflag.FlagSet) { toggle(s, &c.app, "application") }

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

func (c *statusGet) flags(_ *execution, s *gnuflag.FlagSet) {
	c.out.flags(s, "smart", "yaml", "json")
	toggle(s, &c.data, "include-data")
	toggle(s, &c.app, "application")
}

func (c *statusGet) init(_ *execution, args []string) error { return unrecognized(args) }

func (c *statusGet) run(x *execution) error {
	if c.app && !x.isLeader() {
		return fmt.Errorf("finding application status: %w", errNotLeader)
	}
	status := x.status(c.app)
	if !c.data && c.out.format == "smart" {
		return c.out.write(x, status.Status)
	}
	details := c.details(status)
	if !c.app {
		return c.out.write(x, details)
	}
	details["units"] = map[string]any{x.agent.unit: c.details(x.status(false))}
	return c.out.write(x, map[string]any{"application-status": details})
}

// details returns what is printed about a status.
func (c *statusGet) details(status Status) map[string]any {
	details := map[string]any{"status": status.Status}
	if c.data {
		details["message"], details["status-data"] = status.Message, map[string]any{}
	}
	return details
}

// status returns a status as it was when the dispatch first asked: what the
// dispatch has set since is not shown.
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
