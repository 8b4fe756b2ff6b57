package report

import (
	"cmp"
	"fmt"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
)

// RecordResults are the results of record-model.
func RecordResults(r migration.Result, run Run) map[string]any {
	out := modelRunResults(r, RecordSummary(r), run)
	next := r.Next
	if next == "" && !r.Outcome.Succeeded() && r.Model.UUID != "" {
		next = examineCommand(run.Unit, r.Model.UUID, r.Outcome)
	}
	set(out, "next", next)
	set(out, "proof", r.Proof)
	setMap(out, "model", modelResults(r.Model))
	setMap(out, "recorded-controller", controllerResults(r.Recorded))
	setMap(out, "migration", attemptResults(r))
	failure := errorResults(r.Detail, r.Err)
	set(failure, "hint", r.Hint)
	setMap(out, "error", failure)
	setLost(out, r, run)
	return out
}

// setLost adds the command that imports the model into JIMM again.
func setLost(out map[string]any, r migration.Result, run Run) {
	if r.Outcome == facts.LostFromJIMM {
		setMap(out, "repair", repairResults(repairOf(r, run.CLI, run.Unit)))
	}
}

// RecordSummary puts the result of record-model into one sentence.
func RecordSummary(r migration.Result) string {
	model, target := name(r.Model), fmt.Sprintf("%q", r.Target.String())
	switch r.Outcome {
	case facts.Recorded:
		text := fmt.Sprintf("JIMM now records model %s on %s", model, target)
		if r.Source.UUID == r.Target.UUID {
			text = fmt.Sprintf("JIMM recorded model %s on %s again and no longer considers it migrating", model, target)
		}
		if r.Running {
			text += "; the migration is still running on its source and may need an administrator there"
		}
		return text
	case facts.AlreadyThere:
		return fmt.Sprintf("JIMM already records model %s on %s, and it is there; nothing was changed", model, target)
	case facts.Refused:
		if r.Model.UUID == "" {
			return "nothing was recorded: " + r.Detail
		}
		return fmt.Sprintf("nothing was recorded for model %s: %s", model, cmp.Or(r.Detail, "a check failed"))
	case facts.TimedOut, facts.Interrupted:
		return fmt.Sprintf("it is not known whether JIMM records model %s on %s: %s", model, target, whyUnfinished(r))
	case facts.Unknown:
		return unknownRecordSummary(r)
	default:
		return Summary(r)
	}
}

func unknownRecordSummary(r migration.Result) string {
	model, target := name(r.Model), fmt.Sprintf("%q", r.Target.String())
	switch r.Cause {
	case facts.CauseUnproved:
		text := fmt.Sprintf("nothing was recorded: there is no proof that %s hosts model %s", target, model)
		if r.Detail != "" {
			text += ": " + r.Detail
		}
		return text + "; if you are sure that it does, run record-model with confirm=UUID"
	case facts.CauseSilent, facts.CauseChanged:
		return fmt.Sprintf("nothing was recorded for model %s: %s", model, cmp.Or(r.Detail, "no controller reports where it is"))
	default:
		return unknownSummary(r)
	}
}

// RefusedRecord are the results of a record that could not examine anything.
func RefusedRecord(err error) map[string]any {
	return refusedResults("nothing was recorded", err, true)
}
