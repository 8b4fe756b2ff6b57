package soak_test

import (
	"context"
	"math/rand/v2"
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/report"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/wire"
)

// timeToForget is two rounds of JIMM's poller: by then it has acted on the answer of the recorded controller.
const timeToForget = 2 * time.Minute

// makeRefusal makes the target refuse for good to describe the model to JIMM of 2026, which records it there by itself
// and forgets it within a minute. It has a random source of its own, so that the other choices of a seed stay the same.
func (p *plan) makeRefusal() {
	rng := rand.New(rand.NewPCG(p.seed, 9))
	if p.world.JIMM.Version != "2026" || rng.IntN(100) >= 8 {
		return
	}
	p.cell("the target refuses JIMM for good")
	p.faults = append(p.faults, sim.Fault{Server: p.target, Fault: wire.Fault{
		Facade: "ModelManager", Method: "ModelInfo", Action: wire.Refuse,
		Error: &wire.Error{Message: "permission denied", Code: "unauthorized access"},
	}})
}

// judgeLater runs once and judges the run at its end, and again two minutes later. No run can know in advance that a
// target which has described the model whenever it was asked refuses to do so later (seed 10217: it answered JIMM's
// question at the record and that of the poller, and the run ended before the first refusal). That it refuses to describe
// another model to the poller meanwhile is shown to no client.
func (s *story) judgeLater(ctx context.Context, k kill) {
	refusals := s.refusals.Load()
	l := s.run(ctx, k)
	s.judge(l)
	if !s.fickle || s.refusals.Load() > refusals {
		s.staysRecorded(ctx, l)
	}
}

// staysRecorded checks that JIMM still records the model on the target some time after a run has reported so. Only
// JIMM's own poller acts meanwhile: worlds in which another client migrates the model are exempt.
func (s *story) staysRecorded(ctx context.Context, l *life) {
	if l.killed || l.err != nil || s.other.moves() {
		return
	}
	switch res := l.result; {
	case res.Outcome != facts.Migrated && res.Outcome != facts.NeedsAttention && res.Outcome != facts.Recorded,
		res.Recorded.Name != s.target, s.actual().recorded != s.target:
		return
	}
	pause(ctx, timeToForget)
	if now := s.actual(); now.recorded != s.target && ctx.Err() == nil {
		s.blame("I2: two minutes after %s JIMM does not record it there: %+v: %s", l.result.Outcome, now, report.Summary(l.result))
		return
	}
	s.cell("still recorded: %s", l.result.Outcome)
}
