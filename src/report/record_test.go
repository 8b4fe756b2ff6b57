package report_test

import (
	"strings"
	"testing"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/report"
)

// recordedResults are the results of record-model with all that it may have.
func recordedResults(r migration.Result) map[string]any {
	out := report.RecordResults(r, run)
	out["next"] = "x"
	out["error"].(map[string]any)["code"] = "x"
	out["repair"] = report.RecordResults(lostModel(), run)["repair"]
	return out
}

// lostModel is a result with a model that JIMM has lost.
func lostModel() migration.Result {
	r := everything()
	r.Outcome, r.Model.Grants = facts.LostFromJIMM, []string{"user-bob@example.com reader"}
	return r
}

func TestRecordSummaries(t *testing.T) {
	r := everything()
	for _, outcome := range []facts.Outcome{
		facts.Recorded, facts.AlreadyThere, facts.Refused, facts.TimedOut, facts.NeedsAttention,
		facts.Conflict, facts.LostFromJIMM, facts.Unknown,
	} {
		r.Outcome = outcome
		for _, cause := range []facts.Cause{"", facts.CauseUnproved, facts.CauseChanged, facts.CauseRecordFailed, facts.CauseInterrupted} {
			r.Cause = cause
			if got := report.RecordSummary(r); !strings.Contains(got, "alice@example.com/prod") || strings.Contains(got, "%") {
				t.Errorf("%s, %s: %q", outcome, cause, got)
			}
		}
	}
}
