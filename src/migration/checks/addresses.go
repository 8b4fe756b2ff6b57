package checks

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"jimm-migrator/src/migration/survey"
)

// reach is who can reach an address.
type reach int

// The reaches, from the narrowest on.
const (
	reachHost    reach = iota // A loopback or link-local address.
	reachCluster              // A name that only a Kubernetes cluster resolves.
	reachPrivate              // A private address.
	reachPublic               // A public address, or a name.
)

// checkTargetAddresses checks the addresses that a migration gives to the source
// and to the agents: those that the controller has reported to JIMM, never the public
// address that JIMM itself uses.
func checkTargetAddresses(s *survey.Survey) Finding {
	name := strconv.Quote(s.Target.Name)
	remedy := "have an administrator of " + s.Target.Name + " make it announce addresses that the agents can reach"
	if s.Target.PublicAddress != "" {
		remedy += "; JIMM itself uses " + s.Target.PublicAddress + ", which Juju does not give to the agents"
	}
	if len(s.Target.Addresses) == 0 {
		return Finding{Level: Fail, Evidence: "JIMM has no address of " + name + " to give to the agents, so Juju would refuse the migration", Remedy: remedy}
	}
	target, source := widest(s.Target.Addresses), widest(s.Source.Addresses)
	addresses := Names(s.Target.Addresses)
	loopback, private := "loopback addresses", "private addresses"
	if len(s.Target.Addresses) == 1 {
		loopback, private = "a loopback address", "a private address"
	}
	switch {
	case target == reachHost && source == reachHost && len(s.Source.Addresses) > 0:
		// As on a laptop: agents that reach the source at such an address are on its machine.
		return Finding{Level: Pass, Evidence: "the agents are sent to " + addresses + "; the source has a loopback address too"}
	case target == reachHost:
		return Finding{Level: Warn, Evidence: "the agents are sent to " + addresses + ", " + loopback + ", which other machines cannot reach", Remedy: remedy}
	case target == reachCluster && !sameCloud(s):
		return Finding{Level: Warn, Evidence: "the agents are sent to " + addresses + ", which only the target's own cluster can reach", Remedy: remedy}
	case target == reachPrivate && source == reachPublic && !sameCloud(s):
		return Finding{Level: Warn, Evidence: "the agents are sent to " + addresses + ", " + private + ", although the source has a public one", Remedy: remedy}
	default:
		return Finding{Level: Pass, Evidence: "the agents are sent to " + addresses}
	}
}

// sameCloud reports whether both controllers run in one cloud and region.
func sameCloud(s *survey.Survey) bool {
	return s.Source.Cloud != "" && s.Source.Cloud == s.Target.Cloud && s.Source.Region == s.Target.Region
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
