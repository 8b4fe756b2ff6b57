package report

import (
	"cmp"
	"fmt"
	"strings"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/locate"
	"jimm-migrator/src/redact"
)

// LocatedResults are the results of locate-model, which the unit has run.
func LocatedResults(found locate.Found, page int, unit string) map[string]any {
	models := map[string]any{}
	for _, l := range found.Locations {
		models[resultKey(l.Model.UUID)] = locationResults(l, unit)
	}
	out := map[string]any{"matches": found.Matches}
	setMap(out, "models", models)
	if found.Gaps != nil {
		out["gaps"] = redact.Error(found.Gaps)
	}
	which := ""
	if pages := max((found.Matches+locate.DefaultLimit-1)/locate.DefaultLimit, 1); pages > 1 || page > 1 {
		out["page"], out["pages"] = page, pages
		which = "; " + pageOf(page, pages)
	}
	if len(found.Locations) == 1 && found.Matches == 1 {
		l := found.Locations[0]
		out["controller"] = cmp.Or(l.Holder.String(), "unknown")
		out["state"] = string(l.State)
		out["summary"] = LocationSummary(l, unit)
	} else {
		if len(models) > 0 {
			which += "; models.UUID.controller shows where each one is"
		}
		out["summary"] = matching(found.Matches, found.Known) + which
	}
	return out
}

// matching is how many of the known models match.
func matching(matches, known int) string {
	if matches == 1 {
		return fmt.Sprintf("1 of %d models matches", known)
	}
	return fmt.Sprintf("%d of %d models match", matches, known)
}

// pageOf returns which page is shown; "" for the only one.
func pageOf(page, pages int) string {
	switch {
	case page > pages:
		return fmt.Sprintf("there is no page %d; the last page is %d", page, pages)
	case pages > 1:
		return fmt.Sprintf("this is page %d of %d", page, pages)
	default:
		return ""
	}
}

func locationResults(l locate.Location, unit string) map[string]any {
	out := map[string]any{
		"state":      string(l.State),
		"controller": cmp.Or(l.Holder.String(), "unknown"),
		"drift":      l.Drift,
		"proof":      l.Proof,
	}
	set(out, "name", l.Model.Name)
	set(out, "owner", l.Model.Owner)
	if !l.Complete() {
		out["complete"] = false
	}
	if !l.Complete() || l.Asked == 0 {
		out["asked"] = l.Asked
	}
	setMap(out, "recorded-controller", controllerResults(l.Recorded))
	set(out, "repair", locationRepair(l, unit))
	if l.State == locate.StateMoved {
		set(out, "repair-unverified", l.Repair)
	}
	set(out, "not-answering", names(l.Silent))
	set(out, "other-copies", names(l.Copies))
	if l.Attempt.Exists() {
		attempt := map[string]any{"phase": facts.ParseText(l.Attempt.Text).String()}
		set(attempt, "text", l.Attempt.Text.String())
		set(attempt, "start", stamp(l.Attempt.Start))
		set(attempt, "end", stamp(l.Attempt.End))
		out["migration"] = attempt
	}
	return out
}

// locationRepair is the command that corrects JIMM's record. That of the charm proves
// first where the model is; JIMM checks nothing.
func locationRepair(l locate.Location, unit string) string {
	if l.State != locate.StateMoved || l.Holder.Name == "" {
		return l.Repair
	}
	return facts.RecordCommand(unit, l.Model.UUID, l.Holder.Name, "")
}

// LocationSummary returns, in one sentence, where a model is.
func LocationSummary(l locate.Location, unit string) string {
	model := l.Model.FullName()
	switch l.State {
	case locate.StateActive:
		return fmt.Sprintf("model %s is on %q: %s", model, l.Holder.String(), l.Proof)
	case locate.StateMigrating:
		return fmt.Sprintf("model %s is being migrated; %s", model, l.Proof)
	case locate.StateMoved:
		return fmt.Sprintf("model %s is on %q, but JIMM records %q: %s; to correct the record: %s", model, l.Holder.String(), l.Recorded.String(), l.Proof, cmp.Or(locationRepair(l, unit), "add that controller to JIMM first"))
	case locate.StateAbsent:
		return fmt.Sprintf("model %s is on no controller, but JIMM records %q: %s", model, l.Recorded.String(), l.Proof)
	case locate.StateLost:
		return fmt.Sprintf("JIMM does not know model %s: %s; %s%s", model, strings.TrimPrefix(l.Proof, locate.UnknownToJIMM), importable(l.Model), prefixed(": ", l.Repair))
	case locate.StateConflict:
		return fmt.Sprintf("model %s is in conflict: %s", model, l.Proof)
	default:
		return fmt.Sprintf("the location of model %s could not be confirmed: %s", model, l.Proof)
	}
}

func names(list []facts.Controller) string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = c.String()
	}
	return strings.Join(out, ",")
}

// prefixed puts the prefix in front of a text that is not empty.
func prefixed(prefix, text string) string {
	if text == "" {
		return ""
	}
	return prefix + text
}
