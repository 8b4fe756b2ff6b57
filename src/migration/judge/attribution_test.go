package judge_test

import (
	"slices"
	"testing"
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
)

// listed is an entry of JIMM's list, with JIMM's record and perhaps a migration.
func listed(record facts.Controller, text string, ended bool) facts.Info {
	i := facts.Info{Kind: facts.InfoListed, Controller: record.UUID, Status: "available"}
	if text != "" {
		i.Attempt = live(text, ended).Attempt
	}
	return i
}

func repeat(n int, o facts.Observation) []facts.Observation {
	return slices.Repeat([]facts.Observation{o}, n)
}

func TestAttribution(t *testing.T) {
	const (
		success   = "successful, transferring logs to target controller (1 sent)"
		importing = "importing model into target controller"
		abort     = "aborted, removing model from target controller: no room"
		reap      = "removing exported model failed: no rights"
	)
	unproved := base()
	unproved.TargetProved = false
	completes := base()
	completes.AutoRecords = true
	afterAbort := completes
	afterAbort.Old = live(abort, true).Attempt
	afterReap := completes
	afterReap.Old = live(reap, true).Attempt
	told2026 := completes
	told2026.RecordedBy = judge.ByThisRun
	elder := listed(east(), reap, true)
	elder.Attempt.Start = time.Unix(10, 0)
	timeless := base()
	timeless.Old = facts.Attempt{Text: abort, End: time.Unix(200, 0)}
	alone, told, toldReap := base(), base(), base()
	alone.Source, alone.Others, alone.RecordedBy = facts.Controller{}, judge.OthersDeny, judge.ByHand
	told.RecordedBy = judge.ByThisRun
	toldReap.RecordedBy = judge.ByThisRun

	noStart := facts.Info{Kind: facts.InfoLive, Controller: west().UUID, Attempt: timeless.Old}
	noStartRuns := noStart
	noStartRuns.Attempt.End = time.Time{}
	later := live(importing, false)
	later.Attempt.Start = time.Unix(500, 0)
	rounded := live(success, false)
	rounded.Attempt.Start = rounded.Attempt.Start.Add(400 * time.Millisecond)
	idle := live(abort, false)
	idle.Status = "available"
	denied := look(answered(facts.InfoDenied), at(west()), nil)
	deniedByTarget := look(answered(facts.InfoDenied), at(east()), nil)
	seenSuccess := look(live(success, false), at(west()), nil)
	seenImport := look(live(importing, false), at(west()), nil)
	held := look(answered(facts.InfoDenied), at(west()), copies(facts.CopyPresent, facts.CopyPresent))
	absent := look(answered(facts.InfoUnlisted), at(west()), copies(facts.CopyAbsent, facts.CopyPresent))
	anon := map[facts.ControllerUUID]facts.Copy{west().UUID: {State: facts.CopyMoved}, east().UUID: {State: facts.CopyPresent}}
	third := base()
	third.Others = judge.OthersHave
	onlyTold := map[facts.ControllerUUID]facts.Copy{west().UUID: {State: facts.CopyAbsent}, east().UUID: {State: facts.CopyActive}}
	refusing := facts.Host{Kind: facts.HostRefused}
	refusedThere := facts.Observation{Info: listed(east(), "", false), Record: at(east()), Host: refusing}
	serves := facts.Host{Kind: facts.HostServes, Controller: east().UUID}
	on := onTarget("available", "")
	handDenied := completes
	handDenied.RecordedBy = judge.ByHand
	nameless := live(success, false)
	nameless.Controller = ""

	for _, c := range []struct {
		name  string
		base  judge.Baseline
		looks []facts.Observation
		want  judge.Kind
		proof bool
	}{
		{"a later migration is another one", base(), []facts.Observation{seenImport, look(later, at(west()), nil)}, judge.Superseded, false},
		{"after another one nothing is proved", base(), []facts.Observation{seenSuccess, look(later, at(west()), nil), look(answered(facts.InfoRedirected), at(west()), nil)}, judge.SourceReleased, false},
		{"after another one denials prove nothing", base(), []facts.Observation{seenSuccess, look(later, at(west()), nil), denied, denied}, judge.SourceReleased, false},
		{"after another one the source may still name the target", base(), []facts.Observation{seenSuccess, look(later, at(west()), nil), look(answered(facts.InfoDenied), at(west()), copies(facts.CopyMoved, facts.CopyPresent))}, judge.Moved, true},
		{"a start may be rounded", base(), []facts.Observation{seenImport, look(rounded, at(west()), nil)}, judge.Running, false},
		{"an old attempt without a start is history", timeless, []facts.Observation{look(noStart, at(west()), nil)}, judge.Waiting, false},
		{"what runs is not the old attempt", timeless, []facts.Observation{look(noStartRuns, at(west()), nil)}, judge.Aborting, false},
		{"a model that came back shows history", base(), []facts.Observation{look(live(success, true), at(west()), nil)}, judge.Waiting, false},
		{"an abort without an end, the model is idle", base(), []facts.Observation{look(idle, at(west()), nil)}, judge.Aborted, false},

		{"the redirect does not tell where to", base(), []facts.Observation{look(answered(facts.InfoDenied), at(west()), anon)}, judge.Moved, true},
		{"the redirect does not tell where to, nor does anybody", unproved, []facts.Observation{look(answered(facts.InfoDenied), at(west()), anon)}, judge.SourceReleased, false},
		{"a redirect of an unknown controller", base(), []facts.Observation{look(answered(facts.InfoRedirected), facts.Record{}, nil)}, judge.SourceReleased, false},
		{"the target's denials are not the source's", base(), []facts.Observation{seenSuccess, deniedByTarget, deniedByTarget, look(answered(facts.InfoDenied), at(west()), nil)}, judge.SourceReleased, false},
		{"denied after success, the source still has it", base(), append([]facts.Observation{seenSuccess}, repeat(11, held)...), judge.Running, false},
		{"denied for long after success, the source still has it", base(), append([]facts.Observation{seenSuccess}, repeat(12, held)...), judge.Moved, true},
		{"denied for long, no success was seen, the source still has it", base(), append([]facts.Observation{seenImport}, repeat(30, held)...), judge.Running, false},
		{"the source does not have it after success", base(), append([]facts.Observation{seenSuccess}, repeat(11, absent)...), judge.SourceReleased, false},
		{"the source does not have it for long after success", base(), append([]facts.Observation{seenSuccess}, repeat(12, absent)...), judge.Moved, true},
		{"the source does not have it, no success was seen", base(), append([]facts.Observation{seenImport}, repeat(30, absent)...), judge.SourceReleased, false},
		{"an abort is never past the point of no return", base(), []facts.Observation{seenSuccess, look(live(abort, false), at(west()), nil), denied, denied}, judge.SourceReleased, false},

		{"listed before anything was seen", completes, []facts.Observation{look(listed(west(), "", false), at(west()), nil)}, judge.Waiting, false},
		{"recorded, and listed by a third that has kept a copy of old", afterReap, []facts.Observation{look(listed(east(), reap, true), at(east()), nil)}, judge.Migrated, false},
		{"recorded, and listed by a third that was not seen before", told2026, []facts.Observation{seenSuccess, look(elder, at(east()), nil)}, judge.Migrated, false},
		{"recorded, and listed by the source that has kept a copy", completes, []facts.Observation{look(listed(east(), reap, true), at(east()), nil)}, judge.SourceRetains, false},
		{"listed with a migration", completes, []facts.Observation{look(listed(west(), importing, false), at(west()), nil)}, judge.Running, false},
		{"listed without the migration that was seen", completes, []facts.Observation{seenSuccess, look(listed(west(), "", false), facts.Record{}, nil)}, judge.NoAnswer, false},
		{"listed without the migration, logins refused", completes, []facts.Observation{seenSuccess, {Info: listed(west(), "", false), Record: at(west()), Host: facts.Host{Kind: facts.HostRefused}}, look(listed(west(), "", false), at(west()), nil)}, judge.Moved, true},
		{"listed without the migration, logins refused, no record read", completes, []facts.Observation{seenSuccess, {Info: listed(west(), "", false), Host: facts.Host{Kind: facts.HostRefused}}, look(listed(west(), "", false), facts.Record{}, nil)}, judge.Moved, true},
		{"listed without the old attempt", afterAbort, []facts.Observation{look(listed(west(), "", false), at(west()), nil)}, judge.NoAnswer, false},
		{"listed with the old attempt", afterAbort, []facts.Observation{look(listed(west(), abort, true), at(west()), nil)}, judge.Waiting, false},
		{"listed, and the source redirects", completes, []facts.Observation{look(listed(west(), "", false), at(west()), copies(facts.CopyMoved, facts.CopyPresent))}, judge.Moved, true},
		{"a source that lists it again is not refused any more", completes, []facts.Observation{{Info: answered(facts.InfoUnlisted), Record: at(west()), Host: facts.Host{Kind: facts.HostRefused}}, look(listed(west(), success, false), at(west()), nil), look(answered(facts.InfoUnlisted), at(west()), nil), look(answered(facts.InfoUnlisted), at(west()), nil)}, judge.NoAnswer, false},

		{"recorded, and the source lists the migration", completes, []facts.Observation{look(listed(east(), importing, false), at(east()), nil)}, judge.Running, false},
		{"recorded, and the source lists the abort", completes, []facts.Observation{look(listed(east(), abort, true), at(east()), nil)}, judge.Misrecorded, false},
		{"recorded, and the source lists its left-over", completes, []facts.Observation{look(listed(east(), reap, true), at(east()), nil)}, judge.SourceRetains, false},
		{"listed with a migration, and the source has not got it", completes, []facts.Observation{look(listed(west(), importing, false), at(west()), copies(facts.CopyAbsent, facts.CopyAbsent))}, judge.SourceReleased, false},
		{"denied for long, the target is active", base(), repeat(2, look(answered(facts.InfoDenied), at(west()), onlyTold)), judge.Moved, true},
		{"denied for long, the target is active, a third controller has it too", third, repeat(2, look(answered(facts.InfoDenied), at(west()), onlyTold)), judge.SourceReleased, false},
		{"recorded and listed, and the target refuses logins", completes, []facts.Observation{refusedThere}, judge.Misrecorded, false},
		{"recorded, the target refuses logins, and the source lists its left-over", completes, []facts.Observation{refusedThere, look(listed(east(), reap, true), at(east()), nil)}, judge.Misrecorded, false},
		{"recorded, and the source lists its left-over, of an unknown migration", unproved, []facts.Observation{look(listed(east(), reap, true), at(east()), nil)}, judge.SourceReleased, false},
		{"recorded, the target serves logins, and the source lists its left-over", unproved, []facts.Observation{{Info: listed(east(), reap, true), Record: at(east()), Host: serves}}, judge.SourceRetains, false},
		{"recorded, the target has not got it, and the source lists its left-over", completes, []facts.Observation{look(listed(east(), reap, true), at(east()), copies(facts.CopyPresent, facts.CopyAbsent))}, judge.Misrecorded, false},
		{"recorded, and the target lists it", completes, []facts.Observation{look(listed(east(), "", false), at(east()), nil)}, judge.Migrated, false},
		{"what the target lists does not unsay the source's denials", handDenied, []facts.Observation{seenSuccess, denied, denied, look(listed(east(), "", false), at(east()), nil)}, judge.Migrated, false},
		{"the source answers without its name", base(), []facts.Observation{look(nameless, at(west()), nil), denied, denied}, judge.Moved, true},
		{"two active, and the source shows no migration", base(), repeat(2, look(facts.Info{Kind: facts.InfoLive, Controller: west().UUID}, at(west()), copies(facts.CopyActive, facts.CopyActive))), judge.Conflict, false},
		{"two active, and the source shows the migration", base(), repeat(2, look(live(success, false), at(west()), copies(facts.CopyActive, facts.CopyActive))), judge.Running, false},
		{"recorded, no other controller has it", alone, []facts.Observation{look(on, at(east()), nil)}, judge.Migrated, false},
		{"recorded by this run", told, []facts.Observation{look(on, at(east()), nil)}, judge.Migrated, false},
		{"recorded by this run, the source has it", told, []facts.Observation{look(on, at(east()), copies(facts.CopyPresent, facts.CopyPresent))}, judge.SourceRetains, false},
		{"recorded by this run after a failed removal", toldReap, []facts.Observation{look(live(reap, true), at(west()), nil), look(on, at(east()), nil)}, judge.SourceRetains, false},
		{"recorded, the source is absent once", base(), []facts.Observation{look(on, at(east()), copies(facts.CopyAbsent, facts.CopyPresent))}, judge.SourceRetains, false},
		{"recorded, the source is absent twice", base(), repeat(2, look(on, at(east()), copies(facts.CopyAbsent, facts.CopyPresent))), judge.Migrated, false},
		{"recorded, denied twice after success", base(), []facts.Observation{seenSuccess, denied, denied, look(on, at(east()), nil)}, judge.Migrated, false},
		{"recorded, denied twice without success", base(), []facts.Observation{denied, denied, look(on, at(east()), nil)}, judge.SourceRetains, false},
		{"recorded, the target is silent", completes, []facts.Observation{look(answered(facts.InfoUnavailable), at(east()), nil)}, judge.NoAnswer, false},
		{"recorded, the target redirects", completes, []facts.Observation{look(answered(facts.InfoRedirected), at(east()), nil)}, judge.Misrecorded, false},
		{"recorded, the target says it has moved it", completes, []facts.Observation{look(on, at(east()), copies(facts.CopyAbsent, facts.CopyMoved))}, judge.Misrecorded, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p judge.Progress
			for _, o := range c.looks {
				p = p.Observe(c.base, o)
			}
			got := judge.Judge(c.base, p, c.looks[len(c.looks)-1])
			if got.Kind != c.want || got.Proof.Valid() != c.proof {
				t.Errorf("verdict %d, proof %v; want %d, %v", got.Kind, got.Proof.Valid(), c.want, c.proof)
			}
		})
	}
}
