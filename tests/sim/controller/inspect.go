package controller

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
)

// The states of a model in ModelState.
const (
	StateActive    = "active"
	StateExporting = "exporting"
	StateImporting = "importing"
)

// ModelState is a model on a controller, for tests.
type ModelState struct {
	Model  Model
	State  string // active, exporting or importing
	Status string // e.g. "busy"
	Info   string // e.g. "migrating: exporting model"
}

// Models returns the models of the controller, except the controller model, sorted by name.
func (c *Controller) Models() []ModelState {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []ModelState
	for _, h := range c.sorted() {
		if !h.model.IsController {
			list = append(list, h.state())
		}
	}
	return list
}

// Model returns one model.
func (c *Controller) Model(uuid string) (state ModelState, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.models[uuid]
	if h == nil {
		return ModelState{}, false
	}
	return h.state(), true
}

func (h *hosted) state() ModelState {
	state := ModelState{Model: h.model, State: string(h.mode), Status: h.status.Status, Info: h.status.Info}
	if h.mode == modeNone {
		state.State = StateActive
	}
	return state
}

// SetUpgrading begins or ends a controller upgrade. Meanwhile a client that logs in to the controller can only ping,
// and a login that fails reports maintenance (4.0-beta8, recorded; documented for older releases).
func (c *Controller) SetUpgrading(on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.upgrading = on
}

// SetExporting marks a model as being exported, without a migration. Clients of the model then see the same as during
// one.
func (c *Controller) SetExporting(uuid string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.models[uuid]
	if h == nil {
		return fmt.Errorf("cannot export model %q: it is not on controller %q", uuid, c.config.Name)
	}
	h.mode = modeExporting
	c.touch()
	return nil
}

// Redirect is the redirect that a source keeps for a model that migrated away.
type Redirect struct {
	ControllerTag, ControllerAlias string
	Addrs                          []string
	CACert                         string
	Users                          []string // users who had access when the migration began
}

// AddRedirect adds the redirect of a model that migrated away long ago.
func (c *Controller) AddRedirect(uuid string, to Redirect) {
	c.mu.Lock()
	defer c.mu.Unlock()
	end := now()
	m := &migration{
		Migration: Migration{
			ModelUUID: uuid, Phase: Done, Text: "successful, removing model from source controller", Start: end, End: &end,
			Target: to.ControllerTag, Addrs: to.Addrs,
		},
		target: targetInfo{
			ControllerTag: to.ControllerTag, ControllerAlias: to.ControllerAlias, Addrs: to.Addrs, CACert: to.CACert,
		},
		users: map[string]bool{},
	}
	for _, user := range to.Users {
		m.users[user] = true
	}
	c.latest[uuid] = m
	c.touch()
}

// Migration returns the latest migration of a model, even if the model is gone.
func (c *Controller) Migration(uuid string) (m Migration, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.latest[uuid] == nil {
		return Migration{}, false
	}
	return c.latest[uuid].Migration, true
}

// Migrating returns the running migrations, sorted by their start.
func (c *Controller) Migrating() []Migration {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []Migration
	for _, m := range c.latest {
		if !m.Phase.Terminal() {
			list = append(list, m.Migration)
		}
	}
	slices.SortFunc(list, func(a, b Migration) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.ModelUUID, b.ModelUUID))
	})
	return list
}

// Await returns when the condition is true; it evaluates it again after every change. The error is the context's.
func (c *Controller) Await(ctx context.Context, condition func() bool) error {
	for {
		c.mu.Lock()
		changed := c.changed
		c.mu.Unlock()
		if condition() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("cannot wait for controller %q: %w", c.config.Name, ctx.Err())
		}
	}
}

// AwaitPhase returns when the latest migration of a model is in one of the phases.
func (c *Controller) AwaitPhase(ctx context.Context, uuid string, phases ...Phase) error {
	return c.Await(ctx, func() bool {
		m, ok := c.Migration(uuid)
		return ok && slices.Contains(phases, m.Phase)
	})
}

// MigrationTexts returns the status texts of a model's migrations so far, including those that lasted no time at all.
func (c *Controller) MigrationTexts(uuid string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.texts[uuid])
}

// AwaitText returns when the status text of a model's latest migration begins with a text.
func (c *Controller) AwaitText(ctx context.Context, uuid, text string) error {
	return c.Await(ctx, func() bool {
		m, ok := c.Migration(uuid)
		return ok && strings.HasPrefix(m.Text, text)
	})
}
