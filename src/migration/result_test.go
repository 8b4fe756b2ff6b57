package migration_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/migration"
)

// resultLines returns the fields of a result, one per line, without times.
func resultLines(r migration.Result) string {
	var flags strings.Builder
	for _, f := range []struct {
		name string
		set  bool
	}{{"attached", r.Attached}, {"running", r.Running}, {"target proved", r.GoesTo.Known()}, {"users", len(r.Model.Users) > 0}, {"id", r.MigrationID != ""}, {"proof", r.Proof != ""}, {"err", r.Err != nil}} {
		if f.set {
			flags.WriteString(" " + f.name + ";")
		}
	}
	return fmt.Sprintf("%s %s in %s, plan %s: %s to %s, held by %s, recorded on %s, %s;%s detail %q, next %q",
		r.Outcome, r.Cause, r.Step, r.Plan, r.Source, r.Target.Name, r.Holder, r.Recorded, r.Phase, flags.String(), r.Detail, strings.ReplaceAll(r.Next, modelUUID, "UUID"))
}

func TestResultsAreComplete(t *testing.T) {
	for _, c := range []struct {
		name   string
		year   string
		world  func(*fake)
		change func(*migration.Options)
		want   string
	}{
		{
			name: "migrated",
			want: `migrated  in verify, plan start: west to east, held by east, recorded on east, DONE; target proved; users; id; proof; detail "", next ""`,
		},
		{
			name: "migrated by itself", year: "2026", world: func(f *fake) { f.probe = false },
			want: `migrated  in verify, plan start: west to east, held by east, recorded on east, DONE; target proved; users; id; detail "", next ""`,
		},
		{
			name: "aborted", world: func(f *fake) { f.end = "aborted, removing model from target controller: full"; f.stages = f.stages[:3] },
			want: `aborted server-answer in watch, plan start: west to east, held by west, recorded on west, ABORT; target proved; users; id; detail "full", next ""`,
		},
		{
			name: "aborted after the answer to the start was lost",
			world: func(f *fake) {
				f.end, f.stages = "aborted, removing model from target controller: full", f.stages[:3]
				f.refuse, f.accept = errors.New("connection lost"), true
			},
			want: `aborted server-answer in watch, plan start: west to east, held by west, recorded on west, ABORT; target proved; users; detail "full", next ""`,
		},
		{
			name: "ended with new words", world: func(f *fake) { f.end = "finished in a new way"; f.stages = f.stages[:3] },
			want: `unknown server-answer in watch, plan start: west to east, held by , recorded on west, IMPORT; target proved; users; id; detail "finished in a new way", next ""`,
		},
		{
			name: "not started", world: func(f *fake) { f.refuse = errors.New("source prechecks failed: no") },
			want: `not-started server-answer in start, plan start: west to east, held by west, recorded on west, UNKNOWN; users; err; detail "source prechecks failed: no", next ""`,
		},
		{
			name: "not started, accepted", world: func(f *fake) { f.delay = 24 * time.Hour },
			want: `not-started  in start, plan start: west to east, held by west, recorded on west, UNKNOWN; target proved; users; id; detail "", next ""`,
		},
		{
			name: "nothing was sent", world: func(f *fake) { f.refuse = fmt.Errorf("%w: no route", migration.ErrNotSent) },
			want: `not-started server-answer in start, plan start: west to east, held by west, recorded on west, UNKNOWN; users; err; detail "nothing was sent: no route", next ""`,
		},
		{
			name: "timed out in the middle", change: func(o *migration.Options) { o.Timeout = 20 * time.Second },
			want: `timed-out deadline in watch, plan start: west to east, held by west, recorded on west, IMPORT; running; target proved; users; id; detail "", next ""`,
		},
		{
			name: "timed out past the point of no return", change: func(o *migration.Options) { o.Timeout = 60 * time.Second },
			want: `timed-out deadline in watch, plan start: west to east, held by east, recorded on west, LOGTRANSFER; running; target proved; users; id; detail "", next ""`,
		},
		{
			name: "timed out, attached, target unknown",
			world: func(f *fake) {
				f.running("east", false)
				f.began = f.began.Add(-52 * time.Second)
			},
			change: func(o *migration.Options) { o.Timeout = 4 * time.Second },
			want:   `timed-out deadline in watch, plan follow: west to east, held by , recorded on west, LOGTRANSFER; attached; running; users; detail "", next ""`,
		},
		{
			name:   "timed out while JIMM is away",
			world:  func(f *fake) { f.deaf = func(e time.Duration) bool { return e > 20*time.Second }; f.probe = false },
			change: func(o *migration.Options) { o.Timeout = time.Minute },
			want:   `timed-out deadline in watch, plan start: west to east, held by , recorded on west, IMPORT; running; target proved; users; id; err; detail "connection lost", next ""`,
		},
		{
			name: "timed out before anything was seen",
			world: func(f *fake) {
				f.refuse, f.probe = errors.New("connection reset"), false
				f.deaf = func(time.Duration) bool { return true }
			},
			change: func(o *migration.Options) { o.Timeout = time.Minute },
			want:   `timed-out deadline in start, plan start: west to east, held by , recorded on west, UNKNOWN; users; err; detail "connection reset", next ""`,
		},
		{
			name: "recorded", world: func(f *fake) { f.running("east", true); f.began = time.Now().Add(-time.Hour) },
			want: `recorded  in verify, plan record: west to east, held by east, recorded on east, DONE; target proved; users; proof; detail "", next ""`,
		},
		{
			name: "recording never works", world: func(f *fake) { f.failures = 1000 },
			want: `unknown record-failed in record, plan start: west to east, held by east, recorded on west, DONE; target proved; users; id; proof; err; detail "no urls to dial", next "juju run jimm-migrator/0 record-model model=UUID controller=east --wait=20m"`,
		},
		{
			name: "recording is accepted and not done", world: func(f *fake) { f.onRecord = func(f *fake) { f.record = west().UUID } },
			want: `unknown record-failed in record, plan start: west to east, held by east, recorded on west, DONE; target proved; users; id; proof; detail "JIMM accepted the request, but its record still names another controller", next "juju run jimm-migrator/0 record-model model=UUID controller=east --wait=20m"`,
		},
		{
			name: "already there",
			world: func(f *fake) {
				f.running("east", true)
				f.began, f.record = time.Now().Add(-time.Hour), east().UUID
			},
			want: `already-there  in verify, plan verify: west to east, held by east, recorded on east, UNKNOWN; users; detail "", next ""`,
		},
		{
			name: "left over, found later",
			world: func(f *fake) {
				f.running("east", true)
				f.began, f.record, f.end = time.Now().Add(-time.Hour), east().UUID, "removing exported model failed: x"
			},
			want: `migrated-needs-attention left-over in verify, plan verify: west to east, held by east, recorded on east, UNKNOWN; users; detail "", next ""`,
		},
		{
			name: "misrecorded", world: func(f *fake) { f.record = east().UUID },
			want: `unknown misrecorded in verify, plan verify: west to east, held by west, recorded on east, UNKNOWN; err; detail "permission denied", next "jimmctl update-migrated-model west UUID"`,
		},
		{
			name: "unproved",
			world: func(f *fake) {
				f.redirects, f.probe, f.stages = false, false, f.stages[:6]
			},
			want: `unknown unproved in watch, plan start: west to east, held by , recorded on west, VALIDATION; target proved; users; id; err; detail "permission denied", next "juju run jimm-migrator/0 record-model model=UUID controller=east --wait=20m"`,
		},
		{
			name: "unproved, target unknown", world: func(f *fake) { f.running("east", false); f.probe = false },
			want: `unknown unproved in watch, plan follow: west to east, held by , recorded on west, REAP; attached; users; err; detail "redirection required", next ""`,
		},
		{
			name: "left over, target unknown",
			world: func(f *fake) {
				f.running("east", false)
				f.end = "removing exported model failed: no rights"
			},
			want: `unknown unproved in watch, plan follow: west to east, held by , recorded on west, REAPFAILED; attached; users; detail "no rights", next ""`,
		},
		{
			name: "went elsewhere", world: func(f *fake) { f.running("east", false); f.goes = north() },
			want: `refused elsewhere in watch, plan follow: west to east, held by north, recorded on west, REAP; attached; users; detail "", next "juju run jimm-migrator/0 record-model model=UUID controller=north --wait=20m"`,
		},
		{
			name: "runs elsewhere",
			world: func(f *fake) {
				f.refuse = fmt.Errorf("%w: already in progress", migration.ErrMigrating)
				f.between(func(f *fake) { f.running("north", true); f.goes = north() })
			},
			want: `refused other-migration in watch, plan start: west to east, held by west, recorded on west, QUIESCE; attached; running; users; detail "according to JIMM's audit log, it goes to \"north\"", next ""`,
		},
		{
			name: "JIMM records a third", year: "2024",
			world: func(f *fake) {
				f.probe = false
				f.later, f.change = 10*time.Second, func(f *fake) { f.record = north().UUID }
			},
			want: `unknown elsewhere in watch, plan start: west to east, held by , recorded on north, QUIESCE; target proved; users; id; detail "", next ""`,
		},
		{
			name: "JIMM was away and is back when the time is up",
			world: func(f *fake) {
				f.deaf = func(e time.Duration) bool { return e > 5*time.Second && e < 12*time.Second }
			},
			change: func(o *migration.Options) { o.Timeout = 21 * time.Second },
			want:   `timed-out deadline in watch, plan start: west to east, held by west, recorded on west, IMPORT; running; target proved; users; id; detail "", next ""`,
		},
		{
			name: "no controller answers", year: "2026",
			world: func(f *fake) {
				f.refuse, f.probe = errors.New("connection reset"), false
				f.deaf = func(time.Duration) bool { return true }
			},
			want: `unknown no-answer in start, plan start: west to east, held by , recorded on west, UNKNOWN; err; detail "connection lost", next ""`,
		},
		{
			name: "forgotten", year: "2026",
			world: func(f *fake) { f.later, f.change = 34*time.Second, func(f *fake) { f.record = "" } },
			want:  `lost-from-jimm  in watch, plan start: west to east, held by , recorded on , VALIDATION; target proved; users; id; detail "", next ""`,
		},
		{
			name: "forgotten after it had moved", year: "2026",
			world: func(f *fake) {
				f.failures = 1000
				f.later, f.change = 110*time.Second, func(f *fake) { f.record = "" }
			},
			want: `lost-from-jimm  in record, plan start: west to east, held by east, recorded on , REAP; target proved; users; id; proof; detail "", next ""`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(c.year == "2026")
				if c.world != nil {
					c.world(f)
				}
				if diff := cmp.Diff(c.want, resultLines(migrate(t, f, c.change))); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}
