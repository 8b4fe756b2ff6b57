package migration_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

func TestNotStartedNeedsThreeMinutesOfAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		f.probe = false
		f.refuse = errors.New("connection lost")
		f.deaf = func(e time.Duration) bool { return e < 170*time.Second }
		began := time.Now()
		res := migrate(t, f, nil)
		if took := time.Since(began); res.Outcome != facts.NotStarted || took < 170*time.Second+3*time.Minute {
			t.Errorf("%s after %v: the source was asked for less than three minutes", res.Outcome, took)
		}
	})
}

func TestNotStartedIsUnknownWithoutAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.probe = false
		f.refuse = errors.New("connection lost")
		f.deaf = func(time.Duration) bool { return true }
		if res := migrate(t, f, nil); res.Outcome != facts.Unknown || res.Cause != facts.CauseSilent || res.Holder.Known() {
			t.Errorf("%s, %s, on %q", res.Outcome, res.Cause, res.Holder)
		}
	})
}

// A JIMM that merges the lists of its controllers still lists a model that the source has released.
// Without probes only a login shows that.
func TestNotStartedIsNotSaidOfAModelThatLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.probe, f.redirects = false, false
		f.refuse, f.accept = errors.New("connection lost"), true
		f.stages = nil // No observation finds it.
		res := migrate(t, f, nil)
		if res.Outcome != facts.Unknown || res.Holder.Known() || f.hosts > f.loginsAllowed() || f.forgot {
			t.Errorf("%s (%s) after %d logins, forgot %v", res.Outcome, res.Cause, f.hosts, f.forgot)
		}
	})
}

// If the login is not answered either, the result is unknown.
func TestNotStartedIsNotSaidIfTheLoginIsNotAnswered(t *testing.T) {
	for _, answered := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(true)
			f.probe, f.noHost = false, !answered
			f.refuse = errors.New("source prechecks failed: no")
			began := time.Now()
			res := migrate(t, f, nil)
			want, cause := facts.Unknown, facts.CauseSilent
			if answered {
				want, cause = facts.NotStarted, facts.CauseAnswer
			}
			if res.Outcome != want || res.Cause != cause || f.hosts > f.loginsAllowed() || res.Holder.Known() != answered || time.Since(began) > 4*time.Minute {
				t.Errorf("answered %v: %s, %s, on %q after %d logins and %v", answered, res.Outcome, res.Cause, res.Holder, f.hosts, time.Since(began))
			}
			if res.Detail == "" || res.Err == nil {
				t.Errorf("answered %v: no detail", answered)
			}
		})
	}
}

// A temporary denial is forgotten: the next one gets its full time.
func TestUnresolvedTimesDoNotAddUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		f.probe, f.redirects = false, false
		f.stages = []stage{{"starting", 10 * time.Second}, {"exporting model", 10 * time.Minute}}
		f.denies = func(e time.Duration) bool { return e > 20*time.Second && e < 40*time.Second }
		began := time.Now()
		res := migrate(t, f, nil)
		if took := time.Since(began); res.Outcome != facts.Unknown || took < 12*time.Minute {
			t.Errorf("%s, %s after %v", res.Outcome, res.Cause, took)
		}
	})
}

// A pending request keeps its own remaining time and does not get a new one.
func TestAPendingRequestIsWaitedForOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		f.requests = []facts.Request{asked("east", 2*time.Minute)}
		began := time.Now()
		var waits, started time.Duration
		res := migrate(t, f, func(o *migration.Options) {
			o.Report = func(e migration.Event) {
				switch e := e.(type) {
				case migration.WaitEvent:
					waits = e.Limit
				case migration.StartEvent:
					started = time.Since(began)
				}
			}
		})
		if res.Outcome != facts.Migrated || waits != time.Minute || started < time.Minute || started > 70*time.Second {
			t.Errorf("%s: announced %v, started after %v", res.Outcome, waits, started)
		}
	})
}

// The model seemed to have left the source, and is there again.
func TestWhatWasSeenAtFirstChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		f.probe = false
		f.requests = []facts.Request{asked("east", time.Hour)}
		until := time.Now().Add(time.Second)
		f.began, f.stages = time.Now().Add(24*time.Hour), nil
		f.denied = func() bool { return time.Now().Before(until) }
		res := migrate(t, f, nil)
		if res.Outcome != facts.Unknown || res.Cause != facts.CauseChanged || res.Plan != migration.PlanRecord || res.Holder.Name != "west" || f.starts > 0 {
			t.Errorf("%s, %s, plan %s, on %q, %d starts", res.Outcome, res.Cause, res.Plan, res.Holder, f.starts)
		}
	})
}

// twoInUse makes both controllers report that they host the model.
type twoInUse struct{ *fake }

func (twoInUse) Copy(context.Context, facts.Controller, string) facts.Copy {
	return facts.Copy{State: facts.CopyActive}
}

func TestTwoCopiesInUseAreAConflict(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		f.record = east().UUID
		f.running("east", true)
		f.began = time.Now().Add(-time.Hour)
		jaas := f.jaas()
		jaas.Witness = twoInUse{f}
		for _, target := range []string{"east", "north"} {
			res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{Options: survey.Options{Model: "prod", Target: target, Probe: true}})
			if err != nil || res.Outcome != facts.Conflict || res.Holder.Known() || !strings.Contains(res.Detail, `"east" hosts it`) || f.starts+len(f.records) > 0 {
				t.Errorf("%s: %s, %v", target, res.Outcome, err)
			}
		}
	})
}

func TestEventsOfARun(t *testing.T) {
	for name, c := range map[string]struct {
		world func(*fake)
		want  string
	}{
		"start":  {func(*fake) {}, "freeze start phase… released? record"},
		"attach": {func(f *fake) { f.running("east", true) }, "freeze attach phase… released? record"},
		"record": {func(f *fake) { f.running("east", true); f.began = time.Now().Add(-time.Hour) }, "record"},
	} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(false)
			c.world(f)
			var got []string
			migrate(t, f, func(o *migration.Options) {
				o.Report = func(e migration.Event) {
					switch e.(type) {
					case migration.FreezeEvent:
						got = append(got, "freeze")
					case migration.AttachEvent:
						got = append(got, "attach")
					case migration.StartEvent:
						got = append(got, "start")
					case migration.RecordEvent:
						got = append(got, "record")
					case migration.PhaseEvent:
						if len(got) == 0 || got[len(got)-1] != "phase…" {
							got = append(got, "phase…")
						}
					}
				}
			})
			if text := strings.Join(got, " "); text != strings.ReplaceAll(c.want, " released?", "") {
				t.Errorf("%s: %s", name, text)
			}
		})
	}
}

// Nothing is polled unless it was requested.
func TestNothingWasSentIsKnownAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.refuse = fmt.Errorf("%w: no route", migration.ErrNotSent)
		began := time.Now()
		if res := migrate(t, f, nil); res.Outcome != facts.NotStarted || time.Since(began) > 0 {
			t.Errorf("%s after %v", res.Outcome, time.Since(began))
		}
	})
}

func TestCallsToJIMM(t *testing.T) {
	for year, perPoll := range map[string]int{"2024": 1, "2026": 2} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(year == "2026")
			f.probe = false
			f.stages = []stage{{"exporting model", 20 * time.Minute}, {"successful, removing model from source controller", 10 * time.Second}}
			res := migrate(t, f, nil)
			polls := int(20*time.Minute/migration.DefaultPollInterval) + 4
			if res.Outcome != facts.Migrated || f.calls > perPoll*polls+20 {
				t.Errorf("%s: %s after %d calls in %d polls", year, res.Outcome, f.calls, polls)
			}
		})
	}
}

// One observation without an answer is not a reason to log in.
func TestNoLoginForOneObservationThatFindsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.running("east", true)
		f.probe, f.lonely = false, true
		f.denies = func(e time.Duration) bool { return e > 20*time.Second && e < 25*time.Second }
		res := migrate(t, f, func(o *migration.Options) { o.Timeout = 60 * time.Second })
		if f.hosts != 0 || res.Outcome != facts.TimedOut {
			t.Errorf("%s after %d logins", res.Outcome, f.hosts)
		}
	})
}

func TestTimeUnresolved(t *testing.T) {
	const noAnswer, waiting, released = judge.NoAnswer, judge.Waiting, judge.SourceReleased
	for _, c := range []struct {
		kinds []judge.Kind
		want  string
	}{
		{[]judge.Kind{waiting, waiting, waiting}, "0 1 2"},
		{[]judge.Kind{waiting, released, released, waiting}, "0 0 1 0"},
		{[]judge.Kind{noAnswer, noAnswer, waiting, noAnswer, waiting}, "0 1 0 0 2"},
		{[]judge.Kind{waiting, noAnswer, noAnswer, waiting, released, noAnswer, released}, "0 0 1 3 0 0 2"},
	} {
		var got []string
		for _, d := range migration.TimeUnresolved(c.kinds) {
			got = append(got, strconv.Itoa(int(d.Seconds())))
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%v: %s, want %s", c.kinds, text, c.want)
		}
	}
}

// A login without an answer is not repeated.
func TestOneLoginAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.running("east", true)
		f.probe, f.redirects, f.lonely, f.noHost = false, false, true, true
		res := migrate(t, f, nil)
		if f.hosts != 1 || res.Outcome != facts.TimedOut || len(f.records) > 0 {
			t.Errorf("%s after %d logins, recorded %v", res.Outcome, f.hosts, f.records)
		}
	})
}

func TestAttachedAndDetached(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		f.running("east", true)
		began := time.Now()
		res := migrate(t, f, func(o *migration.Options) { o.Until = migration.UntilRunning })
		if res.Outcome != facts.Started || !res.Attached || !res.Running || res.GoesTo.Name != "east" || time.Since(began) > 0 {
			t.Errorf("%s, attached %v, running %v, goes to %v after %v", res.Outcome, res.Attached, res.Running, res.GoesTo, time.Since(began))
		}
	})
}

// The audit log could not be read at first. It is read again, to find out who requested the
// migration.
func TestTheAuditLogIsReadAgainForTheTarget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		f.running("east", true)
		f.probe = false
		f.auditErr = errors.New("no")
		f.later, f.change = 10*time.Second, func(f *fake) { f.auditErr = nil }
		if res := migrate(t, f, nil); res.Outcome != facts.Migrated {
			t.Errorf("%s, %s", res.Outcome, res.Cause)
		}
	})
}

// JIMM's list shows the target's entry while the source still migrates the
// model: nothing may be started because of that.
func TestAListedModelMayMigrateAllTheSame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.running("east", true)
		f.probe, f.targetFirst = false, true
		f.began = f.began.Add(-80 * time.Second) // SUCCESS
		f.requests[0].At = f.began
		res := migrate(t, f, nil)
		if f.starts != 0 || f.forgot || f.early || f.hosts > f.loginsAllowed() {
			t.Errorf("%s: %d starts, forgot %v, early %v, %d logins", res.Outcome, f.starts, f.forgot, f.early, f.hosts)
		}
	})
}

// Another client records the target too early, and the migration is aborted right after that,
// between two observations. JIMM now forgets the model if it is asked for its details.
func TestATooEarlyRecordAndAnAbortBetweenTwoObservations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.probe = false
		f.stages, f.end = f.stages[:4], "aborted, removing model from target controller: full"
		f.later, f.change = 36500*time.Millisecond, func(f *fake) { f.record, f.mode = east().UUID, false }
		f.stages[3].last = 10*time.Second - 400*time.Millisecond
		res := migrate(t, f, nil)
		if f.forgot || res.Outcome == facts.Migrated {
			t.Errorf("%s, forgot %v", res.Outcome, f.forgot)
		}
	})
}

// The record is wrong and the probe is off: JIMM would forget the model if it
// were asked for its details.
func TestDriftWithoutProbeDoesNotMakeJIMMForget(t *testing.T) {
	for _, lonely := range []bool{false, true} {
		for _, dryRun := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(true)
				f.lonely, f.redirects, f.probe = lonely, false, false
				f.running("east", false)
				f.began, f.mode = time.Now().Add(-48*time.Hour), false
				f.refuse = errors.New("model not found")
				opts := migration.Options{Options: survey.Options{Model: "prod", Target: "north"}}
				var err error
				if dryRun {
					_, err = migration.Check(t.Context(), f.jaas(), opts)
				} else {
					_, err = migration.Migrate(t.Context(), f.jaas(), f, opts)
				}
				if err != nil || f.forgot || len(f.records) > 0 {
					t.Errorf("lonely %v, dry run %v: forgot %v, recorded %v, %v", lonely, dryRun, f.forgot, f.records, err)
				}
			})
		}
	}
}

func TestRetryAfterAnAbortWaitsForARequestThatWasNotAnswered(t *testing.T) {
	for _, answered := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(false)
			f.old = aborted(100 * time.Second)
			f.requests = []facts.Request{asked("east", 50*time.Second)}
			f.requests[0].Answered = answered
			if answered {
				f.requests[0].At = f.old.Start.Add(-time.Second)
			}
			began := time.Now()
			var started time.Duration
			res := migrate(t, f, func(o *migration.Options) {
				o.Report = func(e migration.Event) {
					if _, ok := e.(migration.StartEvent); ok {
						started = time.Since(began)
					}
				}
			})
			if res.Outcome != facts.Migrated || f.starts != 1 {
				t.Fatalf("%s, %d starts", res.Outcome, f.starts)
			}
			if waited := started > 2*time.Minute; waited == answered {
				t.Errorf("answered %v: started after %v", answered, started)
			}
		})
	}
}

func TestStuckModeSaysWhatHelps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.refuse = fmt.Errorf("%w: already in migration mode", migration.ErrMarked)
		if res := migrate(t, f, nil); res.Next != "juju run jimm-migrator/0 record-model model="+modelUUID+" controller=west confirm="+modelUUID+" --wait=20m" {
			t.Errorf("next is %q", res.Next)
		}
	})
}

func TestDeadlineIsKeptWithinACallThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		f.hang, f.probe = true, false
		began := time.Now()
		res := migrate(t, f, func(o *migration.Options) { o.Timeout = 7 * time.Minute })
		if took := time.Since(began); res.Outcome != facts.TimedOut || res.Cause != facts.CauseDeadline || took != 7*time.Minute {
			t.Errorf("%s, %s after %v", res.Outcome, res.Cause, took)
		}
	})
}

// hangingStart is a Writer whose start is answered late.
type hangingStart struct {
	*fake
	late time.Duration
}

func (h hangingStart) StartMigration(ctx context.Context, m facts.Model, c facts.Controller) (string, error) {
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case <-time.After(h.late):
		return h.fake.StartMigration(ctx, m, c)
	}
}

func TestStopDuringTheStartIsObeyedSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Second, stop)
		began := time.Now()
		res, err := migration.Migrate(ctx, f.jaas(), hangingStart{f, 2 * time.Minute}, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}})
		took := time.Since(began)
		if err != nil || res.Outcome != facts.Interrupted || res.Cause != facts.CauseNone || took > 14*time.Second {
			t.Errorf("%s, %s after %v, %v", res.Outcome, res.Cause, took, err)
		}
		time.Sleep(2 * time.Minute) //nolint:forbidigo // virtual time, for the writer's goroutine
	})
}

func TestDeadlineDoesNotCutOffTheStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		res, err := migration.Migrate(t.Context(), f.jaas(), hangingStart{f, 2 * time.Minute}, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}, Timeout: time.Minute})
		if err != nil || res.Outcome != facts.TimedOut || res.MigrationID == "" || f.starts != 1 {
			t.Errorf("%s, id %q, %d starts, %v", res.Outcome, res.MigrationID, f.starts, err)
		}
	})
}

// JIMM accepts the record and stops answering right after that.
func TestARecordThatWasAcceptedIsNotRepeatedWhileJIMMIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		f.onRecord = func(f *fake) {
			from := time.Since(f.began)
			f.deaf = func(e time.Duration) bool { return e < from+2*time.Minute }
		}
		check(t, f, migrate(t, f, nil), want{facts.Migrated, "", 1, "east", "east", "east"})
	})
}

// It is not known whether another client has recorded the model, so this is not a success.
func TestNoSuccessWhileTheAuditLogCannotBeRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.probe = false
		f.later, f.change = 30*time.Second, func(f *fake) { f.auditErr = errors.New("no") }
		res := migrate(t, f, nil)
		if res.Outcome != facts.Unknown || res.Cause != facts.CauseSourceUnknown {
			t.Errorf("%s, %s", res.Outcome, res.Cause)
		}
		if f.audits < 3 {
			t.Errorf("the log was asked for %d times, it must be tried again", f.audits)
		}
	})
}

func TestCheckSaysWhatWouldBeDone(t *testing.T) {
	for _, c := range []struct {
		name    string
		world   func(*fake)
		outcome facts.Outcome
		plan    migration.Plan
	}{
		{"nothing runs", func(*fake) {}, facts.ChecksPassed, migration.PlanStart},
		{"runs", func(f *fake) { f.running("east", true) }, facts.ChecksPassed, migration.PlanFollow},
		{"has moved", func(f *fake) { f.running("east", true); f.began = time.Now().Add(-time.Hour) }, facts.ChecksPassed, migration.PlanRecord},
		{"has moved, without probe", func(f *fake) { f.running("east", true); f.began, f.probe = time.Now().Add(-time.Hour), false }, facts.ChecksPassed, migration.PlanRecord},
		{"is there", func(f *fake) {
			f.running("east", true)
			f.began, f.record = time.Now().Add(-time.Hour), east().UUID
		}, facts.AlreadyThere, migration.PlanVerify},
		{"is said to be there and is not", func(f *fake) { f.record = east().UUID }, facts.ChecksPassed, migration.PlanVerify},
		{"asked for a moment ago", func(f *fake) { f.requests = []facts.Request{asked("east", time.Minute)} }, facts.ChecksPassed, migration.PlanWait},
		{"own model", func(f *fake) { f.model.UUID = ownUUID }, facts.Refused, migration.PlanNone},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(false)
				c.world(f)
				res, err := migration.Check(t.Context(), f.jaas(), migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: f.probe, OwnModel: ownUUID}})
				if err != nil || res.Outcome != c.outcome || res.Plan != c.plan {
					t.Errorf("%s, %q, %v", res.Outcome, res.Plan, err)
				}
				for _, finding := range res.Findings {
					if finding.Blocks() != (c.outcome == facts.Refused && finding.Check == checks.OwnModel) {
						t.Errorf("%s is %s: %s", finding.Check, finding.Level, finding.Evidence)
					}
				}
				if f.starts > 0 || len(f.records) > 0 {
					t.Error("a check has changed something")
				}
			})
		})
	}
}

const ownUUID = "00000000-0000-4000-8000-00000000000f"

// A source that keeps retrying the same step must not fill the log.
func TestRepeatedStepsAreReportedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(false)
		f.stages = nil
		for range 200 {
			f.stages = append(f.stages, stage{"successful, waiting for agents to report back", 6 * time.Second}, stage{"transferring ownership of cloud resources to target controller", 6 * time.Second})
		}
		phases, stalls, beats := 0, 0, 0
		res := migrate(t, f, func(o *migration.Options) {
			o.Report = func(e migration.Event) {
				switch e.(type) {
				case migration.PhaseEvent:
					phases++
				case migration.StallEvent:
					stalls++
				case migration.HeartbeatEvent:
					beats++
				}
			}
		})
		if res.Outcome != facts.Migrated || phases != 2 || stalls != 1 || beats < 3 || beats > 12 {
			t.Errorf("%s: %d phases, %d stalls, %d heartbeats", res.Outcome, phases, stalls, beats)
		}
	})
}

func TestNoServerTextLeaksIntoResultsAndEvents(t *testing.T) {
	const canary = "CANARY"
	secret := `credential attribute mismatch: map[secret-key:` + canary + `] != map[secret-key:x]`
	for name, world := range map[string]func(*fake){
		"start":       func(f *fake) { f.refuse = errors.New(secret) },
		"abort":       func(f *fake) { f.end = "aborted, removing model from target controller: " + secret },
		"unknown end": func(f *fake) { f.end = "new words: " + secret },
		"running":     func(f *fake) { f.stages = append(f.stages, stage{secret, time.Hour}) },
		"reap failed": func(f *fake) { f.end = "removing exported model failed: " + secret },
		"earlier":     func(f *fake) { f.old = aborted(time.Hour); f.old.Text += redact.Raw(secret) },
		"silent":      func(f *fake) { f.deaf, f.deafErr = func(time.Duration) bool { return true }, errors.New(secret) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(false)
				f.probe = name != "silent"
				world(f)
				res := migrate(t, f, func(o *migration.Options) {
					o.Report = func(e migration.Event) {
						if !strings.Contains(fmt.Sprintf("%T", e), "Start") && strings.Contains(fmt.Sprintf("%+v", errorless(e)), canary) {
							t.Errorf("%+v", e)
						}
					}
				})
				res.Err = nil // Its text is documented to be raw.
				res.Model.Entry = facts.Entry{}
				if strings.Contains(fmt.Sprintf("%+v", res), canary) {
					t.Errorf("%+v", res)
				}
			})
		})
	}
}

// errorless removes the errors. Their texts are documented as not redacted.
func errorless(e migration.Event) migration.Event {
	switch e := e.(type) {
	case migration.HeartbeatEvent:
		e.Err = nil
		return e
	case migration.RecordEvent:
		e.Err = nil
		return e
	default:
		return e
	}
}
