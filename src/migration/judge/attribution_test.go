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
	recorded2026 := completes
	recorded2026.RecordedBy = judge.ByThisRun
	elder := listed(east(), reap, true)
	elder.Attempt.Start = time.Unix(10, 0)
	timeless := base()
	timeless.Old = facts.Attempt{Text: abort, End: time.Unix(200, 0)}
	alone, recorded, recordedReap := base(), base(), base()
	alone.Source, alone.Others, alone.RecordedBy = facts.Controller{}, judge.OthersDeny, judge.ByHand
	recorded.RecordedBy = judge.ByThisRun
	recordedReap.RecordedBy = judge.ByThisRun

	noStart := facts.Info{Kind: facts.InfoLive, Controller: west().UUID, Attempt: timeless.Old}
	noStartRuns := noStart
	noStartRuns.Attempt.End = time.Time{}
	later := live(importing, false)
	later.Attempt.Start = time.Unix(500, 0)
	rounded := live(success, false)
	rounded.Attempt.Start = rounded.Attempt.Start.Add(400 * time.Millisecond)
	idle := live(abort, false)
	idle.Status = "available"
	denied := observed(answered(facts.InfoDenied), at(west()), nil)
	deniedByTarget := observed(answered(facts.InfoDenied), at(east()), nil)
	seenSuccess := observed(live(success, false), at(west()), nil)
	seenImport := observed(live(importing, false), at(west()), nil)
	held := observed(answered(facts.InfoDenied), at(west()), copies(facts.CopyPresent, facts.CopyPresent))
	absent := observed(answered(facts.InfoUnlisted), at(west()), copies(facts.CopyAbsent, facts.CopyPresent))
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
		name         string
		base         judge.Baseline
		observations []facts.Observation
		want         judge.Kind
		proof        bool
	}{
		{"a later migration is another one", base(), []facts.Observation{seenImport, observed(later, at(west()), nil)}, judge.Superseded, false},
		{"after another one nothing is proved", base(), []facts.Observation{seenSuccess, observed(later, at(west()), nil), observed(answered(facts.InfoRedirected), at(west()), nil)}, judge.SourceReleased, false},
		{"after another one denials prove nothing", base(), []facts.Observation{seenSuccess, observed(later, at(west()), nil), denied, denied}, judge.SourceReleased, false},
		{"after another one the source may still name the target", base(), []facts.Observation{seenSuccess, observed(later, at(west()), nil), observed(answered(facts.InfoDenied), at(west()), copies(facts.CopyMoved, facts.CopyPresent))}, judge.Moved, true},
		{"a start may be rounded", base(), []facts.Observation{seenImport, observed(rounded, at(west()), nil)}, judge.Running, false},
		{"an old attempt without a start is history", timeless, []facts.Observation{observed(noStart, at(west()), nil)}, judge.Waiting, false},
		{"what runs is not the old attempt", timeless, []facts.Observation{observed(noStartRuns, at(west()), nil)}, judge.Aborting, false},
		{"a model that came back shows history", base(), []facts.Observation{observed(live(success, true), at(west()), nil)}, judge.Waiting, false},
		{"an abort without an end, the model is idle", base(), []facts.Observation{observed(idle, at(west()), nil)}, judge.Aborted, false},

		{"the redirect does not say where to", base(), []facts.Observation{observed(answered(facts.InfoDenied), at(west()), anon)}, judge.Moved, true},
		{"neither the redirect nor anything else names the target", unproved, []facts.Observation{observed(answered(facts.InfoDenied), at(west()), anon)}, judge.SourceReleased, false},
		{"a redirect of an unknown controller", base(), []facts.Observation{observed(answered(facts.InfoRedirected), facts.Record{}, nil)}, judge.SourceReleased, false},
		{"the target's denials are not the source's", base(), []facts.Observation{seenSuccess, deniedByTarget, deniedByTarget, observed(answered(facts.InfoDenied), at(west()), nil)}, judge.SourceReleased, false},
		{"denied after success, the source still has it", base(), append([]facts.Observation{seenSuccess}, repeat(11, held)...), judge.Running, false},
		{"denied for long after success, the source still has it", base(), append([]facts.Observation{seenSuccess}, repeat(12, held)...), judge.Moved, true},
		{"denied for long, no success was seen, the source still has it", base(), append([]facts.Observation{seenImport}, repeat(30, held)...), judge.Running, false},
		{"the source does not have it after success", base(), append([]facts.Observation{seenSuccess}, repeat(11, absent)...), judge.SourceReleased, false},
		{"the source does not have it for long after success", base(), append([]facts.Observation{seenSuccess}, repeat(12, absent)...), judge.Moved, true},
		{"the source does not have it, no success was seen", base(), append([]facts.Observation{seenImport}, repeat(30, absent)...), judge.SourceReleased, false},
		{"an abort is never past the point of no return", base(), []facts.Observation{seenSuccess, observed(live(abort, false), at(west()), nil), denied, denied}, judge.SourceReleased, false},

		{"listed before anything was seen", completes, []facts.Observation{observed(listed(west(), "", false), at(west()), nil)}, judge.Waiting, false},
		{"recorded, and listed by a third that has kept a copy of old", afterReap, []facts.Observation{observed(listed(east(), reap, true), at(east()), nil)}, judge.Migrated, false},
		{"recorded, and listed by a third that was not seen before", recorded2026, []facts.Observation{seenSuccess, observed(elder, at(east()), nil)}, judge.Migrated, false},
		{"recorded, and listed by the source that has kept a copy", completes, []facts.Observation{observed(listed(east(), reap, true), at(east()), nil)}, judge.SourceRetains, false},
		{"listed with a migration", completes, []facts.Observation{observed(listed(west(), importing, false), at(west()), nil)}, judge.Running, false},
		{"listed without the migration that was seen", completes, []facts.Observation{seenSuccess, observed(listed(west(), "", false), facts.Record{}, nil)}, judge.NoAnswer, false},
		{"listed without the migration, logins refused", completes, []facts.Observation{seenSuccess, {Info: listed(west(), "", false), Record: at(west()), Host: facts.Host{Kind: facts.HostRefused}}, observed(listed(west(), "", false), at(west()), nil)}, judge.Moved, true},
		{"listed without the migration, logins refused, no record read", completes, []facts.Observation{seenSuccess, {Info: listed(west(), "", false), Host: facts.Host{Kind: facts.HostRefused}}, observed(listed(west(), "", false), facts.Record{}, nil)}, judge.Moved, true},
		{"listed without the old attempt", afterAbort, []facts.Observation{observed(listed(west(), "", false), at(west()), nil)}, judge.NoAnswer, false},
		{"listed with the old attempt", afterAbort, []facts.Observation{observed(listed(west(), abort, true), at(west()), nil)}, judge.Waiting, false},
		{"listed, and the source redirects", completes, []facts.Observation{observed(listed(west(), "", false), at(west()), copies(facts.CopyMoved, facts.CopyPresent))}, judge.Moved, true},
		{"a source that lists it again is not refused any more", completes, []facts.Observation{{Info: answered(facts.InfoUnlisted), Record: at(west()), Host: facts.Host{Kind: facts.HostRefused}}, observed(listed(west(), success, false), at(west()), nil), observed(answered(facts.InfoUnlisted), at(west()), nil), observed(answered(facts.InfoUnlisted), at(west()), nil)}, judge.NoAnswer, false},

		{"recorded, and the source lists the migration", completes, []facts.Observation{observed(listed(east(), importing, false), at(east()), nil)}, judge.Running, false},
		{"recorded, and the source lists the abort", completes, []facts.Observation{observed(listed(east(), abort, true), at(east()), nil)}, judge.Misrecorded, false},
		{"recorded, and the source lists its left-over", completes, []facts.Observation{observed(listed(east(), reap, true), at(east()), nil)}, judge.SourceRetains, false},
		{"listed with a migration, and the source has not got it", completes, []facts.Observation{observed(listed(west(), importing, false), at(west()), copies(facts.CopyAbsent, facts.CopyAbsent))}, judge.SourceReleased, false},
		{"denied for long, the target is active", base(), repeat(2, observed(answered(facts.InfoDenied), at(west()), onlyTold)), judge.Moved, true},
		{"denied for long, the target is active, a third controller has it too", third, repeat(2, observed(answered(facts.InfoDenied), at(west()), onlyTold)), judge.SourceReleased, false},
		{"recorded and listed, and the target refuses logins", completes, []facts.Observation{refusedThere}, judge.Misrecorded, false},
		{"recorded, the target refuses logins, and the source lists its left-over", completes, []facts.Observation{refusedThere, observed(listed(east(), reap, true), at(east()), nil)}, judge.Misrecorded, false},
		{"recorded, and the source lists its left-over, of an unknown migration", unproved, []facts.Observation{observed(listed(east(), reap, true), at(east()), nil)}, judge.SourceReleased, false},
		{"recorded, the target serves logins, and the source lists its left-over", unproved, []facts.Observation{{Info: listed(east(), reap, true), Record: at(east()), Host: serves}}, judge.SourceRetains, false},
		{"recorded, the target has not got it, and the source lists its left-over", completes, []facts.Observation{observed(listed(east(), reap, true), at(east()), copies(facts.CopyPresent, facts.CopyAbsent))}, judge.Misrecorded, false},
		{"recorded, and the target lists it", completes, []facts.Observation{observed(listed(east(), "", false), at(east()), nil)}, judge.Migrated, false},
		{"what the target lists does not unsay the source's denials", handDenied, []facts.Observation{seenSuccess, denied, denied, observed(listed(east(), "", false), at(east()), nil)}, judge.Migrated, false},
		{"the source answers without its name", base(), []facts.Observation{observed(nameless, at(west()), nil), denied, denied}, judge.Moved, true},
		{"two active, and the source shows no migration", base(), repeat(2, observed(facts.Info{Kind: facts.InfoLive, Controller: west().UUID}, at(west()), copies(facts.CopyActive, facts.CopyActive))), judge.Conflict, false},
		{"two active, and the source shows the migration", base(), repeat(2, observed(live(success, false), at(west()), copies(facts.CopyActive, facts.CopyActive))), judge.Running, false},
		{"recorded, no other controller has it", alone, []facts.Observation{observed(on, at(east()), nil)}, judge.Migrated, false},
		{"recorded by this run", recorded, []facts.Observation{observed(on, at(east()), nil)}, judge.Migrated, false},
		{"recorded by this run, the source has it", recorded, []facts.Observation{observed(on, at(east()), copies(facts.CopyPresent, facts.CopyPresent))}, judge.SourceRetains, false},
		{"recorded by this run after a failed removal", recordedReap, []facts.Observation{observed(live(reap, true), at(west()), nil), observed(on, at(east()), nil)}, judge.SourceRetains, false},
		{"recorded, the source is absent once", base(), []facts.Observation{observed(on, at(east()), copies(facts.CopyAbsent, facts.CopyPresent))}, judge.SourceRetains, false},
		{"recorded, the source is absent twice", base(), repeat(2, observed(on, at(east()), copies(facts.CopyAbsent, facts.CopyPresent))), judge.Migrated, false},
		{"recorded, denied twice after success", base(), []facts.Observation{seenSuccess, denied, denied, observed(on, at(east()), nil)}, judge.Migrated, false},
		{"recorded, denied twice without success", base(), []facts.Observation{denied, denied, observed(on, at(east()), nil)}, judge.SourceRetains, false},
		{"recorded, the target is silent", completes, []facts.Observation{observed(answered(facts.InfoUnavailable), at(east()), nil)}, judge.NoAnswer, false},
		{"recorded, the target redirects", completes, []facts.Observation{observed(answered(facts.InfoRedirected), at(east()), nil)}, judge.Misrecorded, false},
		{"recorded, the target says it has moved it", completes, []facts.Observation{observed(on, at(east()), copies(facts.CopyAbsent, facts.CopyMoved))}, judge.Misrecorded, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p judge.Progress
			for _, o := range c.observations {
				p = p.Observe(c.base, o)
			}
			got := judge.Judge(c.base, p, c.observations[len(c.observations)-1])
			if got.Kind != c.want || got.Proof.Valid() != c.proof {
				t.Errorf("verdict %d, proof %v; want %d, %v", got.Kind, got.Proof.Valid(), c.want, c.proof)
			}
		})
	}
}
