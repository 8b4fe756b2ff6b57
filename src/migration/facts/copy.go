package facts

import (
	"cmp"
	"strconv"
	"strings"

	"jimm-migrator/src/redact"
)

// String returns, in one word, what a controller says of its copy.
func (s CopyState) String() string {
	return [...]string{"unknown", "absent", "present", "moved", "importing", "active", "exporting"}[s]
}

// DescribeCopies describes the answer of each controller that has the model in some form.
func DescribeCopies(list Controllers, copies map[ControllerUUID]Copy) string {
	var out []string
	for _, c := range list {
		if got := copies[c.UUID]; got.Has() {
			out = append(out, strconv.Quote(c.String())+" "+got.Describe())
		}
	}
	return strings.Join(out, "; ")
}

// CopyState reports what a controller itself says about having the model.
type CopyState int

// The states of a copy. A controller reports all of them to any client, except that
// some say no more than [CopyPresent].
const (
	// CopyUnknown: the controller was not asked or did not answer.
	CopyUnknown CopyState = iota
	// CopyAbsent: the controller does not have the model, and has not finished
	// moving it away.
	CopyAbsent
	// CopyPresent: there is a copy: active, exporting, importing or left over.
	CopyPresent
	// CopyMoved: the controller has moved the model away, and reports where to.
	CopyMoved
	// CopyImporting: a copy that a running migration is importing, or that a
	// failed one has left.
	CopyImporting
	// CopyActive: a copy that is in use.
	CopyActive
	// CopyExporting: a copy that a running migration is moving away, or that a
	// migration could not remove when it ended. Until the migration has succeeded,
	// the copy is in use.
	CopyExporting
)

// Copy is what a controller itself says about the model.
type Copy struct {
	State CopyState
	// To is the UUID of the controller that [CopyMoved] points to; "" if the
	// answer does not say.
	To ControllerUUID
	// Unreachable reports that the controller could not be reached at all.
	Unreachable bool
	Err         error
	// Info is what the controller shows one of its administrators about the
	// model; its users are those of the controller, not of JIMM. The kind is
	// [InfoNotAsked] where there is no account, or it does not describe it.
	Info Info
}

// CopyOf makes a copy of what a controller shows one of its administrators.
func CopyOf(i Info) Copy {
	c := Copy{State: CopyActive, Info: i}
	switch {
	case i.Importing():
		c.State = CopyImporting
	case i.Migrating(), i.ReapFailed():
		c.State = CopyExporting
	}
	return c
}

// Described returns the copy with what the controller showed one of its administrators
// a moment later, and with the state that this means. If the controller has reported
// that a migration is moving the model, that still counts: on Juju 4.0.0 and later,
// which are silent, an administrator does not see it.
func (c Copy) Described(i Info, state CopyState, silent bool) Copy {
	c.Info = i
	switch {
	case c.State == CopyImporting, c.State == CopyExporting:
	case c.State == CopyPresent && silent && state == CopyActive:
	default:
		c.State = state
	}
	return c
}

// Describe returns what the controller has, to follow its name.
func (c Copy) Describe() string {
	status := c.Info.Status
	if text := cmp.Or(c.Info.Attempt.Text, c.Info.StatusText); text != "" {
		status += ": " + redact.String(strings.TrimPrefix(string(text), TextPrefix))
	}
	if status != "" {
		status = " (" + status + ")"
	}
	switch {
	case c.Dying():
		return "is destroying it" + status
	case c.State == CopyAbsent:
		return "does not have it"
	case c.State == CopyMoved:
		return "has moved it away"
	case c.State == CopyImporting:
		return "has only a half-imported copy of it"
	case c.State == CopyExporting:
		return "is moving it away, or could not remove it" + status
	case c.State == CopyActive:
		return "hosts it" + status
	case c.State == CopyPresent:
		return "has a copy of it"
	default:
		return "did not answer"
	}
}

// Dying reports that the controller is destroying its copy. It shows this only
// to its administrators.
func (c Copy) Dying() bool { return c.Info.Described() && c.Has() && !Alive(c.Info.Life) }

// Has reports whether the controller has the model in some form.
func (c Copy) Has() bool {
	return c.State >= CopyPresent && c.State != CopyMoved
}
