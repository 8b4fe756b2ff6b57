package migration_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/migration"
)

// listed is an entry of JIMM's list, with JIMM's record and perhaps a migration.
func listed(record migration.Controller, text string, ended bool) migration.Info {
	i := migration.Info{Kind: migration.InfoLive, Controller: record.UUID, Listed: true, Status: "available"}
	if text != "" {
		i.Attempt = live(text, ended).Attempt
	}
	return i
}

func times(n int, o migration.Observation) []migration.Observation {
	return slices.Repeat([]migration.Observation{o}, n)
}

func TestJudgeWhoseWordItIs(t *testing.T) {
	const (
		success   = "successful, transferring logs to target controller (1 sent)"
		importing = "importing model into target controller"
		abort     = "aborted, removing model from target controller: no room"
		reap      = "removing exported model failed: no rights"
	)
	unproved := base()
	unproved.TargetProved = false
	completes := base()
	completes.Completes = true
	afterAbort := completes
	afterAbort.Old = live(abort, true).Attempt
	afterReap := completes
	afterReap.Old = live(reap, true).Attempt
	told2026 := completes
	told2026.Recorded = true
	elder := listed(east(), reap, true)
	elder.Attempt.Start = time.Unix(10, 0)
	timeless := base()
	timeless.Old = migration.Attempt{Text: abort, End: time.Unix(200, 0)}
	alone, told, toldReap := base(), base(), base()
	alone.Source, alone.Alone, alone.RecordedByHand = migration.Controller{}, true, true
	told.Recorded, told.RecordedByHand = true, true
	toldReap.Recorded = true

	noStart := migration.Info{Kind: migration.InfoLive, Controller: west().UUID, Attempt: timeless.Old}
	noStartRuns := noStart
	noStartRuns.Attempt.End = time.Time{}
	later := live(importing, false)
	later.Attempt.Start = time.Unix(500, 0)
	rounded := live(success, false)
	rounded.Attempt.Start = rounded.Attempt.Start.Add(400 * time.Millisecond)
	idle := live(abort, false)
	idle.Status = "available"
	denied := look(answered(migration.InfoDenied), at(west()), nil)
	deniedByTarget := look(answered(migration.InfoDenied), at(east()), nil)
	seenSuccess := look(live(success, false), at(west()), nil)
	seenImport := look(live(importing, false), at(west()), nil)
	held := look(answered(migration.InfoDenied), at(west()), copies(migration.CopyPresent, migration.CopyPresent))
	absent := look(answered(migration.InfoUnlisted), at(west()), copies(migration.CopyAbsent, migration.CopyPresent))
	anon := map[string]migration.Copy{west().UUID: {State: migration.CopyMoved}, east().UUID: {State: migration.CopyPresent}}
	third := base()
	third.Third = true
	onlyTold := map[string]migration.Copy{west().UUID: {State: migration.CopyAbsent}, east().UUID: {State: migration.CopyActive}}
	refusing := migration.Host{Kind: migration.HostRefused}
	refusedThere := migration.Observation{Info: listed(east(), "", false), Record: at(east()), Host: refusing}
	serves := migration.Host{Kind: migration.HostServes, Controller: east().UUID}
	on := onTarget("available", "")
	handDenied := completes
	handDenied.RecordedByHand = true
	nameless := live(success, false)
	nameless.Controller = ""

	for _, c := range []struct {
		name  string
		base  migration.Baseline
		looks []migration.Observation
		want  migration.VerdictKind
		proof bool
	}{
		{"a later migration is another one", base(), []migration.Observation{seenImport, look(later, at(west()), nil)}, migration.VerdictSuperseded, false},
		{"after another one nothing is proved", base(), []migration.Observation{seenSuccess, look(later, at(west()), nil), look(answered(migration.InfoRedirected), at(west()), nil)}, migration.VerdictLetGo, false},
		{"after another one denials prove nothing", base(), []migration.Observation{seenSuccess, look(later, at(west()), nil), denied, denied}, migration.VerdictLetGo, false},
		{"after another one the source may still name the target", base(), []migration.Observation{seenSuccess, look(later, at(west()), nil), look(answered(migration.InfoDenied), at(west()), copies(migration.CopyMoved, migration.CopyPresent))}, migration.VerdictMoved, true},
		{"a start may be rounded", base(), []migration.Observation{seenImport, look(rounded, at(west()), nil)}, migration.VerdictRunning, false},
		{"an old attempt without a start is history", timeless, []migration.Observation{look(noStart, at(west()), nil)}, migration.VerdictWaiting, false},
		{"what runs is not the old attempt", timeless, []migration.Observation{look(noStartRuns, at(west()), nil)}, migration.VerdictAborting, false},
		{"a model that came back shows history", base(), []migration.Observation{look(live(success, true), at(west()), nil)}, migration.VerdictWaiting, false},
		{"an abort without an end, the model is idle", base(), []migration.Observation{look(idle, at(west()), nil)}, migration.VerdictAborted, false},

		{"the redirect does not tell where to", base(), []migration.Observation{look(answered(migration.InfoDenied), at(west()), anon)}, migration.VerdictMoved, true},
		{"the redirect does not tell where to, nor does anybody", unproved, []migration.Observation{look(answered(migration.InfoDenied), at(west()), anon)}, migration.VerdictLetGo, false},
		{"a redirect of nobody knows which controller", base(), []migration.Observation{look(answered(migration.InfoRedirected), migration.Record{}, nil)}, migration.VerdictLetGo, false},
		{"the target's denials are not the source's", base(), []migration.Observation{seenSuccess, deniedByTarget, deniedByTarget, look(answered(migration.InfoDenied), at(west()), nil)}, migration.VerdictLetGo, false},
		{"denied after success, the source still has it", base(), append([]migration.Observation{seenSuccess}, times(11, held)...), migration.VerdictRunning, false},
		{"denied for long after success, the source still has it", base(), append([]migration.Observation{seenSuccess}, times(12, held)...), migration.VerdictMoved, true},
		{"denied for long, no success was seen, the source still has it", base(), append([]migration.Observation{seenImport}, times(30, held)...), migration.VerdictRunning, false},
		{"the source does not have it after success", base(), append([]migration.Observation{seenSuccess}, times(11, absent)...), migration.VerdictLetGo, false},
		{"the source does not have it for long after success", base(), append([]migration.Observation{seenSuccess}, times(12, absent)...), migration.VerdictMoved, true},
		{"the source does not have it, no success was seen", base(), append([]migration.Observation{seenImport}, times(30, absent)...), migration.VerdictLetGo, false},
		{"an abort is never past the point of no return", base(), []migration.Observation{seenSuccess, look(live(abort, false), at(west()), nil), denied, denied}, migration.VerdictLetGo, false},

		{"listed before anything was seen", completes, []migration.Observation{look(listed(west(), "", false), at(west()), nil)}, migration.VerdictWaiting, false},
		{"recorded, and listed by a third that has kept a copy of old", afterReap, []migration.Observation{look(listed(east(), reap, true), at(east()), nil)}, migration.VerdictMigrated, false},
		{"recorded, and listed by a third that was not seen before", told2026, []migration.Observation{seenSuccess, look(elder, at(east()), nil)}, migration.VerdictMigrated, false},
		{"recorded, and listed by the source that has kept a copy", completes, []migration.Observation{look(listed(east(), reap, true), at(east()), nil)}, migration.VerdictHeld, false},
		{"listed with a migration", completes, []migration.Observation{look(listed(west(), importing, false), at(west()), nil)}, migration.VerdictRunning, false},
		{"listed without the migration that was seen", completes, []migration.Observation{seenSuccess, look(listed(west(), "", false), migration.Record{}, nil)}, migration.VerdictBlind, false},
		{"listed without the migration, logins refused", completes, []migration.Observation{seenSuccess, {Info: listed(west(), "", false), Record: at(west()), Host: migration.Host{Kind: migration.HostRefused}}, look(listed(west(), "", false), at(west()), nil)}, migration.VerdictMoved, true},
		{"listed without the migration, logins refused, no record read", completes, []migration.Observation{seenSuccess, {Info: listed(west(), "", false), Host: migration.Host{Kind: migration.HostRefused}}, look(listed(west(), "", false), migration.Record{}, nil)}, migration.VerdictMoved, true},
		{"listed without the old attempt", afterAbort, []migration.Observation{look(listed(west(), "", false), at(west()), nil)}, migration.VerdictBlind, false},
		{"listed with the old attempt", afterAbort, []migration.Observation{look(listed(west(), abort, true), at(west()), nil)}, migration.VerdictWaiting, false},
		{"listed, and the source redirects", completes, []migration.Observation{look(listed(west(), "", false), at(west()), copies(migration.CopyMoved, migration.CopyPresent))}, migration.VerdictMoved, true},
		{"a source that lists it again is not refused any more", completes, []migration.Observation{{Info: answered(migration.InfoUnlisted), Record: at(west()), Host: migration.Host{Kind: migration.HostRefused}}, look(listed(west(), success, false), at(west()), nil), look(answered(migration.InfoUnlisted), at(west()), nil), look(answered(migration.InfoUnlisted), at(west()), nil)}, migration.VerdictBlind, false},

		{"recorded, and the source lists the migration", completes, []migration.Observation{look(listed(east(), importing, false), at(east()), nil)}, migration.VerdictRunning, false},
		{"recorded, and the source lists the abort", completes, []migration.Observation{look(listed(east(), abort, true), at(east()), nil)}, migration.VerdictMisrecorded, false},
		{"recorded, and the source lists its left-over", completes, []migration.Observation{look(listed(east(), reap, true), at(east()), nil)}, migration.VerdictHeld, false},
		{"listed with a migration, and the source has not got it", completes, []migration.Observation{look(listed(west(), importing, false), at(west()), copies(migration.CopyAbsent, migration.CopyAbsent))}, migration.VerdictLetGo, false},
		{"denied for long, the target is active", base(), times(2, look(answered(migration.InfoDenied), at(west()), onlyTold)), migration.VerdictMoved, true},
		{"denied for long, the target is active, a third controller has it too", third, times(2, look(answered(migration.InfoDenied), at(west()), onlyTold)), migration.VerdictLetGo, false},
		{"recorded and listed, and the target refuses logins", completes, []migration.Observation{refusedThere}, migration.VerdictMisrecorded, false},
		{"recorded, the target refuses logins, and the source lists its left-over", completes, []migration.Observation{refusedThere, look(listed(east(), reap, true), at(east()), nil)}, migration.VerdictMisrecorded, false},
		{"recorded, and the source lists its left-over, of a migration that nobody knows", unproved, []migration.Observation{look(listed(east(), reap, true), at(east()), nil)}, migration.VerdictLetGo, false},
		{"recorded, the target serves logins, and the source lists its left-over", unproved, []migration.Observation{{Info: listed(east(), reap, true), Record: at(east()), Host: serves}}, migration.VerdictHeld, false},
		{"recorded, the target has not got it, and the source lists its left-over", completes, []migration.Observation{look(listed(east(), reap, true), at(east()), copies(migration.CopyPresent, migration.CopyAbsent))}, migration.VerdictMisrecorded, false},
		{"recorded, and the target lists it", completes, []migration.Observation{look(listed(east(), "", false), at(east()), nil)}, migration.VerdictMigrated, false},
		{"what the target lists does not unsay the source's denials", handDenied, []migration.Observation{seenSuccess, denied, denied, look(listed(east(), "", false), at(east()), nil)}, migration.VerdictMigrated, false},
		{"the source answers without its name", base(), []migration.Observation{look(nameless, at(west()), nil), denied, denied}, migration.VerdictMoved, true},
		{"two active, and the source shows no migration", base(), times(2, look(migration.Info{Kind: migration.InfoLive, Controller: west().UUID}, at(west()), copies(migration.CopyActive, migration.CopyActive))), migration.VerdictConflict, false},
		{"two active, and the source shows the migration", base(), times(2, look(live(success, false), at(west()), copies(migration.CopyActive, migration.CopyActive))), migration.VerdictRunning, false},
		{"recorded, nobody else has it", alone, []migration.Observation{look(on, at(east()), nil)}, migration.VerdictMigrated, false},
		{"recorded by this run", told, []migration.Observation{look(on, at(east()), nil)}, migration.VerdictMigrated, false},
		{"recorded by this run, the source has it", told, []migration.Observation{look(on, at(east()), copies(migration.CopyPresent, migration.CopyPresent))}, migration.VerdictHeld, false},
		{"recorded by this run after a failed removal", toldReap, []migration.Observation{look(live(reap, true), at(west()), nil), look(on, at(east()), nil)}, migration.VerdictHeld, false},
		{"recorded, the source is absent once", base(), []migration.Observation{look(on, at(east()), copies(migration.CopyAbsent, migration.CopyPresent))}, migration.VerdictHeld, false},
		{"recorded, the source is absent twice", base(), times(2, look(on, at(east()), copies(migration.CopyAbsent, migration.CopyPresent))), migration.VerdictMigrated, false},
		{"recorded, denied twice after success", base(), []migration.Observation{seenSuccess, denied, denied, look(on, at(east()), nil)}, migration.VerdictMigrated, false},
		{"recorded, denied twice without success", base(), []migration.Observation{denied, denied, look(on, at(east()), nil)}, migration.VerdictHeld, false},
		{"recorded, the target is silent", completes, []migration.Observation{look(answered(migration.InfoUnavailable), at(east()), nil)}, migration.VerdictBlind, false},
		{"recorded, the target redirects", completes, []migration.Observation{look(answered(migration.InfoRedirected), at(east()), nil)}, migration.VerdictMisrecorded, false},
		{"recorded, the target says it has moved it", completes, []migration.Observation{look(on, at(east()), copies(migration.CopyAbsent, migration.CopyMoved))}, migration.VerdictMisrecorded, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p migration.Progress
			for _, o := range c.looks {
				p = p.Observe(c.base, o)
			}
			got := migration.Judge(c.base, p, c.looks[len(c.looks)-1])
			if got.Kind != c.want || got.Proof.Valid() != c.proof {
				t.Errorf("verdict %d, proof %v; want %d, %v", got.Kind, got.Proof.Valid(), c.want, c.proof)
			}
		})
	}
}

// late is a JIMM whose record changes right after its list was read first.
type late struct {
	*fake
	lists int
}

func (l *late) Models(ctx context.Context) ([]migration.Model, error) {
	models, err := l.fake.Models(ctx)
	if l.lists++; l.lists == 1 {
		models[0].Recorded = west().UUID
		if l.completes {
			models[0].Live = listed(west(), "", false)
		}
	}
	return models, err
}

func TestARecordThatChangesDuringTheFirstLook(t *testing.T) {
	for _, completes := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake(completes)
			f.running("east", true)
			f.began, f.record = time.Now().Add(-time.Hour), east().UUID
			jaas := f.jaas()
			jaas.Fleet = &late{fake: f}
			res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{Model: "prod", Target: "east"})
			if err != nil {
				t.Fatal(err)
			}
			check(t, f, res, want{migration.AlreadyThere, "", 0, "", "east", "east"})
		})
	}
}

// leaving is a JIMM that records the target, which is moving the model on.
type leaving struct{ *fake }

func (l leaving) Models(ctx context.Context) ([]migration.Model, error) {
	models, err := l.fake.Models(ctx)
	models[0].Live = migration.Info{Kind: migration.InfoUnlisted}
	return models, err
}

func (l leaving) Summary(context.Context, string) migration.Info {
	i := listed(east(), "quiescing", false)
	i.Attempt.Start = time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests = append(l.requests, asked("north", 0))
	return i
}

func TestWhatHasMovedIsNotOnItsSourceWhenItMovesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.running("east", false)
		f.began, f.record = time.Now().Add(-time.Hour), east().UUID
		jaas := f.jaas()
		jaas.Fleet, jaas.Witness = leaving{f}, leaving{f}
		res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{Model: "prod", Target: "east", Probe: true, Timeout: 10 * time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		if res.Holder.UUID == west().UUID || res.Outcome.Succeeded() {
			t.Errorf("%s (%s), on %q", res.Outcome, res.Cause, res.Holder)
		}
	})
}
