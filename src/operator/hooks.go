package operator

import (
	"context"
	"errors"

	"jimm-migrator/charm"
)

// Hooks returns the handlers of the hooks that this charm cares about. All of
// them compute the status anew from what is known.
func Hooks(version string) map[string]charm.HookFunc {
	settle := func(ctx context.Context, h *charm.Hook) error { return Settle(ctx, h) }
	installed := func(ctx context.Context, h *charm.Hook) error {
		if err := h.SetWorkloadVersion(ctx, version); err != nil {
			return err
		}
		return Settle(ctx, h)
	}
	return map[string]charm.HookFunc{
		"install":        installed,
		"upgrade-charm":  installed,
		"start":          settle,
		"config-changed": settle,
		"secret-changed": settle,
		// A grant fires no hook: only looking again finds it.
		"update-status": settle,
	}
}

// Settle sets the unit's status from the configuration and the secret: blocked
// with the command that unblocks it, or active. What only the operator can put
// right is no error.
func Settle(ctx context.Context, u Unit) error {
	s, err := Read(ctx, u)
	var problem *ProblemError
	switch {
	case errors.As(err, &problem):
		return u.SetStatus(ctx, charm.StatusBlocked, problem.Error())
	case err != nil:
		return err
	default:
		return u.SetStatus(ctx, charm.StatusActive, "configured for "+s.JIMM.URL+"; run the action check-access to try it")
	}
}
