package fleet

import (
	"time"

	"jimm-migrator/src/migration"
)

// Event is something that a user should see of a run.
type Event interface{ event() }

// BeganEvent reports what the run will do.
type BeganEvent struct {
	Plan    Plan
	Already int // How many models are on their target.
}

// ModelEvent is an event of the migration of one model.
type ModelEvent struct {
	Entry  Entry
	Canary bool
	Event  migration.Event
}

// StepEvent reports that a step of a model has succeeded, and that more steps follow. Move describes the step.
type StepEvent struct{ Move MoveResult }

// UpgradeEvent reports that an upgrade of the model's agents is requested.
type UpgradeEvent struct {
	Entry   Entry
	Version string
	Agents  int
}

// EndedEvent reports that a model has ended, or stays.
type EndedEvent struct {
	Move MoveResult
}

// StateEvent reports the progress of the run.
type StateEvent struct {
	Counts  Counts
	To      map[string]int // In flight by target.
	Wait    Wait
	Elapsed time.Duration
	// Left is how long it takes at this rate; 0 if that is not known.
	Left time.Duration
}

// StoppedEvent reports that no more migrations are started, and why.
type StoppedEvent struct {
	Why    string
	Moving int
}

func (BeganEvent) event()   {}
func (ModelEvent) event()   {}
func (StepEvent) event()    {}
func (UpgradeEvent) event() {}
func (EndedEvent) event()   {}
func (StateEvent) event()   {}
func (StoppedEvent) event() {}

// report reports an event, one at a time.
func (r *run) report(e Event) {
	if r.Report == nil {
		return
	}
	r.reportMu.Lock()
	defer r.reportMu.Unlock()
	r.Report(e)
}

// beat is the time of the next report of the state.
type beat struct {
	last time.Time
	next time.Duration
}

// beat reports the state: after half a minute, then at the intervals of [migration.NextHeartbeat] and
// [migration.LastHeartbeat], and at each failure.
func (r *run) beat(now bool) {
	r.mu.Lock()
	last := r.beats.last
	if last.IsZero() {
		last = r.began
	}
	if !now && time.Since(last) < r.beats.next {
		r.mu.Unlock()
		return
	}
	r.beats.last = time.Now()
	if !now {
		longest := migration.LastHeartbeat
		if time.Since(r.began) < migration.TimeOfHeartbeats {
			longest = migration.NextHeartbeat
		}
		r.beats.next = min(2*r.beats.next, longest)
	}
	e := StateEvent{Counts: r.countsLocked(), To: map[string]int{}, Wait: r.wait, Elapsed: time.Since(r.began)}
	for _, t := range r.entries {
		if t.State == Checking || t.State == InFlight {
			e.To[t.leg.First()]++
		}
	}
	// An estimate requires some models that have been migrated.
	if n := e.Counts.Moved; n >= leastToEstimate {
		e.Left = time.Duration(float64(e.Elapsed) / float64(n) * float64(e.Counts.Waiting+e.Counts.Moving))
	}
	r.mu.Unlock()
	r.report(e)
}

// leastToEstimate is how many models must have been migrated before a time is estimated.
const leastToEstimate = 10
