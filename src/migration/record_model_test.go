package migration_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
)

// away makes the model move to the controller an hour before the run.
func (f *fake) away(to facts.Controller, audited bool) {
	f.goes = to
	f.running(to.Name, audited)
	f.began = time.Now().Add(-time.Hour)
	f.mode = false
	if audited {
		f.requests[0].At = f.began
	}
}

// home makes the model stay, with JIMM's migration mode still set.
func (f *fake) stuck() { f.mode = true }

// standing is a migration that stays in the phase.
func (f *fake) standing(text string, since time.Duration) {
	f.stages = []stage{{text, 1000 * time.Hour}}
	f.running("east", true)
	f.began = time.Now().Add(-since)
	f.requests[0].At = f.began
}

const success = "transferring ownership of cloud resources to target controller"

func TestRecordModel(t *testing.T) {
	recorded := func(to string) want { return want{facts.Recorded, "", 0, to, to, to} }
	refused := func(cause facts.Cause, holder string) want {
		return want{facts.Refused, cause, 0, "", "west", holder}
	}
	for _, s := range []struct {
		name     string
		world    func(*fake)
		to       string
		confirm  string
		want     want
		want2026 *want
		detail   string
		next     string
		waited   time.Duration // at least
	}{
		{name: "the source redirects", world: func(f *fake) { f.away(east(), false) }, want: recorded("east")},
		{name: "the source redirects elsewhere", to: "north", world: func(f *fake) { f.away(east(), false) }, want: refused(facts.CauseElsewhere, "east"), next: "record-model model=" + modelUUID + " controller=east", detail: `migrated the model to "east"`},
		{name: "confirmed to where the source does not point", to: "north", confirm: modelUUID, world: func(f *fake) { f.away(east(), false) }, want: refused(facts.CauseElsewhere, "east")},
		{
			name: "denied, asked for in the log, not proved", world: func(f *fake) { f.away(east(), true); f.redirects, f.probe = false, false },
			want: want{facts.Unknown, facts.CauseUnproved, 0, "", "west", ""}, next: "confirm=" + modelUUID,
		},
		{
			name: "denied, not in the log", world: func(f *fake) { f.away(east(), false); f.redirects, f.probe = false, false },
			want: want{facts.Unknown, facts.CauseUnproved, 0, "", "west", ""}, next: "confirm=" + modelUUID,
		},
		{
			name: "denied and confirmed", confirm: modelUUID, world: func(f *fake) { f.away(east(), false); f.redirects, f.probe = false, false },
			want: recorded("east"), waited: migration.TimeToConfirm,
		},
		{name: "it has not moved", want: refused(facts.CauseRecordCorrect, "west"), detail: `"west" hosts the model`},
		{name: "it has not moved, confirmed", confirm: modelUUID, want: refused(facts.CauseRecordCorrect, "west")},
		{
			name: "recorded there, and moved away", to: "west", detail: `has migrated the model to "east"`, next: "controller=east",
			world: func(f *fake) { f.away(east(), false) },
			want:  want{facts.Refused, facts.CauseElsewhere, 0, "", "west", "east"}, want2026: &want{facts.Refused, facts.CauseElsewhere, 0, "", "west", "east"},
		},
		{
			name: "recorded there, and never was", detail: `"east" reports that it does not have the model`, next: "locate-model model=" + modelUUID,
			world: func(f *fake) { f.record = east().UUID },
			want:  want{facts.Refused, facts.CauseElsewhere, 0, "", "east", ""}, want2026: &want{facts.Refused, facts.CauseElsewhere, 0, "", "east", ""},
		},
		{
			name: "neither has it, confirmed", to: "north", confirm: modelUUID, detail: `"north" reports that it does not have the model`,
			world: func(f *fake) { f.record = east().UUID },
			want:  want{facts.Refused, facts.CauseElsewhere, 0, "", "east", ""}, want2026: &want{facts.Refused, facts.CauseElsewhere, 0, "", "east", ""},
		},
		{name: "it has not moved, confirmed, without probe", confirm: modelUUID, world: func(f *fake) { f.probe = false }, want: refused(facts.CauseRecordCorrect, "west")},
		{name: "there already", to: "west", want: want{facts.AlreadyThere, "", 0, "", "west", "west"}},
		{name: "runs", world: func(f *fake) { f.standing("exporting model", time.Hour) }, confirm: modelUUID, want: refused(facts.CauseOtherMigration, "west"), next: "migration-status model=" + modelUUID + " follow=true"},
		{name: "runs, to its source", to: "west", world: func(f *fake) { f.standing("exporting model", time.Hour) }, confirm: modelUUID, want: refused(facts.CauseOtherMigration, "west")},
		{name: "has succeeded, leaves its source", to: "west", world: func(f *fake) { f.standing(success, time.Hour) }, confirm: modelUUID, want: refused(facts.CauseOtherMigration, "")},
		{name: "stalled, not confirmed", world: func(f *fake) { f.standing(success, time.Hour) }, want: want{facts.Unknown, facts.CauseUnproved, 0, "", "west", ""}},
		{name: "stalled, confirmed", world: func(f *fake) { f.standing(success, time.Hour) }, confirm: modelUUID, want: recorded("east"), waited: migration.TimeToConfirm},
		{name: "succeeded a moment ago, confirmed", world: func(f *fake) { f.standing(success, 5*time.Minute) }, confirm: modelUUID, want: refused(facts.CauseOtherMigration, ""), detail: "too recently"},
		{
			name: "succeeded and goes on, confirmed", confirm: modelUUID, want: refused(facts.CauseOtherMigration, ""), detail: "making progress",
			world: func(f *fake) {
				f.standing(success, time.Hour)
				f.stages = []stage{{success, time.Hour + time.Minute}, {"successful, removing model from source controller", time.Hour}}
			},
		},
		{name: "asked for 10 s ago, confirmed", to: "west", confirm: modelUUID, world: func(f *fake) {
			f.stuck()
			f.requests = []facts.Request{asked("east", 10*time.Second)}
		}, want: recorded("west"), waited: migration.TimeToBegin - 10*time.Second},
		{name: "asked for between the two observations", to: "west", confirm: modelUUID, world: func(f *fake) {
			f.stuck()
			f.requests = []facts.Request{asked("east", -time.Minute)}
		}, want: refused(facts.CauseOtherMigration, "west"), detail: "requested in the meantime"},
		{name: "another UUID confirmed", confirm: ownUUID, world: func(f *fake) { f.away(east(), false) }, want: refused(facts.CauseConfirm, "east")},
		{name: "unknown controller", to: "nowhere", want: refused(facts.CauseChecks, "west")},
		{name: "begins between the two observations", to: "west", confirm: modelUUID, world: func(f *fake) {
			f.began, f.goes, f.stages = time.Now().Add(time.Minute), east(), []stage{{"starting", time.Hour}}
		}, want: refused(facts.CauseOtherMigration, "west")},
		{name: "stuck mode", to: "west", confirm: modelUUID, world: (*fake).stuck, want: recorded("west"), waited: migration.TimeToConfirm},
		{
			name: "recorded too early", to: "west", confirm: modelUUID, waited: migration.TimeToConfirm,
			world: func(f *fake) {
				f.standing("exporting model", time.Hour)
				f.stages, f.end = nil, "aborted, removing model from target controller: full"
				f.record = east().UUID
			},
			want: recorded("west"),
		},
		{
			name: "could not be removed", confirm: modelUUID,
			world: func(f *fake) {
				f.standing("exporting model", time.Hour)
				f.requests = nil
				f.stages, f.end = nil, "removing exported model failed: no rights"
			},
			want: want{facts.NeedsAttention, facts.CauseLeftOver, 0, "east", "east", "east"},
		},
	} {
		for _, year := range []string{"2024", "2026"} {
			t.Run(s.name+", "+year, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newFake(year == "2026")
					if s.world != nil {
						s.world(f)
					}
					to := s.to
					if to == "" {
						to = "east"
					}
					began := time.Now()
					res, err := migration.RecordModel(t.Context(), f.jaas(), f, s.confirm, migration.Options{Options: survey.Options{Model: "prod", Target: to, Probe: f.probe}})
					if err != nil {
						t.Fatal(err)
					}
					w := s.want
					if s.want2026 != nil && f.completes {
						w = *s.want2026
					}
					f.early = f.early && !f.mode && res.Outcome != facts.Recorded && res.Outcome != facts.NeedsAttention
					check(t, f, res, w)
					if took := time.Since(began); took < s.waited || took > migration.TimeForRecordModel {
						t.Errorf("took %v, want %v at least", took, s.waited)
					}
					if !strings.Contains(res.Detail, s.detail) || !strings.Contains(res.Next, s.next) {
						t.Errorf("detail %q, next %q", res.Detail, res.Next)
					}
					if res.Proof != "" && (s.confirm != "") != strings.Contains(res.Proof, "you have confirmed it") {
						t.Errorf("proof %q", res.Proof)
					}
					if res.Outcome == facts.Recorded && f.mode {
						t.Error("JIMM's mode is still set")
					}
				})
			})
		}
	}
}

// A JIMM with migration modes needs time for a request, whatever the poll interval: the
// observations are exactly far enough apart.
func TestTheTwoObservationsAreFarEnoughApart(t *testing.T) {
	for _, interval := range []time.Duration{time.Second, 5 * time.Minute} {
		for _, completes := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(completes)
				f.stuck()
				began, elapsed := time.Now(), time.Duration(0)
				f.onRecord = func(*fake) { elapsed = time.Since(began) }
				res, err := migration.RecordModel(t.Context(), f.jaas(), f, modelUUID, migration.Options{Options: survey.Options{Model: "prod", Target: "west", Probe: true}, PollInterval: interval})
				if err != nil || res.Outcome != facts.Recorded || elapsed < 130*time.Second || elapsed > 135*time.Second {
					t.Errorf("completes %v, every %s: %s, the request came after %v, %v", completes, interval, res.Outcome, elapsed, err)
				}
			})
		}
	}
}

// twice is a JAAS in which two controllers host the model.
type twice struct{ *fake }

func (twice) Copy(_ context.Context, c facts.Controller, _ string) facts.Copy {
	if c.UUID == north().UUID {
		return facts.Copy{State: facts.CopyAbsent}
	}
	return facts.Copy{State: facts.CopyActive}
}

func TestAConflictIsNotRecordedOnAnybodysWord(t *testing.T) {
	for _, to := range []string{"west", "east"} {
		f := newFake(true)
		jaas := f.jaas()
		jaas.Witness = twice{f}
		res, err := migration.RecordModel(t.Context(), jaas, f, modelUUID, migration.Options{Options: survey.Options{Model: "prod", Target: to, Probe: true}})
		if err != nil || res.Outcome != facts.Conflict || len(f.records) > 0 {
			t.Errorf("%s: %s, recorded %v, %v", to, res.Outcome, f.records, err)
		}
	}
}

func TestAConfirmationRequiresTheUUID(t *testing.T) {
	model := facts.Model{UUID: modelUUID}
	for _, c := range []struct {
		name    string
		model   facts.Model
		to      facts.Controller
		confirm string
		valid   bool
	}{
		{"right", model, east(), modelUUID, true},
		{"another", model, east(), ownUUID, false},
		{"none", model, east(), "", false},
		{"no model", facts.Model{}, east(), "", false},
		{"no controller", model, facts.Controller{}, modelUUID, false},
		{"a controller that JIMM does not know", model, facts.Controller{UUID: east().UUID}, modelUUID, false},
	} {
		p := judge.JudgeConfirmation(judge.Confirmation{Model: c.model, Controller: c.to, Confirm: c.confirm, Saw: "seen"})
		if p.Valid() != c.valid || c.valid && !strings.Contains(p.Ground(), "you have confirmed it") {
			t.Errorf("%s: valid %v, %q", c.name, p.Valid(), p.Ground())
		}
	}
	if judge.JudgeConfirmation(judge.Confirmation{Model: model, Controller: east(), Confirm: modelUUID}).Valid() {
		t.Error("a proof without ground")
	}
}

// A record that another client made before an earlier migration does not count for this one.
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
