package report

import (
	"cmp"
	"fmt"
	"strings"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
)

// Summary puts the result into one sentence: what happened, what it means.
func Summary(r migration.Result) string {
	model, target := name(r.Model), fmt.Sprintf("%q", r.Target.Name)
	switch r.Outcome {
	case facts.Migrated:
		return fmt.Sprintf("model %s migrated from %q to %s; JIMM records it there, and the source controller no longer hosts it", model, r.Source.String(), target) + thirdCopy(r)
	case facts.AlreadyThere:
		return fmt.Sprintf("model %s is already on %s, and JIMM records it there; nothing was changed", model, target) + thirdCopy(r)
	case facts.Recorded:
		return fmt.Sprintf("model %s was already on %s; JIMM now records it there", model, target) + thirdCopy(r)
	case facts.Started:
		return fmt.Sprintf("the migration of model %s%s is running and continues by itself; run migrate-model again to follow and record it", model, where(r))
	case facts.Removed, facts.NothingToRemove:
		return RemoveSummary(r)
	case facts.ChecksPassed:
		return fmt.Sprintf("%s; model %s can be migrated to %s; nothing was started", checked(r.Findings), model, target) + planned(r)
	case facts.Refused:
		return refusedSummary(r)
	case facts.NotStarted:
		return notStartedSummary(r)
	case facts.Aborted:
		return abortedSummary(r)
	case facts.TimedOut, facts.Interrupted:
		return timedOutSummary(r)
	case facts.NeedsAttention:
		return attentionSummary(r)
	case facts.Conflict:
		text := fmt.Sprintf("more than one controller hosts model %s; nothing was changed; do not change either copy until an administrator of both controllers has examined them", model)
		if r.Detail != "" {
			text += "; " + r.Detail
		}
		return text
	case facts.LostFromJIMM:
		return fmt.Sprintf("JIMM no longer knows model %s; %s; %s", model, whereIs(r), importable(r.Model))
	default:
		return unknownSummary(r)
	}
}

// thirdCopy names a controller, neither source nor target, that has a copy of a model that has moved.
func thirdCopy(r migration.Result) string {
	for _, f := range r.Aftermath.FollowUps {
		if f.ID == migration.ThirdCopy {
			return "; " + f.Why
		}
	}
	return ""
}

// checked is the sentence for a migration that no check prevents.
func checked(findings []checks.Finding) string {
	switch failed := withLevel(findings, checks.Fail); len(failed) {
	case 0:
		return "no check failed"
	case 1:
		return "1 failed check is ignored"
	default:
		return fmt.Sprintf("%d failed checks are ignored", len(failed))
	}
}

func abortedSummary(r migration.Result) string {
	text := fmt.Sprintf("the migration of model %s%s was aborted; the model is on %q: %s", name(r.Model), where(r), r.Source.String(), cmp.Or(r.Detail, "the source gives no reason; see the log of its controller model"))
	switch {
	case r.LeftImport == migration.ImportRemovable:
		text += fmt.Sprintf("; controller %q still has its half-imported copy, which prevents another attempt; remove-left-over removes it", r.Target.Name)
	case r.LeftImport == migration.ImportNeedsAccount:
		text += fmt.Sprintf("; controller %q still has its half-imported copy, which prevents another attempt; to remove it, give the charm an account on %q (controller-credentials), then run remove-left-over", r.Target.Name, r.Target.Name)
	case r.CopyLeft:
		text += fmt.Sprintf("; controller %q still has a copy, which prevents another attempt; its administrator must examine it first", r.Target.Name)
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

// attentionSummary returns what is left when a model has moved.
func attentionSummary(r migration.Result) string {
	text := fmt.Sprintf("model %s is on %q and JIMM records it there, but ", name(r.Model), r.Target.Name)
	switch r.Cause {
	case facts.CauseAgents:
		missing := r.Aftermath.Missing
		if len(missing) == 1 {
			return text + fmt.Sprintf("1 of its agents has not reconnected: %s; keep controller %q until it has", missing[0], r.Source.String())
		}
		return text + fmt.Sprintf("%d of its agents have not reconnected: %s; keep controller %q until they have", len(missing), few(missing), r.Source.String())
	case facts.CauseDifferences:
		if r.Aftermath.Unread {
			return text + "not all of it works, and whether it did before the migration is not known: " + r.Detail
		}
		return text + "its contents differ from before the migration: " + cmp.Or(r.Detail, "see verify.failed.contents in the results")
	default:
		return text + fmt.Sprintf("controller %q still has a copy; its administrator must examine it before anything is removed", r.Source.String())
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

// where returns where a migration goes, if that is known.
func where(r migration.Result) string {
	if !r.GoesTo.Known() {
		return ""
	}
	return fmt.Sprintf(" to %q", r.GoesTo.Name)
}

// planned returns what migrate-model would do, if not simply start it.
func planned(r migration.Result) string {
	switch r.Plan {
	case migration.PlanVerify:
		return "; JIMM already records it there, and migrate-model would verify that"
	case migration.PlanRecord:
		return "; it has already left the source, and migrate-model would record it in JIMM"
	case migration.PlanFollow:
		return "; a migration is running, and migrate-model would follow it"
	case migration.PlanWait:
		return "; a migration was requested recently, and migrate-model would wait for it to begin"
	default:
		return ""
	}
}

func refusedSummary(r migration.Result) string {
	switch r.Cause {
	case facts.CauseElsewhere:
		return fmt.Sprintf("the running migration of model %s did not go to %q; nothing was recorded: %s", name(r.Model), r.Target.Name, describeElsewhere(r))
	case facts.CauseOtherMigration:
		return fmt.Sprintf("model %s is already being migrated to a controller other than %q; that migration is not followed: %s", name(r.Model), r.Target.Name, r.Detail)
	default:
	}
	var failed []string
	for _, f := range r.Findings {
		if f.Blocks() {
			failed = append(failed, string(f.Check)+": "+f.Evidence)
		}
	}
	return "nothing was started: " + joined(failed...)
}

// joined makes one text of several: a text that is a question already ends with
// its mark.
func joined(texts ...string) string {
	return strings.ReplaceAll(strings.Join(texts, "; "), "?; ", "? ")
}

func notStartedSummary(r migration.Result) string {
	text := fmt.Sprintf("no migration of model %s has begun; the model is on %q", name(r.Model), r.Source.String())
	switch r.Cause {
	case facts.CauseInterrupted:
		return text + ": the action was stopped before it requested one"
	case facts.CauseDeadline:
		return text + ": the timeout expired before it was requested"
	default:
		return hinted(text+": "+cmp.Or(r.Detail, "JIMM accepted the request, but the source shows no migration"), r)
	}
}

// whyUnfinished returns why a run ended before it was done.
func whyUnfinished(r migration.Result) string {
	if r.Outcome == facts.Interrupted {
		return "the action was stopped (SIGTERM)"
	}
	return "the timeout expired"
}

func timedOutSummary(r migration.Result) string {
	if r.Outcome != facts.Interrupted && r.Cause == facts.CauseStalled {
		text := fmt.Sprintf("%s; the migration of model %s%s has not failed and may continue by itself; see the log of the source controller; %s", r.Detail, name(r.Model), where(r), whereIs(r))
		return hinted(text, r)
	}
	text := whyUnfinished(r)
	model, target := name(r.Model), fmt.Sprintf("%q", r.Target.Name)
	switch {
	case r.Running:
		text += fmt.Sprintf("; the migration of model %s%s continues by itself; run migrate-model again to follow it; %s", model, where(r), whereIs(r))
	case r.Step == facts.StepRecord && r.Recorded.Known() && r.Recorded.UUID == r.Target.UUID:
		text += fmt.Sprintf("; model %s is on %s and JIMM records it there, but %s does not answer; run migrate-model again", model, target, target)
	case r.Step == facts.StepRecord:
		text += fmt.Sprintf("; model %s is on %s, but it is not known yet whether JIMM records it there; run migrate-model again", model, target)
	case r.Step == facts.StepVerify && r.Holder.Known():
		text += fmt.Sprintf("; model %s is on %s and JIMM records it there, but it is not known yet whether the source still hosts it; run migrate-model again", model, target)
	default:
		text += fmt.Sprintf("; it is not known whether a migration of model %s is running; run migrate-model again to find out; %s", model, whereIs(r))
	}
	if r.Detail != "" {
		text += "; last answer: " + r.Detail
	}
	return hinted(text, r)
}

func unknownSummary(r migration.Result) string {
	model, target := name(r.Model), fmt.Sprintf("%q", r.Target.Name)
	source := fmt.Sprintf("controller %q", r.Source.String())
	var text string
	switch r.Cause {
	case facts.CauseRecordFailed:
		if r.Reason == migration.ReasonStays {
			return hinted(fmt.Sprintf("model %s is on %s, and JIMM refuses to record it there: %s", model, target, r.Detail), r)
		}
		return fmt.Sprintf("model %s is on %s, but it is not known whether JIMM has recorded it: %s", model, target, cmp.Or(r.Detail, "no answer"))
	case facts.CauseMisrecorded:
		return fmt.Sprintf("JIMM records model %s on %s, which does not have it: %s", model, target, whereIs(r))
	case facts.CauseElsewhere:
		return fmt.Sprintf("model %s was not migrated to %s; nothing was recorded: %s", model, target, describeElsewhere(r))
	case facts.CauseDryRunStarted:
		return fmt.Sprintf("%s was asked for a dry run, but started to migrate model %s to %s; JIMM did not request this migration (%q), and it cannot be cancelled; follow it with migration-status; if the model has moved, run record-model", source, model, target, r.MigrationID)
	case facts.CauseSourceUnknown:
		return fmt.Sprintf("model %s is on %s and JIMM records it there, but it could not be determined whether another controller still has a copy", model, target)
	case facts.CauseOtherMigration:
		return fmt.Sprintf("another migration of model %s has begun, so the one that was followed is over; the model is on %q; run migrate-model again", model, r.Source.String())
	case facts.CauseChanged:
		if !r.Timing.Started.IsZero() {
			return fmt.Sprintf("the migration of model %s to %s that was requested is no longer reported, and it is not known how it ended; %s; run migrate-model again", model, target, whereIs(r))
		}
		return fmt.Sprintf("the migration of model %s that was reported at the start is no longer reported; nothing was started; %s; run migrate-model again", model, whereIs(r))
	case facts.CauseSilent:
		text = "no controller reports it"
	case facts.CauseAnswer:
		text = source + " ended it with an unrecognised status"
	case facts.CauseUnproved:
		text = source + " no longer answers for the model, and " + unproved(r.Target.Name)
		if r.Phase == facts.PhaseReapFailed {
			text = source + " has migrated the model but could not remove its copy, and " + unproved(r.Target.Name)
		}
	default:
		text = string(r.Cause)
	}
	to := ""
	if r.Target.Name != "" {
		to = " to " + target
	}
	text = fmt.Sprintf("the state of the migration of model %s%s is not known: %s", model, to, text)
	if r.Detail != "" {
		text += ": " + r.Detail
	}
	if r.Cause == facts.CauseUnproved || r.Cause == facts.CauseSilent {
		return hinted(text, r)
	}
	return text
}

// unproved is what is missing where a source has released a model. The target may not
// be known, if JIMM did not start the migration.
func unproved(target string) string {
	if target == "" {
		return "it is not known which controller hosts it"
	}
	return fmt.Sprintf("there is no proof that %q hosts it", target)
}

// describeElsewhere returns where the model is instead, or what JIMM records.
func describeElsewhere(r migration.Result) string {
	if r.Holder.Known() {
		return fmt.Sprintf("controller %q reports that it has migrated the model to %q", r.Source.String(), r.Holder.String())
	}
	return fmt.Sprintf("JIMM now records it on %q", r.Recorded.String())
}

// whereIs returns where the model is, as far as that is known.
func whereIs(r migration.Result) string {
	if r.Holder.Known() {
		return fmt.Sprintf("the model is on %q", r.Holder.String())
	}
	return "it is not known which controller has it"
}

// importable reports whether a model that JIMM does not know can be imported into it.
func importable(m facts.Model) string {
	switch {
	case m.Life == "": // Only an account on its controller shows it.
		return "unless it is being destroyed, it can be imported into JIMM again"
	case facts.Alive(m.Life):
		return "it can be imported into JIMM again"
	default:
		return "there is nothing to import: it is being destroyed"
	}
}

func name(m facts.Model) string {
	if m.UUID == "" {
		return "(unknown)"
	}
	return m.FullName()
}

// MayStillMove reports whether the migration may still run, or waits to be
// recorded, although it is no longer followed.
func MayStillMove(r migration.Result) bool {
	return r.Outcome == facts.Started || r.Outcome == facts.TimedOut || r.Outcome == facts.Interrupted || r.Outcome == facts.Unknown
}
