package scenario_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
)

// points are where migrate-model is killed: around each of its writes and hook tools, between finding the model and
// starting, in each step and phase. If it is killed while JIMM has its request to start and has not passed it on, the
// next run waits for minutes: stories/killed-while-asking.txtar and mode-left-behind.txtar test that.
func points() []point {
	return []point{
		{Before: "action-get", year: "2024"},
		{After: "config-get", year: "2026"},
		{Before: "secret-get", year: "2026"},
		{After: "secret-get", year: "2024"},
		{Asked: "jimm LoginWithClientCredentials"},
		{Answered: "jimm ListModelSummaries"},
		{Answered: "jimm FindAuditEvents"},
		{Before: "status-set"},
		{After: "status-set"},
		{Line: "changes made to"},
		{Asked: "west InitiateMigration"},
		{Answered: "west InitiateMigration"},
		{Answered: "jimm MigrateModel"},
		{Line: "started: "},
		{Line: "QUIESCE: ", stall: "quiescing"},
		{Line: "IMPORT: ", stall: "importing"},
		{Line: "VALIDATION: ", stall: "validating"},
		{Line: "SUCCESS: ", stall: "transferring ownership"},
		{Line: "LOGTRANSFER: ", stall: "successful, transferring logs"},
		{Line: "REAP: ", stall: "successful, removing"},
		{Asked: "jimm UpdateMigratedModel"},
		{Answered: "jimm UpdateMigratedModel"},
		{Line: "recorded in JIMM: "},
		{Asked: "jimm FullStatus"},
		{Answered: "jimm ListRelationshipTuples"},
		{Line: "verified: "},
		{Before: "status-set", Nth: 1, year: "2024"},
		{After: "status-set", Nth: 1, year: "2026"},
		{Before: "action-set"},
		{After: "action-set", year: "2026"},
	}
}

// TestKilledAnywhere kills the real binary at each point with SIGKILL and runs the action again: nothing is started
// twice, nothing is lost, and the end is correct.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	for _, year := range []string{"2024", "2026"} {
		for _, p := range points() {
			if p.year != "" && p.year != year {
				continue
			}
			t.Run(p.String()+"/"+year, func(t *testing.T) {
				t.Parallel()
				killed(t, p, year)
			})
		}
	}
}

func killed(t *testing.T, p point, year string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), processes{}.limit())
	defer cancel()
	s := newStage(t, story{
		file: "TestKilledAnywhere/" + p.String(), about: "SIGKILL at a chosen point", world: fmt.Sprintf("controllers: [{name: west}, {name: east}]\nmodels: [{name: prod, migrations: [{stall: %q}]}]\n", p.stall),
		steps: []step{{line: line{text: "truth "}}},
	}, age{year: year, source: usualVersion, target: usualVersion}, processes{})
	s.killer = &killer{point: p, kill: func() error { return s.agent.Kill() }}
	s.open(ctx)
	s.killer.arm()
	for range 2 {
		if err := s.run(ctx, []string{s.agent.Unit(), "migrate-model", "model=prod", "target-controller=east"}); err != nil {
			t.Fatal(err)
		}
		s.jaas.Controller("west").Resume(s.jaas.UUID("prod"))
	}
	first, second := s.tasks[0].task, s.tasks[1].task
	if !s.killer.killed || s.killer.err != nil || first.Message != "terminated" {
		t.Errorf("the first run was not killed: %v, %s %s", s.killer.err, first.Status, first.Message)
	}
	if got := second.Result("outcome"); !slices.Contains([]string{"migrated", "recorded", "already-there"}, got) {
		t.Errorf("the second run ended with %s (%s): %s", got, second.Result("cause"), second.Message)
	}
	if err := s.truth([]string{"prod", "record=east", "copies=east", "migrations=1", "asked=1"}); err != nil {
		t.Error(err)
	}
	if status := s.agent.Status(); status.Status != "active" {
		t.Errorf("the unit is %s afterwards: %s", status.Status, status.Message)
	}
	s.finish()
}
