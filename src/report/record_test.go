package report_test

import (
	"strings"
	"testing"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/report"
)

// recordedResults are the results of record-model with all that it may have.
func recordedResults(r migration.Result) map[string]any {
	out := report.RecordResults(r, run)
	out["next"] = "x"
	out["error"].(map[string]any)["code"] = "x"
	return out
}

func TestRecordSummaries(t *testing.T) {
	r := everything()
	for _, outcome := range []migration.Outcome{
		migration.Recorded, migration.AlreadyThere, migration.Refused, migration.TimedOut, migration.NeedsAttention,
		migration.Conflict, migration.LostFromJIMM, migration.Unknown,
	} {
		r.Outcome = outcome
		for _, cause := range []migration.Cause{"", migration.CauseUnproved, migration.CauseChanged, migration.CauseRecordFailed, migration.CauseInterrupted} {
			r.Cause = cause
			if got := report.RecordSummary(r); !strings.Contains(got, "alice@example.com/prod") || strings.Contains(got, "%") {
				t.Errorf("%s, %s: %q", outcome, cause, got)
			}
		}
	}
}
