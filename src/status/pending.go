package status

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"jimm-migrator/charm"
	"jimm-migrator/src/config"
)

// Pending is a migration that was started or followed and is not known to have
// ended. It is in the message of the unit's status, the one thing that survives
// when an action is killed: "migrating UUID to CONTROLLER".
type Pending struct {
	// Model is the UUID of the model, Target JIMM's name of the controller.
	Model, Target string
	// State says whether an action follows it.
	State PendingState
}

// PendingState says whether a migration is followed.
type PendingState string

// The states of a pending migration. A hook that finds [Followed] knows that the
// action was killed, since a unit does one thing at a time.
const (
	// Followed: an action follows it.
	Followed PendingState = ""
	// Interrupted: the action that followed it was killed.
	Interrupted PendingState = "was interrupted"
	// Detached: the action stopped following it, as requested.
	Detached PendingState = "is not followed"
)

// String returns the migration as the status shows it.
func (m Pending) String() string {
	text := "migrating " + m.Model + " to " + m.Target
	if m.State != Followed {
		text += " " + string(m.State)
	}
	return text
}

// Command is the command that follows the migration, or records it.
func (m Pending) Command(unit string) string {
	return fmt.Sprintf("juju run %s migrate-model model=%s target-controller=%s --wait=65m", unit, m.Model, m.Target)
}

// ParsePending returns the pending migrations in the message of a status, in
// their order.
func ParsePending(message string) []Pending {
	pattern := regexp.MustCompile(`migrating ([0-9a-f-]{36}) to ([^ :;]+)(?: (` + string(Interrupted) + `|` + string(Detached) + `))?`)
	var out []Pending
	for _, found := range pattern.FindAllStringSubmatch(message, -1) {
		m := Pending{Model: found[1], Target: found[2], State: PendingState(found[3])}
		if !slices.ContainsFunc(out, func(o Pending) bool { return o.Model == m.Model }) {
			out = append(out, m)
		}
	}
	return out
}

// without returns the pending migrations of other models.
func without(pending []Pending, model string) []Pending {
	return slices.DeleteFunc(slices.Clone(pending), func(m Pending) bool { return m.Model == model })
}

// interrupted returns the pending migrations as a hook sees them: no action
// follows any.
func interrupted(pending []Pending) []Pending {
	out := slices.Clone(pending)
	for i := range out {
		if out[i].State == Followed {
			out[i].State = Interrupted
		}
	}
	return out
}

// Begin shows in the status that an action follows a migration. Pending
// migrations of other models stay behind it.
func Begin(ctx context.Context, u config.Unit, p Pending) error {
	_, message, err := u.Status(ctx)
	if err != nil {
		return err
	}
	p.State = Followed
	all := append([]Pending{p}, interrupted(without(ParsePending(message), p.Model))...)
	return u.SetStatus(ctx, charm.StatusMaintenance, list(all))
}

// End removes a model's pending migration and decides the status anew, for an
// action that has read its settings. With the state [Detached] the migration
// stays pending. It works also when the action is told to stop.
func End(ctx context.Context, u config.Unit, s config.Settings, p Pending) error {
	_, message, err := u.Status(ctx)
	if err != nil {
		return err
	}
	before := ParsePending(message)
	k := known{unit: u.Env().Unit, address: s.JIMM.URL, optional: s.ControllersProblem, pending: interrupted(without(before, p.Model))}
	switch {
	case p.State == Detached:
		k.pending = append([]Pending{p}, k.pending...)
	case len(k.pending) == len(before) && !counts(message):
		return nil
	}
	if len(k.pending) == 0 {
		// The health is a hint: without it the status is still right.
		if k.seen, _ = lastHealth(ctx, u, s); k.seen.settle(p.Model) {
			err = k.seen.save(ctx, u, nil)
		}
	}
	return errors.Join(err, k.show(ctx, u))
}

func list(pending []Pending) string {
	texts := make([]string, len(pending))
	for i, m := range pending {
		texts[i] = m.String()
	}
	return strings.Join(texts, "; ")
}
