package report

import "jimm-migrator/src/migration"

// ResultKey makes a part of a result's key.
var ResultKey = resultKey

// EndFields are the fields of the event that ends a run.
var EndFields = endFields

// Repair is what the results say about a repair.
func Repair(r migration.Result, cli string) map[string]any {
	return repairResults(repairOf(r, cli, "jimm-migrator/0"))
}
