package migration

import (
	"cmp"
	"slices"
	"strings"

	"jimm-migrator/src/migration/checks/rules"
)

// facts are what is known of the migration, for the rules of Juju's versions and
// of what a model holds.
func (s *situation) facts() rules.Facts {
	f := rules.Facts{
		Source: s.source.AgentVersion, Target: s.target.AgentVersion, Model: s.model.AgentVersion,
		Type: s.model.Type, Cloud: s.model.CloudType, Holds: map[rules.Kind][]string{},
	}
	if s.inside.known {
		s.inside.Inventory.facts(&f)
	}
	if s.model.Owner != "" {
		f.Holds[rules.ExternalUsers] = s.externalUsers()
		f.Known = append(f.Known, rules.ExternalUsers)
	}
	return f
}

// externalUsers are the owner and the users of the model that an identity provider
// knows. A group of all users is none of them.
func (s *situation) externalUsers() []string {
	_, out := splitUsers(append([]string{s.model.Owner}, s.model.Users...))
	out = slices.DeleteFunc(out, func(name string) bool { return name == "everyone@external" })
	slices.Sort(out)
	return slices.Compact(out)
}

// facts adds what the model holds.
func (i Inventory) facts(f *rules.Facts) {
	add := func(kind rules.Kind, name string) { f.Holds[kind] = append(f.Holds[kind], name) }
	i.applicationFacts(add)
	i.machineFacts(add)
	i.crossModelFacts(add)
	for _, id := range sorted(i.Storage, func(Storage) bool { return true }) {
		add(rules.Storage, id)
		switch i.Storage[id].Kind {
		case "filesystem":
			add(rules.Filesystems, id)
		case "block":
			add(rules.Volumes, id)
		}
	}
	f.Holds[rules.OldAgents] = i.olderThan(f.Target)
	if len(i.Unread) > 0 {
		return // What could not be read may be any of it.
	}
	told := func(k rules.Kind) bool {
		return i.StorageTold || k != rules.Storage && k != rules.Filesystems && k != rules.Volumes
	}
	for _, k := range rules.Kinds() {
		if told(k) && k != rules.ExternalUsers {
			f.Known = append(f.Known, k)
		}
	}
}

func (i Inventory) applicationFacts(add func(rules.Kind, string)) {
	for _, name := range sorted(i.Applications, func(Application) bool { return true }) {
		a := i.Applications[name]
		add(rules.Charm.With(a.CharmName()), name)
		add(rules.Base.With(shortBase(a.Base)), name)
		switch {
		case strings.HasPrefix(a.Charm, "local:"):
			add(rules.LocalCharms, name)
		case strings.HasPrefix(a.Charm, "cs:"):
			add(rules.StoreCharms, name)
		}
		if a.podspec() {
			add(rules.PodspecCharms, name)
		}
		if a.Profile != "" {
			add(rules.LXDProfiles, name)
		}
	}
}

// podspec reports whether the charm is one of the first kind for Kubernetes, which
// has no Ubuntu base: its base is called "kubernetes" (Juju 2.9 to 3.6).
func (a Application) podspec() bool {
	return strings.HasPrefix(a.Base, "kubernetes") || strings.Contains(a.Charm, "/kubernetes/")
}

func (i Inventory) machineFacts(add func(rules.Kind, string)) {
	for _, id := range sorted(i.Machines, func(Machine) bool { return true }) {
		m, base := i.Machines[id], shortBase(i.Machines[id].Base)
		add(rules.Base.With(base), "machine "+id)
		add(rules.MachineBase.With(base), "machine "+id)
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

func (i Inventory) crossModelFacts(add func(rules.Kind, string)) {
	for _, name := range sorted(i.Offers, func(Offer) bool { return true }) {
		add(rules.Offers, name)
		if o := i.Offers[name]; o.Total > 0 || o.Active > 0 {
			add(rules.ConnectedOffers, name)
		}
	}
	urls := map[string]int{}
	for _, r := range i.Remotes {
		urls[r.URL]++
	}
	for _, name := range sorted(i.Remotes, func(Remote) bool { return true }) {
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
func (i Inventory) olderThan(controller string) []string {
	c, ok := rules.ParseVersion(controller)
	older := func(version string) bool {
		v, read := rules.ParseVersion(version)
		return ok && read && v.MinorLess(c)
	}
	out := sorted(i.Machines, func(m Machine) bool { return older(m.Version) })
	if len(out) == 0 && older(i.AgentVersion) {
		out = []string{"the model"}
	}
	return out
}

// shortBase returns "ubuntu@22.04" of "ubuntu@22.04/stable".
func shortBase(base string) string {
	short, _, _ := strings.Cut(base, "/")
	return short
}

// withCharm returns the applications whose charm has one of the names.
func (i Inventory) withCharm(names []string) []string {
	return sorted(i.Applications, func(a Application) bool { return slices.Contains(names, a.CharmName()) })
}

// fill puts names into a sentence of a rule.
func (s *situation) fill(text string, r rules.Rule, f rules.Facts) string {
	return rules.Fill(text, s.model.FullName(), cmp.Or(s.source.String(), "the "+"source"), cmp.Or(s.target.String(), "the "+"target"), r.Names(f))
}
