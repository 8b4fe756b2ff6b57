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
	"jimm-migrator/src/migration/survey"
)

// migrate runs the engine in virtual time against the fake.
func migrate(t *testing.T, f *fake, change func(*migration.Options)) migration.Result {
	t.Helper()
	opts := migration.Options{Options: survey.Options{Model: "prod", Target: "east", Unit: "jimm-migrator/0", Probe: f.probe}, Timeout: time.Hour}
	if change != nil {
		change(&opts)
	}
	res, err := migration.Migrate(t.Context(), f.jaas(), f, opts)
	if err != nil {
		t.Fatalf("Migrate: %v", err)
	}
	return res
}

// want is the expected end of a story.
type want struct {
	outcome  facts.Outcome
	cause    facts.Cause
	starts   int
	records  string // Controllers that JIMM was asked to record, separated by commas.
	recorded string // Controller that JIMM records at the end.
	holder   string
}

func check(t *testing.T, f *fake, res migration.Result, w want) {
	t.Helper()
	got := want{res.Outcome, res.Cause, f.starts, strings.Join(f.records, ","), nameOf(f.record), res.Holder.Name}
	if got != w {
		t.Errorf("got  %+v\nwant %+v\ndetail %q", got, w, res.Detail)
	}
	if f.forgot {
		t.Error("JIMM was made to forget the model")
	}
	if f.early {
		t.Error("JIMM was asked to record the target before the migration had succeeded")
	}
	if f.hosts > f.loginsAllowed() {
		t.Errorf("%d logins to the model, want at most %d", f.hosts, f.loginsAllowed())
	}
}

func nameOf(uuid facts.ControllerUUID) string {
	for _, c := range []facts.Controller{west(), east(), north()} {
		if c.UUID == uuid {
			return c.Name
		}
	}
	return string(uuid)
}

// story is a world and its expected end.
type story struct {
	name   string
	world  func(*fake)
	change func(*migration.Options)
	// want for JIMM of 2024; want2026 if that of 2026 differs.
	want     want
	want2026 *want
}

func stories() []story {
	done := want{facts.Migrated, "", 1, "east", "east", "east"}
	byItself := want{facts.Migrated, "", 1, "", "east", "east"}
	return []story{
		// The source's own redirect is sufficient proof, whether or not JIMM would have recorded
		// the target by itself.
		{name: "success", want: done},
		{
			name: "success without probe", world: func(f *fake) { f.probe = false },
			want: done, want2026: &byItself,
		},
		{
			name:  "the source denies after success",
			world: func(f *fake) { f.redirects = false },
			want:  done,
		},
		{
			name:  "the source denies after success, without probe",
			world: func(f *fake) { f.redirects, f.probe = false, false },
			want:  done,
		},
		{
			name: "the source denies and no text of success was seen, without probe",
			world: func(f *fake) {
				f.redirects, f.probe = false, false
				f.stages = f.stages[:6]
			},
			want: want{facts.Unknown, facts.CauseUnproved, 1, "", "west", ""},
		},
		{
			name: "abort by the target",
			world: func(f *fake) {
				f.stages = f.stages[:4]
				f.end = "aborted, removing model from target controller: model data transfer failed, target went away"
			},
			want: want{facts.Aborted, facts.CauseAnswer, 1, "", "west", "west"},
		},
		{
			name: "an earlier abort is not mistaken for ours",
			world: func(f *fake) {
				f.old = facts.Attempt{Text: "aborted, removing model from target controller: old", Start: time.Now().Add(-time.Hour), End: time.Now().Add(-time.Minute)}
				f.delay = 20 * time.Second
			},
			want: done,
			// JIMM takes the old end for the end of the new migration, and stops following.
			want2026: &want{facts.Migrated, "", 1, "east", "east", "east"},
		},
		{
			name: "refused by a precheck",
			world: func(f *fake) {
				f.refuse = errors.New("source prechecks failed: unit pg/0 not idle or executing (lost)")
			},
			want: want{facts.NotStarted, facts.CauseAnswer, 1, "", "west", "west"},
		},
		{
			name: "the answer to the start is lost",
			world: func(f *fake) {
				f.refuse, f.accept = errors.New("connection lost"), true
			},
			want: done,
		},
		{
			name: "the answer to the start is lost and nothing starts",
			world: func(f *fake) {
				f.refuse = errors.New("connection lost")
			},
			want: want{facts.NotStarted, facts.CauseAnswer, 1, "", "west", "west"},
		},
		{
			name:  "nothing was sent",
			world: func(f *fake) { f.refuse = fmt.Errorf("%w: no route", migration.ErrNotSent) },
			want:  want{facts.NotStarted, facts.CauseAnswer, 1, "", "west", "west"},
		},
		{
			name:  "accepted and never seen",
			world: func(f *fake) { f.delay = 24 * time.Hour },
			want:  want{facts.NotStarted, "", 1, "", "west", "west"},
		},
		{
			name:  "JIMM is away for a while",
			world: func(f *fake) { f.deaf = func(e time.Duration) bool { return e > 10*time.Second && e < 70*time.Second } },
			want:  done,
		},
		{
			name:  "JIMM never answers again",
			world: func(f *fake) { f.deaf = func(e time.Duration) bool { return e > 10*time.Second }; f.probe = false },
			want:  want{facts.TimedOut, facts.CauseDeadline, 1, "", "west", ""},
		},
		{
			name:  "recording fails at first",
			world: func(f *fake) { f.failures = 3; f.redirects = false },
			want:  want{facts.Migrated, "", 1, "east,east,east,east", "east", "east"},
		},
		{
			name:  "recording never works",
			world: func(f *fake) { f.failures = 1000; f.redirects = false },
			want:  want{facts.Unknown, facts.CauseRecordFailed, 1, strings.TrimSuffix(strings.Repeat("east,", 9), ","), "west", "east"},
		},
		{
			name: "the source cannot remove its copy",
			world: func(f *fake) {
				f.end = "removing exported model failed: cleanup"
			},
			want: want{facts.NeedsAttention, facts.CauseLeftOver, 1, "east", "east", "east"},
		},
		{
			name:  "an unknown end is not a success and not an abort",
			world: func(f *fake) { f.end = "finished in a new way" },
			want:  want{facts.Unknown, facts.CauseAnswer, 1, "", "west", ""},
		},
		{
			name: "stalls until the deadline",
			world: func(f *fake) {
				f.stages = []stage{{"transferring ownership of cloud resources to target controller", 100 * time.Hour}}
			},
			change: func(o *migration.Options) { o.Timeout = 10 * time.Minute },
			want:   want{facts.TimedOut, facts.CauseDeadline, 1, "", "west", "east"},
		},
		{
			name:   "detached",
			change: func(o *migration.Options) { o.Until = migration.UntilRunning },
			want:   want{facts.Started, "", 1, "", "west", "west"},
		},
		{
			name:  "attaches to what runs",
			world: func(f *fake) { f.running("east", true) },
			want:  want{facts.Migrated, "", 0, "east", "east", "east"},
		},
		{
			name:  "refuses while another migration runs",
			world: func(f *fake) { f.running("north", true); f.goes = north() },
			want:  want{facts.Refused, facts.CauseChecks, 0, "", "west", "west"},
		},
		{
			name:  "does not record by guess where the target is not known",
			world: func(f *fake) { f.running("east", false); f.probe = false },
			want:  want{facts.Unknown, facts.CauseUnproved, 0, "", "west", ""},
		},
		{
			name:  "the source itself names an unknown target",
			world: func(f *fake) { f.running("east", false) },
			want:  want{facts.Migrated, "", 0, "east", "east", "east"},
		},
		{
			name:  "what was followed went elsewhere",
			world: func(f *fake) { f.running("east", false); f.goes = north() },
			want:  want{facts.Refused, facts.CauseElsewhere, 0, "", "west", "north"},
		},
		{
			name:  "moved before and not recorded",
			world: func(f *fake) { f.running("east", true); f.began = time.Now().Add(-time.Hour) },
			want:  want{facts.Recorded, "", 0, "east", "east", "east"},
		},
		{
			name:  "moved before and not recorded, without probe",
			world: func(f *fake) { f.running("east", true); f.began = time.Now().Add(-time.Hour); f.probe = false },
			want:  want{facts.Recorded, "", 0, "east", "east", "east"},
			// Its record is in a list that leaves out what a controller denies,
			// and whether a success was reached was not seen.
			want2026: &want{facts.Unknown, facts.CauseUnproved, 0, "", "west", ""},
		},
		{
			name: "already there",
			world: func(f *fake) {
				f.running("east", true)
				f.began, f.record = time.Now().Add(-time.Hour), east().UUID
			},
			want: want{facts.AlreadyThere, "", 0, "", "east", "east"},
		},
		{
			name: "requested a moment ago and not reported",
			world: func(f *fake) {
				f.requests = []facts.Request{{Kind: facts.RequestMigrate, Target: "east", At: time.Now().Add(-10 * time.Second)}}
			},
			want: done,
		},
		{
			name: "asked for a moment ago and begins",
			world: func(f *fake) {
				f.running("east", true)
				f.began = time.Now().Add(30 * time.Second)
				f.requests[0].At = time.Now().Add(-10 * time.Second)
			},
			want: want{facts.Migrated, "", 0, "east", "east", "east"},
		},
		{
			name:   "unknown target",
			change: func(o *migration.Options) { o.Target = "south" },
			want:   want{facts.Refused, facts.CauseChecks, 0, "", "west", "west"},
		},
		{
			name:   "unknown model",
			change: func(o *migration.Options) { o.Model = "staging" },
			want:   want{facts.Refused, facts.CauseChecks, 0, "", "west", ""},
		},
		{
			name:   "own model",
			change: func(o *migration.Options) { o.OwnModel = modelUUID },
			want:   want{facts.Refused, facts.CauseChecks, 0, "", "west", "west"},
		},
		{
			name:  "dying model",
			world: func(f *fake) { f.model.Life = "dying" },
			want:  want{facts.Migrated, "", 1, "east", "east", "east"}, // The live answer says alive.
		},
	}
}

// running starts a migration a minute before the run, as another client.
func (f *fake) running(target string, audited bool) {
	f.began = time.Now().Add(-5 * time.Second)
	f.mode = true
	if audited {
		f.requests = []facts.Request{{Kind: facts.RequestMigrate, Target: target, At: f.began}}
	}
}

func TestMigrate(t *testing.T) {
	for _, s := range stories() {
		for _, jimm := range []string{"2024", "2026", "2026, no other models on the target"} {
			t.Run(s.name+", "+jimm, func(t *testing.T) { s.run(t, jimm) })
		}
	}
}

func TestRunAgainStartsNothingTwice(t *testing.T) {
	for _, completes := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(completes)
			ctx, kill := context.WithCancel(t.Context())
			go func() {
				<-time.After(30 * time.Second)
				kill()
			}()
			opts := migration.Options{Options: survey.Options{Model: modelUUID, Target: "east", Probe: true}}
			first, err := migration.Migrate(ctx, f.jaas(), f, opts)
			if err != nil || first.Outcome != facts.Interrupted || first.Cause != facts.CauseNone {
				t.Fatalf("first run: %v %v, %v", first.Outcome, first.Cause, err)
			}
			second := migrate(t, f, nil)
			if second.Outcome != facts.Migrated || f.starts != 1 || !second.Attached {
				t.Errorf("second run: %v, attached %v, %d starts", second.Outcome, second.Attached, f.starts)
			}
			if third := migrate(t, f, nil); third.Outcome != facts.AlreadyThere || f.starts != 1 {
				t.Errorf("third run: %v, %d starts", third.Outcome, f.starts)
			}
		})
	}
}
