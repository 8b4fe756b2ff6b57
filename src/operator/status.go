package operator

import (
	"context"
	"errors"
	"fmt"

	"jimm-migrator/charm"
)

// known is everything that the unit's status is computed from.
type known struct {
	unit string
	// problem and waiting are what [Read] has found; at most one is set.
	problem *ProblemError
	waiting *WaitError
	// optional is a problem with what the charm can do without.
	optional *ProblemError
	// address is where JIMM is.
	address string
	// seen is the last look at that JIMM, nil if there was none.
	seen *look
	// marks are the migrations that nobody follows any more.
	marks []Mark
}

// status tells the unit's status: the most urgent first. This is the only place
// that decides it, apart from an action that follows a migration.
func (k known) status() (charm.Status, string) {
	problem := k.problem
	if problem == nil && k.seen != nil {
		problem = k.seen.problem()
	}
	switch {
	case problem != nil && len(k.marks) > 0:
		return charm.StatusBlocked, list(k.marks) + "; first: " + problem.Error()
	case problem != nil:
		return charm.StatusBlocked, problem.Error()
	case len(k.marks) > 0:
		return k.pending()
	case k.optional != nil:
		return charm.StatusBlocked, k.optional.Error()
	case k.waiting != nil:
		return charm.StatusWaiting, k.waiting.Error()
	case k.seen == nil, k.seen.Address == "" && k.seen.waiting() == "":
		return charm.StatusActive, "configured for " + k.address + "; run the action check-access to try it"
	case k.seen.waiting() != "":
		return charm.StatusWaiting, (&WaitError{For: k.seen.waiting()}).Error()
	default:
		return charm.StatusActive, k.seen.sentence(k.unit)
	}
}

// pending tells of migrations that nobody follows. One that was interrupted
// blocks: it may end unrecorded. One that was left on purpose does not.
func (k known) pending() (charm.Status, string) {
	status := charm.StatusMaintenance
	for _, m := range k.marks {
		if m.State == Interrupted {
			status = charm.StatusBlocked
		}
	}
	return status, list(k.marks) + ": " + k.marks[0].Command(k.unit)
}

// Settle sets the unit's status from what is known: configuration, secret,
// relations, the last look at JIMM, and the mark of an action that was killed.
// It asks nobody but Juju. What only the operator can put right is no error.
func Settle(ctx context.Context, u Unit) error {
	_, message, err := u.Status(ctx)
	if err != nil {
		return err
	}
	s, err := Read(ctx, u)
	k, err := knownFrom(u, s, err)
	if err != nil {
		return err
	}
	k.marks = abandoned(Marks(message))
	if k.problem == nil && k.waiting == nil {
		if k.seen, err = lastLook(ctx, u, s); err != nil {
			return err
		}
	}
	return k.show(ctx, u)
}

// knownFrom begins with what [Read] has returned. An error that neither the
// operator nor time puts right is returned.
func knownFrom(u Unit, s Settings, err error) (known, error) {
	k := known{unit: u.Env().Unit, address: s.JIMM.URL, optional: s.ControllersProblem}
	switch {
	case err == nil, errors.As(err, &k.problem), errors.As(err, &k.waiting):
		return k, nil
	default:
		return known{}, err
	}
}

func (k known) show(ctx context.Context, u Unit) error {
	status, message := k.status()
	return u.SetStatus(ctx, status, message)
}

// count says how many there are of something.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
