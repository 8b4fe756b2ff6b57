package facts

import (
	"slices"
	"strings"

	"jimm-migrator/src/redact"
)

// Holding is a model that a controller has.
type Holding struct {
	UUID, Name, Owner string
	// Importing reports that it is a half-imported copy.
	Importing bool
	// Life is "alive", "dying" or "dead"; "" if the controller does not say.
	Life string
}

// KnownUsers are the users that a controller knows.
type KnownUsers struct {
	// Local are the names of its own users, disabled ones too.
	Local []string
	// Identity is where it sends external users to log in, "" if nowhere.
	Identity string
}

// Prechecks is the answer of a controller, the target or the source itself, to the
// question whether it would accept a model.
type Prechecks struct {
	// Version is that of its facade MigrationTarget which was asked.
	Version int
	// Facades reports that it was given the facades of the source, and checked
	// them.
	Facades bool
	// Refusal is why it would not accept the model, in its own words; "" if it would.
	Refusal redact.Raw
}

// FacadesRefused reports whether the source offers too little for the target.
// That answer has no code (Juju 3.1 to 4.x).
func (p Prechecks) FacadesRefused() bool {
	return strings.HasPrefix(string(p.Refusal), "Source controller does not support required facades")
}

// RefusesAsItIs reports whether the controller would refuse because of its own state: that
// of its machines, or an upgrade. A source examines itself in the same way before it
// migrates a model (migration prechecks of Juju 2.9 to 3.6).
func (p Prechecks) RefusesAsItIs() bool {
	return slices.ContainsFunc(
		[]string{"machine ", "upgrade in progress", "model is dying", "model is dead"},
		func(begin string) bool { return strings.HasPrefix(string(p.Refusal), begin) },
	)
}

// HasModel reports whether the controller would refuse because it has the model: it looks
// for that after it has examined itself (migration prechecks of Juju 2.9 to 3.6).
func (p Prechecks) HasModel() bool {
	return strings.HasPrefix(string(p.Refusal), "model with same UUID already exists")
}

// AccountState reports whether a controller can be asked as one of its
// administrators.
type AccountState string

// The states of an account on a controller.
const (
	// AccountNone: there is no account for the controller.
	AccountNone AccountState = "none"
	// AccountWorks: the account is logged in, as a superuser.
	AccountWorks AccountState = "works"
	// AccountRefused: the controller refuses the account.
	AccountRefused AccountState = "refused"
	// AccountWeak: the account is not a superuser, so the controller would not
	// show it enough.
	AccountWeak AccountState = "not-superuser"
	// AccountSilent: the controller does not answer.
	AccountSilent AccountState = "no-answer"
)

// Account is the result of logging in to a controller as an administrator.
type Account struct {
	State AccountState
	// User is the name of the account, "" without one.
	User string
	// Version is what the controller runs, "3.6.14"; "" if it did not answer.
	Version string
	// Facades are the versions of facades that it offers to superusers.
	Facades map[string][]int
	// Err is why the account does not work.
	Err error
}
