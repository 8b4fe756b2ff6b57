package fleet

import (
	"errors"
	"time"

	"jimm-migrator/src/migration/survey"
)

// decide stops the run where the policy requires it. The error is why this turn has no observation.
func (r *run) decide(unseen error) {
	r.mu.Lock()
	r.tally.Silent = time.Since(r.seenAt)
	r.tally.Rights, _ = errors.AsType[*survey.RightsError](unseen)
	for _, c := range r.observed.Controllers {
		if c.Name == r.Guard && c.Status == "available" {
			r.tally.Lifted = c.Name
		}
	}
	r.tally.StopAfter = r.stopAfterReached()
	why := Stop(r.Plan.Rules, r.tally)
	fresh := why != "" && r.stopped == ""
	if fresh {
		r.stopped = why
	}
	moving := 0
	for _, t := range r.entries {
		if t.State == Checking || t.State == InFlight {
			moving++
		}
	}
	r.mu.Unlock()
	if fresh {
		r.report(StoppedEvent{why, moving})
	}
}

// stopAfterReached reports that the run has reached the point that stop-after names.
func (r *run) stopAfterReached() string {
	if r.StopAfter != StopAfterCanary && r.StopAfter != StopAfterWave {
		return ""
	}
	wave, proved, open := 0, map[string]bool{}, map[string]bool{}
	for _, t := range r.entries {
		if r.Waves != nil && !r.Waves[t.Entry.Wave] {
			continue
		}
		if t.Ended.IsZero() && (t.State == Well || t.State == Stayed) {
			continue // Before this run.
		}
		if wave == 0 {
			wave = t.Entry.Wave
		}
		over := t.State == Well || t.State == Failed || t.State == Stayed
		if !over && (r.StopAfter == StopAfterCanary || t.Entry.Wave == wave) {
			open[t.Entry.Target()] = true
		}
		if t.State == Well {
			proved[t.Entry.Target()] = true
		}
	}
	for target := range open {
		if r.StopAfter == StopAfterWave || !proved[target] {
			return ""
		}
	}
	return "stop-after=" + string(r.StopAfter)
}
