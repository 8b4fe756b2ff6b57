package checks

import (
	"cmp"
	"fmt"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// checkOffers warns of relations in which other models use what this one offers.
// Where they forbid the migration, [VersionHop] says so.
func checkOffers(s *survey.Survey) Finding {
	if !s.Contents.Known {
		return notLookedInto(s.Contents)
	}
	var used []string
	for _, name := range facts.SortedNames(s.Contents.Offers, func(o facts.Offer) bool { return o.Total > 0 || o.Active > 0 }) {
		o := s.Contents.Offers[name]
		used = append(used, fmt.Sprintf("offer %s of %s has %d connections", name, o.Application, max(o.Total, o.Active)))
	}
	return list(s, used, Warn,
		"tell the owners of the consumers; look at their relations when the model has moved",
		fmt.Sprintf("no offer is connected (%d in all)", len(s.Contents.Offers)))
}

// checkRemotes warns of offers of other models that this one uses.
func checkRemotes(s *survey.Survey) Finding {
	if !s.Contents.Known {
		return notLookedInto(s.Contents)
	}
	var used []string
	for _, name := range facts.SortedNames(s.Contents.Remotes, func(facts.Remote) bool { return true }) {
		used = append(used, name+" from "+cmp.Or(s.Contents.Remotes[name].URL, "not told"))
	}
	if len(used) == 0 {
		return list(s, nil, Warn, "", "the model consumes no offers")
	}
	return Finding{
		Level:    Warn,
		Evidence: "the model consumes offers of others: " + Names(used),
		Remedy:   "look at these relations when the model has moved; " + s.StatusCommand() + " --relations shows them",
	}
}
