package status

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"jimm-migrator/src/config"
	"jimm-migrator/src/cos"
	"jimm-migrator/src/migration/facts"
)

// The keys of an interrupted run in the unit's state: what it did, and when a hook first
// found that it was killed.
const (
	keyRun      = "run"
	keyRunSince = "run-since"
)

// Run is an action that moves many models. As with [Pending], the status shows it while
// it runs, and a hook that finds it there knows that it was killed.
type Run struct {
	// Controller is the one that is drained; "" for a plan of another kind.
	Controller string
	// Parameters are those of the action that the next run needs, as they are typed;
	// [ByPlan] if it needs the plan.
	Parameters string
}

// ByPlan stands for the parameters of a drain by a plan that was given: it is too long to
// be shown.
const ByPlan = "plan=…"

// String returns what the run does, as the status has it.
func (r Run) String() string {
	if r.Controller == "" {
		return "applying a plan"
	}
	if r.Parameters == "" {
		return "draining " + r.Controller
	}
	return "draining " + r.Controller + " with " + r.Parameters
}

// interrupted returns the run in a message or in the unit's state.
func interrupted(text string) (run Run, found bool) {
	pattern := regexp.MustCompile(`(?:^|; )(?:applying a plan|draining ([^ ;]+?)(?: with (.+?))?)(?:, \d+ of \d+ models moved| was interrupted)`)
	parts := pattern.FindStringSubmatch(text)
	if parts == nil {
		return Run{}, false
	}
	return Run{parts[1], parts[2]}, true
}

// run returns the run that was interrupted, or "".
func (m memory) run() string {
	run, found := interrupted(m.message)
	if !found {
		run, found = interrupted(m.state[keyRun])
	}
	if !found {
		return ""
	}
	return run.String() + " was interrupted"
}

// action is the action that runs.
func (r Run) action() string {
	if r.Controller == "" {
		return "apply-plan"
	}
	return "drain-controller"
}

// of reports whether a text of an interrupted run is about this one. Every plan is one.
func (r Run) of(text string) bool {
	run, found := interrupted(text)
	return found && run.Controller == r.Controller
}

// interrupted returns the run that was interrupted and is not over, or "". A run that
// applied a plan is over when no migration is pending; a drain must be run again, or
// abandoned by lifting the cordon.
func (k inputs) interrupted() string {
	run := k.memory.run()
	if k.over != nil && k.over.of(run) || (Run{}).of(run) && len(k.pending) == 0 {
		return ""
	}
	return run
}

// since is when a hook first found the interrupted run, as the state has it; "" without
// one.
func (k inputs) since(now time.Time) string {
	run := k.interrupted()
	if run == "" {
		return ""
	}
	before, _ := interrupted(k.memory.state[keyRun])
	if since := k.memory.state[keyRunSince]; since != "" && before.of(run) {
		return since
	}
	return now.UTC().Format(time.RFC3339)
}

// reportRun reports an interrupted run to Loki, as long as there is one: nothing else sends
// anything about it.
func (k inputs) reportRun(ctx context.Context, u config.Unit) {
	text, now := k.interrupted(), time.Now()
	run, found := interrupted(text)
	if !found {
		return
	}
	since, err := time.Parse(time.RFC3339, k.since(now))
	if err != nil {
		since = now
	}
	fields := map[string]any{
		"v": cos.EventVersion, "event": "interrupted", "level": "warn", "action": run.action(), "text": text,
		"since": since.UTC().Format(time.RFC3339), "age_seconds": max(now.Sub(since), 0).Round(time.Second).Seconds(), "pending": len(k.pending),
	}
	if run.Controller != "" {
		fields["controller"] = run.Controller
	}
	line, err := cos.PlainJSON(fields)
	send(ctx, u, err, line)
}

// runStatus returns how a run that was interrupted continues.
func (k inputs) runStatus() string {
	text := k.run
	if n := len(k.pending); n > 0 {
		text += ", " + facts.Count(n, "migration is", "migrations are") + " pending"
	}
	run, _ := interrupted(k.run)
	if run.Controller == "" {
		return text + ": run apply-plan again with the same plan"
	}
	if run.Parameters == ByPlan {
		return text + ": run drain-controller again with the same plan"
	}
	unit, _, _ := strings.Cut(k.unit, "/")
	command := []string{facts.JujuRun(unit+"/leader", run.Controller) + " drain-controller controller=" + run.Controller, run.Parameters, "--background"}
	return text + ": " + strings.Join(slices.DeleteFunc(command, func(part string) bool { return part == "" }), " ")
}
