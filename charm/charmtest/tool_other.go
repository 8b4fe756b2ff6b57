package charmtest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/juju/gnuflag"
)

func otherTools() map[string]tool {
	return map[string]tool{
		"application-version-set": {"<new-version>", "Specify which version of the application is deployed.", func() command { return &versionSet{} }},
		"is-leader":               {"[options]", "Print application leadership status.", func() command { return &isLeader{} }},
		"juju-log":                {"[options] <message>", "Write a message to the juju log.", func() command { return &jujuLog{} }},
	}
}

type versionSet struct {
	version string
}

func (c *versionSet) flags(*execution, *gnuflag.FlagSet) {}

func (c *versionSet) init(_ *execution, args []string) error {
	if len(args) == 0 {
		return errors.New("no version specified")
	}
	c.version = args[0]
	return unrecognized(args[1:])
}

func (c *versionSet) run(x *execution) error {
	x.agent.version = utf8Text(c.version)
	return nil
}

type jujuLog struct {
	debug   bool
	level   string
	format  string // accepted, with a warning
	message string
}

func (c *jujuLog) flags(_ *execution, s *gnuflag.FlagSet) {
	toggle(s, &c.debug, "debug")
	text(s, &c.level, "l", "log-level")
	text(s, &c.format, "format")
}

func (c *jujuLog) init(_ *execution, args []string) error {
	if len(args) == 0 {
		return errors.New("no message specified")
	}
	c.message = strings.Join(args, " ")
	return nil
}

func (c *jujuLog) run(x *execution) error {
	if c.format != "" {
		x.stderr.WriteString(`--format flag deprecated for command "juju-log"`)
	}
	level := "INFO"
	switch asked := strings.ToUpper(c.level); {
	case c.debug:
		level = "DEBUG"
	case asked == "WARN":
		level = "WARNING"
	case asked == "":
	case strings.Contains(" TRACE DEBUG INFO WARNING ERROR CRITICAL ", " "+asked+" "):
		level = asked
	default:
		x.agent.addLog("WARNING", "juju-log", fmt.Sprintf("Specified log level of %q is not valid", c.level))
	}
	message := c.message
	if rel, ok := x.agent.relationOf(x.run); ok {
		message = rel.fakeID() + ": " + message
	}
	x.agent.addLog(level, "juju-log", message)
	return nil
}

// isLeader reports whether the unit is the leader. Once the answer to a
// dispatch was no, it stays no.
func (x *execution) isLeader() bool {
	if !x.agent.leader {
		x.run.notLeader = true
	}
	return !x.run.notLeader
}

type isLeader struct {
	out output
}

func (c *isLeader) flags(_ *execution, s *gnuflag.FlagSet) { c.out.flags(s, "smart", "yaml", "json") }

func (c *isLeader) init(_ *execution, args []string) error { return unrecognized(args) }

func (c *isLeader) run(x *execution) error { return c.out.write(x, x.isLeader()) }
