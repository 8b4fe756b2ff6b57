package actions

import "jimm-migrator/src/migration"

// Repair is what the results say about a repair.
func Repair(r migration.Result, cli string) map[string]any {
	return repairResults(repairOf(r, cli, "jimm-migrator/0"))
}
