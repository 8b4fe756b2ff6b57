package operator_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/operator"
)

const followA = "juju run jimm-migrator/0 migrate-model model=" + modelA + " target-controller=east --wait=65m"

func TestMarksAreReadBack(t *testing.T) {
	both := []operator.Mark{{Model: modelA, Target: "east", State: operator.Interrupted}, {Model: modelB, Target: "west-2", State: operator.Left}}
	for message, want := range map[string][]operator.Mark{
		"":                                 nil,
		"active":                           nil,
		"migrating " + modelA + " to east": {{Model: modelA, Target: "east"}},
		"migrating " + modelA + " to east was interrupted: " + followA:                       both[:1],
		both[0].String() + "; " + both[1].String() + "; first: juju config x":                both,
		"migrating " + modelA + " to east; migrating " + modelA + " to west was interrupted": {{Model: modelA, Target: "east"}},
		"migrating my-model to east": nil,
	} {
		if diff := cmp.Diff(want, operator.Marks(message)); diff != "" {
			t.Errorf("marks of %q (-want +got):\n%s", message, diff)
		}
	}
}

// begun is a unit whose actions were killed while they followed migrations.
func begun(t *testing.T, config map[string]any, marks ...operator.Mark) *charmtest.Agent {
	t.Helper()
	agent := start(t, charmtest.Options{Config: config})
	for _, m := range marks {
		act(t, agent, func(ctx context.Context, u operator.Unit) error { return operator.Begin(ctx, u, m) })
	}
	return agent
}

func end(t *testing.T, agent *charmtest.Agent, m operator.Mark) {
	t.Helper()
	act(t, agent, func(ctx context.Context, u operator.Unit) error {
		s, err := operator.Read(ctx, u)
		if err != nil {
			return err
		}
		return operator.End(ctx, u, s, m)
	})
}

func TestAMarkOfAKilledActionIsNotOverwritten(t *testing.T) {
	for _, event := range []string{"config-changed", "start", "upgrade-charm", "leader-elected"} {
		t.Run(event, func(t *testing.T) {
			agent := begun(t, config(nil), operator.Mark{Model: modelA, Target: "east"})
			wantStatus(t, agent, "maintenance", "migrating "+modelA+" to east")
			hook(t, agent, event)
			hook(t, agent, "config-changed")
			wantStatus(t, agent, "blocked", "migrating "+modelA+" to east was interrupted: "+followA)
		})
	}
}

func TestAMarkSurvivesAProblem(t *testing.T) {
	agent := begun(t, config(nil), operator.Mark{Model: modelA, Target: "east"})
	if err := agent.RevokeSecret(uri); err != nil {
		t.Fatal(err)
	}
	hook(t, agent, "config-changed")
	wantStatus(t, agent, "blocked", "migrating "+modelA+" to east was interrupted; first: the secret in jimm-credentials is not granted: juju grant-secret "+uri+" jimm-migrator, then juju run jimm-migrator/0 check-access")
	if err := agent.GrantSecret(uri); err != nil {
		t.Fatal(err)
	}
	hook(t, agent, "config-changed")
	wantStatus(t, agent, "blocked", "migrating "+modelA+" to east was interrupted: "+followA)
}

func TestMarksOfSeveralModelsStandSideBySide(t *testing.T) {
	agent := begun(t, config(nil), operator.Mark{Model: modelA, Target: "east"}, operator.Mark{Model: modelB, Target: "west"})
	wantStatus(t, agent, "maintenance", "migrating "+modelB+" to west; migrating "+modelA+" to east was interrupted")
	end(t, agent, operator.Mark{Model: modelB})
	wantStatus(t, agent, "blocked", "migrating "+modelA+" to east was interrupted: "+followA)
	end(t, agent, operator.Mark{Model: modelA, Target: "east", State: operator.Left})
	wantStatus(t, agent, "maintenance", "migrating "+modelA+" to east is not followed: "+followA)
	end(t, agent, operator.Mark{Model: modelA})
	wantStatus(t, agent, "active", "configured for wss://jimm.example.com; run the action check-access to try it")
}

func TestTheEndOfWhatWasNotMarkedChangesNothing(t *testing.T) {
	agent := begun(t, config(nil), operator.Mark{Model: modelA, Target: "east"})
	end(t, agent, operator.Mark{Model: modelB})
	wantStatus(t, agent, "maintenance", "migrating "+modelA+" to east")
}

// TestALongProblemDoesNotPushTheMarkOut wants the mark in front: a status is cut.
func TestALongProblemDoesNotPushTheMarkOut(t *testing.T) {
	agent := begun(t, config(map[string]any{"jimm-url": "ws://" + strings.Repeat("x", 480) + ".example.com"}), operator.Mark{Model: modelA, Target: "east"})
	hook(t, agent, "config-changed")
	if got := operator.Marks(agent.Status().Message); len(got) != 1 || got[0].State != operator.Interrupted {
		t.Errorf("the status is %q", agent.Status().Message)
	}
}
