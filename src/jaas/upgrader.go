package jaas

import (
	"context"
	"errors"
	"fmt"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/juju"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/rpc"
)

// Upgrader returns a value that can upgrade the agents of models, and nothing
// else.
func (j *JAAS) Upgrader() fleet.Upgrader { return upgrader{j.session, j.connections} }

type upgrader struct {
	session     *session
	connections *connections
}

// Job returns the state of JIMM's own upgrade job.
func (u upgrader) Job(ctx context.Context, model string) (string, error) {
	return Many{u.session}.Job(ctx, model)
}

// ChangeBlock reports whether changes to the model are blocked. It asks the controller,
// if an account on it works, and otherwise asks through JIMM, except with JIMM of 2024,
// which stores the secret of each login to a model.
func (u upgrader) ChangeBlock(ctx context.Context, at facts.Controller, model string) (bool, error) {
	blocked, direct := u.connections.changeBlocked(ctx, at, model)
	if direct == nil {
		return blocked, nil
	}
	login := newModelLogin(u.session, true)
	defer login.close()
	conn, err := login.dial(ctx, model)
	if err == nil {
		blocked, err = conn.ChangeBlock(ctx)
	}
	if err != nil && !errors.Is(direct, errNoAccount) {
		err = errors.Join(direct, err)
	}
	return blocked, err
}

// changeBlocked asks the controller. Its list is for superusers; another account may have
// been given access to the model.
func (cs *connections) changeBlocked(ctx context.Context, at facts.Controller, model string) (bool, error) {
	conn, _, err := cs.get(ctx, at)
	if err == nil {
		facade, err := conn.Controller()
		if err != nil {
			return false, err
		}
		return facade.ChangeBlocked(ctx, model)
	}
	if !errors.Is(err, errNotSuperuser) {
		return false, err
	}
	conn, login, err := cs.openModel(ctx, at, model)
	if err != nil {
		return false, err
	}
	return juju.ChangeBlock(ctx, conn, login.Facades)
}

// Upgrade asks through JIMM if JIMM offers that (2026), and otherwise asks the
// controller itself, with the account there.
func (u upgrader) Upgrade(ctx context.Context, at facts.Controller, model, version string, dryRun bool) error {
	client, err := u.session.get(ctx)
	if err != nil {
		return fmt.Errorf("%w: %w", migration.ErrNotSent, err)
	}
	_, err = client.UpgradeModel(ctx, model, version, dryRun)
	if errors.Is(err, rpc.CodeNotImplemented) {
		err = u.direct(ctx, at, model, version, dryRun)
	}
	return changeError(err, fleet.ErrUpgradeRefused)
}

// direct asks the controller.
func (u upgrader) direct(ctx context.Context, at facts.Controller, model, version string, dryRun bool) error {
	conn, _, err := u.connections.get(ctx, at)
	switch {
	case errors.Is(err, errNoAccount), errors.Is(err, errNotSuperuser):
		return fmt.Errorf("%w: this JIMM cannot upgrade models, and for %q: %w", fleet.ErrUpgradeRefused, at.Name, err)
	case err != nil:
		return fmt.Errorf("%w: %w", migration.ErrNotSent, err)
	}
	facade, err := conn.ModelUpgrader()
	if err != nil {
		return fmt.Errorf("%w: %w", fleet.ErrUpgradeRefused, err)
	}
	_, err = facade.UpgradeModel(ctx, model, version, dryRun)
	return err
}
