package report_test

import (
	"strings"
	"testing"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/report"
)

// removedResults are the results of remove-left-over with all that it may have.
func removedResults(r migration.Result) map[string]any {
	out := report.RemoveResults(r, run)
	out["error"].(map[string]any)["code"] = "x"
	out["repair"] = report.RemoveResults(lostModel(), run)["repair"]
	return out
}

// The command in next can be typed, and the text claims only what is known.
func TestWhatFollowsARemoval(t *testing.T) {
	again := " remove-left-over model=" + prod + " controller=east confirm=" + prod + " --wait=15m"
	for _, c := range []struct {
		outcome    facts.Outcome
		cause      facts.Cause
		next, says string
	}{
		{facts.Removed, "", " check-migration model=" + prod + " target-controller=east", "reports that it is gone"},
		{facts.NothingToRemove, "", " check-migration model=" + prod + " target-controller=east", "nothing was removed"},
		{facts.Refused, facts.CauseSilent, again, "nothing was removed"},
		{facts.Refused, facts.CauseNotLeftOver, " locate-model model=" + prod, "nothing was removed"},
		{facts.Unknown, facts.CauseNotRemoved, again, "does not report that it is gone"},
		{facts.Unknown, facts.CauseSilent, again, "it is not known whether"},
		{facts.TimedOut, facts.CauseDeadline, again, "it is not known whether"},
		{facts.Interrupted, "", again, "it is not known whether"},
	} {
		r := everything()
		r.Outcome, r.Cause, r.Recorded = c.outcome, c.cause, facts.Controller{Name: "west", UUID: "w"}
		r.Target = facts.Controller{Name: "east", UUID: "e"}
		got := report.RemoveResults(r, run)
		if next := got["next"].(string); !strings.HasSuffix(next, c.next) {
			t.Errorf("%s, %s: next is %q", c.outcome, c.cause, next)
		}
		if summary := got["summary"].(string); !strings.Contains(summary, c.says) {
			t.Errorf("%s, %s: %q", c.outcome, c.cause, summary)
		}
	}
	r := everything()
	r.Outcome, r.Recorded = facts.NothingToRemove, r.Target
	if next, _ := report.RemoveResults(r, run)["next"].(string); !strings.HasSuffix(next, " locate-model model="+prod) {
		t.Errorf("a model cannot be migrated to where it is recorded: next is %q", next)
	}
	r.Outcome, r.Holder = facts.Removed, facts.Controller{}
	if text := report.RemoveSummary(r); strings.Contains(text, "is in use on") {
		t.Errorf("the model is in use somewhere, which is not known: %s", text)
	}
}
