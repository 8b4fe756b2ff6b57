// Package hooks handles the hooks of the charm, one entry each.
package hooks

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/src/config"
	"jimm-migrator/src/cos"
	"jimm-migrator/src/status"
)

// Options say how the hooks run.
type Options struct {
	// Version is the version of the charm, which Juju shows as that of the workload.
	Version string
	// PollTimeout limits what update-status does with JIMM. Zero is four seconds:
	// a unit runs no action meanwhile.
	PollTimeout time.Duration
}

// All returns one handler for each hook that this charm needs. Only update-status
// connects to anything but Juju. Nothing has to be done when a unit stops or is
// removed.
func All(options Options) map[string]charm.HookFunc {
	update := func(ctx context.Context, h *charm.Hook) error { return status.Update(ctx, h) }
	installed := func(ctx context.Context, h *charm.Hook) error {
		if err := h.SetWorkloadVersion(ctx, options.Version); err != nil {
			return err
		}
		return status.Update(ctx, h)
	}
	hooks := map[string]charm.HookFunc{
		"install": installed,
		"upgrade-charm": func(ctx context.Context, h *charm.Hook) error {
			return errors.Join(publish(ctx, h), installed(ctx, h))
		},
		"leader-elected": func(ctx context.Context, h *charm.Hook) error { return publish(ctx, h) },
		"start":          update,
		"config-changed": update,
		"secret-changed": func(ctx context.Context, h *charm.Hook) error {
			return errors.Join(status.Forget(ctx, h), status.Update(ctx, h))
		},
		"update-status": func(ctx context.Context, h *charm.Hook) error {
			return status.Poll(ctx, h.Unit, status.PollOptions{Finish: finishRecords, Timeout: options.PollTimeout})
		},
	}
	for _, event := range []string{"created", "joined", "changed", "departed", "broken"} {
		hooks[config.EndpointInfo+"-relation-"+event] = update
		hooks[config.EndpointMetrics+"-relation-"+event] = update
	}
	for _, event := range []string{"changed", "broken"} {
		hooks[config.EndpointCA+"-relation-"+event] = func(ctx context.Context, h *charm.Hook) error {
			return errors.Join(status.ForgetReached(ctx, h), status.Update(ctx, h))
		}
	}
	for endpoint, offer := range offers() {
		hooks[endpoint+"-relation-created"] = func(ctx context.Context, h *charm.Hook) error {
			return ifLeader(ctx, h, func() error { return offer(ctx, h, h.Env().Relation.ID) })
		}
	}
	for _, endpoint := range []string{config.EndpointLogging, config.EndpointDashboard} {
		hooks[endpoint+"-relation-changed"] = func(ctx context.Context, h *charm.Hook) error { return cos.LogRemoteErrors(ctx, h) }
	}
	return hooks
}

// offers are what this application writes into its relations, by endpoint. It
// changes only with the charm, so it is written when the relation is made, when
// the charm is upgraded, and by a new leader, because the old one may have been
// lost before it could write them.
func offers() map[string]func(ctx context.Context, u config.Unit, id string) error {
	return map[string]func(context.Context, config.Unit, string) error{
		config.EndpointCA:        config.OfferCertificates,
		config.EndpointLogging:   cos.OfferLogging,
		config.EndpointDashboard: cos.OfferDashboards,
	}
}

// publish writes the offers into all relations, if this unit is the leader.
func publish(ctx context.Context, u config.Unit) error {
	return ifLeader(ctx, u, func() error {
		var errs []error
		for _, endpoint := range slices.Sorted(maps.Keys(offers())) {
			ids, err := u.RelationIDs(ctx, endpoint)
			errs = append(errs, err)
			for _, id := range ids {
				errs = append(errs, offers()[endpoint](ctx, u, id))
			}
		}
		return errors.Join(errs...)
	})
}

// ifLeader calls do on the leader.
func ifLeader(ctx context.Context, u config.Unit, do func() error) error {
	leader, err := u.Leader(ctx)
	if err != nil || !leader {
		return err
	}
	return do()
}
