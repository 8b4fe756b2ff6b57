package report

import (
	"cmp"
	"fmt"
	"strings"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
)

// Summary puts the result into one sentence: what happened, what it means.
func Summary(r migration.Result) string {
	model, target := name(r.Model), fmt.Sprintf("%q", r.Target.Name)
	switch r.Outcome {
	case facts.Migrated:
		return fmt.Sprintf("model %s moved from %q to %s; JIMM records it there and the source has let go", model, r.Source.String(), target)
	case facts.AlreadyThere:
		return fmt.Sprintf("model %s is on %s already, and JIMM records it there; nothing was done", model, target)
	case facts.Recorded:
		return fmt.Sprintf("model %s had moved to %s before; JIMM records it there now", model, target)
	case facts.Started:
		return fmt.Sprintf("the migration of model %s%s runs and goes on by itself; run migrate-model again to follow and record it", model, where(r))
	case facts.ChecksPassed:
		return fmt.Sprintf("no check forbids to migrate model %s to %s; nothing was started", model, target) + planned(r)
	case facts.Refused:
		return refusedSummary(r)
	case facts.NotStarted:
		return notStartedSummary(r)
	case facts.Aborted:
		return abortedSummary(r)
	case facts.TimedOut:
		return timedOutSummary(r)
	case facts.NeedsAttention:
		return attentionSummary(r)
	case facts.Conflict:
		text := fmt.Sprintf("more than one controller has model %s in use; nothing was changed: do not touch either copy before an administrator of both has looked", model)
		if r.Detail != "" {
			text += "; " + r.Detail
		}
		return text
	case facts.LostFromJIMM:
		return fmt.Sprintf("JIMM does not know model %s any more; %s; it can be imported into JIMM again", model, whereIs(r))
	default:
		return unknownSummary(r)
	}
}

func abortedSummary(r migration.Result) string {
	text := fmt.Sprintf("the migration of model %s%s was aborted; the model is on %q: %s", name(r.Model), where(r), r.Source.String(), cmp.Or(r.Detail, "the source does not tell why; the log of its controller model does"))
	if r.CopyLeft {
		text += fmt.Sprintf("; controller %q still says that it has a copy, which blocks another attempt: have its administrator look at it first", r.Target.Name)
	}
	return hinted(text, r)
}

// hinted adds what the reason means and what helps, if that is known.
func hinted(text string, r migration.Result) string {
	if r.Hint == "" {
		return text
	}
	return text + "; " + r.Hint
}

// attentionSummary says what is left when a model has moved.
func attentionSummary(r migration.Result) string {
	text := fmt.Sprintf("model %s is on %q and JIMM records it there, but ", name(r.Model), r.Target.Name)
	switch r.Cause {
	case facts.CauseAgents:
		return text + fmt.Sprintf("%d of its agents have not come there: %s; keep controller %q until they have", len(r.Aftermath.Missing), few(r.Aftermath.Missing), r.Source.String())
	case facts.CauseDifferences:
		return text + "it does not hold what it held before: " + cmp.Or(r.Detail, "see verify.contents in the results")
	default:
		return text + fmt.Sprintf("controller %q still has a copy; have its administrator look before anything is removed", r.Source.String())
	}
}

// few lists names, but not more than fit into a sentence.
func few(names []string) string {
	const most = 8
	if rest := len(names) - most; rest > 0 {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", rest)
	}
	return strings.Join(names, ", ")
}

// where says where a migration goes, if that is known.
func where(r migration.Result) string {
	if !r.TargetProved {
		return ""
	}
	return fmt.Sprintf(" to %q", r.Target.Name)
}

// planned says what migrate-model would do, if not simply start it.
func planned(r migration.Result) string {
	switch r.Plan {
	case migration.PlanVerify:
		return "; JIMM records it there already, migrate-model would see whether that is true"
	case migration.PlanRecord:
		return "; it has left the source already, migrate-model would record it"
	case migration.PlanFollow:
		return "; a migration runs, migrate-model would follow it"
	case migration.PlanWait:
		return "; a migration was asked for a moment ago, migrate-model would wait for it to begin before it starts one"
	default:
		return ""
	}
}

func refusedSummary(r migration.Result) string {
	switch r.Cause {
	case facts.CauseElsewhere:
		return fmt.Sprintf("the migration of model %s that was running did not go to %q; nothing was recorded: %s", name(r.Model), r.Target.Name, elsewhere(r))
	case facts.CauseOtherMigration:
		return fmt.Sprintf("a migration of model %s to another controller than %q runs already, it is not followed: %s", name(r.Model), r.Target.Name, r.Detail)
	default:
	}
	var failed []string
	for _, f := range r.Findings {
		if f.Blocks() {
			failed = append(failed, string(f.Check)+": "+f.Evidence)
		}
	}
	return "nothing was started: " + strings.Join(failed, "; ")
}

func notStartedSummary(r migration.Result) string {
	text := fmt.Sprintf("no migration of model %s has begun; the model is on %q", name(r.Model), r.Source.String())
	switch r.Cause {
	case facts.CauseInterrupted:
		return text + ": the action was told to stop before it asked for one"
	case facts.CauseDeadline:
		return text + ": the timeout ran out before it was asked for"
	default:
		return hinted(text+": "+cmp.Or(r.Detail, "JIMM accepted the request, and the source shows no migration"), r)
	}
}

func timedOutSummary(r migration.Result) string {
	text := "the timeout ran out"
	switch r.Cause {
	case facts.CauseInterrupted:
		text = "the action was told to stop"
	case facts.CauseStalled:
		return fmt.Sprintf("%s; the migration of model %s%s has not failed and goes on by itself if it can, which its source's controller log tells; %s", r.Detail, name(r.Model), where(r), whereIs(r))
	default:
	}
	model, target := name(r.Model), fmt.Sprintf("%q", r.Target.Name)
	switch {
	case r.Running:
		text += fmt.Sprintf("; the migration of model %s%s goes on by itself, run migrate-model again to follow it; %s", model, where(r), whereIs(r))
	case r.Step == facts.StepRecord:
		text += fmt.Sprintf("; model %s is on %s, and JIMM is not yet known to record it there; run migrate-model again", model, target)
	case r.Step == facts.StepVerify && r.Holder.Known():
		text += fmt.Sprintf("; model %s is on %s and JIMM records it there; whether the source has let go was not known yet, run migrate-model again", model, target)
	default:
		text += fmt.Sprintf("; whether a migration of model %s runs is not known, run migrate-model again to find out; %s", model, whereIs(r))
	}
	if r.Detail != "" {
		text += "; last answer: " + r.Detail
	}
	return text
}

func unknownSummary(r migration.Result) string {
	model, target := name(r.Model), fmt.Sprintf("%q", r.Target.Name)
	source := fmt.Sprintf("controller %q", r.Source.String())
	var text string
	switch r.Cause {
	case facts.CauseRecordFailed:
		return fmt.Sprintf("model %s is on %s, but JIMM is not known to have recorded it: %s", model, target, cmp.Or(r.Detail, "no answer"))
	case facts.CauseMisrecorded:
		return fmt.Sprintf("JIMM records model %s on %s, which does not have it: %s", model, target, whereIs(r))
	case facts.CauseElsewhere:
		return fmt.Sprintf("model %s did not move to %s; nothing was recorded: %s", model, target, elsewhere(r))
	case facts.CauseSourceUnknown:
		return fmt.Sprintf("model %s is on %s and JIMM records it there; whether another controller still has a copy could not be found out", model, target)
	case facts.CauseOtherMigration:
		return fmt.Sprintf("another migration of model %s has begun since, so that the one that was followed is over; the model is on %q, run migrate-model again", model, r.Source.String())
	case facts.CauseChanged:
		return fmt.Sprintf("the migration of model %s that was seen at first is not on show any more; nothing was started, %s; run migrate-model again", model, whereIs(r))
	case facts.CauseSilent:
		text = "nobody who could tell has answered"
	case facts.CauseAnswer:
		text = source + " ended it with words that this version does not know"
	case facts.CauseUnproved:
		text = source + " does not answer for the model any more, and it is not proved that " + target + " has it in use"
		if r.Phase == facts.PhaseReapFailed {
			text = source + " has moved the model and could not remove its copy, and it is not proved that it went to " + target
		}
	default:
		text = string(r.Cause)
	}
	text = fmt.Sprintf("it is not known how the migration of model %s to %s stands: %s", model, target, text)
	if r.Detail != "" {
		text += ": " + r.Detail
	}
	return text
}

// elsewhere says where the model is instead, or what JIMM records.
func elsewhere(r migration.Result) string {
	if r.Holder.Known() {
		return fmt.Sprintf("controller %q says that it has moved the model to %q", r.Source.String(), r.Holder.String())
	}
	return fmt.Sprintf("JIMM records it on %q now", r.Recorded.String())
}

// whereIs says where the model is, as far as that is known.
func whereIs(r migration.Result) string {
	if r.Holder.Known() {
		return fmt.Sprintf("the model is on %q", r.Holder.String())
	}
	return "which controller has it is not known"
}

func name(m facts.Model) string {
	if m.UUID == "" {
		return "(unknown)"
	}
	return m.FullName()
}
