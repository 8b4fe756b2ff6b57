package status

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"jimm-migrator/charm"
	"jimm-migrator/src/config"
	"jimm-migrator/src/migration/facts"
)

// Pending is a migration that was started or followed and is not known to have
// ended. The unit's state keeps any number of them. Juju discards what an action
// that is killed wrote there, and keeps what it wrote to the status; so the status
// shows the migration that an action follows, and a hook takes it from there.
type Pending struct {
	// Model is the UUID of the model, Target JIMM's name of the controller.
	Model  string `json:"model"`
	Target string `json:"target"`
	// State reports whether an action follows it.
	State PendingState `json:"state"`
}

// PendingState reports whether a migration is followed.
type PendingState string

// The states of a pending migration. A hook that finds [Followed] knows that the
// action was killed, because a unit does one thing at a time.
const (
	// Followed: an action follows it.
	Followed PendingState = ""
	// Interrupted: the action that followed it was killed.
	Interrupted PendingState = "was interrupted"
	// Detached: the action stopped following it, as requested.
	Detached PendingState = "is not followed"
)

// keyPending is the key of the pending migrations in the unit's state.
const keyPending = "pending"

// String returns the migration as the status shows it.
func (p Pending) String() string {
	if p.State == Followed {
		return "migrating " + p.Model + " to " + p.Target
	}
	return "migration of " + p.Model + " to " + p.Target + " " + string(p.State)
}

// Command is the command that follows the migration, or records it.
func (p Pending) Command(unit string) string {
	return fmt.Sprintf("%s migrate-model model=%s target-controller=%s --wait=65m", facts.JujuRun(unit, p.Target), p.Model, p.Target)
}

// shown returns the migrations in the message of a status, in their order. What
// an action follows there counts as interrupted, but for that action.
func shown(message string) []Pending {
	pattern := regexp.MustCompile(`(?:migrating|migration of) ([0-9a-f-]{36}) to ([^ :;]+)(?: (` + string(Interrupted) + `|` + string(Detached) + `))?`)
	var out []Pending
	for _, found := range pattern.FindAllStringSubmatch(message, -1) {
		out = append(out, Pending{Model: found[1], Target: found[2], State: cmp.Or(PendingState(found[3]), Interrupted)})
	}
	return out
}

// PendingMigrations returns the pending migrations of the unit, the latest first.
func PendingMigrations(ctx context.Context, u config.Keeper) ([]Pending, error) {
	m, err := remember(ctx, u)
	return m.listPending(), err
}

// memory is what Juju keeps for the unit.
type memory struct {
	message string
	state   map[string]string
}

// remember reads the unit's status and state, once: each is a process.
func remember(ctx context.Context, u config.Keeper) (m memory, err error) {
	if _, m.message, err = u.Status(ctx); err != nil {
		return m, err
	}
	m.state, err = u.State(ctx)
	return m, err
}

// listPending joins the migrations in the status with those in the state, one per
// model.
func (m memory) listPending() []Pending {
	var out, stored []Pending
	_ = json.Unmarshal([]byte(m.state[keyPending]), &stored) // No text is none.
	for _, p := range append(shown(m.message), stored...) {
		if !slices.ContainsFunc(out, func(o Pending) bool { return o.Model == p.Model }) {
			out = append(out, p)
		}
	}
	return out
}

// pendingText returns pending migrations as the state stores them; "" if there
// are none.
func pendingText(pending []Pending) (string, error) {
	if len(pending) == 0 {
		return "", nil
	}
	raw, err := json.Marshal(pending)
	return string(raw), err
}

// without returns the pending migrations of other models.
func without(pending []Pending, model string) []Pending {
	return slices.DeleteFunc(slices.Clone(pending), func(p Pending) bool { return p.Model == model })
}

// Begin shows in the status that an action follows a migration. Behind it are
// those that only the status has.
func Begin(ctx context.Context, u config.Unit, p Pending) error {
	_, message, err := u.Status(ctx)
	if err != nil {
		return err
	}
	p.State = Followed
	texts := []string{p.String()}
	if run, found := interrupted(message); found {
		texts = append(texts, run.String()+" was interrupted")
	}
	for _, other := range without(shown(message), p.Model) {
		texts = append(texts, other.String())
	}
	return u.SetStatus(ctx, charm.StatusMaintenance, strings.Join(texts, "; "))
}

// End removes a model's pending migration and decides the status again, for an
// action that has read its settings. With the state [Detached] the migration
// stays pending. It works even if the action has been stopped.
func End(ctx context.Context, u config.Unit, s config.Settings, p Pending) error {
	m, err := remember(context.WithoutCancel(ctx), u)
	if err != nil {
		return err
	}
	before := m.listPending()
	after := without(before, p.Model)
	removed := len(after) < len(before)
	if p.State == Detached {
		after = append([]Pending{p}, after...)
	}
	seen := m.health(s)
	corrected := p.State != Detached && seen.verified(p.Model)
	if !removed && !corrected && p.State != Detached {
		return nil
	}
	k := newInputs(u, m, s)
	k.seen, k.pending = seen, after
	return k.keep(ctx, u)
}

// list returns which migration is pending, and how many more are.
func list(pending []Pending) string {
	text := pending[0].String()
	if more := len(pending) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return text
}
