package migration

import (
	"context"
	"strings"
)

// Administrator asks controllers as one of their administrators, where there are
// accounts on them. It changes nothing. Errors mean that the controller did not
// tell; they need not be redacted.
type Administrator interface {
	// Access logs in to a controller, if there is an account.
	Access(ctx context.Context, c Controller) AdminAccess
	// Holdings lists all models that a controller has in some form.
	Holdings(ctx context.Context, c Controller) ([]Holding, error)
	// People tells which users a controller knows.
	People(ctx context.Context, c Controller) (People, error)
	// Clouds returns the regions of the clouds that a controller knows, by the
	// cloud's name.
	Clouds(ctx context.Context, c Controller) (map[string][]string, error)
	// Prechecks asks the target itself whether it would take the model from the
	// source.
	Prechecks(ctx context.Context, target, source Controller, m Model) (Prechecks, error)
}

// Holding is a model that a controller has.
type Holding struct {
	UUID, Name, Owner string
	// Importing tells that it is a half-imported copy.
	Importing bool
}

// People are the users that a controller knows.
type People struct {
	// Local are the names of its own users, disabled ones too.
	Local []string
	// Identity is where it sends external users to log in, "" if nowhere.
	Identity string
}

// Prechecks is what a target has answered about a model that shall come.
type Prechecks struct {
	// Version is that of its facade MigrationTarget which was asked.
	Version int
	// Facades tells that it was told the facades of the source, and looked at
	// them.
	Facades bool
	// Refusal is why it would not take the model, in its own words, not redacted;
	// "" if it would.
	Refusal string
}

// facadesRefused reports whether the source offers too little for the target.
// That answer has no code (Juju 3.1 to 4.x).
func (p Prechecks) facadesRefused() bool {
	return strings.HasPrefix(p.Refusal, "Source controller does not support required facades")
}

// AdminState tells whether a controller can be asked as one of its
// administrators.
type AdminState string

// The states of an account on a controller.
const (
	// AdminNone: there is no account for the controller.
	AdminNone AdminState = "none"
	// AdminWorks: the account is logged in, as a superuser.
	AdminWorks AdminState = "works"
	// AdminRefused: the controller refuses the account.
	AdminRefused AdminState = "refused"
	// AdminWeak: the account is not a superuser, and would not be told enough.
	AdminWeak AdminState = "not-superuser"
	// AdminSilent: the controller does not answer.
	AdminSilent AdminState = "no-answer"
)

// AdminAccess is what came of logging in to a controller as an administrator.
type AdminAccess struct {
	State AdminState
	// User is the name of the account, "" without one.
	User string
	// Version is what the controller runs, "3.6.14"; "" if it did not tell.
	Version string
	// Facades are the versions of facades that it offers to superusers.
	Facades map[string][]int
	// Err is why the account does not work.
	Err error
}

// outside is what administrators of source and target were told before a start.
type outside struct {
	why            string // Why nobody was asked, "" if somebody was.
	source, target AdminAccess

	holdings    []Holding // Of the target.
	holdingsErr error
	people      map[string]People // Of both, by UUID; missing if not told.
	clouds      map[string][]string
	cloudsErr   error
	prechecks   Prechecks
	precheckErr error
}

// askAdministrators asks source and target what only their administrators are
// told, as long as there is something to start.
func (r *surveyor) askAdministrators(ctx context.Context, s *situation) {
	out := &s.outside
	if out.why = r.mayNotAsk(s); out.why != "" {
		return
	}
	admin := r.jaas.Administrator
	out.people = map[string]People{}
	out.source, out.target = admin.Access(ctx, s.source), admin.Access(ctx, s.target)
	for _, side := range []struct {
		access AdminAccess
		at     Controller
	}{{out.source, s.source}, {out.target, s.target}} {
		if side.access.State != AdminWorks {
			continue
		}
		if people, err := admin.People(ctx, side.at); err == nil {
			out.people[side.at.UUID] = people
		}
	}
	if out.target.State != AdminWorks {
		return
	}
	out.holdings, out.holdingsErr = admin.Holdings(ctx, s.target)
	out.clouds, out.cloudsErr = admin.Clouds(ctx, s.target)
	out.prechecks, out.precheckErr = admin.Prechecks(ctx, s.target, s.source, s.model)
}

// mayNotAsk tells why administrators have nothing to look at, or "".
func (r *surveyor) mayNotAsk(s *situation) string {
	switch {
	case !r.options.Inspect || r.jaas.Administrator == nil:
		return "it was not looked at"
	case !r.options.Probe:
		return "controllers are not asked (probe-controllers=false)"
	case !s.targetKnown:
		return "the target is not known"
	case s.underWay(), s.pending() > 0:
		return "a migration runs, is about to begin, or has run"
	default:
		return ""
	}
}
