package fleet_test

import (
	"fmt"
	"testing"
	"time"

	"jimm-migrator/src/fleet"
)

// noticed is how long a run takes to notice that a migration has ended, and to start the next one, as measured in
// tests/soak/fleet.
const noticed = 10 * time.Second

// makespan starts all models of a plan with [fleet.Next], each running as long as work says, and returns how long that
// takes. Only the schedule runs.
func makespan(t *testing.T, p fleet.Plan, work []time.Duration) time.Duration {
	t.Helper()
	progress := fleet.Progress{States: make([]fleet.State, len(p.Moves)), Proved: map[string]bool{}}
	ends := map[int]time.Duration{}
	for now := time.Duration(0); ; {
		for {
			started, _ := fleet.Next(p, fleet.World{}, progress, 1000*time.Hour)
			for _, i := range started {
				progress.States[i], ends[i] = fleet.InFlight, now+work[i]+noticed
			}
			if len(started) == 0 {
				break
			}
		}
		first := -1
		for i, end := range ends {
			if first < 0 || end < ends[first] || end == ends[first] && i < first {
				first = i
			}
		}
		if first < 0 {
			for i, s := range progress.States {
				if s != fleet.Well {
					t.Fatalf("%s never starts", p.Moves[i].Name)
				}
			}
			return now
		}
		now = ends[first]
		delete(ends, first)
		progress.States[first], progress.Proved[p.Moves[first].Target()] = fleet.Well, true
	}
}

// The schedule takes hardly longer than the caps require: 1,000 models of one to forty agents, a quarter of an hour for
// the largest. The bound adds one poll of five seconds to each.
func TestNextKeepsTheSlotsFull(t *testing.T) {
	const models, poll = 1000, 5 * time.Second
	for _, test := range []struct {
		parallel int
		canary   bool
		least    float64
	}{
		{4, false, 0.95},
		{8, false, 0.95},
		{20, false, 0.95},
		{4, true, 0.95},
		{8, true, 0.95},
		{20, true, 0.90},
	} {
		var entries []fleet.Entry
		var work []time.Duration
		to := map[string]time.Duration{}
		var all time.Duration
		for i := range models {
			agents := 1 + (i*i)%40
			e := entry(fmt.Sprintf("m%04d", i), "west", []string{"east", "north"}[i%2], agents)
			d := 4*time.Minute + time.Duration(agents)*15*time.Second
			entries, work = append(entries, e), append(work, d)
			to[e.Target()] += d + poll
			all += d + poll
		}
		caps := fleet.Caps{Parallel: test.parallel, Source: test.parallel, Target: test.parallel/2 + 1, Agents: 600}
		bound := all / time.Duration(caps.Parallel)
		for _, d := range to {
			bound = max(bound, d/time.Duration(caps.Target))
		}
		took := makespan(t, planOf(caps, test.canary, entries...), work)
		share := float64(bound) / float64(took)
		t.Logf("%d at once, canary %v: %v, at least %v: %.3f", test.parallel, test.canary, took, bound, share)
		if share < test.least {
			t.Errorf("%d at once, canary %v: %v is %.3f of the least that the caps allow, %v; at least %.2f is wanted", test.parallel, test.canary, took, share, bound, test.least)
		}
	}
}
