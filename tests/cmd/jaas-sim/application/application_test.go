package application_test

import (
	"context"
	"testing"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/cmd/jaas-sim/application"
)

// The hook update-status runs periodically, as with Juju's agent, and never if it is turned off.
func TestApplication_UpdatesTheStatus(t *testing.T) {
	t.Parallel()
	for _, every := range []time.Duration{time.Millisecond, 0} {
		ran := make(chan struct{}, 1)
		app := charm.App{Hooks: map[string]charm.HookFunc{
			"update-status": func(context.Context, *charm.Hook) error {
				select {
				case ran <- struct{}{}:
				default:
				}
				return nil
			},
		}}
		agent := charmtest.Start(t, charmtest.Options{CharmDir: "../../../..", App: &app})
		ctx, stop := context.WithCancel(t.Context())
		a := application.New(ctx, application.Options{Agents: []*charmtest.Agent{agent}, StatusEvery: every})
		if every > 0 {
			<-ran
			<-ran
		}
		stop()
		if err := a.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if every == 0 && len(ran) > 0 {
			t.Error("update-status ran without an interval")
		}
	}
}

// A unit that is busy for a long time does not delay the hooks of other units.
func TestApplication_UpdatesTheStatusOfEachUnit(t *testing.T) {
	t.Parallel()
	ran, done := make(chan struct{}), make(chan struct{})
	var agents []*charmtest.Agent
	for unit := range 2 {
		app := charm.App{Hooks: map[string]charm.HookFunc{
			"update-status": func(context.Context, *charm.Hook) error {
				if unit == 0 {
					<-done // as behind an action
					return nil
				}
				select {
				case ran <- struct{}{}:
				case <-done:
				}
				return nil
			},
		}}
		agents = append(agents, charmtest.Start(t, charmtest.Options{CharmDir: "../../../..", App: &app, UnitNumber: unit}))
	}
	ctx, stop := context.WithCancel(t.Context())
	a := application.New(ctx, application.Options{Agents: agents, StatusEvery: time.Millisecond})
	for range 3 {
		<-ran
	}
	stop()
	close(done)
	if err := a.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
}
