package judge_test

import (
	"errors"
	"testing"
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/redact"
)

const model = "9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10"

func controller(name, version string) facts.Controller {
	return facts.Controller{Name: name, UUID: facts.ControllerUUID(name + "-uuid"), AgentVersion: version}
}

// A source that runs Juju 4.0.0 or later shows nothing of a migration: only the state of its own copy reports that one is
// running, and that it is over (recorded with 4.0.15 and 4.1-beta2).
func TestASilentSource(t *testing.T) {
	source, target := controller("west", "4.0.15"), controller("east", "4.1-beta2")
	base := judge.Baseline{Model: facts.Model{UUID: model}, Source: source, Target: target, TargetProved: true}
	listed := facts.Info{Kind: facts.InfoListed, Controller: source.UUID, Status: "available"}
	direct := facts.Info{Kind: facts.InfoLive, Controller: source.UUID, Status: "available"}
	noAnswer := facts.Info{Kind: facts.InfoUnavailable, Err: errors.New("lost")}
	gone := facts.Info{Kind: facts.InfoDenied, Err: errors.New("invoking getDB: database not found")}
	observed := func(i facts.Info, atSource, atTarget facts.CopyState) facts.Observation {
		copies := map[facts.ControllerUUID]facts.Copy{source.UUID: {State: atSource}, target.UUID: {State: atTarget}}
		if atSource == facts.CopyMoved {
			copies[source.UUID] = facts.Copy{State: atSource, To: target.UUID}
		}
		return facts.Observation{Record: facts.Record{State: facts.RecordAt, Controller: source.UUID}, Info: i, Copies: copies}
	}
	const idle, exporting, importing, absent, silent, moved = facts.CopyActive, facts.CopyExporting, facts.CopyImporting, facts.CopyAbsent, facts.CopyUnknown, facts.CopyMoved
	for _, c := range []struct {
		name         string
		observations []facts.Observation
		want         judge.Kind
		proof        bool
	}{
		{"says nothing", []facts.Observation{observed(direct, silent, absent)}, judge.NoAnswer, false},
		{"says nothing, listed", []facts.Observation{observed(listed, silent, silent)}, judge.NoAnswer, false},
		{"has a copy, and did not say more", []facts.Observation{observed(direct, facts.CopyPresent, absent)}, judge.NoAnswer, false},
		{"no migration moves it", []facts.Observation{observed(direct, idle, absent)}, judge.Waiting, false},
		{"runs", []facts.Observation{observed(direct, exporting, absent)}, judge.Running, false},
		{"runs, listed", []facts.Observation{observed(listed, exporting, importing)}, judge.Running, false},
		{"runs, JIMM does not answer", []facts.Observation{observed(noAnswer, exporting, silent)}, judge.Running, false},
		{"runs, in use on the target: no conflict", []facts.Observation{observed(direct, exporting, idle), observed(direct, exporting, idle), observed(direct, exporting, idle)}, judge.Running, false},
		{"runs, the source denies it to JIMM", []facts.Observation{observed(gone, exporting, idle), observed(gone, exporting, idle)}, judge.Running, false},
		{"did run, and says nothing now", []facts.Observation{observed(direct, exporting, absent), observed(direct, silent, absent), observed(direct, silent, absent)}, judge.NoAnswer, false},
		{"idle once, and the target denies", []facts.Observation{observed(direct, exporting, importing), observed(direct, idle, absent)}, judge.Waiting, false},
		{"aborted", []facts.Observation{observed(direct, exporting, importing), observed(direct, idle, absent), observed(direct, idle, absent)}, judge.Aborted, false},
		{"aborted, listed", []facts.Observation{observed(listed, exporting, importing), observed(listed, idle, absent), observed(listed, idle, absent)}, judge.Aborted, false},
		{"aborted, JIMM does not answer", []facts.Observation{observed(listed, exporting, importing), observed(noAnswer, idle, absent), observed(noAnswer, idle, absent)}, judge.Aborted, false},
		{"aborted, half a copy stays", []facts.Observation{observed(direct, exporting, importing), observed(direct, idle, importing), observed(direct, idle, importing)}, judge.Aborted, false},
		{"over, and no answer says what the target has", []facts.Observation{observed(direct, exporting, importing), observed(direct, idle, silent), observed(direct, idle, silent)}, judge.Waiting, false},
		{"could not be removed: in use twice", []facts.Observation{observed(direct, exporting, idle), observed(direct, idle, idle), observed(direct, idle, idle)}, judge.Conflict, false},
		{"done", []facts.Observation{observed(direct, exporting, idle), observed(gone, moved, idle)}, judge.Moved, true},
		{"done, the target still imports", []facts.Observation{observed(direct, exporting, importing), observed(gone, moved, importing)}, judge.SourceReleased, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p judge.Progress
			for _, o := range c.observations {
				p = p.Observe(base, o)
			}
			got := judge.Judge(base, p, c.observations[len(c.observations)-1])
			if got.Kind != c.want || got.Proof.Valid() != c.proof {
				t.Errorf("verdict %d, proof %v; want %d, %v", got.Kind, got.Proof.Valid(), c.want, c.proof)
			}
		})
	}
}

// Up to Juju 3.6 the source shows its migrations, and also reports a copy that it could not remove as exporting: the
// migration that it shows counts.
func TestASourceThatShowsMigrations(t *testing.T) {
	source, target := controller("west", "3.6.28"), controller("east", "3.6.28")
	base := judge.Baseline{Model: facts.Model{UUID: model}, Source: source, Target: target, TargetProved: true}
	info := facts.Info{Kind: facts.InfoLive, Controller: source.UUID, Status: "available"}
	o := facts.Observation{
		Record: facts.Record{State: facts.RecordAt, Controller: source.UUID}, Info: info,
		Copies: map[facts.ControllerUUID]facts.Copy{source.UUID: {State: facts.CopyExporting}, target.UUID: {State: facts.CopyActive}},
	}
	if got := judge.Judge(base, judge.Progress{}.Observe(base, o), o); got.Kind != judge.Waiting {
		t.Errorf("verdict %d", got.Kind)
	}
}

// That a list lacks the model does not prove that JIMM has no record: while a controller has the model it is not lost.
func TestAbsenceFromAListIsNoLoss(t *testing.T) {
	source, target := controller("west", "3.6.28"), controller("east", "3.6.28")
	base := judge.Baseline{Model: facts.Model{UUID: model}, Source: source, Target: target, TargetProved: true}
	for _, c := range []struct {
		name   string
		record facts.RecordState
		source facts.CopyState
		want   judge.Kind
	}{
		{"the source has it", facts.RecordUnlisted, facts.CopyExporting, judge.Running},
		{"the source did not say more", facts.RecordUnlisted, facts.CopyPresent, judge.Running},
		{"no controller answers", facts.RecordUnlisted, facts.CopyUnknown, judge.Lost},
		{"no controller has it", facts.RecordUnlisted, facts.CopyAbsent, judge.Lost},
		{"JIMM itself says so", facts.RecordLost, facts.CopyExporting, judge.Lost},
	} {
		o := facts.Observation{
			Record: facts.Record{State: c.record}, Info: facts.Info{Kind: facts.InfoRefused},
			Copies: map[facts.ControllerUUID]facts.Copy{source.UUID: {State: c.source}},
		}
		p := judge.Progress{}.Observe(base, o).Observe(base, o)
		if got := judge.Judge(base, p, o); got.Kind != c.want {
			t.Errorf("%s: verdict %d, want %d", c.name, got.Kind, c.want)
		}
	}
}

// A user's confirmation proves nothing against either observation.
func TestAConfirmationIsContradicted(t *testing.T) {
	source, target := controller("west", "3.6.28"), controller("east", "3.6.28")
	observed := func(i facts.Info, atSource, atTarget facts.CopyState) facts.Observation {
		return facts.Observation{Info: i, Copies: map[facts.ControllerUUID]facts.Copy{source.UUID: {State: atSource}, target.UUID: {State: atTarget}}}
	}
	silent := facts.Info{Kind: facts.InfoUnavailable}
	running := func(text string) facts.Info {
		return facts.Info{Kind: facts.InfoLive, Controller: source.UUID, Attempt: facts.Attempt{Text: redact.Raw(text), Start: time.Unix(1, 0)}}
	}
	quiet := observed(silent, facts.CopyUnknown, facts.CopyUnknown)
	third := observed(silent, facts.CopyAbsent, facts.CopyPresent)
	third.Copies[controller("north", "3.6.28").UUID] = facts.Copy{State: facts.CopyActive}
	listed := running("exporting model")
	listed.Kind = facts.InfoListed
	away := observed(silent, facts.CopyMoved, facts.CopyUnknown)
	away.Copies[source.UUID] = facts.Copy{State: facts.CopyMoved, To: controller("north", "3.6.28").UUID}
	idle := facts.Info{Kind: facts.InfoLive, Controller: source.UUID, Status: "available"}
	for _, c := range []struct {
		name     string
		observed facts.Observation
		valid    bool
	}{
		{"no controller answers", quiet, true},
		{"the target has it", observed(silent, facts.CopyAbsent, facts.CopyActive), true},
		{"the target denies it", observed(silent, facts.CopyUnknown, facts.CopyAbsent), false},
		{"the target has moved it away", observed(silent, facts.CopyUnknown, facts.CopyMoved), false},
		{"the target imports it", observed(silent, facts.CopyUnknown, facts.CopyImporting), false},
		{"in use twice", observed(silent, facts.CopyActive, facts.CopyActive), false},
		{"in use on the source", observed(silent, facts.CopyActive, facts.CopyUnknown), false},
		{"in use on the source according to JIMM", observed(idle, facts.CopyPresent, facts.CopyUnknown), false},
		{"in use on a third controller", third, false},
		{"moved to a third controller", away, false},
		{"JIMM's list has a migration of another controller", observed(listed, facts.CopyAbsent, facts.CopyUnknown), false},
		{"a migration can be aborted", observed(running("exporting model"), facts.CopyExporting, facts.CopyUnknown), false},
		{"a migration has succeeded", observed(running("successful, transferring logs"), facts.CopyExporting, facts.CopyActive), true},
	} {
		for _, observations := range [][2]facts.Observation{{c.observed, quiet}, {quiet, c.observed}} {
			p := judge.JudgeConfirmation(judge.Confirmation{
				Model: facts.Model{UUID: model}, Controller: target, Confirm: model, Saw: "seen", First: observations[0], Second: observations[1], Source: source,
			})
			if p.Valid() != c.valid {
				t.Errorf("%s: valid %v", c.name, p.Valid())
			}
		}
	}
}
