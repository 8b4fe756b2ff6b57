package soak_test

import (
	"context"
	"math/rand/v2"
	"time"

	"jimm-migrator/src/jaas"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/report"
	"jimm-migrator/tests/sim/controller"
)

// makeRemovals runs remove-left-over at random moments, in worlds in which the charm has accounts. It has a random
// source of its own, so that the other choices of a seed stay the same.
func (p *plan) makeRemovals() {
	if !p.admin {
		return
	}
	rng := rand.New(rand.NewPCG(p.seed, 26))
	for range rng.IntN(3) {
		p.removals = append(p.removals, time.Duration(rng.Int64N(int64(10*time.Minute))))
	}
}

// remove tries once. The simulated controllers report a copy that was not left over (I26).
func (s *story) remove(ctx context.Context) (res migration.Result, ok bool) {
	opened, err := jaas.Connect(ctx, s.settings(account, nil))
	if err != nil {
		return res, false
	}
	defer opened.Close()
	res, err = migration.RemoveLeftOver(ctx, opened.Engine, opened.Remover(), s.uuid, migration.Options{
		Options: survey.Options{Model: s.uuid, Target: s.target, Probe: s.probe}, PollInterval: s.poll,
	})
	if err != nil || ctx.Err() != nil {
		return res, false
	}
	s.cell("removal: %s %s", res.Outcome, res.Cause)
	said := res.Outcome == facts.Removed || res.Outcome == facts.NothingToRemove
	if now := s.actual(); said && now.on[s.target] == controller.StateImporting && !now.running {
		s.blame("I26: %s: %+v: %s", res.Outcome, now, report.RemoveSummary(res))
	}
	if res.Outcome == facts.Removed {
		s.troubled()
	}
	return res, true
}

// mustBeRemovable checks that a left-over copy can be removed when nothing else happens.
func (s *story) mustBeRemovable(ctx context.Context) {
	before := s.actual()
	leftOver := before.on[s.target] == controller.StateImporting && before.active(before.recorded) && len(before.on) == 2
	if !s.admin || before.running || !leftOver {
		return
	}
	res, ok := s.remove(ctx)
	if !ok || res.Outcome != facts.Removed || s.actual().on[s.target] != "" || !s.actual().active(before.recorded) {
		s.blame("I26: left over, and not removed: %s (%s): %+v, then %+v: %s", res.Outcome, res.Cause, before, s.actual(), report.RemoveSummary(res))
	}
	s.cell("removed in the end: %s", res.Outcome)
}
