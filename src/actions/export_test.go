package actions

import (
	"context"
	"encoding/json"
	"reflect"

	"jimm-migrator/charm"
	"jimm-migrator/src/config"
	"jimm-migrator/src/juju"
	"jimm-migrator/src/migration"
)

// What the tests look at from outside.
var (
	Line       = line
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

// AccessResults are the results of check-access with all that it may have.
func AccessResults() map[string]any {
	out := accessResults(account{identity: "x", address: "y"})
	unusable := config.Settings{ControllersProblem: &config.ProblemError{What: "x", Remedy: "y"}}
	_ = accountResults(context.Background(), out, "app", unusable, nil) // it asks nobody
	given := config.Settings{Controllers: map[string]juju.Credentials{"west": {User: "admin"}, "east": {User: "admin"}}}
	west := migration.Controller{Name: "west", UUID: "1"}
	addAccounts(out, "app", given, []migration.Controller{west}, map[string]migration.AdminAccess{
		"west": {State: migration.AdminRefused, User: "admin", Version: "3.6.14", Err: errNotSuperuser},
	})
	return out
}

// Params are the parameters of each action, by the struct that takes them.
func Params() map[string][]string {
	out := map[string][]string{"list-controllers": nil, "check-access": nil}
	for action, params := range map[string]any{"migrate-model": migrateParams{}, "record-model": recordParams{}, "migration-status": statusParams{}, "collect-diagnostics": diagnosticsParams{}, "locate-model": locateParams{}, "check-migration": checkParams{}} {
		for field := range reflect.TypeOf(params).Fields() {
			out[action] = append(out[action], field.Tag.Get("json"))
		}
	}
	return out
}

// RecordResults are the results of record-model.
func RecordResults(r migration.Result) map[string]any { return recordResults(r, "jimm-migrator/0", 0) }

// RecordSummary is the sentence of record-model.
var RecordSummary = recordSummary

// FollowResults are the results of migration-status that follows.
func FollowResults(r migration.Result) map[string]any { return followResults(r, "jimm-migrator/0", 0) }

// MovingResults are the results of migration-status without a model.
func MovingResults(found migration.Moved, gap error) map[string]any {
	return allMovingResults(found, gap)
}

// MovementResults are the results of migration-status about one model.
var (
	MovementResults = movementResults
	MovementSummary = movementSummary
)

// DiagnosisResults are the results of collect-diagnostics that come of a look.
var DiagnosisResults = diagnosisResults

// Repair is what the results say about a repair.
func Repair(r migration.Result, cli string) map[string]any {
	return repairResults(repairOf(r, cli, "jimm-migrator/0"))
}

// Number decodes a parameter that counts.
func Number(raw string) (int, error) {
	var n number
	err := json.Unmarshal([]byte(raw), &n)
	return int(n), err
}

// Teller tells Loki what happens in a run of an action.
type Teller struct{ feed *feed }

// Tell lets a function tell Loki what happens in an action.
func Tell(ctx context.Context, a *charm.Action, model, target string, tell func(Teller)) {
	f := openFeed(ctx, a.Unit, feedOptions{action: a.Name(), model: model, target: target})
	tell(Teller{f})
	f.close(ctx)
}

// Event tells an event of the engine.
func (t Teller) Event(e migration.Event) { t.feed.event(e) }

// Finish tells how the run has ended.
func (t Teller) Finish(r migration.Result) { t.feed.finish(r) }

// Drift tells where a model is.
func (t Teller) Drift(l migration.Location) { t.feed.drift(l) }
