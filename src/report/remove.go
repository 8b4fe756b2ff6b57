package report

import (
	"cmp"
	"fmt"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
)

// RemoveResults are the results of remove-left-over.
func RemoveResults(r migration.Result, run Run) map[string]any {
	out := modelRunResults(r, RemoveSummary(r), run)
	set(out, "next", nextAfterRemoval(r, run))
	setMap(out, "model", modelResults(r.Model))
	setMap(out, "recorded-controller", controllerResults(r.Recorded))
	setMap(out, "left-over-controller", controllerResults(r.Target))
	setMap(out, "error", errorResults(r.Detail, r.Err))
	setLost(out, r, run)
	return out
}

// nextAfterRemoval is the command that helps from here.
func nextAfterRemoval(r migration.Result, run Run) string {
	again := r.Outcome == facts.TimedOut || r.Outcome == facts.Interrupted || r.Outcome == facts.Unknown ||
		r.Outcome == facts.Refused && r.Cause == facts.CauseSilent
	switch {
	case r.Next != "" || r.Model.UUID == "":
		return r.Next
	case again && r.Target.Known():
		return facts.RemoveCommand(run.Unit, r.Model.UUID, r.Target.Name)
	case r.Outcome.Succeeded() && r.Recorded.UUID != r.Target.UUID:
		return facts.JujuRun(run.Unit, r.Target.Name) + " check-migration model=" + r.Model.UUID + " target-controller=" + r.Target.Name
	default:
		return examineCommand(run.Unit, r.Model.UUID, r.Outcome)
	}
}

// RemoveSummary puts the result of remove-left-over into one sentence.
func RemoveSummary(r migration.Result) string {
	model, from := name(r.Model), fmt.Sprintf("%q", r.Target.String())
	switch r.Outcome {
	case facts.Removed:
		text := fmt.Sprintf("%s has removed its half-imported copy of model %s, and reports that it is gone", from, model)
		if !r.Holder.Known() {
			return text + fmt.Sprintf("; %q did not confirm again that it hosts the model", r.Source.String())
		}
		return text + fmt.Sprintf("; the model is in use on %q", r.Holder.String())
	case facts.NothingToRemove:
		return fmt.Sprintf("%s reports that it has no copy of model %s; nothing was removed", from, model)
	case facts.Refused:
		if r.Model.UUID == "" {
			return "nothing was removed: " + r.Detail
		}
		return fmt.Sprintf("nothing was removed from %s for model %s: %s", from, model, cmp.Or(r.Detail, "a check failed"))
	case facts.TimedOut, facts.Interrupted:
		return fmt.Sprintf("it is not known whether %s still has a copy of model %s: %s", from, model, whyUnfinished(r))
	case facts.Unknown:
		text := cmp.Or(r.Detail, "no controller answered")
		if r.Cause == facts.CauseNotRemoved {
			return fmt.Sprintf("%s was asked to remove its copy of model %s, and does not report that it is gone: %s", from, model, text)
		}
		return fmt.Sprintf("it is not known whether %s still has a copy of model %s: %s", from, model, text)
	default:
		return Summary(r)
	}
}

// RefusedRemoval are the results of a removal that could not examine anything.
func RefusedRemoval(err error) map[string]any {
	return refusedResults("nothing was removed", err, true)
}
