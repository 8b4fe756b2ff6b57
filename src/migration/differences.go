package migration

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"jimm-migrator/src/migration/facts"
)

// differences says what of a model is not as it was before it moved. The same
// charm can have another URL on a controller of another major version.
func differences(before, after facts.Inventory, sameMajor bool) []string {
	var out []string
	if before.AgentVersion != "" && after.AgentVersion != "" && before.AgentVersion != after.AgentVersion {
		out = append(out, "the agents' version is "+after.AgentVersion+", it was "+before.AgentVersion)
	}
	out = append(out, compareNames("application", before.Applications, after.Applications, func(a, b facts.Application) string {
		if sameMajor && a.Charm != b.Charm {
			return "has charm " + b.Charm + ", it was " + a.Charm
		}
		return ""
	})...)
	out = append(out, compareNames("machine", before.Machines, after.Machines, func(a, b facts.Machine) string {
		if a.InstanceID != b.InstanceID {
			return "is instance " + b.InstanceID + ", it was " + a.InstanceID
		}
		return ""
	})...)
	out = append(out, compareNames("unit", before.Units, after.Units, func(a, b facts.Unit) string {
		if a.Machine != b.Machine {
			return "is on machine " + b.Machine + ", it was on " + a.Machine
		}
		return worse(a, b)
	})...)
	out = append(out, compareNames("relation", before.Relations, after.Relations, nil)...)
	out = append(out, compareNames("offer", before.Offers, after.Offers, func(a, b facts.Offer) string {
		if a.Total > b.Total {
			return fmt.Sprintf("has %d connections, it had %d", b.Total, a.Total)
		}
		return ""
	})...)
	out = append(out, compareNames("remote application", before.Remotes, after.Remotes, nil)...)
	if before.StorageTold && after.StorageTold {
		out = append(out, compareNames("storage", before.Storage, after.Storage, nil)...)
	}
	return out
}

// worse says how the workload of a unit has become worse, or "": it is in error and
// was not, or it is blocked and was active. The agent is there anyway
// (juju/juju#19561, #22148).
func worse(before, after facts.Unit) string {
	switch {
	case after.Workload == "error" && before.Workload != "error", after.Workload == "blocked" && before.Workload == "active":
		return workload(after) + ", it was " + cmp.Or(before.Workload, "not known")
	default:
		return ""
	}
}

func workload(u facts.Unit) string {
	state := "in " + u.Workload
	if u.Workload != "error" {
		state = u.Workload
	}
	if u.Message == "" {
		return "is " + state
	}
	return "is " + state + " (" + u.Message + ")"
}

// broken are the units whose workload has become worse. How they were before need
// not be known: then those in error count.
func broken(before *facts.Inventory, after facts.Inventory) []string {
	var out []string
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

// compareNames says what is gone, new, or not as it was.
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
