package status_test

import (
	"context"
	"testing"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/config"
	"jimm-migrator/src/status"
	"jimm-migrator/tests/unit"
)

// killedRun is a unit with an action that was killed while it moved model A, after one of two
// models had moved.
func killedRun(t *testing.T, agent *charmtest.Agent, run status.Run) {
	t.Helper()
	unit.Act(t, agent, func(ctx context.Context, u config.Unit) error {
		many, err := status.FollowMany(ctx, u, run)
		if err != nil {
			return err
		}
		many.Add(status.Pending{Model: unit.ModelA, Target: "east"})
		return many.Show(ctx, 1, 2)
	})
}

// endedRun is a run that ends with nothing pending.
func endedRun(t *testing.T, agent *charmtest.Agent, run status.Run) {
	t.Helper()
	unit.Act(t, agent, func(ctx context.Context, u config.Unit) error {
		s, err := config.Read(ctx, u)
		if err != nil {
			return err
		}
		many, err := status.FollowMany(ctx, u, run)
		if err != nil {
			return err
		}
		many.Add(status.Pending{Model: unit.ModelA, Target: "east"})
		many.Remove(unit.ModelA)
		return many.Leave(ctx, s)
	})
}

func TestADrainThatWasKilledIsNamedUntilItHasEnded(t *testing.T) {
	const active = "configured for wss://jimm.example.com; run check-access to test it"
	const again = ": juju run jimm-migrator/leader drain-controller controller=west targets=east=2,north exclude='a b' --background"
	drain := status.Run{Controller: "west", Parameters: "targets=east=2,north exclude='a b'"}
	agent := unit.Start(t, charmtest.Options{Config: unit.Config(nil)})
	killedRun(t, agent, drain)
	unit.WantStatus(t, agent, "maintenance", "draining west with targets=east=2,north exclude='a b', 1 of 2 models moved; migrating "+unit.ModelA+" to east")
	for range 2 {
		unit.Hook(t, agent, "config-changed")
		unit.WantStatus(t, agent, "blocked", "draining west with targets=east=2,north exclude='a b' was interrupted, 1 migration is pending"+again)
	}
	// Its last migration has been recorded, but models remain.
	end(t, agent, status.Pending{Model: unit.ModelA})
	unit.WantStatus(t, agent, "blocked", "draining west with targets=east=2,north exclude='a b' was interrupted"+again)
	// Another action shows it, too, and does not end it.
	unit.Act(t, agent, func(ctx context.Context, u config.Unit) error {
		return status.Begin(ctx, u, status.Pending{Model: unit.ModelB, Target: "west"})
	})
	unit.WantStatus(t, agent, "maintenance", "migrating "+unit.ModelB+" to west; draining west with targets=east=2,north exclude='a b' was interrupted")
	end(t, agent, status.Pending{Model: unit.ModelB})
	endedRun(t, agent, status.Run{})
	endedRun(t, agent, status.Run{Controller: "east", Parameters: "targets=north"})
	unit.WantStatus(t, agent, "blocked", "draining west with targets=east=2,north exclude='a b' was interrupted"+again)
	// The drain has ended, with other targets.
	endedRun(t, agent, status.Run{Controller: "west"})
	unit.WantStatus(t, agent, "active", active)

	// It was abandoned.
	killedRun(t, agent, drain)
	unit.Hook(t, agent, "config-changed")
	end(t, agent, status.Pending{Model: unit.ModelA})
	unit.Act(t, agent, func(ctx context.Context, u config.Unit) error {
		s, err := config.Read(ctx, u)
		if err != nil {
			return err
		}
		return status.Uncordoned(ctx, u, s, "west")
	})
	unit.WantStatus(t, agent, "active", active)
}

func TestAPlanThatWasKilledIsNamedWhileSomethingIsPending(t *testing.T) {
	agent := unit.Start(t, charmtest.Options{Config: unit.Config(nil)})
	killedRun(t, agent, status.Run{})
	unit.WantStatus(t, agent, "maintenance", "applying a plan, 1 of 2 models moved; migrating "+unit.ModelA+" to east")
	unit.Hook(t, agent, "config-changed")
	unit.WantStatus(t, agent, "blocked", "applying a plan was interrupted, 1 migration is pending: run apply-plan again with the same plan")
	end(t, agent, status.Pending{Model: unit.ModelA})
	unit.WantStatus(t, agent, "active", "configured for wss://jimm.example.com; run check-access to test it")
}

func TestAProblemComesWithTheRunThatWasKilled(t *testing.T) {
	agent := unit.Start(t, charmtest.Options{Config: unit.Config(nil)})
	killedRun(t, agent, status.Run{Controller: "west", Parameters: status.ByPlan})
	if err := agent.RevokeSecret(unit.URI); err != nil {
		t.Fatal(err)
	}
	unit.Hook(t, agent, "config-changed")
	unit.WantStatus(t, agent, "blocked", "draining west with plan=… was interrupted; first: the secret in jimm-credentials is not granted: juju grant-secret "+unit.URI+" jimm-migrator, then juju run jimm-migrator/0 check-access")
	if err := agent.GrantSecret(unit.URI); err != nil {
		t.Fatal(err)
	}
	unit.Hook(t, agent, "config-changed")
	unit.WantStatus(t, agent, "blocked", "draining west with plan=… was interrupted, 1 migration is pending: run drain-controller again with the same plan")
}
