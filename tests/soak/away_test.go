package soak_test

import (
	"context"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/locate"
	"jimm-migrator/src/migration/survey"
)

// readWhileAway asks where the model is while the controller that has it, or else the target, does not answer, although
// nothing else happens: what JIMM's record and the other controllers then say need not be true any more. Of a migration
// that JIMM was not asked for, no one can know.
func (s *story) readWhileAway(ctx context.Context) {
	before := s.actual()
	if !s.told || s.other.kind == "hand-made start" || before.recorded == "" || !s.juju4(before.recorded) && s.seed%8 != 0 {
		return
	}
	away := s.target
	if holders := before.holders(); len(holders) == 1 {
		away = holders[0]
	}
	if away == before.recorded && away == s.target {
		away = s.source
	}
	if s.jaas.Stop(away) != nil {
		return
	}
	s.setAway(away, true)
	s.readAs(ctx, before, "while it is away")
	if err := s.jaas.Resume(ctx, away); err != nil {
		s.blame("the world: %s does not come back: %v", away, err)
	}
	s.setAway(away, false)
	s.readAs(ctx, s.actual(), "when it is back")
}

// readAs asks migration-status, locate-model and record-model, which must not say what is false.
func (s *story) readAs(ctx context.Context, now oracle, when string) {
	l := s.newLife(kill{})
	s.lives = append(s.lives, l)
	at := func(target string) migration.Options {
		return migration.Options{Options: survey.Options{Model: s.uuid, Target: target, Probe: s.probe}, PollInterval: s.poll, Report: l.report}
	}
	l.live(ctx, s.settings(account, l), func(ctx context.Context, j survey.JAAS, w migration.Writer) (res migration.Result, err error) {
		moving, err := migration.Moving(ctx, j, at(""))
		if err != nil {
			return res, err
		}
		s.cell("status %s: %s, probe %v", when, moving.State, s.probe)
		if moving.State == migration.MovementNone && !now.active(moving.Source.Name) {
			s.blame("migration-status %s: none, on %s: %+v", when, moving.Source.Name, now)
		}
		found, err := locate.Locate(ctx, j, locate.Options{Model: s.uuid, Probe: s.probe})
		if err != nil {
			return res, err
		}
		s.judgeLocated(found)
		res, err = migration.RecordModel(ctx, j, w, "", at(now.recorded))
		s.cell("record of the recorded controller %s: %s", when, res.Outcome)
		if res.Holder.Known() && !s.mayHold(s.actual(), res.Holder.Name) || res.Outcome == facts.AlreadyThere && !now.active(now.recorded) {
			s.blame("record-model %s: %s on %s: %+v: %s", when, res.Outcome, res.Holder.Name, now, res.Detail)
		}
		return res, err
	})
}
