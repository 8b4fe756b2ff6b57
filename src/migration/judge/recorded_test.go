package judge_test

import (
	"testing"
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
)

// JIMM records the target, and its list shows an aborted migration there. The record is wrong if
// that was the migration to the target; if the target alone hosts the model, it was another one,
// away from the target.
func TestARecordedTargetThatShowsAnAbortedMigration(t *testing.T) {
	source, target := controller("west", "3.6.14"), controller("east", "3.6.14")
	base := judge.Baseline{Model: facts.Model{UUID: model}, Source: source, Target: target, TargetProved: true}
	began := time.Date(2000, 1, 1, 0, 5, 0, 0, time.UTC)
	listed := facts.Info{
		Kind: facts.InfoListed, Controller: target.UUID, Status: "available",
		Attempt: facts.Attempt{Text: "aborted, removing model from target controller: no room", Start: began, End: began.Add(time.Minute)},
	}
	for _, c := range []struct {
		source, target facts.CopyState
		want           judge.Kind
	}{
		{facts.CopyMoved, facts.CopyActive, judge.Migrated},
		{facts.CopyImporting, facts.CopyActive, judge.SourceRetains},
		{facts.CopyActive, facts.CopyActive, judge.Misrecorded},
		{facts.CopyUnknown, facts.CopyActive, judge.Misrecorded},
		{facts.CopyActive, facts.CopyAbsent, judge.Misrecorded},
		{facts.CopyMoved, facts.CopyUnknown, judge.Misrecorded},
	} {
		o := facts.Observation{
			Record: facts.Record{State: facts.RecordAt, Controller: target.UUID}, Info: listed,
			Copies: map[facts.ControllerUUID]facts.Copy{source.UUID: {State: c.source, To: target.UUID}, target.UUID: {State: c.target}},
		}
		if got := judge.Judge(base, judge.Progress{}.Observe(base, o), o).Kind; got != c.want {
			t.Errorf("source %v, target %v: %v, want %v", c.source, c.target, got, c.want)
		}
	}
}
