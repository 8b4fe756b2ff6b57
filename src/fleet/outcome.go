package fleet

import (
	"slices"
	"strings"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
)

// MoveResult is the result of one entry of a plan.
type MoveResult struct {
	Entry  Entry
	State  State
	Reason string
	// Detail explains a reason or a failure without a migration.
	Detail string
	// Version is the version that all agents run, if this run has ensured that.
	Version string
	// Canary reports that others waited for it.
	Canary bool
	// Result is that of the migration; its outcome is "" if none was tried.
	Result       migration.Result
	Began, Ended time.Time
}

// Skipped reports that the model was not migrated because another client has migrated or removed it.
func (m MoveResult) Skipped() bool {
	return m.State == Stayed && (m.Reason == string(LeftMovedOn) || m.Reason == string(LeftGone))
}

// alreadyThere is the reason of a model that was as the plan wants it.
const alreadyThere = "already-there"

// Counts is how many entries are in which state.
type Counts struct{ Planned, Moved, Already, Moving, Failed, Left, Waiting int }

// RunOutcome reports how a run ended.
type RunOutcome string

// The outcomes of a run.
const (
	// Applied: every model of the plan is where the plan has it, except those that other clients have migrated or
	// removed.
	Applied RunOutcome = "applied"
	// NothingToDo: that was already so.
	NothingToDo RunOutcome = "nothing-to-do"
	// StoppedAfter: the run ended at the point that stop-after names.
	StoppedAfter RunOutcome = "stopped-after"
	// RunRefused: nothing was started, because the plan does not fit.
	RunRefused RunOutcome = "refused"
	// RunPartly: the time was up, or failures were tolerated.
	RunPartly RunOutcome = "partly"
	// RunBlocked: only models are left that cannot be migrated.
	RunBlocked RunOutcome = "blocked"
	// RunStopped: the failure policy, or a client, stopped it.
	RunStopped RunOutcome = "stopped"
	// RunConflict: a model is in use on two controllers, or lost. Investigate now.
	RunConflict RunOutcome = "conflict"
	// RunUnknown: the state of a model is not known.
	RunUnknown RunOutcome = "unknown"
)

// Succeeded reports whether the action completes with this outcome.
func (o RunOutcome) Succeeded() bool {
	return o == Applied || o == NothingToDo || o == StoppedAfter
}

// Done is what a run has done.
type Done struct {
	Outcome RunOutcome
	// Stopped is why no more migrations were started, or "".
	Stopped string
	Moves   []MoveResult
	Counts  Counts
	Gaps    []string
	Began   time.Time
	Took    time.Duration
	// Starts is how many migrations and upgrades this run has requested.
	Starts int
}

// counts returns how many entries are in which state.
func (r *run) counts() Counts {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.countsLocked()
}

func (r *run) countsLocked() Counts {
	var c Counts
	for i := range r.entries {
		c.add(&r.entries[i].MoveResult)
	}
	return c
}

// CountsOf returns how many models are in which state.
func CountsOf(moves []MoveResult) Counts {
	var c Counts
	for i := range moves {
		c.add(&moves[i])
	}
	return c
}

func (c *Counts) add(m *MoveResult) {
	c.Planned++
	switch m.State {
	case Checking, InFlight:
		c.Moving++
	case Verifying, Well:
		if m.Reason == alreadyThere {
			c.Already++
		} else {
			c.Moved++
		}
	case Failed:
		c.Failed++
	case Stayed:
		c.Left++
	default:
		c.Waiting++
	}
}

// done returns what the run has done.
func (r *run) done() Done {
	r.mu.Lock()
	defer r.mu.Unlock()
	d := Done{Stopped: r.stopped, Counts: r.countsLocked(), Began: r.began, Took: time.Since(r.began), Starts: r.starts}
	d.Gaps = slices.Concat(r.gaps, r.observed.Gaps)
	conflict, stays := false, false
	for _, t := range r.entries {
		d.Moves = append(d.Moves, t.MoveResult)
		conflict = conflict || t.Result.Outcome == facts.Conflict || t.Result.Outcome == facts.LostFromJIMM
		stays = stays || t.State == Stayed && !t.Skipped()
	}
	switch c := d.Counts; {
	case conflict:
		d.Outcome = RunConflict
	case r.tally.Grave != "":
		d.Outcome = RunUnknown
	case strings.HasPrefix(r.stopped, "stop-after="):
		d.Outcome = StoppedAfter
	case r.stopped != "":
		d.Outcome = RunStopped
	case c.Failed > 0, r.waits() > 0:
		d.Outcome = RunPartly
	case stays:
		d.Outcome = RunBlocked
	case c.Moved == 0:
		d.Outcome = NothingToDo
	default:
		d.Outcome = Applied
	}
	return d
}

// waits counts the entries of the waves of this run that have not ended.
func (r *run) waits() int {
	n := 0
	for _, t := range r.entries {
		over := t.State == Well || t.State == Failed || t.State == Stayed
		if !over && (r.Waves == nil || r.Waves[t.Entry.Wave]) {
			n++
		}
	}
	return n
}
