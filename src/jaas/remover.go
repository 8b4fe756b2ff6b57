package jaas

import (
	"context"
	"fmt"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/judge"
)

// Remover returns a value that can remove half-imported copies from controllers
// with an account, and nothing else. Only remove-left-over gets one.
func (j *JAAS) Remover() migration.Remover { return remover{j.connections} }

type remover struct{ connections *connections }

// RemoveCopy asks the controller to remove its half-imported copy of the model.
func (r remover) RemoveCopy(ctx context.Context, removal judge.Removal) error {
	if !removal.Valid() {
		return fmt.Errorf("%w: there is no proof that the copy is left over", migration.ErrNotSent)
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	conn, _, err := r.connections.get(ctx, removal.Controller())
	if err != nil {
		return fmt.Errorf("%w: %w", migration.ErrNotSent, err)
	}
	facade, err := conn.ImportAborter()
	if err != nil {
		return fmt.Errorf("%w: %w", migration.ErrNotSent, err)
	}
	return changeError(facade.Abort(ctx, removal.Model().UUID), migration.ErrRemovalRefused)
}
