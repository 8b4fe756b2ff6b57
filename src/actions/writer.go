package actions

import (
	"context"
	"errors"
	"fmt"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/rpc"
)

// writer makes the two calls that change a JAAS. Only migrate-model has one.
type writer struct{ session *session }

// StartMigration asks JIMM to move the model, once.
func (w *writer) StartMigration(ctx context.Context, model migration.Model, target migration.Controller) (string, error) {
	client, err := w.session.get(ctx)
	if err != nil {
		return "", fmt.Errorf("%w: %w", migration.ErrNotSent, err)
	}
	id, err := client.MigrateModel(ctx, model.UUID, target.Name)
	if errors.Is(err, rpc.ErrNotSent) {
		err = fmt.Errorf("%w: %w", migration.ErrNotSent, err)
	}
	return id, err
}

// RecordController tells JIMM which controller hosts the model.
func (w *writer) RecordController(ctx context.Context, proof migration.Proof) error {
	if !proof.Valid() {
		return errors.New("cannot record a controller without proof")
	}
	client, err := w.session.get(ctx)
	if err != nil {
		return err
	}
	return client.UpdateMigratedModel(ctx, proof.Model().UUID, proof.Controller().Name)
}
