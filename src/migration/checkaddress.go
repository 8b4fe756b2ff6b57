package migration

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// checkTargetAnswers tells whether the target can be reached from here. That the
// source and the agents can reach it is another question, which nobody answers
// before the migration.
func checkTargetAnswers(s *situation) Finding {
	target := s.seen.copyOn(s.target)
	name := strconv.Quote(s.target.Name)
	switch {
	case !s.options.Probe:
		return Finding{Level: Skip, Evidence: "controllers are not asked (probe-controllers=false)"}
	case target.State != CopyUnknown:
		return Finding{Level: Pass, Evidence: name + " answers"}
	case target.Unreachable:
		return Finding{
			Level:    Warn,
			Evidence: name + " cannot be reached from here: " + errText(target.Err),
			Remedy:   "if the source and the model's agents reach it all the same, go on; else repair the network or the controller first",
		}
	default:
		return Finding{Level: Warn, Evidence: name + " gives no useful answer: " + errText(target.Err), Remedy: "look at that controller first"}
	}
}

// reach is who can reach an address.
type reach int

// The reaches, from the narrowest on.
const (
	reachHost    reach = iota // A loopback or link-local address.
	reachCluster              // A name that only a Kubernetes cluster resolves.
	reachPrivate              // A private address.
	reachPublic               // A public address, or a name.
)

// checkTargetAddresses looks at the addresses that a migration hands to the source
// and to the agents: those that the controller has told JIMM, never the public
// address that JIMM itself uses.
func checkTargetAddresses(s *situation) Finding {
	name := strconv.Quote(s.target.Name)
	remedy := "have an administrator of " + s.target.Name + " make it announce addresses that the agents reach"
	if s.target.PublicAddress != "" {
		remedy += "; that JIMM uses " + s.target.PublicAddress + " does not help them"
	}
	if len(s.target.Addresses) == 0 {
		return Finding{Level: Fail, Evidence: "JIMM has no address of " + name + " to hand to the agents: Juju refuses to start", Remedy: remedy}
	}
	target, source := widest(s.target.Addresses), widest(s.source.Addresses)
	addresses := someNames(s.target.Addresses)
	switch {
	case target == reachHost:
		return Finding{Level: Warn, Evidence: "the agents are told to go to " + addresses + ", which leads every machine to itself", Remedy: remedy}
	case target == reachCluster && !s.sameCloud():
		return Finding{Level: Warn, Evidence: "the agents are told to go to " + addresses + ", which only the target's own cluster can reach", Remedy: remedy}
	case target == reachPrivate && source == reachPublic && !s.sameCloud():
		return Finding{Level: Warn, Evidence: "the agents are told to go to " + addresses + ", private addresses, and come from a controller with public ones", Remedy: remedy}
	default:
		return Finding{Level: Pass, Evidence: "the agents are told to go to " + addresses}
	}
}

// sameCloud reports whether both controllers run in one cloud and region.
func (s *situation) sameCloud() bool {
	return s.source.Cloud != "" && s.source.Cloud == s.target.Cloud && s.source.Region == s.target.Region
}

// widest returns the widest reach of the addresses (host:port).
func widest(addresses []string) reach {
	out := reachHost
	for _, a := range addresses {
		out = max(out, reachOf(a))
	}
	return out
}

func reachOf(address string) reach {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	ip, err := netip.ParseAddr(strings.Trim(host, "[]"))
	if err != nil {
		return reachOfName(strings.ToLower(strings.TrimSuffix(host, ".")))
	}
	switch ip = ip.Unmap(); {
	case ip.IsLoopback(), ip.IsLinkLocalUnicast(), ip.IsUnspecified():
		return reachHost
	case ip.IsPrivate():
		return reachPrivate
	default:
		return reachPublic
	}
}

func reachOfName(name string) reach {
	labels := strings.Split(name, ".")
	switch {
	case name == "localhost", strings.HasSuffix(name, ".localhost"):
		return reachHost
	case slices.Contains(labels, "svc"), strings.HasSuffix(name, ".cluster.local"):
		return reachCluster
	default:
		return reachPublic
	}
}
