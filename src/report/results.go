package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
)

// The keys below are an API: docs/reference/actions.md lists them, and a key
// keeps its meaning. A key without a value is left out.

// Run is the run of an action that has a result.
type Run struct {
	// Unit is the unit that ran it.
	Unit string
	// CLI is the command that talks to this JIMM; "" if it is not known.
	CLI string
	// Took is how long it ran.
	Took time.Duration
	// Verbose asks for results about everything, and not only about what matters.
	Verbose bool
	// Ignored are the checks that may fail, Timeout and OnStall the parameters of
	// those names: the next command has them as well, unless they are the defaults.
	Ignored []checks.ID
	Timeout time.Duration
	OnStall string
	// MoveOut is the parameter move-out-of-jimm.
	MoveOut string
}

// The defaults of migrate-model and migration-status.
const (
	defaultTimeout = time.Hour
	defaultOnStall = "wait"
)

// options are the parameters that the next command has as well.
func (r Run) options() string {
	text := ""
	if len(r.Ignored) > 0 {
		names := make([]string, len(r.Ignored))
		for i, id := range r.Ignored {
			names[i] = string(id)
		}
		text += " ignore-checks=" + strings.Join(names, ",")
	}
	return text + r.movesOut() + r.patience()
}

// movesOut is the permission to leave JIMM.
func (r Run) movesOut() string {
	if r.MoveOut == "" {
		return ""
	}
	return " move-out-of-jimm=" + r.MoveOut
}

// patience are the parameters about waiting.
func (r Run) patience() string {
	text := ""
	if r.Timeout != 0 && r.Timeout != defaultTimeout {
		text += " timeout=" + compact(r.Timeout)
	}
	if r.OnStall != "" && r.OnStall != defaultOnStall {
		text += " on-stall=" + r.OnStall
	}
	return text
}

// wait is how long juju run has to wait for the next command: a little longer than
// its timeout.
func (r Run) wait() string {
	return compact((cmp.Or(r.Timeout, defaultTimeout) + 5*time.Minute + time.Minute - 1).Truncate(time.Minute))
}

// compact prints a duration as a person types it: 65m, 2h, 90s.
func compact(d time.Duration) string {
	switch {
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	default:
		return fmt.Sprintf("%ds", (d+time.Second-1)/time.Second)
	}
}

// modelRunResults are the results that every action on one model has.
func modelRunResults(r migration.Result, summary string, run Run) map[string]any {
	out := map[string]any{
		"outcome":    string(r.Outcome),
		"summary":    summary,
		"retry-safe": r.RetrySafe(),
		"elapsed":    span(run.Took),
		"controller": cmp.Or(r.Holder.String(), "unknown"),
	}
	set(out, "cause", string(r.Cause))
	return out
}

// MigrationResults are the results of migrate-model and check-migration.
func MigrationResults(r migration.Result, run Run) map[string]any {
	out := modelRunResults(r, Summary(r), run)
	out["step"] = string(r.Step)
	setMap(out, "checks", checkResults(r, run.Verbose))
	setMap(out, "verify", findingResults(r.Aftermath.Findings, run.Verbose))
	setMap(out, "after", followUpResults(r.Aftermath.FollowUps))
	set(out, "not-seen", strings.Join(r.Aftermath.Missing, ","))
	if r.Outcome == facts.ChecksPassed || r.Outcome == facts.AlreadyThere {
		set(out, "plan", string(r.Plan))
	}
	set(out, "next", nextCommand(r, run))
	set(out, "proof", r.Proof)
	model := modelResults(r.Model)
	if !run.Verbose && r.Outcome != facts.LostFromJIMM {
		delete(model, "users")
	}
	setMap(out, "model", model)
	for key, c := range map[string]facts.Controller{"source-controller": r.Source, "target-controller": r.Target, "recorded-controller": r.Recorded} {
		controller := controllerResults(c)
		if !run.Verbose {
			delete(controller, "uuid")
			delete(controller, "version")
		}
		setMap(out, key, controller)
	}
	attempt, timing := attemptResults(r), timingResults(r.Timing)
	if r.Outcome.Moved() && !run.Verbose {
		// How the migration got there no longer matters; the progress lines have it.
		delete(out, "step")
		for _, key := range []string{"phase", "text", "start", "end"} {
			delete(attempt, key)
		}
		for _, key := range []string{"started", "no-return", "recorded", "finished"} {
			delete(timing, key)
		}
	}
	setMap(out, "migration", attempt)
	setMap(out, "timing", timing)
	failure := errorResults(r.Detail, r.Err)
	set(failure, "hint", r.Hint)
	setMap(out, "error", failure)
	setMap(out, "repair", repairResults(repairOf(r, run.CLI, run.Unit)))
	return out
}

// nextCommand is the command that helps from here. It has the parameters of the
// command that was run.
func nextCommand(r migration.Result, run Run) string {
	to := "model=" + r.Model.UUID + " target-controller=" + r.Target.Name
	switch {
	case r.Next != "":
		return r.Next
	case r.Model.UUID == "":
		return ""
	case r.Outcome == facts.Conflict:
		return examineCommand(run.Unit, r.Model.UUID, r.Outcome)
	case failed(r.Findings, checks.Model):
		return facts.LocateCommand(run.Unit, r.Model.UUID)
	case failed(r.Findings, checks.Target):
		return "juju run " + run.Unit + " list-migration-targets model=" + r.Model.UUID
	case r.LeftImport == migration.ImportRemovable:
		return facts.RemoveCommand(run.Unit, r.Model.UUID, r.Target.Name)
	case r.Attempt.Running() && (failed(r.Findings, checks.OtherMigration) || r.Outcome == facts.Refused && r.Cause == facts.CauseOtherMigration):
		return facts.FollowCommand(run.Unit, r.Model.UUID)
	case r.Outcome == facts.Refused && failed(r.Findings, checks.Source) && !r.Holder.Known():
		return facts.LocateCommand(run.Unit, r.Model.UUID)
	case r.Outcome == facts.Refused && r.Cause == facts.CauseChecks:
		return "" // The checks have been made, and their remedies say what helps.
	case (r.Reason != migration.ReasonPasses || r.CopyLeft) && r.Outcome != facts.Unknown:
		// The cause has to be corrected or found first, which a check shows. It may be one of
		// those that were ignored.
		return facts.JujuRun(run.Unit, r.Target.Name) + " check-migration " + to + run.movesOut()
	}
	switch r.Outcome {
	case facts.ChecksPassed, facts.Started, facts.TimedOut, facts.Interrupted, facts.NotStarted, facts.Aborted:
		return facts.JujuRun(run.Unit, r.Target.Name) + " migrate-model " + to + run.options() + " --wait=" + run.wait()
	case facts.Unknown, facts.LostFromJIMM, facts.NeedsAttention:
		return examineCommand(run.Unit, r.Model.UUID, r.Outcome)
	default:
		return ""
	}
}

// examineCommand is the command that shows more of a model after an outcome. Locating it
// shows where it is, but not which of two copies is in use: the administrators of both
// controllers compare what they say.
func examineCommand(unit, model string, outcome facts.Outcome) string {
	if outcome == facts.Conflict {
		return facts.DiagnosticsCommand(unit, model)
	}
	return facts.LocateCommand(unit, model)
}

// failed reports whether a check failed.
func failed(findings []checks.Finding, id checks.ID) bool {
	return slices.ContainsFunc(findings, func(f checks.Finding) bool { return f.Check == id && f.Level == checks.Fail })
}

// RefusedMigration are the results of a migration that could not examine anything.
// again reports that the same action may succeed later.
func RefusedMigration(err error, again bool) map[string]any {
	out := refusedResults("nothing was started", err, again)
	out["step"] = string(facts.StepCheck)
	return out
}

// refusedResults are the results of an action that has changed nothing, which it says first.
func refusedResults(nothing string, err error, again bool) map[string]any {
	text := redact.Error(err)
	out := map[string]any{"outcome": string(facts.Refused), "summary": nothing + ": " + text, "retry-safe": again}
	setMap(out, "error", errorResults(text, err))
	return out
}

func modelResults(m facts.Model) map[string]any {
	out := map[string]any{}
	set(out, "uuid", m.UUID)
	set(out, "name", m.Name)
	set(out, "owner", m.Owner)
	set(out, "users", strings.Join(m.Users, ","))
	return out
}

func controllerResults(c facts.Controller) map[string]any {
	out := map[string]any{}
	set(out, "name", c.Name)
	set(out, "uuid", string(c.UUID))
	set(out, "version", c.AgentVersion)
	return out
}

func attemptResults(r migration.Result) map[string]any {
	out := map[string]any{}
	set(out, "id", r.MigrationID)
	if !r.Attempt.Exists() && r.Phase != facts.PhaseDone {
		return out
	}
	set(out, "phase", r.Phase.String())
	set(out, "text", r.Attempt.Text.String())
	set(out, "start", stamp(r.Attempt.Start))
	set(out, "end", stamp(r.Attempt.End))
	if r.Attached {
		out["attached"] = true
	}
	return out
}

// checkResults are the results of the checks. Once a migration has begun, the checks
// that passed, those that were not made and the warning that changes may be lost while
// the model moves are of no more use.
func checkResults(r migration.Result, all bool) map[string]any {
	if all || r.Step == facts.StepCheck || r.Step == facts.StepStart {
		return findingResults(r.Findings, all)
	}
	out := findingResults(slices.DeleteFunc(slices.Clone(r.Findings), func(f checks.Finding) bool { return f.Check == checks.Freeze }), false)
	delete(out, "passed")
	delete(out, "skipped")
	return out
}

// findingResults are what matters of findings, and the names of the rest. With all
// they are also there one by one.
func findingResults(findings []checks.Finding, all bool) map[string]any {
	out := map[string]any{}
	setMap(out, "failed", detailed(withLevel(findings, checks.Fail), false))
	setMap(out, "warned", detailed(withLevel(findings, checks.Warn), false))
	set(out, "passed", strings.Join(ids(withLevel(findings, checks.Pass)), ", "))
	var skipped []string
	for _, g := range grouped(withLevel(findings, checks.Skip)) {
		skipped = append(skipped, strings.Join(g.ids, ", ")+": "+g.reason)
	}
	set(out, "skipped", strings.Join(skipped, "\n"))
	if all {
		setMap(out, "all", detailed(findings, true))
	}
	return out
}

// detailed are findings by id, with their verdicts if these differ.
func detailed(findings []checks.Finding, verdict bool) map[string]any {
	out := map[string]any{}
	for _, f := range findings {
		if len(f.Items) > 0 {
			var evidence, remedies []string
			for _, item := range f.Items {
				evidence = append(evidence, item.ID+": "+item.Evidence)
				remedies = append(remedies, item.ID+": "+item.Remedy)
			}
			f.Evidence, f.Remedy = strings.Join(evidence, "\n"), strings.Join(remedies, "\n")
		}
		entry := map[string]any{"evidence": f.Evidence}
		if verdict {
			entry["verdict"] = string(f.Level)
		}
		set(entry, "remedy", f.Remedy)
		if f.Ignored {
			entry["ignored"] = true
		}
		out[string(f.Check)] = entry
	}
	return out
}

// followUpResults has what is left to do, by id.
func followUpResults(followUps []migration.FollowUp) map[string]any {
	out := map[string]any{}
	for _, c := range followUps {
		out[c.ID] = map[string]any{"why": c.Why, "do": c.Do}
	}
	return out
}

// errorResults has the message and the code of the answer that was an error.
func errorResults(detail string, err error) map[string]any {
	out := map[string]any{}
	if err != nil {
		set(out, "code", wireCode(err))
		detail = cmp.Or(detail, redact.Error(err))
	}
	set(out, "message", detail)
	return out
}

func set(into map[string]any, key, value string) {
	if value != "" {
		into[key] = value
	}
}

func setMap(into map[string]any, key string, value map[string]any) {
	if len(value) > 0 {
		into[key] = value
	}
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// resultKey returns the first of the names that Juju takes as a part of a
// result's key: of lower-case letters, digits and inner hyphens, and not one of
// those that Juju keeps for itself. If there is none it makes one of the last.
func resultKey(names ...string) string {
	for _, name := range names {
		if goodKey(name) {
			return name
		}
	}
	key := strings.Map(func(c rune) rune {
		switch {
		case c >= 'A' && c <= 'Z':
			return c - 'A' + 'a'
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			return c
		default:
			return '-'
		}
	}, names[len(names)-1])
	return "key-" + strings.Trim(key, "-") + "x"
}

func goodKey(name string) bool {
	switch name {
	case "", "stdout", "stdout-encoding", "stderr", "stderr-encoding":
		return false
	}
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && strings.Trim(name, "-") == name
}

// timingResults are the times of what was seen, by the unit's clock.
func timingResults(t migration.Timing) map[string]any {
	out := map[string]any{}
	set(out, "started", stamp(t.Started))
	set(out, "no-return", stamp(t.NoReturn))
	set(out, "recorded", stamp(t.Recorded))
	set(out, "finished", stamp(t.Finished))
	if d := t.Downtime(); d > 0 {
		out["downtime"] = span(d)
	}
	if t.Unserved > 0 {
		out["api-unavailable"] = span(t.Unserved)
	}
	return out
}
