package charmtest

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

func otherTools() map[string]tool {
	return map[string]tool{
		"application-version-set": {"<new-version>", "Specify which version of the application is deployed.", func() command { return &versionSet{} }},
		"credential-get":          {"", "Access cloud credentials.", func() command { return &credentialGet{} }},
		"goal-state":              {"[options]", "Print the status of the charm's peers and related units.", func() command { return &goalState{} }},
		"juju-log":                {"[options] <message>", "Write a message to the juju log.", func() command { return &jujuLog{} }},
		"juju-reboot":             {"[options]", "Reboot the host machine.", func() command { return &jujuReboot{} }},
		"network-get":             {"[options] <binding-name> [--ingress-address] [--bind-address] [--egress-subnets]", "Get network config.", func() command { return &networkGet{} }},
	}
}

type versionSet struct {
	version string
}

func (c *versionSet) flags(*execution, *flagSet) {}

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
	format  string // accepted, with a complaint
	message string
}

func (c *jujuLog) flags(_ *execution, s *flagSet) {
	s.toggle(&c.debug, "debug")
	s.text(&c.level, "l", "log-level")
	s.text(&c.format, "format")
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

// jujuReboot is refused in actions. In a hook it is accepted and nothing more:
// there is no machine.
type jujuReboot struct {
	now bool
}

func (c *jujuReboot) flags(_ *execution, s *flagSet) { s.toggle(&c.now, "now") }

func (c *jujuReboot) init(_ *execution, args []string) error { return unrecognized(args) }

func (c *jujuReboot) run(x *execution) error {
	if x.run.task != nil {
		return errors.New("juju-reboot is not supported when running an action.") //nolint:staticcheck,revive // Juju's text
	}
	return nil
}

type credentialGet struct{}

func (c *credentialGet) flags(*execution, *flagSet) {}

func (c *credentialGet) init(_ *execution, args []string) error { return unrecognized(args) }

func (c *credentialGet) run(x *execution) error {
	if x.agent.opts.Machine == "" {
		return errors.New(`cannot access cloud credentials: credential-get on a "caas" model not supported`)
	}
	return errors.New("cannot access cloud credentials: permission denied")
}

type goalState struct {
	out output
}

func (c *goalState) flags(_ *execution, s *flagSet) { c.out.flags(s, "yaml", "json") }

func (c *goalState) init(_ *execution, args []string) error { return unrecognized(args) }

func (c *goalState) run(x *execution) error {
	since := nowToTheSecond().Format(time.DateTime + "Z")
	entry := func(status string) map[string]any { return map[string]any{"status": status, "since": since} }
	units := map[string]any{x.agent.unit: entry(x.agent.status.Status)}
	relations := map[string]any{}
	for _, rel := range x.agent.sortedRelations() {
		if rel.breaking {
			continue
		}
		if rel.endpoint.Role == "peer" {
			for unit := range rel.units {
				units[unit] = entry("active")
			}
			continue
		}
		members, _ := relations[rel.endpoint.Name].(map[string]any)
		if members == nil {
			members = map[string]any{}
			relations[rel.endpoint.Name] = members
		}
		members[rel.remoteApp] = entry("joined")
		for unit := range rel.units {
			members[unit] = entry("active")
		}
	}
	return c.out.write(x, map[string]any{"units": units, "relations": relations})
}

type networkGet struct {
	out     output
	rel     relationFlag
	bind    bool
	ingress bool
	egress  bool
	primary bool
	name    string
}

func (c *networkGet) flags(x *execution, s *flagSet) {
	c.out.flags(s, "smart", "yaml", "json")
	c.rel.flags(x, s)
	s.toggle(&c.bind, "bind-address")
	s.toggle(&c.ingress, "ingress-address")
	s.toggle(&c.egress, "egress-subnets")
	s.toggle(&c.primary, "primary-address")
}

func (c *networkGet) init(_ *execution, args []string) error {
	if len(args) == 0 {
		return errors.New("no arguments specified")
	}
	if c.name = args[0]; c.name == "" {
		return errors.New("no binding name specified")
	}
	return unrecognized(args[1:])
}

func (c *networkGet) run(x *execution) error {
	network, ok := x.agent.opts.Networks[c.name]
	if !ok {
		return fmt.Errorf("no network config found for binding %q", c.name)
	}
	address := network.Address.Addr().String()
	ingress := network.Ingress
	if ingress == nil {
		ingress = []string{address}
	}
	egress := network.EgressSubnets
	if egress == nil {
		egress = []string{}
	}
	asked := map[string]any{}
	if c.bind || c.primary {
		asked["bind-address"] = address
	}
	if c.ingress && len(ingress) > 0 {
		asked["ingress-address"] = ingress[0]
	}
	if c.egress {
		asked["egress-subnets"] = egress
	}
	if len(asked) == 1 {
		for _, only := range asked {
			return c.out.write(x, only)
		}
	}
	if len(asked) > 0 {
		return c.out.write(x, asked)
	}
	return c.out.write(x, map[string]any{
		"bind-addresses": []any{map[string]any{
			"mac-address": network.MAC, "interface-name": network.Interface,
			"addresses": []any{map[string]any{"hostname": "", "value": address, "cidr": network.Address.Masked().String()}},
		}},
		"egress-subnets":    egress,
		"ingress-addresses": ingress,
	})
}
