package actions

import (
	"context"

	"jimm-migrator/charm"
)

// checkParams are the parameters of check-migration.
type checkParams struct {
	strictExit
	Model     string     `json:"model"`
	Target    string     `json:"target-controller"`
	Timeout   string     `json:"timeout"`
	Ignore    string     `json:"ignore-checks"`
	MoveOut   string     `json:"move-out-of-jimm"`
	ServerDry charm.Flag `json:"server-dry-run"`
}

// checkMigration runs the checks of migrate-model and nothing else: it is
// migrate-model with dry-run.
func checkMigration(ctx context.Context, a *charm.Action, p checkParams) error {
	return migrateModel(ctx, a, migrateParams{
		Model: p.Model, Target: p.Target, DryRun: true, Timeout: p.Timeout, Ignore: p.Ignore, MoveOut: p.MoveOut, Verbose: true,
		ServerDry: p.ServerDry,
	})
}
