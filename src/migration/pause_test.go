package migration_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// clocked records when the engine calls JIMM.
type clocked struct {
	*fake
	at []time.Time
}

func (c *clocked) Info(ctx context.Context, model string) facts.Info {
	c.at = append(c.at, time.Now())
	return c.fake.Info(ctx, model)
}

func (c *clocked) Summary(ctx context.Context, model string) facts.Entry {
	c.at = append(c.at, time.Now())
	return c.fake.Summary(ctx, model)
}

func (c *clocked) Record(ctx context.Context, model string) facts.Record {
	c.at = append(c.at, time.Now())
	return c.fake.Record(ctx, model)
}

// watched migrates and returns the pauses between the observations, and the time of the second
// poll.
func watched(t *testing.T, completes bool, interval time.Duration, spread float64) (pauses []time.Duration, calls int, took time.Duration) {
	t.Helper()
	c := &clocked{fake: newFake(completes)}
	c.delay = 10 * time.Second
	jaas := c.jaas()
	jaas.Witness = c
	res, err := migration.Migrate(t.Context(), jaas, c, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}, PollInterval: interval, Spread: spread})
	if err != nil || res.Outcome != facts.Migrated {
		t.Fatalf("%s (%s), %v", res.Outcome, res.Cause, err)
	}
	for i, at := range c.at[1:] {
		if d := at.Sub(c.at[i]); d > 0 {
			pauses = append(pauses, d)
		}
	}
	return pauses, len(c.at), c.at[len(c.at)-1].Sub(c.at[0])
}

// Polls are closer when a migration begins and when it is about to leave its
// source, never further apart than a poll interval, and never cost JIMM more than
// a call a second.
func TestThePauseBetweenPolls(t *testing.T) {
	for _, completes := range []bool{false, true} {
		for _, interval := range []time.Duration{time.Second, 5 * time.Second, time.Minute} {
			synctest.Test(t, func(t *testing.T) {
				pauses, calls, took := watched(t, completes, interval, 0)
				if longest := max(interval, 3*time.Second); slices.Max(pauses) > longest {
					t.Errorf("completes %v, every %v: paused for %v", completes, interval, slices.Max(pauses))
				}
				if interval > 4*time.Second && (pauses[0] != interval/2 || !slices.Contains(pauses, interval) || !slices.Contains(pauses[1:], interval/2)) {
					t.Errorf("completes %v, every %v: pauses %v", completes, interval, pauses)
				}
				if most := int(took/time.Second) + 4; calls > most {
					t.Errorf("completes %v, every %v: %d calls in %v", completes, interval, calls, took)
				}
			})
		}
	}
}

// Runs that begin together do not ask together.
func TestTheSpreadShortensTheFirstPauseOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plain, _, _ := watched(t, false, time.Minute, 0)
		spread, _, _ := watched(t, false, time.Minute, 0.5)
		if spread[0] != plain[0]/2 || spread[1] != plain[1] {
			t.Errorf("pauses %v, without spread %v", spread, plain)
		}
	})
}
