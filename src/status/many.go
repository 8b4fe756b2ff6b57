package status

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"jimm-migrator/charm"
	"jimm-migrator/src/config"
)

// Many are the migrations that one action follows. What was pending before the
// action is read once.
type Many struct {
	unit   config.Unit
	run    Run
	memory memory
	// flying are those that are pending, by model; ended are the models that are
	// no longer pending.
	flying map[string]Pending
	ended  []string
}

// FollowMany begins to follow the migrations of a run.
func FollowMany(ctx context.Context, u config.Unit, run Run) (*Many, error) {
	m, err := remember(ctx, u)
	return &Many{unit: u, run: run, memory: m, flying: map[string]Pending{}}, err
}

// Add notes that a model may be moving. A second time changes its state.
func (m *Many) Add(p Pending) { m.flying[p.Model] = p }

// Has reports whether the model was added and not removed.
func (m *Many) Has(model string) bool {
	_, ok := m.flying[model]
	return ok
}

// IsPending reports whether the model is pending: it was added, or was so before the action.
func (m *Many) IsPending(model string) bool {
	return slices.ContainsFunc(m.listPending(), func(p Pending) bool { return p.Model == model })
}

// Remove notes that no migration of the model is pending.
func (m *Many) Remove(model string) {
	delete(m.flying, model)
	m.ended = append(m.ended, model)
}

// Show shows the run, with how many of its models have moved, and each migration that
// is pending: the status is what survives when the action is killed.
func (m *Many) Show(ctx context.Context, moved, of int) error {
	texts := []string{fmt.Sprintf("%s, %d of %d models moved", m.run, moved, of)}
	if before := m.memory.run(); before != "" && !m.run.of(before) {
		texts = append(texts, before)
	}
	for _, p := range m.listPending() {
		texts = append(texts, p.String())
	}
	return m.unit.SetStatus(ctx, charm.StatusMaintenance, strings.Join(texts, "; "))
}

// Leave decides the status again when the action has stopped following. What is
// still pending stays so.
func (m *Many) Leave(ctx context.Context, s config.Settings) error {
	for model, p := range m.flying {
		p.State = Detached
		m.flying[model] = p
	}
	k := newInputs(m.unit, m.memory, s)
	k.seen, k.pending, k.over = m.memory.health(s), m.listPending(), &m.run
	return k.keep(ctx, m.unit)
}

// listPending are the migrations that this action follows, and those of others that
// were pending before.
func (m *Many) listPending() []Pending {
	var out []Pending
	for _, model := range slices.Sorted(maps.Keys(m.flying)) {
		out = append(out, m.flying[model])
	}
	return append(out, slices.DeleteFunc(m.memory.listPending(), func(p Pending) bool {
		return m.Has(p.Model) || slices.Contains(m.ended, p.Model)
	})...)
}
