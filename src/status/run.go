package status

import (
	"regexp"
	"slices"
	"strings"
)

// keyRun is the key of an interrupted run in the unit's state.
const keyRun = "run"

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

// String says what the run does, as the status has it.
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

// of reports whether a text of an interrupted run is about this one. Every plan is one.
func (r Run) of(text string) bool {
	run, found := interrupted(text)
	return found && run.Controller == r.Controller
}

// runStatus says how a run that was interrupted continues.
func (k known) runStatus() string {
	text := k.run
	if n := len(k.pending); n > 0 {
		text += ", " + count(n, "migration is", "migrations are") + " pending"
	}
	run, _ := interrupted(k.run)
	if run.Controller == "" {
		return text + ": run apply-plan again with the same plan"
	}
	if run.Parameters == ByPlan {
		return text + ": run drain-controller again with the same plan"
	}
	unit, _, _ := strings.Cut(k.unit, "/")
	command := []string{"juju run " + unit + "/leader drain-controller controller=" + run.Controller, run.Parameters, "--background"}
	return text + ": " + strings.Join(slices.DeleteFunc(command, func(part string) bool { return part == "" }), " ")
}
