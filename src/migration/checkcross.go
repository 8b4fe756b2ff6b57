package migration

import (
	"cmp"
	"fmt"
	"strings"

	"jimm-migrator/src/migration/checks/rules"
)

// checkOffers warns of relations in which other models use what this one offers.
// Where they forbid the migration, [CheckVersionHop] says so.
func checkOffers(s *situation) Finding {
	if !s.inside.known {
		return s.inside.unknown()
	}
	var used []string
	for _, name := range sorted(s.inside.Offers, func(o Offer) bool { return o.Total > 0 || o.Active > 0 }) {
		o := s.inside.Offers[name]
		used = append(used, fmt.Sprintf("offer %s of %s has %d connections", name, o.Application, max(o.Total, o.Active)))
	}
	return s.list(used, Warn,
		"tell the owners of the consumers; look at their relations when the model has moved",
		fmt.Sprintf("no offer is connected (%d in all)", len(s.inside.Offers)))
}

// checkRemotes warns of offers of other models that this one uses.
func checkRemotes(s *situation) Finding {
	if !s.inside.known {
		return s.inside.unknown()
	}
	var used []string
	for _, name := range sorted(s.inside.Remotes, func(Remote) bool { return true }) {
		used = append(used, name+" from "+cmp.Or(s.inside.Remotes[name].URL, "not told"))
	}
	if len(used) == 0 {
		return s.list(nil, Warn, "", "the model consumes no offers")
	}
	return Finding{
		Level:    Warn,
		Evidence: "the model consumes offers of others: " + someNames(used),
		Remedy:   "look at these relations when the model has moved; " + s.status() + " --relations shows them",
	}
}

// checkStorage warns that storage moves only in Juju's books: the disks stay
// where they are.
func checkStorage(s *situation) Finding {
	switch {
	case !s.inside.known:
		return s.inside.unknown()
	case len(s.inside.Storage) > 0:
		return Finding{
			Level:    Warn,
			Evidence: fmt.Sprintf("the model has storage: %s; its data does not move, and Juju on the target takes it over", someNames(sorted(s.inside.Storage, func(Storage) bool { return true }))),
			Remedy:   "have a backup of what is on it",
		}
	case !s.inside.StorageTold:
		return Finding{Level: Skip, Evidence: "the source does not tell whether the model has storage"}
	default:
		return s.list(nil, Warn, "", "the model has no storage")
	}
}

// checkVersionHop applies the rules about which versions migrate to which.
func checkVersionHop(s *situation) Finding {
	var forbidden, limited, unknown, remedies, limits []string
	f := s.facts()
	for _, r := range rules.All().Hops {
		say, do := s.fill(r.Say, r, f), s.fill(r.Do, r, f)
		switch m := r.Match(f); {
		case m == rules.Fits && r.Level == "fail":
			forbidden, remedies = append(forbidden, say), append(remedies, do)
		case m == rules.Fits:
			limited, limits = append(limited, say), append(limits, do)
		case m == rules.FitUnknown && r.Level == "fail" && r.Apt(f) == rules.Fits:
			unknown = append(unknown, s.fillOpen(r))
		}
	}
	_, okS := rules.ParseVersion(f.Source)
	_, okT := rules.ParseVersion(f.Target)
	between := cmp.Or(f.Source, "not told") + " to " + cmp.Or(f.Target, "not told") + ", agents " + cmp.Or(f.Model, "not told")
	switch {
	case len(forbidden) > 0:
		return Finding{Level: Fail, Evidence: between + ": " + some(forbidden), Remedy: some(remedies)}
	case !okS || !okT:
		return Finding{Level: Skip, Evidence: between + ": JIMM does not tell the versions of the controllers"}
	case len(limited) > 0:
		return Finding{Level: Warn, Evidence: between + ": " + some(append(limited, open(unknown)...)), Remedy: some(limits)}
	case len(unknown) > 0:
		return Finding{Level: Skip, Evidence: between + ": " + some(open(unknown))}
	default:
		return Finding{Level: Pass, Evidence: between + ": no rule forbids it"}
	}
}

// fillOpen is what a rule says if the model holds what it is about.
func (s *situation) fillOpen(r rules.Rule) string {
	return strings.ReplaceAll(s.fill(r.Say, r, rules.Facts{}), " ()", "")
}

// open marks what depends on contents of the model that are not known.
func open(unknown []string) []string {
	out := make([]string, len(unknown))
	for n, say := range unknown {
		out[n] = "not known whether it applies: " + say
	}
	return out
}

// checkAdvisories lists known bugs that are about such a migration.
func checkAdvisories(s *situation) Finding {
	var known, remedies []string
	unknown := 0
	f := s.facts()
	all := rules.All().Advisories
	for _, r := range all {
		switch r.Match(f) {
		case rules.Fits:
			known = append(known, r.ID+": "+s.fill(r.Say, r, f))
			remedies = append(remedies, strings.TrimPrefix(r.ID, "juju/")+": "+s.fill(r.Do, r, f))
		case rules.FitUnknown:
			unknown++
		case rules.FitsNot:
		}
	}
	switch {
	case len(known) > 0:
		return Finding{Level: Warn, Evidence: strings.Join(known, "; "), Remedy: strings.Join(remedies, "; ")}
	case unknown > 0:
		return Finding{Level: Skip, Evidence: fmt.Sprintf("%d of %d known bugs may be about this migration, depending on what is not known here", unknown, len(all))}
	default:
		return Finding{Level: Pass, Evidence: fmt.Sprintf("none of %d known bugs is about such a migration", len(all))}
	}
}
