package controller

import (
	"context"

	"jimm-migrator/tests/sim/wire"
)

// piece is what a source has removed of a model last, in REAP. In each piece ModelInfo and others answer in their own way
// (3.6.28, recorded, in this order).
type piece int

const (
	whole      piece = iota
	ownerGone        // the permission of the first user
	usersGone        // the model has no users
	statusGone       // neither has it a status
	settingsGone
	allDenied
)

// reapPieces removes a model piece by piece. One that is to stay half reaped stays without its status.
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

// infoError is what ModelInfo says of a model that is being reaped; nil: it answers.
func (h *hosted) infoError() error {
	uuid := h.model.UUID
	switch h.reaping {
	case ownerGone:
		return wire.Errorf("not found", "obtaining model permission: user permission for %q on %q not found",
			"us#"+h.model.Owner, "e#"+uuid)
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

// strangers is what ModelInfo says of a model that came with a local user whom this controller does not know: a migration
// with skip-user-checks lets it (3.6.28, recorded; summaries, ModelStatus and logins are as ever). The caller holds mu.
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
