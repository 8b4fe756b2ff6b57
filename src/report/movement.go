package report

import (
	"fmt"
	"strings"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
)

// FollowResults are the results of migration-status with follow=true.
func FollowResults(r migration.Result, run Run) map[string]any {
	out := RecordResults(r, run)
	out["summary"] = FollowSummary(r)
	setMap(out, "source-controller", controllerResults(r.Source))
	setMap(out, "target-controller", controllerResults(r.Target))
	setMap(out, "timing", timingResults(r.Timing))
	if r.Next == "" && (r.Outcome == facts.TimedOut || r.Outcome == facts.Interrupted) {
		out["next"] = fmt.Sprintf("juju run %s migration-status model=%s follow=true%s --wait=%s", run.Unit, r.Model.UUID, run.patience(), run.wait())
	}
	return out
}

// FollowSummary is the sentence of migration-status with follow=true.
func FollowSummary(r migration.Result) string {
	switch {
	case r.Cause == facts.CauseNothingRuns:
		return fmt.Sprintf("no migration of model %s is running; nothing was started", name(r.Model))
	case r.Outcome == facts.Refused && r.Cause == facts.CauseSilent:
		return fmt.Sprintf("it is not known whether a migration of model %s is running; nothing was started: %s", name(r.Model), r.Detail)
	case r.Outcome == facts.Refused && r.Detail != "":
		return "nothing was followed: " + r.Detail
	default:
		return Summary(r)
	}
}

// MovingResults are the results of migration-status without a model.
func MovingResults(found migration.AllMovements, gap error) map[string]any {
	models := map[string]any{}
	for _, m := range found.Movements {
		models[resultKey(m.Model.UUID)] = movementResults(m)
	}
	out := map[string]any{"moving": len(found.Movements), "summary": fmt.Sprintf("%d of %s %s migrating", len(found.Movements), facts.Count(found.Known, "model", "models"), are(len(found.Movements)))}
	setMap(out, "models", models)
	var gaps []string
	if gap != nil {
		gaps = append(gaps, "JIMM's audit log was only partly read: "+redact.Error(gap))
	}
	if found.Gaps != nil {
		gaps = append(gaps, redact.Error(found.Gaps))
	}
	if found.Unasked > 0 {
		gaps = append(gaps, facts.Count(found.Unasked, "model", "models")+" with recent requests to migrate could not be examined before the timeout; set a longer timeout")
	}
	set(out, "gaps", strings.Join(gaps, "; "))
	return out
}

// MovementResults are the results of migration-status about one model.
func MovementResults(m migration.Movement, unit string) map[string]any {
	out := movementResults(m)
	out["summary"] = MovementSummary(m)
	switch {
	case m.State == migration.MovementLost:
		out["next"] = facts.LocateCommand(unit, m.Model.UUID)
	case m.State.Moves():
		out["next"] = facts.FollowCommand(unit, m.Model.UUID)
	}
	return out
}

// movementResults has what is known of one migration.
func movementResults(m migration.Movement) map[string]any {
	out := map[string]any{"state": string(m.State)}
	setMap(out, "model", modelResults(m.Model))
	setMap(out, "source-controller", controllerResults(m.Source))
	setMap(out, "target-controller", controllerResults(m.Target))
	if m.Target.Known() {
		out["target-proved"] = m.TargetProved
	}
	if m.Attempt.Exists() {
		attempt := map[string]any{"phase": m.Phase.String()}
		set(attempt, "text", m.Attempt.Text.String())
		set(attempt, "start", stamp(m.Attempt.Start))
		set(attempt, "end", stamp(m.Attempt.End))
		out["migration"] = attempt
	}
	if m.Elapsed > 0 {
		out["elapsed"] = span(m.Elapsed)
		out["long"] = m.Long
	}
	if m.Err != nil {
		setMap(out, "error", errorResults("", m.Err))
	}
	return out
}

// MovementSummary returns, in one sentence, how a model moves.
func MovementSummary(m migration.Movement) string {
	model, source := m.Model.FullName(), fmt.Sprintf("%q", m.Source.String())
	to := ""
	if m.Target.Known() && m.TargetProved {
		to = fmt.Sprintf(" to %q", m.Target.String())
	}
	switch m.State {
	case migration.MovementLost:
		text := fmt.Sprintf("JIMM does not know model %s, and %s; %s", model, m.Copies, importable(m.Model))
		if facts.Alive(m.Model.Life) {
			text += ": locate-model has the command"
		}
		return text
	case migration.MovementRunning, migration.MovementAborting, migration.MovementSucceeded:
		text := fmt.Sprintf("model %s is migrating from %s%s: %s", model, source, to, m.Phase.With(m.Attempt.Text.String()))
		if m.State == migration.MovementSucceeded {
			text += "; Juju can no longer abort it"
		}
		if m.Long {
			text += "; it is taking longer than expected"
		}
		return text
	case migration.MovementLeft:
		return fmt.Sprintf("model %s has left %s%s, but JIMM does not record that yet", model, source, to)
	case migration.MovementEnded:
		return fmt.Sprintf("no migration of model %s is running; the last one on %s ended with: %s", model, source, m.Attempt.Text.String())
	case migration.MovementNone:
		return fmt.Sprintf("no migration of model %s is running; it is on %s", model, source)
	default:
		if m.Undecided != "" {
			return fmt.Sprintf("it is not known how the last migration of model %s ended: %s", model, m.Undecided)
		}
		return fmt.Sprintf("it is not known whether a migration of model %s is running", model)
	}
}
