package migration_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
)

// Contents of a model can be words of a server too.
func TestEvidenceOfTheChecksIsRedacted(t *testing.T) {
	f := inside(t, checks.Applications, "3.6.14", "3.6.14", "iaas", func(i *facts.Inventory) {
		i.Applications["web"] = facts.Application{Err: "cannot read: password=CANARY"}
	})
	if f.Level != checks.Fail || !strings.Contains(f.Evidence, "web") || strings.Contains(f.Evidence, "CANARY") {
		t.Errorf("%s: %s", f.Level, f.Evidence)
	}
}

// A version that cannot be read is neither too old nor good enough.
func TestAVersionThatCannotBeReadIsSkipped(t *testing.T) {
	for _, c := range [][2]string{{"3.6.14", "strange"}, {"3.6.14", ""}, {"what", ""}} {
		if f := inside(t, checks.Versions, c[0], c[1], "iaas", nil); f.Level != checks.Skip {
			t.Errorf("%q to %q: %s, %s", c[0], c[1], f.Level, f.Evidence)
		}
	}
}

// JIMM's list has the model, made by whatever controller, and nobody says that the
// recorded one has it: the question for its details could make JIMM forget it.
func TestDetailsAreNotAskedWhereNobodyTellsWhoHasTheModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.redirects, f.probe, f.noHost = false, false, true
		f.running("east", false)
		f.began, f.mode = time.Now().Add(-48*time.Hour), false
		_, err := migration.Check(t.Context(), f.jaas(), migration.Options{Model: "prod", Target: "north"})
		if err != nil || f.forgot {
			t.Errorf("forgot %v, %v", f.forgot, err)
		}
	})
}

// served lets a login to the model be served by a controller, whoever has it.
type served struct {
	*fake
	by facts.Controller
}

func (s served) Host(context.Context, string) facts.Host {
	return facts.Host{Kind: facts.HostServes, Controller: s.by.UUID}
}

// That some controller serves the model does not tell that the recorded one has it.
func TestDetailsAreNotAskedBecauseAnotherControllerServes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.redirects, f.probe = false, false
		f.running("east", false)
		f.began, f.mode = time.Now().Add(-48*time.Hour), false
		jaas := f.jaas()
		jaas.Witness = served{f, east()}
		_, err := migration.Check(t.Context(), jaas, migration.Options{Model: "prod", Target: "north"})
		if err != nil || f.forgot {
			t.Errorf("forgot %v, %v", f.forgot, err)
		}
	})
}

// copiesOfTarget lets the target answer so after the migration has ended, one look
// after another.
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

// A copy in use on the target after an abort is a conflict if two looks say so.
func TestOneLookAfterAnAbortIsNoConflict(t *testing.T) {
	const present, active = facts.CopyPresent, facts.CopyActive
	for _, c := range []struct {
		says    []facts.CopyState
		outcome facts.Outcome
	}{
		{[]facts.CopyState{active, present}, facts.Aborted},
		{[]facts.CopyState{present, present, active}, facts.Aborted},
		{[]facts.CopyState{active, active}, facts.Conflict},
		{[]facts.CopyState{active, facts.CopyAbsent}, facts.Aborted},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(false)
			f.stages, f.end = f.stages[:4], "aborted, removing model from target controller: model activation failed, no answer"
			jaas := f.jaas()
			jaas.Witness = copiesOfTarget{f, c.says, new(int)}
			res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{Model: "prod", Target: "east", Probe: true})
			left := c.says[len(c.says)-1] != facts.CopyAbsent
			if err != nil || res.Outcome != c.outcome || res.CopyLeft != left || len(f.records) > 0 {
				t.Errorf("%v: %s, copy left %v, %v", c.says, res.Outcome, res.CopyLeft, err)
			}
		})
	}
}

// What is said at the deadline is why nobody knows more, not an answer of old.
func TestTheDeadlineNamesTheLastAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		f.probe = false
		f.refuse, f.accept = errors.New("the answer to the start"), true
		f.deaf = func(e time.Duration) bool { return e > 20*time.Second }
		res := migrate(t, f, func(o *migration.Options) { o.Timeout = 10 * time.Minute })
		if res.Outcome != facts.TimedOut || !errors.Is(res.Err, errDeaf) || !res.Running {
			t.Errorf("%s, running %v: %v", res.Outcome, res.Running, res.Err)
		}
	})
}

// A record that was made by hand on an earlier journey says nothing about this one.
func TestARecordByHandOfLongAgoDoesNotCount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.probe = false
		f.requests = []facts.Request{
			{Kind: facts.RequestRecord, Target: "east", At: time.Now().Add(-3 * time.Hour)},
			{Kind: facts.RequestRecord, Target: "west", At: time.Now().Add(-2 * time.Hour)},
		}
		if res := migrate(t, f, nil); res.Outcome != facts.Migrated {
			t.Errorf("%s (%s)", res.Outcome, res.Cause)
		}
	})
}

func TestWhoHasBeenRecordedLately(t *testing.T) {
	now := time.Unix(10_000, 0)
	log := facts.Audit{Now: now, Requests: []facts.Request{
		{Kind: facts.RequestRecord, Target: "east", At: now.Add(-2 * time.Hour)},
		{Kind: facts.RequestMigrate, Target: "east", At: now.Add(-time.Minute)},
		{Kind: facts.RequestRecord, Target: "north", At: now.Add(-time.Minute), Own: true},
	}}
	for _, c := range []struct {
		target string
		since  time.Duration
		want   bool
	}{{"east", 3 * time.Hour, true}, {"east", time.Hour, false}, {"north", time.Hour, true}, {"west", 3 * time.Hour, false}} {
		if got := log.Recorded(c.target, now.Add(-c.since)); got != c.want {
			t.Errorf("%s within %v: %v", c.target, c.since, got)
		}
	}
}
