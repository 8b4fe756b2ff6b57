package actions

import (
	"context"

	"jimm-migrator/charm"
	"jimm-migrator/src/config"
	"jimm-migrator/src/jaas"
	"jimm-migrator/src/redact"
)

// All returns the handlers by the names in actions.yaml, for a charm of that
// version.
func All(version string) map[string]charm.ActionFunc {
	return map[string]charm.ActionFunc{
		"locate-model":     redacting(locateModel),
		"migrate-model":    redacting(migrateModel),
		"check-migration":  redacting(checkMigration),
		"record-model":     redacting(recordModel),
		"migration-status": redacting(migrationStatus),

		"collect-diagnostics": redacting(collectDiagnostics(version)),

		"list-controllers":       redacting(listControllers),
		"list-models":            redacting(listModels),
		"list-migration-targets": redacting(listMigrationTargets),
		"plan-migrations":        redacting(planMigrations),
		"apply-plan":             redacting(applyPlan),

		"check-access": redacting(checkAccess),
	}
}

// redacting is the gate through which every error of a handler goes: what fails
// an action may quote a server.
func redacting(handler charm.ActionFunc) charm.ActionFunc {
	return func(ctx context.Context, a *charm.Action) error {
		if err := handler(ctx, a); err != nil {
			return &redactedError{err}
		}
		return nil
	}
}

// redactedError is an error whose text may be shown.
type redactedError struct{ err error }

// Error is the redacted text of the error inside.
func (e *redactedError) Error() string { return redact.Error(e.err) }

// Unwrap returns the error inside, whose text may not be shown.
func (e *redactedError) Unwrap() error { return e.err }

// connect reads the settings and logs in to JIMM, as an administrator.
func connect(ctx context.Context, a *charm.Action) (config.Settings, *jaas.JAAS, error) {
	settings, err := config.Read(ctx, a)
	if err != nil {
		return settings, nil, err
	}
	j, err := jaas.Connect(ctx, settings)
	return settings, j, err
}
