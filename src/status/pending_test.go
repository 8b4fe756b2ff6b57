package status_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/config"
	"jimm-migrator/src/status"
	"jimm-migrator/tests/unit"
)

const followA = "juju run jimm-migrator/0 migrate-model model=" + unit.ModelA + " target-controller=east --wait=65m"

// begun is a unit with actions that were killed while they followed migrations.
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

func TestThePendingMigrationOfAKilledActionIsNotOverwritten(t *testing.T) {
	for _, event := range []string{"config-changed", "start", "upgrade-charm", "leader-elected"} {
		t.Run(event, func(t *testing.T) {
			agent := begun(t, unit.Config(nil), status.Pending{Model: unit.ModelA, Target: "east"})
			unit.WantStatus(t, agent, "maintenance", "migrating "+unit.ModelA+" to east")
			unit.Hook(t, agent, event)
			unit.Hook(t, agent, "config-changed")
			unit.WantStatus(t, agent, "blocked", "migration of "+unit.ModelA+" to east was interrupted: "+followA)
		})
	}
}

func TestAPendingMigrationSurvivesAProblem(t *testing.T) {
	agent := begun(t, unit.Config(nil), status.Pending{Model: unit.ModelA, Target: "east"})
	if err := agent.RevokeSecret(unit.URI); err != nil {
		t.Fatal(err)
	}
	unit.Hook(t, agent, "config-changed")
	unit.WantStatus(t, agent, "blocked", "migration of "+unit.ModelA+" to east was interrupted; first: the secret in jimm-credentials is not granted: juju grant-secret "+unit.URI+" jimm-migrator, then juju run jimm-migrator/0 check-access")
	if err := agent.GrantSecret(unit.URI); err != nil {
		t.Fatal(err)
	}
	unit.Hook(t, agent, "config-changed")
	unit.WantStatus(t, agent, "blocked", "migration of "+unit.ModelA+" to east was interrupted: "+followA)
}

func TestSeveralMigrationsArePending(t *testing.T) {
	agent := begun(t, unit.Config(nil), status.Pending{Model: unit.ModelA, Target: "east"}, status.Pending{Model: unit.ModelB, Target: "west"})
	unit.WantStatus(t, agent, "maintenance", "migrating "+unit.ModelB+" to west; migration of "+unit.ModelA+" to east was interrupted")
	end(t, agent, status.Pending{Model: unit.ModelB})
	unit.WantStatus(t, agent, "blocked", "migration of "+unit.ModelA+" to east was interrupted: "+followA)
	end(t, agent, status.Pending{Model: unit.ModelA, Target: "east", State: status.Detached})
	unit.WantStatus(t, agent, "maintenance", "migration of "+unit.ModelA+" to east is not followed: "+followA)
	end(t, agent, status.Pending{Model: unit.ModelA})
	unit.WantStatus(t, agent, "active", "configured for wss://jimm.example.com; run check-access to test it")
}

func TestTheEndOfWhatIsNotPendingChangesNothing(t *testing.T) {
	agent := begun(t, unit.Config(nil), status.Pending{Model: unit.ModelA, Target: "east"})
	end(t, agent, status.Pending{Model: unit.ModelB})
	unit.WantStatus(t, agent, "maintenance", "migrating "+unit.ModelA+" to east")
}

// TestALongProblemDoesNotPushThePendingMigrationOut requires that it comes first, because a status
// is cut.
func TestALongProblemDoesNotPushThePendingMigrationOut(t *testing.T) {
	agent := begun(t, unit.Config(map[string]any{"jimm-url": "ws://" + strings.Repeat("x", 480) + ".example.com"}), status.Pending{Model: unit.ModelA, Target: "east"})
	unit.Hook(t, agent, "config-changed")
	if got := agent.Status().Message; !strings.HasPrefix(got, "migration of "+unit.ModelA+" to east was interrupted") {
		t.Errorf("the status is %q", got)
	}
}

// The unit stores any number of them: the status has room for the first alone.
func TestManyMigrationsArePending(t *testing.T) {
	agent := begun(t, unit.Config(nil))
	const many = 40
	model := func(i int) string { return fmt.Sprintf("11111111-1111-4111-8111-%012d", i) }
	for i := range many {
		unit.Act(t, agent, func(ctx context.Context, u config.Unit) error {
			return status.Begin(ctx, u, status.Pending{Model: model(i), Target: "east"})
		})
		end(t, agent, status.Pending{Model: model(i), Target: "east", State: status.Detached})
	}
	unit.WantStatus(t, agent, "maintenance", "migration of "+model(many-1)+" to east is not followed (and 39 more): juju run jimm-migrator/0 migrate-model model="+model(many-1)+" target-controller=east --wait=65m")
	for i := range many {
		if i != 7 {
			end(t, agent, status.Pending{Model: model(i)})
		}
	}
	unit.Hook(t, agent, "config-changed")
	unit.WantStatus(t, agent, "maintenance", "migration of "+model(7)+" to east is not followed: juju run jimm-migrator/0 migrate-model model="+model(7)+" target-controller=east --wait=65m")
}
