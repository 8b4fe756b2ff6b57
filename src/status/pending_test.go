package status_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/config"
	"jimm-migrator/src/status"
	"jimm-migrator/tests/unit"
)

const followA = "juju run jimm-migrator/0 migrate-model model=" + unit.ModelA + " target-controller=east --wait=65m"

func TestMarksAreReadBack(t *testing.T) {
	both := []status.Pending{{Model: unit.ModelA, Target: "east", State: status.Interrupted}, {Model: unit.ModelB, Target: "west-2", State: status.Detached}}
	for message, want := range map[string][]status.Pending{
		"":                                      nil,
		"active":                                nil,
		"migrating " + unit.ModelA + " to east": {{Model: unit.ModelA, Target: "east"}},
		"migrating " + unit.ModelA + " to east was interrupted: " + followA:                            both[:1],
		both[0].String() + "; " + both[1].String() + "; first: juju config x":                          both,
		"migrating " + unit.ModelA + " to east; migrating " + unit.ModelA + " to west was interrupted": {{Model: unit.ModelA, Target: "east"}},
		"migrating my-model to east": nil,
	} {
		if diff := cmp.Diff(want, status.ParsePending(message)); diff != "" {
			t.Errorf("marks of %q (-want +got):\n%s", message, diff)
		}
	}
}

// begun is a unit whose actions were killed while they followed migrations.
func begun(t *testing.T, options map[string]any, marks ...status.Pending) *charmtest.Agent {
	t.Helper()
	agent := unit.Start(t, charmtest.Options{Config: options})
	for _, m := range marks {
		unit.Act(t, agent, func(ctx context.Context, u config.Unit) error { return status.Begin(ctx, u, m) })
	}
	return agent
}

func end(t *testing.T, agent *charmtest.Agent, m status.Pending) {
	t.Helper()
	unit.Act(t, agent, func(ctx context.Context, u config.Unit) error {
		s, err := config.Read(ctx, u)
		if err != nil {
			return err
		}
		return status.End(ctx, u, s, m)
	})
}

func TestAMarkOfAKilledActionIsNotOverwritten(t *testing.T) {
	for _, event := range []string{"config-changed", "start", "upgrade-charm", "leader-elected"} {
		t.Run(event, func(t *testing.T) {
			agent := begun(t, unit.Config(nil), status.Pending{Model: unit.ModelA, Target: "east"})
			unit.WantStatus(t, agent, "maintenance", "migrating "+unit.ModelA+" to east")
			unit.Hook(t, agent, event)
			unit.Hook(t, agent, "config-changed")
			unit.WantStatus(t, agent, "blocked", "migrating "+unit.ModelA+" to east was interrupted: "+followA)
		})
	}
}

func TestAMarkSurvivesAProblem(t *testing.T) {
	agent := begun(t, unit.Config(nil), status.Pending{Model: unit.ModelA, Target: "east"})
	if err := agent.RevokeSecret(unit.URI); err != nil {
		t.Fatal(err)
	}
	unit.Hook(t, agent, "config-changed")
	unit.WantStatus(t, agent, "blocked", "migrating "+unit.ModelA+" to east was interrupted; first: the secret in jimm-credentials is not granted: juju grant-secret "+unit.URI+" jimm-migrator, then juju run jimm-migrator/0 check-access")
	if err := agent.GrantSecret(unit.URI); err != nil {
		t.Fatal(err)
	}
	unit.Hook(t, agent, "config-changed")
	unit.WantStatus(t, agent, "blocked", "migrating "+unit.ModelA+" to east was interrupted: "+followA)
}

func TestMarksOfSeveralModelsStandSideBySide(t *testing.T) {
	agent := begun(t, unit.Config(nil), status.Pending{Model: unit.ModelA, Target: "east"}, status.Pending{Model: unit.ModelB, Target: "west"})
	unit.WantStatus(t, agent, "maintenance", "migrating "+unit.ModelB+" to west; migrating "+unit.ModelA+" to east was interrupted")
	end(t, agent, status.Pending{Model: unit.ModelB})
	unit.WantStatus(t, agent, "blocked", "migrating "+unit.ModelA+" to east was interrupted: "+followA)
	end(t, agent, status.Pending{Model: unit.ModelA, Target: "east", State: status.Detached})
	unit.WantStatus(t, agent, "maintenance", "migrating "+unit.ModelA+" to east is not followed: "+followA)
	end(t, agent, status.Pending{Model: unit.ModelA})
	unit.WantStatus(t, agent, "active", "configured for wss://jimm.example.com; run the action check-access to try it")
}

func TestTheEndOfWhatWasNotMarkedChangesNothing(t *testing.T) {
	agent := begun(t, unit.Config(nil), status.Pending{Model: unit.ModelA, Target: "east"})
	end(t, agent, status.Pending{Model: unit.ModelB})
	unit.WantStatus(t, agent, "maintenance", "migrating "+unit.ModelA+" to east")
}

// TestALongProblemDoesNotPushTheMarkOut wants the mark in front: a status is cut.
func TestALongProblemDoesNotPushTheMarkOut(t *testing.T) {
	agent := begun(t, unit.Config(map[string]any{"jimm-url": "ws://" + strings.Repeat("x", 480) + ".example.com"}), status.Pending{Model: unit.ModelA, Target: "east"})
	unit.Hook(t, agent, "config-changed")
	if got := status.ParsePending(agent.Status().Message); len(got) != 1 || got[0].State != status.Interrupted {
		t.Errorf("the status is %q", agent.Status().Message)
	}
}
