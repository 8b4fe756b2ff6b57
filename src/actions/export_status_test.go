package actions

import "jimm-migrator/src/migration"

// FollowResults are the results of migration-status that follows.
func FollowResults(r migration.Result) map[string]any { return followResults(r, "jimm-migrator/0", 0) }

// MovingResults are the results of migration-status without a model.
func MovingResults(m migration.Movement, gap error) map[string]any {
	return allMovingResults([]migration.Movement{m}, 1, gap)
}

// MovementResults are the results of migration-status about one model.
var (
	MovementResults = movementResults
	MovementSummary = movementSummary
)
