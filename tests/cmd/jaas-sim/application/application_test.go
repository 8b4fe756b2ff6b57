package application_test

import (
	"context"
	"testing"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/cmd/jaas-sim/application"
)

// The hook update-status comes again and again, as from Juju's agent, and not at all
// where that is not asked for.
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
