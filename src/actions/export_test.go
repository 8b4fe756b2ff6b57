package actions

import (
	"context"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/operator"
)

// Opened is a JAAS as actions see it.
type Opened struct {
	Engine migration.JAAS
	Writer migration.Writer
	Close  func()
}

// Open logs in as actions do.
func Open(ctx context.Context, settings operator.Settings) (Opened, error) {
	j, err := connectTo(ctx, settings)
	if err != nil {
		return Opened{}, err
	}
	return Opened{Engine: j.engine, Writer: &writer{j.session}, Close: j.close}, nil
}

// What the tests look at from outside.
var (
	Line       = line
	Summary    = summary
	ResultKey  = resultKey
	CheckIDs   = checkIDs
	StartError = startError
)

// MigrationResults are the results of migrate-model.
func MigrationResults(r migration.Result, next string) map[string]any {
	return migrationResults(r, next, 0)
}

// LocatedResults are the results of locate-model.
func LocatedResults(found migration.Located) map[string]any { return locatedResults(found, 1) }

// ControllersResults are the results of list-controllers.
func ControllersResults(c []migration.Controller, m []migration.Model) map[string]any {
	return controllersResults(c, m)
}

// LocationSummary is the sentence about one model.
func LocationSummary(l migration.Location) string { return locationSummary(l) }
