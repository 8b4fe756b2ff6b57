package operator

import (
	"context"
	"errors"
	"maps"
	"slices"

	"jimm-migrator/charm"
	"jimm-migrator/src/jimm"
)

// Hooks returns the handlers of the hooks that this charm cares about. All of
// them compute the status anew from what is known; only update-status asks
// anybody but Juju. What stops or removes a unit is left alone: there is nothing
// to end and nothing to clear away.
//
// finish is called by update-status of the leader after a look at JIMM, over the
// connection of that look, if the option finish-records is set. It may be nil.
func Hooks(version string, finish Finish) map[string]charm.HookFunc {
	settle := func(ctx context.Context, h *charm.Hook) error { return Settle(ctx, h) }
	installed := func(ctx context.Context, h *charm.Hook) error {
		if err := h.SetWorkloadVersion(ctx, version); err != nil {
			return err
		}
		return Settle(ctx, h)
	}
	hooks := map[string]charm.HookFunc{
		"install": installed,
		"upgrade-charm": func(ctx context.Context, h *charm.Hook) error {
			return errors.Join(publish(ctx, h), installed(ctx, h))
		},
		"leader-elected": func(ctx context.Context, h *charm.Hook) error { return publish(ctx, h) },
		"start":          settle,
		"config-changed": settle,
		"secret-changed": func(ctx context.Context, h *charm.Hook) error {
			return errors.Join(forget(ctx, h), Settle(ctx, h))
		},
		"update-status": func(ctx context.Context, h *charm.Hook) error { return update(ctx, h, finish) },
	}
	for _, event := range []string{"created", "joined", "changed", "departed", "broken"} {
		hooks[endpointInfo+"-relation-"+event] = settle
		hooks[endpointMetrics+"-relation-"+event] = settle
	}
	for _, event := range []string{"changed", "broken"} {
		hooks[endpointCA+"-relation-"+event] = func(ctx context.Context, h *charm.Hook) error {
			return errors.Join(doubt(ctx, h), Settle(ctx, h))
		}
	}
	for endpoint, offer := range offers() {
		hooks[endpoint+"-relation-created"] = func(ctx context.Context, h *charm.Hook) error {
			return ifLeader(ctx, h, func() error { return offer(ctx, h, h.Env().Relation.ID) })
		}
	}
	for _, endpoint := range []string{endpointLogging, endpointDashboard} {
		hooks[endpoint+"-relation-changed"] = func(ctx context.Context, h *charm.Hook) error { return listen(ctx, h) }
	}
	return hooks
}

// Finish records migrations that were started by this charm and not recorded.
type Finish func(ctx context.Context, u *charm.Unit, s Settings, client *jimm.Client) error

// offers are what this application says to the other side of a relation, by
// endpoint. It stays the same as long as the charm does, so it is said when the
// relation is made, when the charm is upgraded, and by a new leader, since the
// old one may have died before.
func offers() map[string]func(ctx context.Context, u Unit, id string) error {
	return map[string]func(context.Context, Unit, string) error{
		endpointCA:        offerCertificates,
		endpointLogging:   offerLogging,
		endpointDashboard: offerDashboards,
	}
}

// publish says it on all relations, if this unit leads.
func publish(ctx context.Context, u Unit) error {
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

// ifLeader does what only the leader may do.
func ifLeader(ctx context.Context, u Unit, do func() error) error {
	leader, err := u.IsLeader(ctx)
	if err != nil || !leader {
		return err
	}
	return do()
}
