package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/redact"
)

// Line puts an event into one line of progress.
func Line(e migration.Event) string {
	switch e := e.(type) {
	case migration.FindingEvent:
		return findingLine(e.Finding)
	case migration.FreezeEvent:
		return "changes made to " + e.Model.FullName() + " during the migration may be lost"
	case migration.AttachEvent:
		return attachLine(e)
	case migration.StartEvent:
		return startLine(e)
	case migration.PhaseEvent:
		text := fmt.Sprintf("%s (%s)", e.Phase.With(e.Text), span(e.Elapsed))
		if e.NoReturn {
			text += "; point of no return: Juju can no longer abort"
		}
		return text
	case migration.StallEvent:
		if !e.Repeats {
			return stillLine(e)
		}
		return retryLine(e)
	case migration.HeartbeatEvent:
		return heartbeatLine(e)
	case migration.SourceReleasedEvent:
		return fmt.Sprintf("controller %q no longer answers for the model (%s)", e.Source.String(), span(e.Elapsed))
	case migration.RightsEvent:
		return fmt.Sprintf("%s; the migration is still followed (%s)", redact.Error(e.Why), span(e.Elapsed))
	case migration.RecordEvent:
		return recordLine(e)
	case migration.EndEvent:
		if e.Phase != facts.PhaseDone {
			return ""
		}
		return fmt.Sprintf("%s: %q hosts the model (%s)", e.Phase, e.Target.String(), span(e.Elapsed))
	case migration.AgentsEvent:
		if len(e.Missing) == 0 {
			return fmt.Sprintf("all agents are connected to the target; waiting for the model to recover from errors (%s)", span(e.Elapsed))
		}
		return fmt.Sprintf("waiting for %d of %d agents to connect to the target: %s (%s)", len(e.Missing), e.Of, few(e.Missing), span(e.Elapsed))
	case migration.VerifyEvent:
		return "verify" + strings.TrimPrefix(findingLine(e.Finding), "check")
	case migration.WaitEvent:
		if e.Unread {
			return fmt.Sprintf("JIMM's audit log cannot be read, and a migration may have just been requested: waiting up to %s for it to begin", span(e.Limit))
		}
		return fmt.Sprintf("JIMM's audit log shows a recent request to migrate: waiting up to %s for it to begin", span(e.Limit))
	case migration.ObserveAgainEvent:
		return "nothing contradicts your confirmation so far; checking again in " + span(e.After)
	case migration.RereadEvent:
		return "JIMM recorded the model by itself; checking in " + span(e.After) + " that it keeps the record"
	case migration.RemoveEvent:
		if e.Err != nil {
			return fmt.Sprintf("the request to %q to remove its half-imported copy returned an error: %s; checking whether the copy is gone", e.Controller.Name, redact.Error(e.Err))
		}
		return fmt.Sprintf("asked %q to remove its half-imported copy; checking that it is gone", e.Controller.Name)
	default:
		return ""
	}
}

// parts returns the events whose lines show an event: one for each item of a finding that
// has several, so that each has a line of its own; otherwise the event itself.
func parts(e migration.Event) []migration.Event {
	f, is := e.(migration.FindingEvent)
	if !is || len(f.Finding.Items) == 0 {
		return []migration.Event{e}
	}
	var out []migration.Event
	for _, item := range f.Finding.Items {
		part := f
		part.Finding.Items, part.Finding.Evidence, part.Finding.Remedy = nil, item.ID+": "+item.Evidence, item.Remedy
		out = append(out, part)
	}
	return out
}

// maxLine is how many characters of a line of progress package charm prints.
const maxLine = 500

func findingLine(f checks.Finding) string {
	level := string(f.Level)
	if f.Ignored {
		level += " (ignored)"
	}
	text := fmt.Sprintf("check %s: %s: %s", f.Check, level, f.Evidence)
	switch {
	case f.Remedy == "" || f.Level == checks.Pass:
		return text
	case strings.Contains(f.Remedy, "\n"): // Commands, one a line.
		return text + "; the commands that correct it are in the results"
	}
	if whole := joined(text, f.Remedy); utf8.RuneCountInString(whole) <= maxLine {
		return whole
	}
	const rest = "; the remedy is in the results" // A command that is cut misleads.
	if most := maxLine - len(rest) - 1; utf8.RuneCountInString(text) > most {
		text = string([]rune(text)[:most]) + "…"
	}
	return text + rest
}

func attachLine(e migration.AttachEvent) string {
	text := "a migration is already running; following it"
	if start := stamp(e.Attempt.Start); start != "" {
		text = "a migration has been running since " + start + "; following it"
	}
	switch {
	case e.TargetProved:
	case e.Target.Name == "":
		text += "; its target is not known yet"
	default:
		text += fmt.Sprintf("; it is not known yet whether its target is %q", e.Target.Name)
	}
	return text
}

func startLine(e migration.StartEvent) string {
	if e.Err != nil {
		return fmt.Sprintf("the request to migrate the model from %q to %q returned an error: %s; this is not conclusive; checking whether a migration is running", e.Source.String(), e.Target.Name, redact.Error(e.Err))
	}
	text := fmt.Sprintf("started: %q to %q", e.Source.String(), e.Target.Name)
	if e.MigrationID != "" {
		text += ", migration " + e.MigrationID
	}
	return text
}

func heartbeatLine(e migration.HeartbeatEvent) string {
	text := "no migration is reported"
	switch {
	case e.Over == migration.OverUnproved:
		text = fmt.Sprintf("%q no longer answers for the model, and %s", e.Source.String(), unproved(e.Target.String()))
	case e.Over == migration.OverMisrecorded:
		text = fmt.Sprintf("JIMM records %q, which does not have the model", e.Target.String())
	case e.Over == migration.OverUnrecorded:
		text = fmt.Sprintf("the model has moved to %q, which JIMM does not record yet", e.Target.String())
	case e.Over == migration.OverRetained:
		text = fmt.Sprintf("JIMM records %q, but %q has not confirmed yet that it has released the model", e.Target.String(), cmp.Or(e.Source.String(), "its source"))
	case e.Over == migration.OverUnanswered:
		text = fmt.Sprintf("the model has moved to %q, which JIMM records and which does not answer", e.Target.String())
	case e.Text != "":
		text = e.Phase.With(e.Text)
	}
	text = fmt.Sprintf("no change for %s: %s (%s)", span(e.Still), text, span(e.Elapsed))
	if e.Err != nil {
		text += "; the last request failed: " + redact.Error(e.Err)
	}
	return text
}

func recordLine(e migration.RecordEvent) string {
	if e.Err != nil {
		return fmt.Sprintf("the request to record %q returned an error: %s; checking whether JIMM recorded it", e.Controller.Name, redact.Error(e.Err))
	}
	return fmt.Sprintf("recorded in JIMM: %q hosts the model; %s", e.Controller.Name, e.Ground)
}

// retryLine is the line for a source that repeats the same steps. In VALIDATION Juju names
// the reason only in the log of the source controller (3.5.4 to 3.6.28).
func retryLine(e migration.StallEvent) string {
	text := fmt.Sprintf("the source keeps retrying the same step, now %s (%s); see the log of its controller", e.Phase.With(e.Text), span(e.Elapsed))
	if e.Refusal != "" {
		return text + ": " + refused(e)
	}
	if e.Phase == facts.PhaseValidation {
		return text + ": usually the target does not accept the model's cloud credential, or an instance of the model is missing"
	}
	return text + "; the migration may need an administrator there"
}

// stillLine is the line for a migration that shows no new phase.
func stillLine(e migration.StallEvent) string {
	text := fmt.Sprintf("no progress for %s, still %s (%s)", span(e.Still), e.Phase.With(e.Text), span(e.Elapsed))
	if e.Phase == facts.PhaseSuccess {
		text += "; see " + judge.IssueStuckInSuccess
	}
	if e.Refusal != "" {
		return text + "; " + refused(e)
	}
	return text + "; this is not an error; see the log of the source controller"
}

// refused returns why the target does not accept the copy.
func refused(e migration.StallEvent) string {
	return fmt.Sprintf("%q does not accept the copy: %s", e.Target.String(), e.Refusal)
}

// span prints a duration without fractions of a second.
func span(d time.Duration) string { return d.Round(time.Second).String() }
