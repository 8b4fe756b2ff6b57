package migration_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
)

func TestAMigrationThatDoesNotGoOn(t *testing.T) {
	counting := func() []stage {
		var out []stage
		for i := range 120 {
			out = append(out, stage{fmt.Sprintf("successful, transferring logs to target controller (%d sent)", i), time.Minute})
		}
		return out
	}
	for _, c := range []struct {
		name   string
		stages []stage
		after  time.Duration // of the stall; zero: none
		words  string
	}{
		{"waiting", []stage{{"validating, waiting for agents to report back: 1 succeeded, 1 still to report", 100 * time.Hour}}, 20 * time.Minute, "VALIDATION"},
		{"stuck in SUCCESS", []stage{{success, 100 * time.Hour}}, 20 * time.Minute, "juju/juju#20286"},
		{"importing", []stage{{"importing model into target controller", 100 * time.Hour}}, 60 * time.Minute, "IMPORT"},
		{"transferring, and counting", counting(), 0, ""},
		{"transferring, and not counting", []stage{{"successful, transferring logs to target controller (1 sent)", 100 * time.Hour}}, 60 * time.Minute, "LOGTRANSFER"},
	} {
		for _, stop := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(false)
				f.stages = c.stages
				began := time.Now()
				var stalls []time.Duration
				res := migrate(t, f, func(o *migration.Options) {
					o.StopOnStall, o.Timeout = stop, 110*time.Minute
					o.Report = func(e migration.Event) {
						if e, ok := e.(migration.StallEvent); ok && !e.Repeats {
							stalls = append(stalls, time.Since(began))
						}
					}
				})
				took := time.Since(began)
				switch {
				case c.after == 0 && len(stalls) > 0, c.after > 0 && (len(stalls) != 1 || stalls[0].Round(time.Minute) != c.after):
					t.Errorf("%s: stalled after %v", c.name, stalls)
				case stop && c.after > 0 && (res.Outcome != facts.TimedOut || res.Cause != facts.CauseStalled || took != stalls[0] || !strings.Contains(res.Detail, c.words) || !res.Running):
					t.Errorf("%s: %s, %s after %v: %q", c.name, res.Outcome, res.Cause, took, res.Detail)
				case !stop && (res.Outcome != facts.TimedOut || res.Cause != facts.CauseDeadline):
					t.Errorf("%s: %s, %s", c.name, res.Outcome, res.Cause)
				}
			})
		}
	}
}

func TestTextsThatComeAgainAreAStallToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		f.stages = nil
		for range 200 {
			f.stages = append(f.stages, stage{"successful, waiting for agents to report back", 6 * time.Second}, stage{success, 6 * time.Second})
		}
		res := migrate(t, f, func(o *migration.Options) { o.StopOnStall = true })
		if res.Outcome != facts.TimedOut || res.Cause != facts.CauseStalled || !strings.Contains(res.Detail, judge.IssueStuckInSuccess) {
			t.Errorf("%s, %s: %q", res.Outcome, res.Cause, res.Detail)
		}
	})
}

func TestTimingOfAMigration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		res := migrate(t, f, nil)
		got := res.Timing
		for _, c := range []struct {
			what     string
			at       time.Time
			earliest time.Duration
		}{
			{"start", got.Started, 0},
			{"quiesced", got.Quiesced, 2 * time.Second},
			{"no return", got.NoReturn, 42 * time.Second},
			{"active", got.Active, 42 * time.Second},
			{"recorded", got.Recorded, 82 * time.Second},
			{"finished", got.Finished, 82 * time.Second},
		} {
			if d := c.at.Sub(f.began); d < c.earliest || d > c.earliest+15*time.Second {
				t.Errorf("%s after %v, want %v or a few polls later", c.what, d, c.earliest)
			}
		}
		if d := got.Downtime(); d < 35*time.Second || d > 50*time.Second {
			t.Errorf("downtime %v", d)
		}
		if got.Unserved <= 0 || got.Unserved > 15*time.Second {
			t.Errorf("not served for %v", got.Unserved)
		}
	})
}

// The agents are down until one of them is seen on the target.
func TestDowntimeLastsUntilAnAgentIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		jaas, g := withInspector(f)
		g.change["east"] = func(reading int, i *facts.Inventory) {
			if reading < 4 {
				lost("0", "1", "web/0", "web/1", "nrpe/0")(i)
			}
		}
		res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}})
		got := res.Timing
		if err != nil || got.Agents.Sub(got.Finished) < 30*time.Second || got.Downtime() != got.Agents.Sub(got.Quiesced) {
			t.Errorf("agents %v after the end, downtime %v, %v", got.Agents.Sub(got.Finished), got.Downtime(), err)
		}
	})
}

func TestTimingOfAnAbort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.stages, f.end = f.stages[:6], "aborted, removing model from target controller: full"
		got := migrate(t, f, nil).Timing
		if got.Quiesced.IsZero() || !got.NoReturn.IsZero() || !got.Recorded.IsZero() || got.Finished.IsZero() || got.Downtime() < 30*time.Second {
			t.Errorf("%+v", got)
		}
	})
}
