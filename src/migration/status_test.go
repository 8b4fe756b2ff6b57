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
	"jimm-migrator/src/migration/locate"
	"jimm-migrator/src/migration/survey"
)

func TestMovingReportsTheMigrationOfAModel(t *testing.T) {
	for _, c := range []struct {
		name   string
		world  func(*fake)
		state  migration.MovementState
		target string
		proved bool
		long   bool
	}{
		{"none", func(*fake) {}, migration.MovementNone, "", false, false},
		{"running", func(f *fake) { f.standing("exporting model", time.Minute) }, migration.MovementRunning, "east", true, false},
		{"the target is not known", func(f *fake) { f.standing("exporting model", time.Minute); f.requests = nil }, migration.MovementRunning, "", false, false},
		{"for long", func(f *fake) { f.standing(success, 2*time.Hour) }, migration.MovementSucceeded, "east", true, true},
		{"aborted", func(f *fake) { f.old = aborted(time.Hour) }, migration.MovementEnded, "", false, false},
		{"left", func(f *fake) { f.away(east(), false) }, migration.MovementLeft, "east", true, false},
	} {
		for _, completes := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(completes)
				c.world(f)
				m, err := migration.Moving(t.Context(), f.jaas(), migration.Options{Options: survey.Options{Model: "prod", Probe: true}})
				if err != nil || m.State != c.state || m.Target.Name != c.target || m.TargetProved != c.proved || m.Long != c.long {
					t.Errorf("%s, completes %v: %+v, %v", c.name, completes, m, err)
				}
				if f.starts+len(f.records) > 0 || f.forgot {
					t.Errorf("%s: something was changed", c.name)
				}
			})
		}
	}
}

// A migration is followed to its end whether or not its target is known, and nothing is ever
// started.
func TestFollow(t *testing.T) {
	for _, c := range []struct {
		name  string
		world func(*fake)
		want  want
	}{
		{"to a known target", func(f *fake) { f.running("east", true) }, want{facts.Migrated, "", 0, "east", "east", "east"}},
		{"to an unknown target", func(f *fake) { f.running("east", false) }, want{facts.Migrated, "", 0, "east", "east", "east"}},
		{"to an unknown target, and the source does not report it", func(f *fake) { f.running("east", false); f.redirects, f.probe = false, false }, want{facts.Unknown, facts.CauseUnproved, 0, "", "west", ""}},
		{"has left", func(f *fake) { f.away(east(), false) }, want{facts.Recorded, "", 0, "east", "east", "east"}},
		{"nothing runs", func(*fake) {}, want{facts.Refused, facts.CauseNothingRuns, 0, "", "west", "west"}},
		{"was asked for", func(f *fake) { f.requests = []facts.Request{asked("east", time.Minute)} }, want{facts.Refused, facts.CauseNothingRuns, 0, "", "west", "west"}},
		{"aborts", func(f *fake) {
			f.running("east", false)
			f.stages, f.end = f.stages[:4], "aborted, removing model from target controller: full"
		}, want{facts.Aborted, facts.CauseAnswer, 0, "", "west", "west"}},
	} {
		for _, completes := range []bool{false, true} {
			t.Run(c.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newFake(completes)
					c.world(f)
					res, err := migration.Follow(t.Context(), f.jaas(), f, migration.Options{Options: survey.Options{Model: "prod", Probe: f.probe}})
					if err != nil {
						t.Fatal(err)
					}
					check(t, f, res, c.want)
				})
			})
		}
	}
}

func TestAllMovingAsksOnlyForNamedModels(t *testing.T) {
	for _, named := range []bool{false, true} {
		f := newFake(false)
		f.standing("exporting model", time.Minute)
		found, err := migration.AllMoving(t.Context(), f.jaas(), migration.Options{}, func(facts.Model) (facts.Audit, bool) {
			return facts.Audit{Now: time.Now(), Requests: f.requests}, named
		})
		if err != nil || found.Known != 1 || (len(found.Movements) == 1) != named || found.Unasked != 0 {
			t.Errorf("named %v: %+v, %v", named, found, err)
		}
	}
}

// A source that runs Juju 4 shows no migration in any list, but reports itself that one is running.
func TestAllMovingAsksSourcesThatShowNoMigrations(t *testing.T) {
	for said, want := range map[[2]facts.CopyState]migration.MovementState{
		{facts.CopyExporting, facts.CopyImporting}: migration.MovementRunning,
		{facts.CopyMoved, facts.CopyActive}:        migration.MovementLeft,
		{facts.CopyUnknown, facts.CopyAbsent}:      migration.MovementUnknown,
		{facts.CopyActive, facts.CopyAbsent}:       "",
		{facts.CopyActive, facts.CopyImporting}:    "",
		// It may have aborted, or have succeeded and left a copy behind.
		{facts.CopyActive, facts.CopyUnknown}: migration.MovementUnknown,
	} {
		p := &places{west: "4.0.15", copies: map[string]facts.Copy{"west": {State: said[0], To: east().UUID}, "east": {State: said[1]}}}
		p.models = []facts.Model{{UUID: "a", Recorded: west().UUID, Entry: facts.Entry{Kind: facts.InfoListed, Recorded: west().UUID, Status: "available"}}}
		found, err := migration.AllMoving(t.Context(), p.jaas(true), migration.Options{Options: survey.Options{Probe: true}}, func(facts.Model) (facts.Audit, bool) {
			return facts.Audit{Now: time.Now(), Requests: []facts.Request{{Kind: facts.RequestMigrate, Target: "east", At: time.Now(), Answered: true}}}, true
		})
		got := migration.MovementState("")
		if len(found.Movements) == 1 {
			got = found.Movements[0].State
		}
		if err != nil || got != want {
			t.Errorf("the source says %v: %q (%v), want %q", said, got, err, want)
		}
	}
}

// All models with a recent request are asked about, whatever their number. If the time runs out,
// the results so far are kept, and the other models are counted.
func TestAllMovingAsksUntilTheTimeIsOver(t *testing.T) {
	p := &places{gaps: errors.New("cannot list 1 of 300 models"), info: facts.Info{Kind: facts.InfoLive, Controller: west().UUID, Status: "busy", Attempt: facts.Attempt{Text: "migrating: exporting model", Start: time.Now()}}}
	for i := range 299 {
		p.models = append(p.models, facts.Model{UUID: fmt.Sprintf("aaaaaaaa-0000-4000-8000-%012d", i), Recorded: west().UUID})
	}
	for last, want := range map[int][2]int{0: {299, 0}, 120: {119, 180}} {
		ctx, end := context.WithCancel(t.Context())
		jaas := p.jaas(false)
		jaas.Witness = &endsAfter{Witness: jaas.Witness, last: last, end: end}
		found, err := migration.AllMoving(ctx, jaas, migration.Options{}, func(facts.Model) (facts.Audit, bool) { return facts.Audit{}, true })
		end()
		if got := [2]int{len(found.Movements), found.Unasked}; err != nil || got != want || found.Known != 299 || !errors.Is(found.Gaps, p.gaps) {
			t.Errorf("the time ends with answer %d: %d moving, %d not asked, %v", last, got[0], got[1], err)
		}
	}
}

// endsAfter ends the time with one of the answers; 0: with none.
type endsAfter struct {
	survey.Witness
	last int
	end  context.CancelFunc
	n    int
}

func (e *endsAfter) Info(ctx context.Context, model string) facts.Info {
	if e.n++; e.n == e.last {
		e.end()
	}
	return e.Witness.Info(ctx, model)
}

// With a recorder and no starter, a run follows and records, and starts nothing.
func TestFinishStartsNothing(t *testing.T) {
	for _, jimm := range []bool{false, true} {
		t.Run("", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(jimm)
				res, err := migration.Finish(t.Context(), f.jaas(), f, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}, Until: migration.UntilRecorded})
				if err != nil || res.Outcome != facts.NotStarted || res.Cause != facts.CauseNothingRuns || f.starts != 0 {
					t.Errorf("nothing runs: %s (%s), %d starts, %v", res.Outcome, res.Cause, f.starts, err)
				}
				f.running("east", true)
				res, err = migration.Finish(t.Context(), f.jaas(), f, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}, Until: migration.UntilRecorded})
				if err != nil || res.Outcome != facts.Migrated || f.starts != 0 || f.record != east().UUID {
					t.Errorf("a migration runs: %s (%s), %d starts, %v", res.Outcome, res.Cause, f.starts, err)
				}
			})
		})
	}
}

// Once JIMM has lost the model, its UUID is sufficient to find it on its controller.
func TestALostModelIsFoundByItsUUID(t *testing.T) {
	for _, jimm := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(jimm)
			f.record = ""
			for name, run := range map[string]func() (migration.Result, error){
				"migrate": func() (migration.Result, error) {
					return migration.Migrate(t.Context(), f.jaas(), f, migration.Options{Options: survey.Options{Model: modelUUID, Target: "east", Probe: true}})
				},
				"check": func() (migration.Result, error) {
					return migration.Check(t.Context(), f.jaas(), migration.Options{Options: survey.Options{Model: modelUUID, Target: "east", Probe: true}})
				},
				"record": func() (migration.Result, error) {
					return migration.RecordModel(t.Context(), f.jaas(), f, "", migration.Options{Options: survey.Options{Model: modelUUID, Target: "west", Probe: true}})
				},
				"follow": func() (migration.Result, error) {
					return migration.Follow(t.Context(), f.jaas(), f, migration.Options{Options: survey.Options{Model: modelUUID, Probe: true}})
				},
			} {
				res, err := run()
				if err != nil || res.Outcome != facts.LostFromJIMM || res.Holder.Name != "west" || f.starts+len(f.records) > 0 {
					t.Errorf("%s: %s (%s) on %q, %v", name, res.Outcome, res.Cause, res.Holder.Name, err)
				}
			}
			found, err := locate.Locate(t.Context(), f.jaas(), locate.Options{Model: modelUUID, Probe: true})
			if err != nil || len(found.Locations) != 1 || found.Locations[0].State != locate.StateLost || found.Locations[0].Holder.Name != "west" || !strings.Contains(found.Locations[0].Repair, " import-model west "+modelUUID) {
				t.Errorf("%+v, %v", found.Locations, err)
			}
			res, err := migration.Migrate(t.Context(), f.jaas(), f, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}})
			if err != nil || res.Outcome != facts.Refused {
				t.Errorf("by name: %s, %v", res.Outcome, err)
			}
		})
	}
}
