package controller

import (
	"context"

	"jimm-migrator/tests/sim/wire"
)

// piece is the part of a model that a source has removed last, in REAP. After each piece ModelInfo and other calls
// answer in their own way (3.6.28, recorded, in this order).
type piece int

const (
	whole      piece = iota
	ownerGone        // the permission of the first user
	usersGone        // the model has no users
	statusGone       // and no status either
	settingsGone
	allDenied // and the model itself is gone, which clients see as if it had never been here, until the phase is DONE
)

// there reports whether clients can connect to the model (3.5.4, observed: a new connection is told that the model is
// unknown; 3.6.28, recorded, for an anonymous one). Nil stands for none.
func (h *hosted) there() bool { return h != nil && h.reaping != allDenied }

// removeCopy removes the pieces of a half-imported copy one by one, if the pace has time for that, so that the target
// answers as it does meanwhile (3.5.4, observed; in any order).
func (c *Controller) removeCopy(ctx context.Context, uuid string) error {
	if c.config.Pace.AbortHidden == 0 || !c.release.has(reapInPieces) {
		return nil
	}
	w := &worker{c: c, speed: c.config.Speed}
	for _, next := range []piece{usersGone, statusGone, settingsGone} {
		c.mu.Lock()
		if h := c.models[uuid]; h != nil {
			h.reaping = next
			c.touch()
		}
		c.mu.Unlock()
		if err := w.wait(ctx, c.config.Pace.AbortHidden/3); err != nil {
			return err
		}
	}
	return nil
}

// reapPieces removes a model piece by piece. One that is to stay half removed stays without its status.
func (w *worker) reapPieces(ctx context.Context) error {
	w.c.closeModelConns(w.m.ModelUUID) // with 1000, before the model is gone
	for next := ownerGone; next <= allDenied; next++ {
		w.c.mu.Lock()
		if h := w.c.models[w.m.ModelUUID]; h != nil {
			h.reaping = next
			w.c.touch()
		}
		w.c.mu.Unlock()
		if err := w.wait(ctx, w.pace.ReapHidden/5); err != nil {
			return err
		}
		if w.m.outcome.HalfReaped && next == statusGone {
			return nil
		}
	}
	return nil
}

// infoError is the answer of ModelInfo for a model that is in REAP; nil: it answers normally. The caller holds mu.
func (c *Controller) infoError(h *hosted) error {
	uuid := h.model.UUID
	if h.mode == modeImporting { // 3.5.4, observed: a half-imported copy that is being removed
		if h.reaping == settingsGone {
			return wire.Errorf("not found", "accessing model config: model %q: settings not found", uuid)
		}
		return nil
	}
	switch h.reaping {
	case ownerGone:
		return wire.Errorf("not found", "obtaining model permission: user permission for %q on %q not found",
			"us#"+h.model.Owner, "e#"+uuid)
	case usersGone:
		if c.release.has(deniesUserless) {
			return errPermission()
		}
		return nil
	case statusGone:
		return wire.Errorf("not found", "cannot get status: model not found")
	case settingsGone:
		return wire.Errorf("not found", "model %q: settings not found", uuid)
	case allDenied:
		return errPermission()
	default:
		return nil
	}
}

// statusError is the answer of FullStatus for a model that is in REAP, or for a half-imported copy that is being
// removed; nil: it answers normally (3.5.4, observed; a real one removes the pieces in any order).
func (h *hosted) statusError() error {
	switch h.reaping {
	case usersGone: // 3.6.28 recorded, too
		return wire.Errorf("not found", "could not fetch applications and units: cannot make bindings: space not found")
	case statusGone:
		return wire.Errorf("not found", "cannot determine model status: cannot obtain model status info: cannot get status: model not found")
	case settingsGone:
		return wire.Errorf("not found", "cannot obtain current model config: model %q: settings not found", h.model.UUID)
	case allDenied:
		return wire.Errorf("not found", "model %q not found", h.model.UUID)
	default:
		return nil
	}
}

// strangers is the answer of ModelInfo for a model that came with a local user whom this controller does not know,
// which skip-user-checks allows (3.6.28, recorded; summaries, ModelStatus and logins are unaffected). The caller holds
// mu.
func (c *Controller) strangers(h *hosted) error {
	if !h.came || c.release.has(juju4) {
		return nil
	}
	for _, user := range h.model.Users {
		if _, known := c.user(user.Name); !known && local(user.Name) {
			return wire.Errorf("not found", "user %q not found", user.Name)
		}
	}
	return nil
}
