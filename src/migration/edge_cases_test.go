package migration_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
)

// aborted is an attempt to the target that the source still shows.
func aborted(ago time.Duration) facts.Attempt {
	return facts.Attempt{Text: "aborted, removing model from target controller: old", Start: time.Now().Add(-ago), End: time.Now().Add(-ago / 2)}
}

// asked is an entry of the audit log.
func asked(target string, ago time.Duration) facts.Request {
	return facts.Request{Kind: facts.RequestMigrate, Target: target, At: time.Now().Add(-ago)}
}

// edgeCases are rare worlds. Each must have the correct end.
func edgeCases() []story {
	done := want{facts.Migrated, "", 1, "east", "east", "east"}
	refused := want{facts.Refused, facts.CauseChecks, 0, "", "west", ""}
	return []story{
		{
			name: "a copy that could not be removed is never migrated again",
			world: func(f *fake) {
				f.running("east", true)
				f.began, f.end = time.Now().Add(-10*time.Minute), "removing exported model failed: cleanup"
				f.requests[0].At = f.began
			},
			want: want{facts.NeedsAttention, facts.CauseLeftOver, 0, "east", "east", "east"},
		},
		{
			name: "a copy that could not be removed, target unknown",
			world: func(f *fake) {
				f.running("east", false)
				f.began, f.end = time.Now().Add(-10*time.Minute), "removing exported model failed: cleanup"
			},
			want: refused,
		},
		{
			name: "a copy that could not be removed, moved elsewhere",
			world: func(f *fake) {
				f.running("north", true)
				f.began, f.end, f.goes = time.Now().Add(-10*time.Minute), "removing exported model failed: cleanup", north()
				f.requests[0].At = f.began
			},
			want: refused,
		},
		{
			name: "moved elsewhere by the source's own word, whatever was asked for",
			world: func(f *fake) {
				f.running("east", true)
				f.began, f.goes = time.Now().Add(-time.Hour), north()
			},
			want: want{facts.Refused, facts.CauseChecks, 0, "", "west", "north"},
		},
		{
			name: "another migration begins while JIMM is away",
			world: func(f *fake) {
				f.deaf = func(e time.Duration) bool { return e > 10*time.Second && e < 60*time.Second }
				f.later = 59 * time.Second
				f.change = func(f *fake) {
					f.began, f.goes, f.deaf = time.Now().Add(-time.Second), north(), nil
					f.requests = append(f.requests, asked("north", time.Second))
				}
			},
			want: want{facts.Unknown, facts.CauseOtherMigration, 1, "", "west", "west"},
		},
		{
			name: "a request that was refused long ago does not show where a migration goes",
			world: func(f *fake) {
				f.running("east", true)
				f.requests[0].At = f.began.Add(-time.Hour)
				f.goes, f.probe = north(), false
			},
			want: want{facts.Unknown, facts.CauseUnproved, 0, "", "west", ""},
		},
		{
			name: "a request made after the migration began does not show where it goes",
			world: func(f *fake) {
				f.running("east", true)
				f.requests[0].At = f.began.Add(3 * time.Minute)
				f.stages[1].last = 10 * time.Minute
				f.began = f.began.Add(-4 * time.Minute)
				f.requests[0].At = f.began.Add(3 * time.Minute)
				f.goes, f.probe = north(), false
			},
			want: want{facts.Unknown, facts.CauseUnproved, 0, "", "west", ""},
		},
		{
			name: "refused because another one to the target runs",
			world: func(f *fake) {
				f.refuse = fmt.Errorf("%w: already in progress", migration.ErrMigrating)
				f.between(func(f *fake) { f.running("east", true) })
			},
			want: done,
		},
		{
			name: "refused because another one runs elsewhere",
			world: func(f *fake) {
				f.refuse = fmt.Errorf("%w: already in progress", migration.ErrMigrating)
				f.between(func(f *fake) { f.running("north", true); f.goes = north() })
			},
			want: want{facts.Refused, facts.CauseOtherMigration, 1, "", "west", "west"},
		},
		{
			name: "refused because one runs that JIMM was not asked for, without probe",
			world: func(f *fake) {
				f.refuse = fmt.Errorf("%w: already in progress", migration.ErrMigrating)
				f.probe = false
				f.between(func(f *fake) { f.running("north", false); f.goes = north() })
			},
			want: want{facts.Unknown, facts.CauseUnproved, 1, "", "west", ""},
		},
		{
			name: "JIMM believes in a migration that is not there",
			world: func(f *fake) {
				f.refuse = fmt.Errorf("%w: already in migration mode", migration.ErrMarked)
			},
			want: want{facts.NotStarted, facts.CauseAnswer, 1, "", "west", "west"},
		},
		{
			name: "asked for a moment ago and goes elsewhere",
			world: func(f *fake) {
				f.running("north", true)
				f.began, f.goes = time.Now().Add(30*time.Second), north()
				f.requests[0].At = time.Now().Add(-10 * time.Second)
			},
			want: want{facts.Refused, facts.CauseOtherMigration, 0, "", "west", "west"},
		},
		{
			name: "asked for a moment ago and begins, detached",
			world: func(f *fake) {
				f.running("east", true)
				f.began = time.Now().Add(30 * time.Second)
				f.requests[0].At = time.Now().Add(-10 * time.Second)
			},
			change: func(o *migration.Options) { o.Until = migration.UntilRunning },
			want:   want{facts.Started, "", 0, "", "west", "west"},
		},
		{
			name: "detached, and aborts at once",
			world: func(f *fake) {
				f.stages = []stage{{"aborted, removing model from target controller: full", 20 * time.Second}}
				f.end = "aborted, removing model from target controller: full"
			},
			change: func(o *migration.Options) { o.Until = migration.UntilRunning },
			want:   want{facts.Aborted, facts.CauseAnswer, 1, "", "west", "west"},
		},
		{
			name: "moved, and the audit log has only an old request",
			world: func(f *fake) {
				f.running("east", false)
				f.began, f.probe, f.lonely = time.Now().Add(-time.Hour), false, true
				f.requests = []facts.Request{asked("east", 48*time.Hour)}
			},
			want: refused,
		},
		{
			name: "moved, recorded elsewhere and moved again since the request",
			world: func(f *fake) {
				f.running("east", false)
				f.began, f.probe, f.lonely = time.Now().Add(-time.Hour), false, true
				f.requests = []facts.Request{asked("east", 3*time.Hour), {Kind: facts.RequestRecord, Target: "west", At: time.Now().Add(-2 * time.Hour)}}
			},
			want: refused,
		},
		{
			name: "a record that names another controller since, without probe",
			world: func(f *fake) {
				f.probe = false
				f.running("east", true)
				f.later, f.change = 30*time.Second, func(f *fake) { f.record = north().UUID }
			},
			want: want{facts.Refused, facts.CauseElsewhere, 0, "", "north", ""},
		},
		{
			name: "recorded by hand before the source released it",
			world: func(f *fake) {
				f.running("east", true)
				f.probe = false
				f.later, f.change = 70*time.Second, func(f *fake) {
					f.record = east().UUID
					f.requests = append(f.requests, facts.Request{Kind: facts.RequestRecord, Target: "east", At: time.Now()})
				}
			},
			want: want{facts.Unknown, facts.CauseSourceUnknown, 0, "", "east", "east"},
			// JIMM's list still shows the migration, so it is known to have ended.
			want2026: &want{facts.Unknown, facts.CauseSourceUnknown, 0, "", "east", "east"},
		},
		{
			name: "over before the start was answered, and JIMM lists the target's copy",
			world: func(f *fake) {
				f.refuse, f.accept = errors.New("no answer within 3m0s"), true
				f.stages, f.end = []stage{{"starting", time.Second}}, "removing exported model failed: cleanup"
				f.targetFirst, f.lonely = true, false
				f.delay = -time.Minute
			},
			want: want{facts.NeedsAttention, facts.CauseLeftOver, 1, "east", "east", "east"},
		},
		{
			name: "recorded, and JIMM's record goes on to another controller",
			world: func(f *fake) {
				f.running("east", true)
				f.onRecord = func(f *fake) { f.record = north().UUID }
			},
			want: want{facts.Unknown, facts.CauseElsewhere, 0, "east", "north", "east"},
		},
		{
			name: "recorded before us, and a controller that could have kept a copy is silent",
			world: func(f *fake) {
				f.running("east", false)
				f.began, f.probe, f.record = time.Now().Add(-time.Hour), false, east().UUID
				f.requests = []facts.Request{asked("east", time.Hour), {Kind: facts.RequestRecord, Target: "east", At: time.Now().Add(-50 * time.Minute), Own: true}}
			},
			change: func(o *migration.Options) { o.Probe = true },
			want:   want{facts.Unknown, facts.CauseSourceUnknown, 0, "", "east", "east"},
		},
		{
			name: "the source has moved it, and JIMM's record is unknown",
			world: func(f *fake) {
				f.running("east", true)
				f.deaf = func(e time.Duration) bool { return e > 70*time.Second }
			},
			want: want{facts.TimedOut, facts.CauseDeadline, 0, "", "west", "east"},
		},
		{
			name: "recorded where it may never have been, and no answer says which controller has it",
			world: func(f *fake) {
				f.record, f.goes = east().UUID, west()
				f.probe, f.noHost = false, true
			},
			want:     want{facts.Unknown, facts.CauseMisrecorded, 0, "", "east", ""},
			want2026: &want{facts.Unknown, facts.CauseSilent, 0, "", "east", ""},
		},
	}
}

// between makes a change after the first observation and before the start.
func (f *fake) between(change func(*fake)) { f.before = change }

func TestMigrateEdgeCases(t *testing.T) {
	for _, s := range edgeCases() {
		for _, jimm := range []string{"2024", "2026", "2026, no other models on the target"} {
			t.Run(s.name+", "+jimm, func(t *testing.T) { s.run(t, jimm) })
		}
	}
}

func (s story) run(t *testing.T, jimm string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := newFake(jimm != "2024")
		f.lonely = jimm != "2026"
		if s.world != nil {
			s.world(f)
		}
		w := s.want
		if jimm != "2024" && s.want2026 != nil {
			w = *s.want2026
		}
		check(t, f, migrate(t, f, s.change), w)
	})
}
