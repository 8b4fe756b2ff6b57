package migration_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// listed is an entry of JIMM's list.
func listed(record facts.Controller) facts.Entry {
	return facts.Entry{Kind: facts.InfoListed, Recorded: record.UUID, Status: "available"}
}

// late is a JIMM that changes its record right after its list was read for the first time.
type late struct {
	*fake
	lists int
}

func (l *late) Models(ctx context.Context) (facts.ModelList, error) {
	models, err := l.fake.Models(ctx)
	if l.lists++; l.lists == 1 {
		models.Models[0].Recorded = west().UUID
		if l.completes {
			models.Models[0].Entry = listed(west())
		}
	}
	return models, err
}

func TestARecordThatChangesDuringTheFirstObservation(t *testing.T) {
	for _, completes := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(completes)
			f.running("east", true)
			f.began, f.record = time.Now().Add(-time.Hour), east().UUID
			jaas := f.jaas()
			jaas.Fleet = &late{fake: f}
			res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{Options: survey.Options{Model: "prod", Target: "east"}})
			if err != nil {
				t.Fatal(err)
			}
			check(t, f, res, want{facts.AlreadyThere, "", 0, "", "east", "east"})
		})
	}
}

// leaving is a JIMM that records the target while the target migrates the model to another
// controller.
type leaving struct{ *fake }

func (l leaving) Models(ctx context.Context) (facts.ModelList, error) {
	models, err := l.fake.Models(ctx)
	models.Models[0].Entry = facts.Entry{Kind: facts.InfoUnlisted}
	return models, err
}

func (l leaving) Summary(context.Context, string) facts.Entry {
	i := listed(east())
	i.Attempt = facts.Attempt{Text: "quiescing", Start: time.Now()}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests = append(l.requests, asked("north", 0))
	return i
}

func (l leaving) Host(ctx context.Context, model string, kept facts.ControllerUUID) facts.Host {
	h := l.fake.Host(ctx, model, kept)
	h.Info = facts.InfoOfStatus(h.Controller, "busy", "migrating: quiescing", time.Now())
	return h
}

func TestWhatHasMovedIsNotOnItsSourceWhenItMovesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.running("east", false)
		f.began, f.record = time.Now().Add(-time.Hour), east().UUID
		jaas := f.jaas()
		jaas.Fleet, jaas.Witness = leaving{f}, leaving{f}
		res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}, Timeout: 10 * time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		if res.Holder.UUID == west().UUID || res.Outcome.Succeeded() {
			t.Errorf("%s (%s), on %q", res.Outcome, res.Cause, res.Holder)
		}
	})
}
