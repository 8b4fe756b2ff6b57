package checks

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// checkOffers warns of relations in which other models use what this one offers.
// Where they forbid the migration, [VersionHop] says so.
func checkOffers(s *survey.Survey) Finding {
	if !s.Contents.Known {
		return notInspected(s.Contents)
	}
	var used []string
	for _, name := range facts.SortedNames(s.Contents.Offers, facts.Offer.Connected) {
		o := s.Contents.Offers[name]
		text := fmt.Sprintf("offer %s of %s has %s", name, o.Application, facts.Count(max(o.Total, o.Active), "connection", "connections"))
		var from []string
		for _, uuid := range s.Contents.Consumers[name] {
			from = append(from, whereIs(s, byUUID(s.Models, uuid)))
		}
		if len(from) > 0 {
			text += ", from " + Names(from)
		}
		used = append(used, text)
	}
	return list(s, used, Warn,
		"migrate models that use each other in the same maintenance window, consumers first (juju/juju#19800); inform the owners of the consumers, and check their relations after the migration",
		fmt.Sprintf("no offer is connected (%s)", facts.Count(len(s.Contents.Offers), "offer", "offers")))
}

// checkRemotes warns of offers of other models that this one uses, and says where
// JIMM records those models.
func checkRemotes(s *survey.Survey) Finding {
	if !s.Contents.Known {
		return notInspected(s.Contents)
	}
	var used []string
	together, apart := false, false
	for _, name := range facts.SortedNames(s.Contents.Remotes, func(facts.Remote) bool { return true }) {
		url := s.Contents.Remotes[name].URL
		text := name + " from " + cmp.Or(url, "an unknown model")
		if offerer, ok := offererOf(s.Models, url); ok {
			text += " (" + whereIs(s, offerer) + ")"
			together = together || offerer.Recorded == s.Source.UUID
			apart = apart || offerer.Recorded != s.Source.UUID
		}
		used = append(used, text)
	}
	if len(used) == 0 {
		return list(s, nil, Warn, "", "the model consumes no offers")
	}
	remedy := "check these relations after the migration; " + s.StatusCommand() + " --relations shows them"
	switch {
	case apart:
		remedy = "Juju may refuse to migrate a model to the controller whose offers it consumes (juju/juju#19800): if it does, remove the consumed offers before the migration and consume them again afterwards (juju/juju#20630); " + remedy
	case together:
		remedy = "migrate these models in the same maintenance window, this one before those that have the offers (juju/juju#19800); " + remedy
	}
	return Finding{Level: Warn, Evidence: "the model consumes offers of other models: " + Names(used), Remedy: remedy}
}

// offererOf returns the model in the URL of an offer, "owner/model.offer", if JIMM
// knows it. A controller before it is the client's name for JIMM.
func offererOf(models []facts.Model, url string) (facts.Model, bool) {
	path := url[strings.LastIndexByte(url, ':')+1:]
	slash := strings.LastIndexByte(path, '/')
	dot := strings.LastIndexByte(path, '.')
	if slash < 0 || dot < slash {
		return facts.Model{}, false
	}
	for _, m := range models {
		if m.NamedBy(path[:dot]) {
			return m, true
		}
	}
	return facts.Model{}, false
}

func byUUID(models []facts.Model, uuid string) facts.Model {
	for _, m := range models {
		if m.UUID == uuid {
			return m
		}
	}
	return facts.Model{UUID: uuid}
}

// whereIs names a model, and the controller that JIMM records for it.
func whereIs(s *survey.Survey, m facts.Model) string {
	if m.Name == "" {
		return "a model that JIMM does not know, " + m.UUID
	}
	return m.FullName() + " on " + strconv.Quote(s.Controllers.ByUUID(m.Recorded).String())
}
