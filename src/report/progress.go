package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
)

// Line puts an event into one line of progress.
func Line(e migration.Event) string {
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
	case migration.StallEvent:
		if !e.Repeats {
			return stillLine(e)
		}
		return fmt.Sprintf("the source begins the same steps again and again, now %s: %s (%s); its controller's log tells why, and the migration may need an administrator there", e.Phase, e.Text, span(e.Elapsed))
	case migration.HeartbeatEvent:
		return heartbeatLine(e)
	case migration.SourceReleasedEvent:
		return fmt.Sprintf("controller %q does not answer for the model any more (%s)", e.Source.String(), span(e.Elapsed))
	case migration.RecordEvent:
		return recordLine(e)
	case migration.AgentsEvent:
		return fmt.Sprintf("waiting for the agents of %d of %d machines and units to come to the target: %s (%s)", len(e.Missing), e.Of, few(e.Missing), span(e.Elapsed))
	case migration.VerifyEvent:
		return "verify" + strings.TrimPrefix(findingLine(e.Finding), "check")
	case migration.WaitEvent:
		if e.Unread {
			return fmt.Sprintf("JIMM's audit log could not be read, so that a migration may have been asked for a moment ago: waiting up to %s for it to begin", span(e.Limit))
		}
		return fmt.Sprintf("JIMM's audit log says that a migration was asked for a moment ago: waiting up to %s for it to begin", span(e.Limit))
	case migration.ObserveAgainEvent:
		return "nothing speaks against recording it on your word so far; looking again in " + span(e.After)
	default:
		return ""
	}
}

func findingLine(f checks.Finding) string {
	level := string(f.Level)
	if f.Ignored {
		level += " (ignored)"
	}
	text := fmt.Sprintf("check %s: %s: %s", f.Check, level, f.Evidence)
	if f.Remedy != "" && f.Level != checks.Pass {
		text += "; " + f.Remedy
	}
	return text
}

func attachLine(e migration.AttachEvent) string {
	text := "a migration runs since " + cmp.Or(stamp(e.Attempt.Start), "an unknown time") + "; it is followed, nothing is started"
	switch {
	case e.TargetProved:
	case e.Target.Name == "":
		text += "; where it goes is not known yet"
	default:
		text += fmt.Sprintf("; whether it goes to %q is not known yet", e.Target.Name)
	}
	return text
}

func startLine(e migration.StartEvent) string {
	if e.Err != nil {
		return fmt.Sprintf("asked JIMM to move the model from %q to %q; it answered: %s; this proves nothing yet, looking whether a migration runs", e.Source.String(), e.Target.Name, redact.String(e.Err.Error()))
	}
	text := fmt.Sprintf("started: %q to %q", e.Source.String(), e.Target.Name)
	if e.MigrationID != "" {
		text += ", migration " + e.MigrationID
	}
	return text
}

func heartbeatLine(e migration.HeartbeatEvent) string {
	text := "no migration is on show"
	if e.Text != "" {
		text = e.Phase.String() + ": " + e.Text
	}
	text = fmt.Sprintf("no change after %s: %s (%s)", span(e.Still), text, span(e.Elapsed))
	if e.Err != nil {
		text += "; the last question was not answered: " + redact.String(e.Err.Error())
	}
	return text
}

func recordLine(e migration.RecordEvent) string {
	if e.Err != nil {
		return fmt.Sprintf("told JIMM that %q hosts the model; it answered: %s; looking whether it did it", e.Controller.Name, redact.String(e.Err.Error()))
	}
	return fmt.Sprintf("recorded in JIMM: %q hosts the model; %s", e.Controller.Name, e.Ground)
}

// stillLine says that a migration shows no new phase.
func stillLine(e migration.StallEvent) string {
	text := fmt.Sprintf("not progressing: no new phase for %s, %s: %s (%s)", span(e.Still), e.Phase, e.Text, span(e.Elapsed))
	if e.Phase == facts.PhaseSuccess {
		text += "; see " + migration.IssueStuckInSuccess
	}
	return text + "; this is no failure, the source's controller log tells why"
}

// span prints a duration without fractions of a second.
func span(d time.Duration) string { return d.Round(time.Second).String() }
