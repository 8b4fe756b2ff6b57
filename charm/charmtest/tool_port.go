package charmtest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// portKey is an opened range of ports, for one endpoint or for all ("").
type portKey struct {
	endpoint string
	from, to int // 0 for icmp
	protocol string
}

type portChange struct {
	portKey
	open bool
}

func (p portKey) String() string {
	switch {
	case p.protocol == "icmp":
		return "icmp"
	case p.from == p.to:
		return fmt.Sprintf("%d/%s", p.from, p.protocol)
	}
	return fmt.Sprintf("%d-%d/%s", p.from, p.to, p.protocol)
}

// OpenedPorts returns what is open, such as "80/tcp", as committed.
func (a *Agent) OpenedPorts() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return portNames(a.ports)
}

func portNames(ports map[portKey]bool) []string {
	names := []string{}
	for port := range ports {
		names = append(names, port.String())
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func portTools() map[string]tool {
	const usage = "<port>[/<protocol>] or <from>-<to>[/<protocol>] or icmp"
	return map[string]tool{
		"open-port":    {usage, "Register a request to open a port or port range.", func() command { return &portCommand{open: true, name: "open-port"} }},
		"close-port":   {usage, "Register a request to close a port or port range.", func() command { return &portCommand{name: "close-port"} }},
		"opened-ports": {"[options]", "List all ports or port ranges opened by the unit.", func() command { return &openedPorts{} }},
	}
}

type portCommand struct {
	open      bool
	name      string
	endpoints string
	format    string // accepted, with a complaint
	port      portKey
}

func (c *portCommand) flags(_ *execution, s *flagSet) {
	s.text(&c.format, "format")
	s.text(&c.endpoints, "endpoints")
}

func (c *portCommand) init(_ *execution, args []string) (err error) {
	if len(args) == 0 {
		return errors.New("no port or range specified")
	}
	if c.port, err = parsePort(strings.ToLower(args[0])); err != nil {
		return err
	}
	return unrecognized(args[1:])
}

func (c *portCommand) run(x *execution) error {
	if c.format != "" {
		fmt.Fprintf(&x.stderr, "--format flag deprecated for command %q", c.name)
	}
	for endpoint := range strings.SplitSeq(c.endpoints, ",") {
		port := c.port
		port.endpoint = strings.TrimSpace(endpoint)
		if _, ok := x.agent.charm.Meta.Endpoints[port.endpoint]; port.endpoint != "" && !ok {
			return fmt.Errorf("unknown endpoint %q", port.endpoint)
		}
		x.run.pending.ports = append(x.run.pending.ports, portChange{port, c.open})
	}
	return nil
}

func parsePort(text string) (portKey, error) {
	if text == "icmp" {
		return portKey{protocol: "icmp"}, nil
	}
	ports, protocol, ok := strings.Cut(text, "/")
	if !ok {
		protocol = "tcp"
	}
	if protocol != "tcp" && protocol != "udp" {
		return portKey{}, fmt.Errorf("invalid protocol %q, expected \"tcp\", \"udp\", or \"icmp\"", protocol)
	}
	first, last, isRange := strings.Cut(ports, "-")
	if !isRange {
		last = first
	}
	from, err := strconv.Atoi(first)
	if err != nil {
		return portKey{}, fmt.Errorf("invalid port %q", first)
	}
	to, err := strconv.Atoi(last)
	if err != nil {
		return portKey{}, fmt.Errorf("invalid port %q", last)
	}
	switch {
	case from > to:
		return portKey{}, fmt.Errorf("invalid port range %d-%d/%s", from, to, protocol)
	case from < 1 || to > 65535:
		return portKey{}, fmt.Errorf("port range bounds must be between 1 and 65535, got %d-%d", from, to)
	}
	return portKey{from: from, to: to, protocol: protocol}, nil
}

// openedPorts does not show what this dispatch has changed.
type openedPorts struct {
	out       output
	endpoints bool
}

func (c *openedPorts) flags(_ *execution, s *flagSet) {
	c.out.flags(s, "smart", "yaml", "json")
	s.toggle(&c.endpoints, "endpoints")
}

func (c *openedPorts) init(_ *execution, args []string) error { return unrecognized(args) }

func (c *openedPorts) run(x *execution) error {
	if !c.endpoints {
		return c.out.write(x, portNames(x.agent.ports))
	}
	lines := []string{}
	for _, name := range portNames(x.agent.ports) {
		var endpoints []string
		for port := range x.agent.ports {
			if port.String() == name {
				endpoints = append(endpoints, orStar(port.endpoint))
			}
		}
		slices.Sort(endpoints)
		lines = append(lines, name+" ("+strings.Join(endpoints, ", ")+")")
	}
	return c.out.write(x, lines)
}

func orStar(endpoint string) string {
	if endpoint == "" {
		return "*"
	}
	return endpoint
}
