package actions

import (
	"fmt"
	"strings"
	"time"

	"jimm-migrator/src/migration"
)

// line puts an event into one line of progress. It never holds a percent sign,
// which the command line of Juju 3 would mangle.
func line(e migration.Event) string {
	switch e := e.(type) {
	case migration.FindingEvent:
		return findingLine(e.Finding)
	case migration.FreezeEvent:
		return "from now on, changes made to " + e.Model.FullName() + " may be lost until the migration has ended"
	case migration.AttachEvent:
		return attachLine(e)
	case migration.StartEvent:
		return startLine(e)
	case migration.PhaseEvent:
		text := fmt.Sprintf("%s: %s (%s)", e.Phase, e.Text, span(e.Elapsed))
		if e.NoReturn {
			text += "; point of no return: from here on Juju cannot abort"
		}
		return text
	case migration.HeartbeatEvent:
		return heartbeatLine(e)
	case migration.LetGoEvent:
		return fmt.Sprintf("controller %q does not answer for the model any more (%s)", e.Source.String(), span(e.Elapsed))
	case migration.RecordEvent:
		return recordLine(e)
	case migration.WaitEvent:
		return fmt.Sprintf("waiting up to %s for %s", span(e.Limit), e.For)
	default:
		return ""
	}
}

func findingLine(f migration.Finding) string {
	level := string(f.Level)
	if f.Ignored {
		level += " (ignored)"
	}
	text := fmt.Sprintf("check %s: %s: %s", f.Check, level, f.Evidence)
	if f.Remedy != "" && f.Level != migration.Pass {
		text += "; " + f.Remedy
	}
	return text
}

func attachLine(e migration.AttachEvent) string {
	text := "a migration runs since " + e.Attempt.Start.UTC().Format(time.RFC3339) + "; it is followed, nothing is started"
	if !e.TargetProved {
		text += fmt.Sprintf("; whether it goes to %q is not known yet", e.Target.Name)
	}
	return text
}

func startLine(e migration.StartEvent) string {
	if e.Err != nil {
		return fmt.Sprintf("asked JIMM to move the model from %q to %q; it answered: %s; this proves nothing yet, looking whether a migration runs", e.Source.String(), e.Target.Name, migration.Redact(e.Err.Error()))
	}
	text := fmt.Sprintf("started: %q to %q", e.Source.String(), e.Target.Name)
	if e.MigrationID != "" {
		text += ", migration " + e.MigrationID
	}
	return text
}

func heartbeatLine(e migration.HeartbeatEvent) string {
	text := e.Verdict.Phase.String() + ": " + migration.Redact(e.Verdict.Text)
	if e.Verdict.Text == "" {
		text = "no migration is on show"
	}
	text = "no change after " + span(e.Elapsed) + ": " + text
	if e.Err != nil {
		text += "; the last question was not answered: " + migration.Redact(e.Err.Error())
	}
	return text
}

func recordLine(e migration.RecordEvent) string {
	if e.Err != nil {
		return fmt.Sprintf("told JIMM that %q hosts the model; it answered: %s; looking whether it did it", e.Controller.Name, migration.Redact(e.Err.Error()))
	}
	return fmt.Sprintf("recorded in JIMM: %q hosts the model; %s", e.Controller.Name, e.Ground)
}

// span prints a duration without fractions of a second.
func span(d time.Duration) string { return d.Round(time.Second).String() }

// summary puts the result into one sentence: what happened, what it means.
func summary(r migration.Result) string {
	model, target := name(r.Model), fmt.Sprintf("%q", r.Target.Name)
	switch r.Outcome {
	case migration.Migrated:
		return fmt.Sprintf("model %s moved from %q to %s; JIMM records it there and the source has let go", model, r.Source.String(), target)
	case migration.AlreadyThere:
		return fmt.Sprintf("model %s is on %s already, and JIMM records it there; nothing was done", model, target)
	case migration.Recorded:
		return fmt.Sprintf("model %s had moved to %s before; JIMM records it there now", model, target)
	case migration.Started:
		return fmt.Sprintf("the migration of model %s to %s runs and goes on by itself; run migrate-model again to follow and record it", model, target)
	case migration.ChecksPassed:
		return fmt.Sprintf("no check forbids to migrate model %s to %s; nothing was started", model, target)
	case migration.Refused:
		return refusedSummary(r)
	case migration.NotStarted:
		return notStartedSummary(r)
	case migration.Aborted:
		return fmt.Sprintf("the migration of model %s to %s was aborted; the model is on %q: %s", model, target, r.Source.String(), orElse(r.Detail, "the source does not tell why; the log of its controller model does"))
	case migration.TimedOut:
		return timedOutSummary(r)
	case migration.NeedsAttention:
		return fmt.Sprintf("model %s is on %s and JIMM records it there, but controller %q still has a copy; have its administrator look before anything is removed", model, target, r.Source.String())
	case migration.Conflict:
		return fmt.Sprintf("more than one controller has model %s in use; nothing was changed: do not touch either copy before an administrator of both has looked", model)
	case migration.LostFromJIMM:
		return fmt.Sprintf("JIMM does not know model %s any more; %s", model, whereIs(r))
	default:
		return unknownSummary(r)
	}
}

func refusedSummary(r migration.Result) string {
	if r.Cause == migration.CauseElsewhere {
		return fmt.Sprintf("the migration of model %s that was running went to %q, not to %q; nothing was recorded", name(r.Model), r.Holder.String(), r.Target.Name)
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
	if r.Cause == migration.CauseInterrupted {
		return text + ": the action was told to stop before it asked for one"
	}
	return text + ": " + orElse(r.Detail, "JIMM accepted the request, and the source shows no migration")
}

func timedOutSummary(r migration.Result) string {
	why := "the timeout ran out"
	if r.Cause == migration.CauseInterrupted {
		why = "the action was told to stop"
	}
	text := fmt.Sprintf("%s; the migration of model %s to %q goes on by itself, run migrate-model again to follow it; %s", why, name(r.Model), r.Target.Name, whereIs(r))
	if r.Detail != "" {
		text += "; last answer: " + r.Detail
	}
	return text
}

func unknownSummary(r migration.Result) string {
	model, target := name(r.Model), fmt.Sprintf("%q", r.Target.Name)
	var text string
	switch r.Cause {
	case migration.CauseRecordFailed:
		return fmt.Sprintf("model %s is on %s, but JIMM did not record it: %s", model, target, orElse(r.Detail, "no answer"))
	case migration.CauseMisrecorded:
		return fmt.Sprintf("JIMM records model %s on %s, which does not have it: %s", model, target, whereIs(r))
	case migration.CauseElsewhere:
		return fmt.Sprintf("model %s is on %q, neither on the source nor on %s; nothing was recorded", model, r.Holder.String(), target)
	case migration.CauseSilent:
		text = "nobody who could tell has answered"
	case migration.CauseAnswer:
		text = "the migration ended with words that this version does not know"
	default:
		text = fmt.Sprintf("controller %q does not answer for the model any more, and it is not proved that %s has it in use", r.Source.String(), target)
	}
	text = fmt.Sprintf("it is not known how the migration of model %s to %s stands: %s", model, target, text)
	if r.Detail != "" {
		text += ": " + r.Detail
	}
	return text
}

// whereIs says where the model is, as far as that is known.
func whereIs(r migration.Result) string {
	if r.Holder.Known() {
		return fmt.Sprintf("the model is on %q", r.Holder.String())
	}
	return "which controller has it is not known"
}

func name(m migration.Model) string {
	if m.UUID == "" {
		return "(unknown)"
	}
	return m.FullName()
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}
