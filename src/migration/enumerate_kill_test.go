package migration_test

import (
	"context"
	"fmt"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
)

// representatives selects the states from which struck runs are made: a few of those that differ
// only in dimensions that the issue does not name.
func representatives(states []world) []bool {
	const each = 6
	groups := map[string][]int{}
	for i, s := range states {
		if s.probe == probeAccount || s.recorded == "" {
			continue
		}
		key := fmt.Sprint(s.phase, s.copied, s.elsewhere, s.jimm.completes(), s.recorded, s.probe)
		groups[key] = append(groups[key], i)
	}
	struck := make([]bool, len(states))
	for _, group := range groups {
		for k := range each {
			struck[group[k*len(group)/each]] = true
		}
	}
	return struck
}

// strikes repeats the run, and strikes once at each step and phase that the undisturbed run has
// passed.
func (e *enumeration) strikes(alive lived) {
	type stretch struct{ step, phase string }
	calls := map[stretch][]point{}
	var order []stretch
	for _, at := range alive.p.points {
		s := stretch{at.step, at.phase}
		if calls[s] == nil {
			order = append(order, s)
		}
		calls[s] = append(calls[s], at)
	}
	for i, s := range order {
		// The call that is struck there is a different one each time.
		at := calls[s][(e.n+i)%len(calls[s])]
		for k, hit := range blows(at) {
			e.bubble(func(ctx context.Context) { e.struck(ctx, alive.result, at, hit, (e.n+i+k)%2 == 0) })
		}
	}
}

func blows(at point) []blow {
	switch at.call {
	case "MigrateModel", "UpdateMigratedModel", "ModelInfo":
		return []blow{killBefore, killAfter, lostBefore, lostAfter, neverBefore, neverAfter}
	default:
		return []blow{killBefore, lostAfter, neverAfter}
	}
}

func strikeCell(step string, hit blow) string { return step + ": " + string(hit) }

// struck makes a run with one strike, and another run if the first was killed or did not finish.
func (e *enumeration) struck(ctx context.Context, alive migration.Result, at point, hit blow, soon bool) {
	w := e.state.world()
	fell := false
	first, bury := begin(ctx, w, func(here point) blow {
		if fell || here != at {
			return unharmed
		}
		fell = true
		return hit
	})
	defer bury()
	how := fmt.Sprintf("%s at %s of %s in %s", hit, at.call, at.step, at.phase)
	e.blame(how, append(w.wrong, w.judge(first)...)...)
	if at.call == "UpdateMigratedModel" && !first.killed && class(first.result) != class(alive) && w.record != "" {
		// An answer that is lost or never comes is not a refusal: the request is repeated.
		e.blame(how, fmt.Sprintf("I5: alive it ends %s (%s), now %s (%s)", alive.Outcome, alive.Cause, first.result.Outcome, first.result.Cause))
	}
	e.count(1, strikeCell(at.step, hit), "struck in "+at.phase)
	last := first.result
	if first.killed || class(last) != class(alive) {
		if !soon {
			time.Sleep(5 * time.Minute) //nolint:forbidigo // virtual time: the migration goes on
		}
		w.wrong = nil
		again, buryAgain := begin(ctx, w, nil)
		defer buryAgain()
		e.blame(how+", run again", append(w.wrong, w.judge(again)...)...)
		e.count(1, "again: "+outcomeCell(again.result))
		last = again.result
	}
	was, is := class(alive), class(last)
	less := is == "open" && was != "open" && alive.Outcome != facts.Refused || is != was && was == "moved"
	if less && w.record != "" && was != string(facts.LostFromJIMM) && !w.unprovable(last) {
		e.blame(how, fmt.Sprintf("I5: alive it ends %s (%s), then %s (%s)", alive.Outcome, alive.Cause, last.Outcome, last.Cause))
	}
}

// unprovable reports whether the last run could not have proved where the model is. Without probes
// the source only denies it; or a JIMM that completes migrations is not asked for details unless it
// is known to follow the migration itself, and the run has not seen the success.
func (w *oracle) unprovable(r migration.Result) bool {
	denied := w.jimm.completes() || w.word == redirectsNone
	return w.probe == probeOff && denied && r.Cause == facts.CauseUnproved && !r.Phase.PastReturn()
}

// class is what an outcome says about the model.
func class(r migration.Result) string {
	switch r.Outcome {
	case facts.Migrated, facts.AlreadyThere, facts.Recorded, facts.NeedsAttention:
		return "moved"
	case facts.Aborted, facts.NotStarted, facts.Refused:
		return "not moved"
	case facts.Unknown, facts.TimedOut, facts.Interrupted:
		return "open"
	default:
		return string(r.Outcome)
	}
}
