package jaas

import (
	"context"
	"errors"
	"fmt"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/rpc"
)

// writer makes the two calls that change a JAAS. Only migrate-model has one.
type writer struct{ recorder }

// StartMigration asks JIMM to move the model, once.
func (w *writer) StartMigration(ctx context.Context, model facts.Model, target facts.Controller) (string, error) {
	client, err := w.session.get(ctx)
	if err != nil {
		return "", fmt.Errorf("%w: %w", migration.ErrNotSent, err)
	}
	id, err := client.MigrateModel(ctx, model.UUID, target.Name)
	return id, startError(err)
}

// startError marks the answers that the engine distinguishes from other errors.
func startError(err error) error {
	mode, migrating := jimm.AlreadyMigrating(err)
	switch {
	case errors.Is(err, rpc.ErrNotSent):
		return fmt.Errorf("%w: %w", migration.ErrNotSent, err)
	case mode != "":
		return fmt.Errorf("%w: %w", migration.ErrMarked, err)
	case migrating:
		return fmt.Errorf("%w: %w", migration.ErrMigrating, err)
	default:
		return refused(err, migration.ErrStartRefused)
	}
}

// changeError marks the error of another call that changes something: whether it was not
// sent, or answered with a refusal.
func changeError(err, refusal error) error {
	answer, answered := errors.AsType[*rpc.Error](err)
	switch {
	case errors.Is(err, rpc.ErrNotSent):
		return fmt.Errorf("%w: %w", migration.ErrNotSent, err)
	case answered && answer.Message != "":
		return fmt.Errorf("%w: %w", refusal, err)
	default:
		return err
	}
}

// recorder makes the call that changes JIMM's record.
type recorder struct{ session *session }

// RecordController records in JIMM which controller hosts the model.
func (r *recorder) RecordController(ctx context.Context, proof judge.Proof) error {
	if !proof.Valid() {
		return errors.New("cannot record a controller without proof")
	}
	client, err := r.session.get(ctx)
	if err != nil {
		return err
	}
	return refused(client.UpdateMigratedModel(ctx, proof.Model().UUID, proof.Controller().Name), migration.ErrRecordRefused)
}

// refused marks an error that is JIMM's own answer. It keeps only the text of the answer.
func refused(err, kind error) error {
	if answer, answered := errors.AsType[*rpc.Error](err); answered && answer.Message != "" {
		return &refusedError{error: err, kind: kind}
	}
	return err
}

// refusedError is JIMM's own answer to a request.
type refusedError struct {
	error
	kind error
}

// Is reports whether the error is of that kind.
func (e *refusedError) Is(target error) bool { return target == e.kind }

// Unwrap returns the error of the call.
func (e *refusedError) Unwrap() error { return e.error }
