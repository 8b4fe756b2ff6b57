package migration

import (
	"fmt"
	"strings"
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
		used = append(used, name+" from "+orQuestion(s.inside.Remotes[name].URL))
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

// checkVersionHop applies the rules of hops.json.
func checkVersionHop(s *situation) Finding {
	var forbidden, limited, unknown, remedies []string
	f := s.facts()
	for _, h := range knowledge().Hops {
		switch m := h.match(f); {
		case m == fits && !h.Warn:
			forbidden, remedies = append(forbidden, h.Say), append(remedies, h.Do)
		case m == fits:
			limited = append(limited, h.Say)
			if len(forbidden) == 0 {
				remedies = append(remedies, h.Do)
			}
		case m == fitUnknown && h.versionsKnown(f) && !h.Warn:
			unknown = append(unknown, h.Say)
		}
	}
	_, okS := parseVersion(f.source)
	_, okT := parseVersion(f.target)
	between := orQuestion(f.source) + " to " + orQuestion(f.target) + ", agents " + orQuestion(f.model)
	switch {
	case len(forbidden) > 0:
		return Finding{Level: Fail, Evidence: between + ": " + some(forbidden), Remedy: some(remedies)}
	case !okS || !okT:
		return Finding{Level: Skip, Evidence: between + ": JIMM does not tell the versions of the controllers"}
	case len(unknown) > 0:
		return Finding{Level: Skip, Evidence: between + ": whether this is so could not be told: " + some(unknown)}
	case len(limited) > 0:
		return Finding{Level: Warn, Evidence: between + ": " + some(limited), Remedy: some(remedies)}
	default:
		return Finding{Level: Pass, Evidence: between + ": no rule forbids it"}
	}
}

// versionsKnown reports whether the versions alone fulfil the condition, so that
// only what the model holds is open.
func (c condition) versionsKnown(f facts) bool {
	c.Offers, c.Remote, c.Charms, c.Bases = false, false, nil, nil
	return c.match(f) == fits
}

// checkAdvisories lists known bugs that are about such a migration.
func checkAdvisories(s *situation) Finding {
	var known, remedies []string
	open := 0
	f := s.facts()
	all := knowledge().Advisories
	for _, a := range all {
		switch a.match(f) {
		case fits:
			known = append(known, a.Issue+": "+a.Say)
			remedies = append(remedies, strings.TrimPrefix(a.Issue, "juju/")+": "+a.Do)
		case fitUnknown:
			open++
		case fitsNot:
		}
	}
	switch {
	case len(known) > 0:
		return Finding{Level: Warn, Evidence: strings.Join(known, "; "), Remedy: strings.Join(remedies, "; ")}
	case open > 0:
		return Finding{Level: Skip, Evidence: fmt.Sprintf("%d of %d known bugs may be about this migration, depending on what is not known here", open, len(all))}
	default:
		return Finding{Level: Pass, Evidence: fmt.Sprintf("none of %d known bugs is about such a migration", len(all))}
	}
}
