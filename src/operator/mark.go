package operator

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"jimm-migrator/charm"
)

// Mark is a migration in the message of the unit's status. The status is the one
// thing that survives the death of an action at once, so the intent stands
// there: "migrating UUID to CONTROLLER". What that text says later on about a
// migration that nobody follows any more is parsed back from it.
type Mark struct {
	// Model is the UUID of the model, Target JIMM's name of the controller.
	Model, Target string
	// State says how the following of it ended.
	State MarkState
}

// MarkState says whether a migration is followed.
type MarkState string

// The states of a mark. The zero value is a migration that an action follows
// now; seen by a hook it means that the action was killed, since a unit does one
// thing at a time.
const (
	// Followed: an action follows it.
	Followed MarkState = ""
	// Interrupted: the action that followed it was killed.
	Interrupted MarkState = "was interrupted"
	// Left: the action has stopped to follow it, as it was told to.
	Left MarkState = "is not followed"
)

// String returns the mark as it stands in a status.
func (m Mark) String() string {
	text := "migrating " + m.Model + " to " + m.Target
	if m.State != Followed {
		text += " " + string(m.State)
	}
	return text
}

// Command is the command that follows the migration, or records it.
func (m Mark) Command(unit string) string {
	return fmt.Sprintf("juju run %s migrate-model model=%s target-controller=%s --wait=65m", unit, m.Model, m.Target)
}

// Marks returns the marks in the message of a status, in their order.
func Marks(message string) []Mark {
	pattern := regexp.MustCompile(`migrating ([0-9a-f-]{36}) to ([^ :;]+)(?: (` + string(Interrupted) + `|` + string(Left) + `))?`)
	var out []Mark
	for _, found := range pattern.FindAllStringSubmatch(message, -1) {
		m := Mark{Model: found[1], Target: found[2], State: MarkState(found[3])}
		if !slices.ContainsFunc(out, func(o Mark) bool { return o.Model == m.Model }) {
			out = append(out, m)
		}
	}
	return out
}

// without returns the marks of other models.
func without(marks []Mark, model string) []Mark {
	return slices.DeleteFunc(slices.Clone(marks), func(m Mark) bool { return m.Model == model })
}

// abandoned returns the marks as a hook has to take them: nobody follows any.
func abandoned(marks []Mark) []Mark {
	out := slices.Clone(marks)
	for i := range out {
		if out[i].State == Followed {
			out[i].State = Interrupted
		}
	}
	return out
}

// Begin marks the unit as following a migration. Marks of other models stay
// behind it.
func Begin(ctx context.Context, u Unit, m Mark) error {
	_, message, err := u.Status(ctx)
	if err != nil {
		return err
	}
	m.State = Followed
	marks := append([]Mark{m}, abandoned(without(Marks(message), m.Model))...)
	return u.SetStatus(ctx, charm.StatusMaintenance, list(marks))
}

// End takes the mark of a model off the unit and computes the status anew, for
// an action that has read its settings. With the state [Left] the mark stays,
// and says so. It works also when the action is told to stop.
func End(ctx context.Context, u Unit, s Settings, m Mark) error {
	_, message, err := u.Status(ctx)
	if err != nil {
		return err
	}
	before := Marks(message)
	k := known{unit: u.Env().Unit, address: s.JIMM.URL, optional: s.ControllersProblem, marks: abandoned(without(before, m.Model))}
	switch {
	case m.State == Left:
		k.marks = append([]Mark{m}, k.marks...)
	case len(k.marks) == len(before) && !counts(message):
		return nil
	}
	if len(k.marks) == 0 {
		// The look is a hint, and nobody waits for it.
		if k.seen, _ = lastLook(ctx, u, s); k.seen.settle(m.Model) {
			err = k.seen.keep(ctx, u, nil)
		}
	}
	return errors.Join(err, k.show(ctx, u))
}

func list(marks []Mark) string {
	texts := make([]string, len(marks))
	for i, m := range marks {
		texts[i] = m.String()
	}
	return strings.Join(texts, "; ")
}
