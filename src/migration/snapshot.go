package migration

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// missing names the machines and units whose agents are not with the controller
// that has told the inventory. Of those that were there before and had no agent
// then, none is expected; without a look before, all are.
func (i Inventory) missing(before *Inventory) []string {
	var out []string
	for _, id := range sorted(i.Machines, func(m Machine) bool { return alive(m.Life) && m.Agent != "started" }) {
		if before == nil || before.Machines[id].Agent == "started" {
			out = append(out, "machine "+id)
		}
	}
	for _, name := range sorted(i.Units, func(u Unit) bool { return alive(u.Life) && !u.present() }) {
		if before == nil || before.Units[name].present() {
			out = append(out, "unit "+name)
		}
	}
	return out
}

// present counts the machines and units whose agents are with the controller that
// has told the inventory.
func (i Inventory) present() int {
	return len(sorted(i.Machines, func(m Machine) bool { return m.Agent == "started" })) + len(sorted(i.Units, Unit.present))
}

// agents counts the machines and units.
func (i Inventory) agents() int { return len(i.Machines) + len(i.Units) }

// differences tells what of a model is not as it was before it moved. The same
// charm can have another URL on a controller of another major version.
func differences(before, after Inventory, sameMajor bool) []string {
	var out []string
	if before.AgentVersion != "" && after.AgentVersion != "" && before.AgentVersion != after.AgentVersion {
		out = append(out, "the agents' version is "+after.AgentVersion+", it was "+before.AgentVersion)
	}
	out = append(out, compare("application", before.Applications, after.Applications, func(a, b Application) string {
		if sameMajor && a.Charm != b.Charm {
			return "has charm " + b.Charm + ", it was " + a.Charm
		}
		return ""
	})...)
	out = append(out, compare("machine", before.Machines, after.Machines, func(a, b Machine) string {
		if a.InstanceID != b.InstanceID {
			return "is instance " + b.InstanceID + ", it was " + a.InstanceID
		}
		return ""
	})...)
	out = append(out, compare("unit", before.Units, after.Units, func(a, b Unit) string {
		if a.Machine != b.Machine {
			return "is on machine " + b.Machine + ", it was on " + a.Machine
		}
		return ""
	})...)
	out = append(out, compare("relation", before.Relations, after.Relations, nil)...)
	out = append(out, compare("offer", before.Offers, after.Offers, func(a, b Offer) string {
		if a.Total > b.Total {
			return fmt.Sprintf("has %d connections, it had %d", b.Total, a.Total)
		}
		return ""
	})...)
	out = append(out, compare("remote application", before.Remotes, after.Remotes, nil)...)
	if before.StorageTold && after.StorageTold {
		out = append(out, compare("storage", before.Storage, after.Storage, nil)...)
	}
	return out
}

// compare tells what is gone, new, or not as it was.
func compare[T any](kind string, before, after map[string]T, change func(before, after T) string) []string {
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
