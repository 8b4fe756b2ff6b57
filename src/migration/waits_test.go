package migration_test

import (
	"context"
	"errors"
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

// pollIntervals are the shortest, the default and the longest that the charm accepts.
func pollIntervals() []time.Duration {
	return []time.Duration{time.Second, migration.DefaultPollInterval, 5 * time.Minute}
}

func TestAMigrationThatBeginsLateIsFollowedWhateverThePollInterval(t *testing.T) {
	for _, interval := range pollIntervals() {
		for _, completes := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(completes)
				f.delay = 2 * time.Minute
				res := migrate(t, f, func(o *migration.Options) { o.PollInterval, o.Timeout = interval, 3*time.Hour })
				if res.Outcome != facts.Migrated || f.starts != 1 {
					t.Errorf("every %s, completes %v: %s (%s) after %d starts", interval, completes, res.Outcome, res.Cause, f.starts)
				}
			})
		}
	}
}

func TestNotStartedIsSaidInTimeWhateverThePollInterval(t *testing.T) {
	for _, interval := range pollIntervals() {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(false)
			f.refuse = errors.New("a text that is not known")
			began := time.Now()
			res := migrate(t, f, func(o *migration.Options) { o.PollInterval, o.Timeout = interval, 5*time.Hour })
			least, most := 3*time.Minute, max(3*time.Minute, 3*interval)+interval
			if took := time.Since(began); res.Outcome != facts.NotStarted || took < least || took > most {
				t.Errorf("every %s: %s after %s, want between %s and %s", interval, res.Outcome, took, least, most)
			}
		})
	}
}

func TestAHealthyValidationIsNoStallWhateverThePollInterval(t *testing.T) {
	for _, interval := range pollIntervals() {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(false)
			f.stages[5].last = 14 * time.Minute
			res := migrate(t, f, func(o *migration.Options) {
				o.PollInterval, o.Timeout, o.StopOnStall = interval, 5*time.Hour, true
				o.Report = func(e migration.Event) {
					if stall, ok := e.(migration.StallEvent); ok {
						t.Errorf("every %s: %+v", interval, stall)
					}
				}
			})
			if res.Outcome != facts.Migrated {
				t.Errorf("every %s: %s (%s)", interval, res.Outcome, res.Cause)
			}
		})
	}
}

// slowRecorder does not answer its first call to record for three minutes.
type slowRecorder struct {
	*fake
	calls int
}

func (s *slowRecorder) RecordController(ctx context.Context, proof judge.Proof) error {
	if s.calls++; s.calls == 1 {
		select {
		case <-ctx.Done():
		case <-time.After(migration.TimeToRecord):
		}
		return errors.New("no answer within 3m0s")
	}
	return s.fake.RecordController(ctx, proof)
}

func TestOneUnansweredRequestToRecordDoesNotEndTheRun(t *testing.T) {
	for _, completes := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(completes)
			f.redirects = false // JIMM of 2026 does not complete it by itself.
			w := &slowRecorder{fake: f}
			opts := migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}, Timeout: time.Hour}
			res, err := migration.Migrate(t.Context(), f.jaas(), w, opts)
			if err != nil || res.Outcome != facts.Migrated || w.calls != 2 {
				t.Errorf("completes %v: %s (%s) after %d calls, %v", completes, res.Outcome, res.Cause, w.calls, err)
			}
		})
	}
}

// The same request can only be refused again, so the run ends as soon as JIMM's record has been
// read after the refusal, and not after [migration.TimeToRecord].
func TestARecordThatIsRefusedPermanentlyIsNotRepeated(t *testing.T) {
	for _, answer := range []string{
		`cannot record model "c0ffee" on controller "east": user "carol" not found`,
		`cannot record model "c0ffee" on controller "east": controller not found`,
	} {
		for _, confirm := range []string{"no", "", modelUUID} {
			for _, completes := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, confirm %q, completes %v", answer, confirm, completes), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						f := newFake(completes)
						f.redirects = false // JIMM of 2026 does not complete it by itself.
						f.failures, f.failure = 1000, fmt.Errorf("%w: %s", migration.ErrRecordRefused, answer)
						var refused time.Time
						opts := migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}, Timeout: time.Hour, Report: func(e migration.Event) {
							if _, is := e.(migration.RecordEvent); is {
								refused = time.Now()
							}
						}}
						migrate := func() (migration.Result, error) { return migration.Migrate(t.Context(), f.jaas(), f, opts) }
						if confirm != "no" {
							f.began = time.Now().Add(-24 * time.Hour)
							migrate = func() (migration.Result, error) {
								return migration.RecordModel(t.Context(), f.jaas(), f, confirm, opts)
							}
						}
						res, err := migrate()
						if err != nil || res.Outcome != facts.Unknown || res.Cause != facts.CauseRecordFailed || len(f.records) != 1 {
							t.Fatalf("%s (%s) after %d requests, %v", res.Outcome, res.Cause, len(f.records), err)
						}
						if took := time.Since(refused); took > 2*migration.DefaultPollInterval {
							t.Errorf("ended %s after the refusal", took)
						}
						if res.RetrySafe() || res.Next != "" || res.Hint == "" || res.Holder.Name != "east" || res.Recorded.Name != "west" {
							t.Errorf("retry-safe %v, next %q, hint %q, on %v, recorded on %v", res.RetrySafe(), res.Next, res.Hint, res.Holder, res.Recorded)
						}
					})
				})
			}
		}
	}
}

// A text that is JIMM's reason in an answer proves nothing in an error of the connection.
func TestARecordThatIsNotAnsweredIsRepeated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		f.failures, f.failure = 2, errors.New("cannot connect to JIMM: x509: certificate signed by unknown authority")
		opts := migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}, Timeout: time.Hour}
		res, err := migration.Migrate(t.Context(), f.jaas(), f, opts)
		if err != nil || res.Outcome != facts.Migrated || len(f.records) != 3 {
			t.Errorf("%s (%s) after %d requests, %v", res.Outcome, res.Cause, len(f.records), err)
		}
	})
}

func TestTheDeadlineAsksTheControllersWhenJIMMIsSilent(t *testing.T) {
	silent := func(elapsed time.Duration) bool { return elapsed > 30*time.Second }
	for name, c := range map[string]struct {
		world  func(*fake)
		holder string
		runs   bool
		step   facts.Step
		phase  facts.Phase
	}{
		"moved":   {func(*fake) {}, "east", false, facts.StepRecord, facts.PhaseDone},
		"running": {func(f *fake) { f.stages[3].last = 10 * time.Hour }, "", true, facts.StepWatch, facts.PhaseImport},
	} {
		for _, completes := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(completes)
				f.deaf = silent
				c.world(f)
				res := migrate(t, f, func(o *migration.Options) { o.Timeout = 20 * time.Minute })
				if res.Outcome != facts.TimedOut || res.Holder.Name != c.holder || res.Running != c.runs || res.Step != c.step {
					t.Errorf("%s, completes %v: %s in %s, held by %q, running %v", name, completes, res.Outcome, res.Step, res.Holder.Name, res.Running)
				}
				if ended := res.Attempt.Text == ""; res.Phase != c.phase || ended != (c.phase == facts.PhaseDone) {
					t.Errorf("%s, completes %v: %s: %q", name, completes, res.Phase, res.Attempt.Text)
				}
			})
		}
	}
}

// While the target imports the model, the source has it, whatever JIMM's list shows.
func TestTheDeadlineNamesTheSourceWhileTheTargetImports(t *testing.T) {
	for _, completes := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(completes)
			f.stages[3].last = 10 * time.Hour
			f.deaf = func(elapsed time.Duration) bool { return elapsed > 30*time.Second }
			jaas := f.jaas()
			jaas.Witness = says{fake: f, copies: func(name string) facts.Copy {
				switch began := f.starts > 0; {
				case name == "west" && began:
					return facts.Copy{State: facts.CopyExporting}
				case name == "west":
					return facts.Copy{State: facts.CopyActive}
				case name == "east" && began:
					return facts.Copy{State: facts.CopyImporting}
				default:
					return facts.Copy{State: facts.CopyAbsent}
				}
			}}
			opts := migration.Options{Options: survey.Options{Model: "prod", Target: "east", Unit: "jimm-migrator/0", Probe: true}, Timeout: 20 * time.Minute}
			res, err := migration.Migrate(t.Context(), jaas, f, opts)
			if err != nil || res.Outcome != facts.TimedOut || res.Holder.Name != "west" || !res.Running {
				t.Errorf("completes %v: %s, held by %q, running %v, %v", completes, res.Outcome, res.Holder.Name, res.Running, err)
			}
		})
	}
}

// listCounter counts the questions for JIMM's list.
type listCounter struct {
	*fake
	lists int
}

func (c *listCounter) Summary(ctx context.Context, model string) facts.Entry {
	c.lists++
	return c.fake.Summary(ctx, model)
}

func TestAWatchAsksForJIMMsListOnceAMinuteAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.stages[3].last = 20 * time.Minute
		f.began, f.mode = time.Now(), true // Another client has started it.
		f.requests = []facts.Request{{Kind: facts.RequestMigrate, Target: "east", At: time.Now()}}
		w := &listCounter{fake: f}
		jaas := f.jaas()
		jaas.Witness = w
		began := time.Now()
		res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}, PollInterval: time.Second, Timeout: time.Hour})
		minutes := int(time.Since(began) / time.Minute)
		if err != nil || res.Outcome != facts.Migrated || !res.Attached || w.lists > minutes+10 {
			t.Errorf("%s, attached %v: %d lists in %d minutes, %v", res.Outcome, res.Attached, w.lists, minutes, err)
		}
	})
}

func TestARefusalBeforeTheRecordIsSettledInTwoPolls(t *testing.T) {
	for _, words := range []string{
		"source prechecks failed: unit pg/0 not idle or executing (lost)",
		"target prechecks failed: upgrade in progress",
		"connect to target controller: invalid entity name or password (unauthorized access)",
		"cannot initiate migration as the users granted access to the model do not exist\non the destination controller.",
		"failed to dial the controller",
		"login for user \"admin\" blocked because upgrade is in progress",
		"controllers can't be migrated",
	} {
		for _, completes := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(completes)
				f.refuse = errors.New(words)
				began := time.Now()
				res := migrate(t, f, nil)
				if took := time.Since(began); res.Outcome != facts.NotStarted || res.Cause != facts.CauseAnswer || res.Holder.Name != "west" || took > 4*migration.DefaultPollInterval {
					t.Errorf("%q, completes %v: %s (%s), held by %q after %s", words, completes, res.Outcome, res.Cause, res.Holder.Name, took)
				}
			})
		}
	}
}

func TestARefusalIsNotBelievedWhileAMigrationShows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		f.refuse, f.accept, f.delay = errors.New("target prechecks failed: unknown words"), true, 3*time.Second
		if res := migrate(t, f, nil); res.Outcome != facts.Migrated {
			t.Errorf("%s (%s)", res.Outcome, res.Cause)
		}
	})
}

// The result at the deadline says why more is not known. It does not repeat an old answer.
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

// Once the phases are over, the result says what is not known, and names no old phase.
func TestNoOldPhaseIsSaidAfterTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		slow := &slowRecorder{fake: f}
		recorded, over := false, 0
		res, err := migration.Migrate(t.Context(), f.jaas(), slow, migration.Options{
			Options: survey.Options{Model: "prod", Target: "east", Probe: true},
			Report: func(e migration.Event) {
				switch e := e.(type) {
				case migration.RecordEvent:
					recorded = true
				case migration.HeartbeatEvent:
					if recorded && (e.Over != migration.OverUnrecorded || e.Text != "" || e.Phase != facts.PhaseUnknown) {
						t.Errorf("%+v", e)
					}
					if recorded {
						over++
					}
				case migration.EndEvent:
					if e.Phase != facts.PhaseDone || e.Target.Name != "east" || e.Elapsed == 0 {
						t.Errorf("%+v", e)
					}
				}
			},
		})
		if err != nil || res.Outcome != facts.Migrated || res.Phase != facts.PhaseDone || res.Attempt.Text != "" || over == 0 {
			t.Errorf("%s in %s %q after %d lines, %v", res.Outcome, res.Phase, res.Attempt.Text, over, err)
		}
	})
}

// A unit that cannot ask the controllers follows a migration that JIMM did not start. No answer
// shows its end, so the run ends and names the controllers that know it.
func TestAMigrationBehindJIMMsBackIsNotFollowedForEver(t *testing.T) {
	for name, world := range map[string]func(*fake){
		"2024":                                  func(f *fake) { f.completes = false },
		"2024, redirects no one":                func(f *fake) { f.completes, f.redirects = false, false },
		"2026":                                  func(*fake) {},
		"2026, the target's entry first":        func(f *fake) { f.targetFirst = true },
		"2026, no other models on the target":   func(f *fake) { f.lonely = true },
		"2026, redirects no one":                func(f *fake) { f.redirects = false },
		"2026, redirects no one, target's list": func(f *fake) { f.redirects, f.targetFirst = false, true },
	} {
		for _, seen := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, seen %v", name, seen), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newFake(true)
					f.running("east", false)
					f.mode = false // JIMM knows nothing of it.
					if !seen {
						f.stages = f.stages[:2] // The end is not observed.
					}
					world(f)
					began := time.Now()
					res := migrate(t, f, func(o *migration.Options) { o.Probe, o.Timeout = false, 48*time.Hour })
					if took := time.Since(began); res.Outcome != facts.Unknown || took > time.Hour || len(f.records) > 0 || !strings.Contains(res.Hint, "juju config jimm-migrator probe-controllers=true") {
						t.Errorf("%s (%s) after %s: %s", res.Outcome, res.Cause, took, res.Hint)
					}
				})
			})
		}
	}
}
