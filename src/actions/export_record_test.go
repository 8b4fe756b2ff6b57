package actions

import "jimm-migrator/src/migration"

// RecordResults are the results of record-model.
func RecordResults(r migration.Result) map[string]any { return recordResults(r, "jimm-migrator/0", 0) }

// RecordSummary is the sentence of record-model.
var RecordSummary = recordSummary
