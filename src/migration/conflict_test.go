package migration_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// splitBrain is a JAAS in which, some time after the start, JIMM stops answering and both
// controllers report that they host the model.
type splitBrain struct {
	*fake
	after time.Duration
}

func (s splitBrain) split() bool { return !s.asked.IsZero() && time.Since(s.asked) >= s.after }

func (s splitBrain) Info(ctx context.Context, model string) facts.Info {
	if s.split() {
		return facts.Info{Kind: facts.InfoUnavailable, Err: errDeaf}
	}
	return s.fake.Info(ctx, model)
}

func (s splitBrain) Copy(ctx context.Context, c facts.Controller, model string) facts.Copy {
	if s.split() {
		return facts.Copy{State: facts.CopyActive}
	}
	return s.fake.Copy(ctx, c, model)
}

func TestASplitBrainEndsTheRunAndChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		jaas := f.jaas()
		jaas.Witness = splitBrain{f, 30 * time.Second}
		res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}})
		if err != nil || res.Outcome != facts.Conflict || res.Holder.Known() || len(f.records) > 0 || res.Outcome.RetrySafe() {
			t.Errorf("%s, on %q, recorded %v, %v", res.Outcome, res.Holder, f.records, err)
		}
	})
}

// The live answer takes precedence over JIMM's list.
func TestChecksRestOnTheLiveAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		live facts.Info
		id   checks.ID
	}{
		"a controller's own model": {facts.Info{IsController: true}, checks.ControllerModel},
		"dying":                    {facts.Info{Life: "dying"}, checks.ModelLife},
		"newer agents":             {facts.Info{AgentVersion: "3.6.99"}, checks.Versions},
	} {
		p := &places{models: onWest("alice@example.com/prod"), info: c.live}
		p.models[0].AgentVersion = "3.6.14"
		p.info.Kind, p.info.Controller, p.info.Status = facts.InfoLive, west().UUID, "available"
		jaas := p.jaas(false)
		jaas.Auditor = newFake(false)
		res, err := migration.Check(t.Context(), jaas, migration.Options{Options: survey.Options{Model: "prod", Target: "east"}})
		if err != nil || res.Outcome != facts.Refused {
			t.Errorf("%s: %s, %v", name, res.Outcome, err)
		}
		for _, f := range res.Findings {
			if f.Blocks() != (f.Check == c.id) {
				t.Errorf("%s: %s is %s: %s", name, f.Check, f.Level, f.Evidence)
			}
		}
	}
}

// copiesOfTarget makes the target give these answers, one per observation, after the migration has
// ended.
type copiesOfTarget struct {
	*fake
	says []facts.CopyState
	n    *int
}

func (c copiesOfTarget) Copy(ctx context.Context, at facts.Controller, model string) facts.Copy {
	c.mu.Lock()
	_, ended, _ := c.now()
	c.mu.Unlock()
	if !ended || at.UUID != east().UUID {
		return c.fake.Copy(ctx, at, model)
	}
	said := c.says[min(*c.n, len(c.says)-1)]
	*c.n++
	return facts.Copy{State: said}
}

// An active copy on the target after an abort is a conflict if two observations show it.
func TestOneObservationAfterAnAbortIsNotAConflict(t *testing.T) {
	const present, active = facts.CopyPresent, facts.CopyActive
	for _, c := range []struct {
		says    []facts.CopyState
		outcome facts.Outcome
	}{
		{[]facts.CopyState{active, present}, facts.Aborted},
		{[]facts.CopyState{present, present, active}, facts.Aborted},
		{[]facts.CopyState{active, active}, facts.Conflict},
		{[]facts.CopyState{active, facts.CopyAbsent}, facts.Aborted},
		// The first answer can be from before the import, in the observation that shows the end.
		{[]facts.CopyState{facts.CopyAbsent, present}, facts.Aborted},
		{[]facts.CopyState{facts.CopyAbsent, active}, facts.Conflict},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(false)
			f.stages, f.end = f.stages[:4], "aborted, removing model from target controller: model activation failed, no answer"
			jaas := f.jaas()
			jaas.Witness = copiesOfTarget{f, c.says, new(int)}
			res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}})
			left := c.says[len(c.says)-1] != facts.CopyAbsent
			if err != nil || res.Outcome != c.outcome || res.CopyLeft != left || len(f.records) > 0 {
				t.Errorf("%v: %s, copy left %v, %v", c.says, res.Outcome, res.CopyLeft, err)
			}
		})
	}
}

// exportingAtFirst makes the source repeat its earlier answer once after the migration has ended.
type exportingAtFirst struct {
	rivals
	asked *int
}

func (e exportingAtFirst) Copy(ctx context.Context, c facts.Controller, model string) facts.Copy {
	got := e.rivals.Copy(ctx, c, model)
	if got.State != facts.CopyActive || c.UUID != west().UUID {
		return got
	}
	if *e.asked++; *e.asked == 1 {
		got.State = facts.CopyExporting
	}
	return got
}

// The evidence of a conflict is what both controllers report at its end.
func TestTheSourceOfAConflictIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		f.stages, f.end = f.stages[:7], "aborted, removing model from target controller: model activation failed, connection is shut down"
		jaas := f.jaas()
		jaas.Witness = exportingAtFirst{rivals{f}, new(int)}
		res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}})
		if err != nil || res.Outcome != facts.Conflict || !strings.Contains(res.Detail, `"west" hosts it`) {
			t.Errorf("%s, %q, %v", res.Outcome, res.Detail, err)
		}
	})
}
