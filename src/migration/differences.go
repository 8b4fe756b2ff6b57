package migration

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"jimm-migrator/src/migration/checks/rules"
	"jimm-migrator/src/migration/facts"
)

// differences returns how the contents of a model differ from before it moved.
// The same charm can have another URL on a controller of another major version.
// Juju 4 upgrades the agents to its own version by itself (juju/juju#21529).
func differences(before, after facts.Inventory, source, target string) []string {
	var out []string
	before = before.WithNamesOf(after)
	from, _ := rules.ParseVersion(source)
	to, _ := rules.ParseVersion(target)
	sameMajor := from.Major == to.Major
	upgraded := to.IsJuju4() && after.AgentVersion == target
	if before.AgentVersion != "" && after.AgentVersion != "" && before.AgentVersion != after.AgentVersion && !upgraded {
		out = append(out, "the agents' version is "+after.AgentVersion+", previously "+before.AgentVersion)
	}
	out = append(out, compareNames("application", before.Applications, after.Applications, func(a, b facts.Application) string {
		if sameMajor && a.Charm != b.Charm {
			return "has charm " + b.Charm + ", previously " + a.Charm
		}
		return ""
	})...)
	out = append(out, compareNames("machine", before.Machines, after.Machines, func(a, b facts.Machine) string {
		if a.InstanceID != b.InstanceID {
			return "is instance " + b.InstanceID + ", previously " + a.InstanceID
		}
		return ""
	})...)
	out = append(out, otherUnits(before, after)...)
	out = append(out, compareNames("relation", before.Relations, after.Relations, otherRelation)...)
	out = append(out, compareNames("offer", before.Offers, after.Offers, func(a, b facts.Offer) string {
		if a.Total > b.Total {
			return fmt.Sprintf("has %d connections, previously %d", b.Total, a.Total)
		}
		return ""
	})...)
	out = append(out, compareNames("remote application", before.Remotes, after.Remotes, worseRemote)...)
	if before.StorageReported && after.StorageReported {
		out = append(out, compareNames("storage", before.Storage, withoutOrphans(before, after, to), nil)...)
	}
	return out
}

// withoutOrphans returns the storage without the instances that Juju 4 makes of volumes and
// filesystems that had none: orphaned/0 and so on (Juju's guide from 3.6 to 4.0).
func withoutOrphans(before, after facts.Inventory, target rules.Version) map[string]facts.Storage {
	now := maps.Clone(after.Storage)
	maps.DeleteFunc(now, func(id string, _ facts.Storage) bool {
		_, was := before.Storage[id]
		return !was && target.IsJuju4() && strings.HasPrefix(id, "orphaned/")
	})
	return now
}

// otherUnits returns how the units differ from before. Units of an application that is
// itself gone or new are not listed.
func otherUnits(before, after facts.Inventory) []string {
	was, is := maps.Clone(before.Units), maps.Clone(after.Units)
	maps.DeleteFunc(was, func(unit string, _ facts.Unit) bool { return gone(before, after, unit) })
	maps.DeleteFunc(is, func(unit string, _ facts.Unit) bool { return gone(after, before, unit) })
	out := compareNames("unit", was, is, func(a, b facts.Unit) string {
		if a.Machine != b.Machine {
			return "is on machine " + b.Machine + ", previously on " + a.Machine
		}
		return worse(a, b)
	})
	for _, name := range facts.SortedNames(is, func(u facts.Unit) bool { return worse(facts.Unit{}, u) != "" }) {
		if _, known := was[name]; !known {
			out = append(out, "unit "+strconv.Quote(name)+" "+workload(is[name]))
		}
	}
	return out
}

// gone reports whether the application of a unit is in the first inventory and not in
// the second.
func gone(from, in facts.Inventory, unit string) bool {
	app := facts.ApplicationOf(unit)
	_, had := from.Applications[app]
	_, has := in.Applications[app]
	return had && !has
}

// worse returns how the workload of a unit has become worse, or "": it is in error and
// was not, or it was active and is blocked, or something else while its agent has
// nothing to do, such as a unit that waits for Pebble forever. The agent is there
// anyway (juju/juju#19561, #22148).
func worse(before, after facts.Unit) string {
	was := before.Workload == "active"
	switch {
	case after.Workload == "error" && before.Workload != "error", was && after.Workload == "blocked",
		was && after.Agent == "idle" && slices.Contains([]string{"maintenance", "waiting", "terminated", "unknown"}, after.Workload):
		return workload(after) + ", previously " + cmp.Or(before.Workload, "not known")
	default:
		return ""
	}
}

// worseRemote returns how a consumed offer has become worse, or "": the target has lost
// where it is (juju/juju#22517).
func worseRemote(before, after facts.Remote) string {
	if before.Status == "active" && slices.Contains([]string{"error", "terminated"}, after.Status) {
		return "is " + after.Status + ", previously active"
	}
	return ""
}

// otherRelation returns how a relation has changed, or "": it was suspended and no longer
// is, because Juju 4 forgets that (juju/juju#23337), or it was joined and no longer works.
func otherRelation(before, after facts.Relation) string {
	if before.Status == "suspended" && after.Status == "joined" || before.Status == "joined" && slices.Contains([]string{"error", "suspended", "broken"}, after.Status) {
		return "is " + after.Status + ", previously " + before.Status
	}
	return ""
}

func workload(u facts.Unit) string {
	if u.Workload == "error" || u.Workload == "maintenance" {
		return "is in " + u.State()
	}
	return "is " + u.State()
}

// broken are the units and the consumed offers that have become worse. How the units
// were before need not be known: then those in error count.
func broken(before *facts.Inventory, after facts.Inventory) []string {
	var out []string
	if before != nil {
		renamed := before.WithNamesOf(after)
		before = &renamed
		for _, name := range slices.Sorted(maps.Keys(after.Remotes)) {
			if how := worseRemote(before.Remotes[name], after.Remotes[name]); how != "" {
				out = append(out, "remote application "+strconv.Quote(name)+" "+how)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after.Units)) {
		var was facts.Unit
		if before != nil {
			was = before.Units[name]
		}
		if worse(was, after.Units[name]) != "" {
			out = append(out, "unit "+strconv.Quote(name)+" "+workload(after.Units[name]))
		}
	}
	return out
}

// waiting are the units that do not work and are not in error, which may have been so before.
func waiting(i facts.Inventory) []string {
	var out []string
	for _, name := range facts.SortedNames(i.Units, func(u facts.Unit) bool {
		return slices.Contains([]string{"blocked", "waiting", "maintenance", "terminated"}, u.Workload)
	}) {
		out = append(out, "unit "+strconv.Quote(name)+" "+workload(i.Units[name]))
	}
	return out
}

// compareNames returns what is gone, new or different.
func compareNames[T any](kind string, before, after map[string]T, change func(before, after T) string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(before)) {
		now, there := after[name]
		switch {
		case !there:
			out = append(out, kind+" "+strconv.Quote(name)+" is gone")
		case change != nil:
			if what := change(before[name], now); what != "" {
				out = append(out, kind+" "+strconv.Quote(name)+" "+what)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(after)) {
		if _, there := before[name]; !there {
			out = append(out, kind+" "+strconv.Quote(name)+" is new")
		}
	}
	return out
}
