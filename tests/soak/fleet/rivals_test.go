package fleet_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"jimm-migrator/src/fleet"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/controller"
)

// rivalry is how two applications of the charm work with one JIMM. They share no state: each sees the other's
// migrations only in JIMM.
type rivalry struct {
	kills, theirs []int // the number of messages after which each process but the last is killed
	later         time.Duration
	targets       []string // of the other application
	pause         time.Duration
}

func newRivalry(s *story) rivalry {
	s.rivals, s.moves, s.resign, s.cordon = true, nil, 0, 0
	r := rivalry{kills: s.kills, later: time.Duration(s.IntN(300)) * time.Second, targets: [][]string{{"east", "north"}, {"north"}, {"north", "east"}}[s.IntN(3)]}
	for range s.IntN(3) {
		r.theirs = append(r.theirs, 5+s.IntN(400))
	}
	r.pause = time.Duration(s.IntN(300)) * time.Second
	return r
}

// playRivals runs two applications that apply one plan each. Both plans were made in the same minute and have the same
// models.
func playRivals(t *testing.T, shared sim.Options, seed uint64) *story {
	t.Helper()
	s := newStory(seed)
	r := newRivalry(s)
	return s.play(t, shared, func(ctx context.Context) { s.contend(ctx, r) })
}

// both runs processes of both applications: those that are killed, and then one for each of the last.
func (r rivalry) both(ctx context.Context, last []int, run func(account string, kill int)) {
	lives := func(account string, kills []int) {
		for _, kill := range slices.Concat(kills, last) {
			run(account, kill)
			pause(ctx, r.pause)
		}
	}
	var both sync.WaitGroup
	both.Go(func() { lives(ours, r.kills) })
	both.Go(func() { pause(ctx, r.later); lives(theirs, r.theirs) })
	both.Wait()
}

// contend applies both plans, with kills, and then again until nothing is left to do.
func (s *story) contend(ctx context.Context, r rivalry) {
	plans := map[string]fleet.Plan{ours: s.plan(ctx), theirs: s.planTo(ctx, r.targets...)}
	if len(plans[ours].Moves) == 0 {
		return
	}
	// Each lists before each start; the other can start one right after that.
	rules := sim.Fleet{Parallel: s.caps.Parallel, PerSource: s.caps.Source, PerTarget: s.caps.Target, BothEnds: true}
	for _, e := range plans[ours].Moves {
		rules.Planned = append(rules.Planned, sim.PlannedStart{Model: e.Model, From: e.Source, To: e.Target()})
	}
	run := func(account string, die int) *life {
		if account == ours {
			s.jaas.BeginRun(rules)
		}
		l := s.newLife(die)
		l.account = account
		if s.live(ctx, l, plans[account], always); !l.dead() {
			s.judge(plans[account], l)
		}
		return l
	}
	r.both(ctx, []int{0}, func(account string, kill int) { run(account, kill) })
	s.land(ctx)
	for _, account := range []string{ours, theirs} {
		last := s.untilIdle(ctx, func() *life { return run(account, 0) })
		if !s.idle(last) {
			s.blame("%s never has nothing to do: %s", account, s.printed())
		}
		s.final(plans[account], last)
	}
	for _, e := range plans[ours].Moves {
		if s.moved(e.Model) > 1 {
			s.blame("%s has moved %d times%s", e.Name, s.moved(e.Model), s.printed())
		}
	}
}

// moved counts the controllers that a model has left.
func (s *story) moved(model string) (n int) {
	for _, c := range s.world.Controllers {
		if m, known := s.jaas.Controller(c.Name).Migration(model); known && (m.Phase == controller.Done || m.Phase == controller.ReapFailed) {
			n++
		}
	}
	return n
}

// playRivalDrains runs two applications that drain one controller.
func playRivalDrains(t *testing.T, shared sim.Options, seed uint64) *story {
	t.Helper()
	s := newDrain(seed)
	r := newRivalry(s)
	return s.play(t, shared, func(ctx context.Context) {
		r.both(ctx, []int{0, 0}, func(account string, kill int) {
			if account == ours {
				s.jaas.BeginRun(sim.Fleet{Parallel: s.caps.Parallel, PerSource: s.caps.Source, PerTarget: s.caps.Target})
			}
			l := s.newLife(kill)
			l.account = account
			s.drainOnce(ctx, l)
		})
	})
}

// TestRivalsSeed and TestRivalDrainsSeed repeat one seed.
func TestRivalsSeed(t *testing.T) { again(t, playRivals) }

func TestRivalDrainsSeed(t *testing.T) { again(t, playRivalDrains) }

// TestRivals applies the plans of two applications in many worlds: no model is migrated twice, and no report is false.
func TestRivals(t *testing.T) { playMany(t, playRivals, "TestRivalsSeed", number(t, "seeds")) }

// TestRivalDrains drains one controller with two applications: no verdict claims more than is true.
func TestRivalDrains(t *testing.T) {
	playMany(t, playRivalDrains, "TestRivalDrainsSeed", number(t, "seeds"))
}
