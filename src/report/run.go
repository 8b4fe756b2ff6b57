package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
)

// RunSummary returns, in one sentence, how a run ended.
func RunSummary(d fleet.Done, p fleet.Plan) string {
	c := d.Counts
	if c.Planned == 0 {
		return "there was nothing to migrate"
	}
	text := fmt.Sprintf("%d of %s %s", c.Moved+c.Already, facts.Count(c.Planned, "model", "models"), onTarget(c.Moved+c.Already))
	if c.Already > 0 {
		text += fmt.Sprintf(", %d of them before this run", c.Already)
	}
	if c.Failed > 0 {
		text += fmt.Sprintf("; %d failed", c.Failed)
	}
	elsewhere := 0
	for _, m := range d.Moves {
		if m.Skipped() {
			elsewhere++
		}
	}
	if n := c.Left - elsewhere; n > 0 {
		text += fmt.Sprintf("; %d %s", n, stay(n))
	}
	if elsewhere > 0 {
		text += fmt.Sprintf("; %d skipped: migrated or removed by another client", elsewhere)
	}
	if c.Waiting > 0 {
		text += fmt.Sprintf("; %d not started", c.Waiting)
	}
	if c.Moving > 0 {
		text += fmt.Sprintf("; %d may still be migrating", c.Moving)
	}
	if n := unseen(d.Moves); n > 0 {
		text += fmt.Sprintf("; the agents of %d were not seen", n)
	}
	switch d.Outcome {
	case fleet.RunStopped, fleet.StoppedAfter:
		text += "; stopped: " + d.Stopped
	case fleet.RunConflict, fleet.RunUnknown:
		text += "; investigate now: " + d.Stopped
	case fleet.RunPartly:
		if c.Failed == 0 {
			text += "; the timeout expired"
		}
	default:
	}
	if p.More > 0 {
		text += fmt.Sprintf("; %d more did not fit into the plan", p.More)
	}
	return text
}

// stay is the verb for the models that were not migrated.
func onTarget(n int) string {
	if n == 1 {
		return "is on its target"
	}
	return "are on their target"
}

func stay(n int) string {
	if n == 1 {
		return "stays"
	}
	return "stay"
}

// unseen counts the models that have moved and whose agents the run has not seen.
func unseen(moves []fleet.MoveResult) int {
	n := 0
	for _, m := range moves {
		if m.State == fleet.Well && slices.ContainsFunc(m.Result.Aftermath.Findings, func(f checks.Finding) bool {
			return f.Check == migration.VerifyAgents && f.Level == checks.Skip
		}) {
			n++
		}
	}
	return n
}

// agentsNotSeen returns what to do about the agents of models that were not seen.
func agentsNotSeen(n int) string {
	return "the agents of " + facts.Count(n, "model", "models") + " that moved in this run were not seen on the target; check them there, and give the charm an account on the target (controller-credentials) before the next run"
}

// The limits of the results of a run.
const (
	mostFailed     = 100
	mostMovedBytes = 60 << 10
	mostReport     = 48 << 10
)

// RunResults are the results of apply-plan.
func RunResults(d fleet.Done, p fleet.Plan, run Run) map[string]any {
	c := d.Counts
	out := map[string]any{
		"outcome": string(d.Outcome), "summary": RunSummary(d, p), "elapsed": span(d.Took), "plan-hash": p.Hash(),
		"retry-safe": againHelps(string(d.Outcome), d.Moves, run),
		"counts": map[string]any{
			"planned": c.Planned, "moved": c.Moved, "already-there": c.Already, "moving": c.Moving,
			"failed": c.Failed, "left": c.Left, "waiting": c.Waiting, "started": d.Starts,
		},
		"report": RunReport(d, p),
	}
	set(out, "next", runNext(d, run))
	set(out, "gaps", redact.String(strings.Join(d.Gaps, "; ")))
	failed, omitted := map[string]any{}, 0
	moved := []string{}
	for _, m := range d.Moves {
		switch {
		case m.State == fleet.Failed && len(failed) < mostFailed:
			failed[m.Entry.Model] = failedResults(m, run)
		case m.State == fleet.Failed:
			omitted++
		case m.State == fleet.Well && !m.Ended.IsZero():
			moved = append(moved, fmt.Sprintf("%s %s %s %s %s %s", m.Entry.Model, m.Entry.Target(), cmp.Or(string(m.Result.Outcome), "upgraded"),
				span(m.Ended.Sub(m.Began)), cmp.Or(span(m.Result.Timing.Downtime()), "-"), m.Entry.Name))
		}
	}
	if n := unseen(d.Moves); n > 0 {
		out["after"] = map[string]any{"agents-not-seen": agentsNotSeen(n)}
	}
	setMap(out, "failed", failed)
	if omitted > 0 {
		out["failed-omitted"] = omitted
	}
	setMap(out, "left", leftResults(stayed(d.Moves)))
	set(out, "moved", cutLines(moved, mostMovedBytes))
	return out
}

// stayed are the models of a run that it did not migrate.
func stayed(moves []fleet.MoveResult) []fleet.Left {
	var out []fleet.Left
	for _, m := range moves {
		if m.State == fleet.Stayed {
			out = append(out, fleet.Left{Reason: fleet.Reason(m.Reason), Model: m.Entry.Model, Name: m.Entry.Name, Detail: whyOf(m)})
		}
	}
	return out
}

// cutLines joins lines, and says how many did not fit.
func cutLines(lines []string, most int) string {
	var b strings.Builder
	for i, line := range lines {
		if b.Len()+len(line) > most {
			fmt.Fprintf(&b, "and %d more\n", len(lines)-i)
			break
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

func failedResults(m fleet.MoveResult, run Run) map[string]any {
	r := m.Result
	if r.Outcome == "" {
		return map[string]any{
			"name": m.Entry.Name, "source": m.Entry.Source, "target": m.Entry.Target(), "outcome": "upgrade-failed",
			"summary": m.Entry.Name + ": " + m.Detail, "error": m.Detail, "next": facts.LocateCommand(run.Unit, m.Entry.Model),
		}
	}
	out := map[string]any{
		"name": m.Entry.Name, "source": m.Entry.Source, "target": m.Entry.Target(), "outcome": string(r.Outcome),
		"controller": cmp.Or(r.Holder.String(), "unknown"), "summary": Summary(r),
	}
	set(out, "cause", string(r.Cause))
	set(out, "error", r.Detail)
	set(out, "hint", r.Hint)
	set(out, "next", nextCommand(r, Run{Unit: run.Unit}))
	if r.Outcome == facts.LostFromJIMM {
		set(out, "users", strings.Join(r.Model.Users, ","))
	}
	return out
}

// RefusedRun are the results of a run that started nothing. again reports that the same
// action may succeed later.
func RefusedRun(err error, again bool) map[string]any {
	return refusedResults("nothing was started", err, again)
}
