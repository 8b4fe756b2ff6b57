package checks

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"jimm-migrator/src/migration/checks/rules"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// Facts are what is known about the migration, for the rules about Juju's
// versions and the contents of a model.
func Facts(s *survey.Survey) rules.Facts {
	f := rules.Facts{
		Source: s.Source.AgentVersion, Target: s.Target.AgentVersion, Model: s.Model.AgentVersion,
		Type: s.Model.Type, Cloud: s.Model.CloudType, Holds: map[rules.Kind][]string{},
	}
	if s.Contents.Known {
		addContents(s.Contents.Inventory, &f)
	}
	if s.Reports.TargetFrozen && len(s.Contents.Machines) > 0 {
		f.Holds[rules.TargetBlock] = []string{"disable-command all"}
	}
	// Only an account on the target can read it: without one, every model with machines would have a doubt.
	f.Known = append(f.Known, rules.TargetBlock)
	if s.Model.Owner != "" {
		f.Holds[rules.ExternalUsers] = externalUsers(s)
		f.Known = append(f.Known, rules.ExternalUsers)
	}
	return f
}

// externalUsers are the owner and the users of the model that an identity provider
// knows. A group of all users does not count.
func externalUsers(s *survey.Survey) []string {
	_, out := splitUsers(append([]string{s.Model.Owner}, s.Model.Users...))
	out = slices.DeleteFunc(out, func(name string) bool { return name == "everyone@external" })
	slices.Sort(out)
	return slices.Compact(out)
}

// addContents adds what the model contains.
func addContents(i facts.Inventory, f *rules.Facts) {
	add := func(kind rules.Kind, name string) { f.Holds[kind] = append(f.Holds[kind], name) }
	addApplications(i, add)
	addMachines(i, add)
	addCrossModel(i, add)
	for _, id := range facts.SortedNames(i.Storage, func(facts.Storage) bool { return true }) {
		add(rules.Storage, id)
		switch i.Storage[id].Kind {
		case "filesystem":
			add(rules.Filesystems, id)
		case "block":
			add(rules.Volumes, id)
		}
	}
	if i.Changes == facts.ChangesBlocked && len(i.Machines) > 0 { // Without machines there are no agent binaries to take.
		add(rules.ChangeBlock, "disable-command all")
	}
	f.Holds[rules.Agents] = append(facts.SortedNames(i.Machines, func(facts.Machine) bool { return true }), facts.SortedNames(i.Units, func(facts.Unit) bool { return true })...)
	f.Holds[rules.OldAgents] = olderThan(i, f.Target)
	if older(i.AgentVersion, f.Target) {
		add(rules.OldModel, "the model")
	}
	if len(i.Unread) > 0 {
		return // What could not be read may be any of these.
	}
	reported := func(k rules.Kind) bool {
		switch k {
		case rules.Storage, rules.Filesystems, rules.Volumes:
			return i.StorageReported
		case rules.ChangeBlock:
			return i.Changes != facts.ChangesUnread
		default:
			return true
		}
	}
	for _, k := range rules.Kinds() {
		if reported(k) && k != rules.ExternalUsers && k != rules.TargetBlock {
			f.Known = append(f.Known, k)
		}
	}
}

func addApplications(i facts.Inventory, add func(rules.Kind, string)) {
	for _, name := range facts.SortedNames(i.Applications, func(facts.Application) bool { return true }) {
		a := i.Applications[name]
		add(rules.Charm.With(a.CharmName()), name)
		switch {
		case strings.HasPrefix(a.Charm, "local:"):
			add(rules.LocalCharms, name)
		case strings.HasPrefix(a.Charm, "cs:"):
			add(rules.StoreCharms, name)
		}
		if a.Units > 1 {
			add(rules.SeveralUnits, name)
		}
		if a.Podspec() {
			add(rules.PodspecCharms, name)
		}
		if a.Profile != "" {
			add(rules.LXDProfiles, name)
		}
	}
}

func addMachines(i facts.Inventory, add func(rules.Kind, string)) {
	for _, id := range facts.SortedNames(i.Machines, func(facts.Machine) bool { return true }) {
		m, base := i.Machines[id], shortBase(i.Machines[id].Base)
		add(rules.MachineBase.With(base), "machine "+id)
		if base != "" && !strings.HasPrefix(base, "ubuntu@") {
			add(rules.OtherOS, "machine "+id)
		}
		if strings.Contains(id, "/") {
			add(rules.Containers, id)
		}
		if strings.Contains(id, "/kvm/") {
			add(rules.KVMContainers, "machine "+id)
		}
		if len(m.Profiles) > 0 {
			add(rules.LXDProfiles, "machine "+id)
		}
		if slices.ContainsFunc(strings.Fields(m.Constraints), func(c string) bool { return strings.HasPrefix(c, "spaces=") }) {
			add(rules.SpaceConstraints, "machine "+id)
		}
	}
}

func addCrossModel(i facts.Inventory, add func(rules.Kind, string)) {
	for _, key := range facts.SortedNames(i.Relations, func(r facts.Relation) bool { return r.Status == "suspended" }) {
		add(rules.Suspended, strconv.Quote(key))
	}
	for _, name := range facts.SortedNames(i.Offers, func(facts.Offer) bool { return true }) {
		add(rules.Offers, name)
		if i.Offers[name].Connected() {
			add(rules.ConnectedOffers, name)
		}
	}
	urls := map[string]int{}
	for _, r := range i.Remotes {
		urls[r.URL]++
	}
	for _, name := range facts.SortedNames(i.Remotes, func(facts.Remote) bool { return true }) {
		r := i.Remotes[name]
		add(rules.Remotes, name)
		if r.URL != "" && urls[r.URL] > 1 {
			add(rules.RemotesTwice, name)
		}
		if !r.Related {
			add(rules.RemotesUnrelated, name)
		}
	}
}

// olderThan names what runs an older minor version of Juju than the controller.
func olderThan(i facts.Inventory, controller string) []string {
	out := facts.SortedNames(i.Machines, func(m facts.Machine) bool { return older(m.Version, controller) })
	if len(out) == 0 && older(i.AgentVersion, controller) {
		out = []string{"the model"}
	}
	return out
}

// older reports whether both versions are known, and the first is of an older minor
// version than the controller's.
func older(version, controller string) bool {
	c, ok := rules.ParseVersion(controller)
	v, read := rules.ParseVersion(version)
	return ok && read && v.MinorLess(c)
}

// shortBase returns "ubuntu@22.04" of "ubuntu@22.04/stable".
func shortBase(base string) string {
	short, _, _ := strings.Cut(base, "/")
	return short
}

// Fill puts names into a sentence of a rule.
func Fill(s *survey.Survey, text string, r rules.Rule, f rules.Facts) string {
	return rules.Fill(text, s.Model.FullName(), cmp.Or(s.Source.String(), "the source"), cmp.Or(s.Target.String(), "the target"), r.Names(f))
}
