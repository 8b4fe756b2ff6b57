package status

import (
	"context"
	"errors"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/src/config"
)

// inputs are everything that the unit's status is decided from.
type inputs struct {
	unit   string
	memory memory
	// problem and waiting are what [config.Read] found; at most one is set.
	problem *config.ProblemError
	waiting *config.WaitError
	// optional is a problem with what the charm can do without.
	optional *config.ProblemError
	// address is where JIMM is.
	address string
	// seen is the last known health of that JIMM, nil if it is unknown.
	seen *health
	// pending are the migrations that no action follows.
	pending []Pending
	// run is an action for many models that was killed; over is one that has ended
	// since.
	run  string
	over *Run
}

// status decides the unit's status: the most urgent first. This is the only place
// that does, apart from an action that follows a migration.
func (k inputs) status() (charm.Status, string) {
	problem := k.problem
	if problem == nil && k.seen != nil {
		problem = k.seen.problem()
	}
	switch {
	case problem != nil && k.run != "":
		return charm.StatusBlocked, k.run + "; first: " + problem.Error()
	case problem != nil && len(k.pending) > 0:
		return charm.StatusBlocked, list(k.pending) + "; first: " + problem.Error()
	case problem != nil:
		return charm.StatusBlocked, problem.Error()
	case k.run != "":
		return charm.StatusBlocked, k.runStatus()
	case len(k.pending) > 0:
		return k.unfinished()
	case k.optional != nil:
		return charm.StatusBlocked, k.optional.Error()
	case k.waiting != nil:
		return charm.StatusWaiting, k.waiting.Error()
	case k.seen == nil, k.seen.Address == "" && k.seen.waiting() == "":
		return charm.StatusActive, "configured for " + k.address + "; run check-access to test it"
	case k.seen.waiting() != "":
		return charm.StatusWaiting, (&config.WaitError{For: k.seen.waiting()}).Error()
	default:
		return charm.StatusActive, k.seen.sentence(k.unit)
	}
}

// unfinished is the status of pending migrations. One that was interrupted
// blocks, because it may end unrecorded. One that was detached on purpose does not.
func (k inputs) unfinished() (charm.Status, string) {
	status := charm.StatusMaintenance
	for _, p := range k.pending {
		if p.State == Interrupted {
			status = charm.StatusBlocked
		}
	}
	return status, list(k.pending) + ": " + k.pending[0].Command(k.unit)
}

// Update sets the unit's status from what is known: configuration, secret,
// relations, JIMM's last known health and pending migrations. It connects to
// nothing but Juju. What only an administrator can correct is not an error.
func Update(ctx context.Context, u config.Unit) error {
	m, err := remember(ctx, u)
	if err != nil {
		return err
	}
	s, err := config.Read(ctx, u)
	k, err := inputsFrom(u, m, s, err)
	if err != nil {
		return err
	}
	if k.problem == nil && k.waiting == nil {
		k.seen = m.health(s)
	}
	return k.keep(ctx, u)
}

// keep stores what changed of the pending migrations, of an interrupted run and of
// JIMM's health, in one write, and shows the status.
func (k inputs) keep(ctx context.Context, u config.Unit) error {
	values := map[string]string{}
	k.run = k.interrupted()
	if k.run != k.memory.state[keyRun] {
		values[keyRun] = k.run
	}
	if since := k.since(time.Now()); since != k.memory.state[keyRunSince] {
		values[keyRunSince] = since
	}
	pending, err := pendingText(k.pending)
	if pending != k.memory.state[keyPending] {
		values[keyPending] = pending
	}
	if k.seen != nil {
		health, healthErr := k.seen.text()
		err = errors.Join(err, healthErr)
		if health != k.memory.state[keyHealth] {
			values[keyHealth] = health
		}
	}
	if len(values) > 0 {
		err = errors.Join(err, u.SetState(ctx, values))
	}
	return errors.Join(err, k.show(ctx, u))
}

// newInputs begins with what the unit keeps and with the settings.
func newInputs(u config.Unit, m memory, s config.Settings) inputs {
	return inputs{unit: u.Env().Unit, memory: m, pending: m.listPending(), address: s.JIMM.URL, optional: s.ControllersProblem}
}

// inputsFrom begins with what [config.Read] returned. Any other error than a
// problem or a wait is returned.
func inputsFrom(u config.Unit, m memory, s config.Settings, err error) (inputs, error) {
	k := newInputs(u, m, s)
	switch {
	case err == nil, errors.As(err, &k.problem), errors.As(err, &k.waiting):
		return k, nil
	default:
		return inputs{}, err
	}
}

func (k inputs) show(ctx context.Context, u config.Unit) error {
	status, message := k.status()
	return u.SetStatus(ctx, status, message)
}
