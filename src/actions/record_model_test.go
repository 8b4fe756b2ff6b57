package actions_test

import (
	"strings"
	"testing"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/actions"
	"jimm-migrator/src/migration"
)

// recordedResults are the results of record-model with all that it may have.
func recordedResults(r migration.Result) map[string]any {
	out := actions.RecordResults(r)
	out["next"] = "x"
	out["error"].(map[string]any)["code"] = "x"
	return out
}

func TestRecordModel(t *testing.T) {
	t.Parallel()
	const world = twoControllers + `models:
  - {name: prod, owner: alice@example.com, recorded-on: west, uuid: ` + prod + `, history: [{to: east}]}
  - {name: other, owner: alice@example.com, created-here: true}
`
	for _, year := range []string{"2024", "2026"} {
		agent, j := unit(t, year, "migrator", world)
		for _, c := range []struct {
			model, controller, confirm string
			status                     charmtest.TaskStatus
			outcome, cause             string
		}{
			{"other", "east", "", charmtest.TaskFailed, "refused", "record-is-right"},
			{"prod", "east", "nonsense", charmtest.TaskFailed, "refused", "confirm-differs"},
			{"prod", "nowhere", "", charmtest.TaskFailed, "refused", "checks-failed"},
			{"prod", "east", "", charmtest.TaskCompleted, "recorded", ""},
			{"prod", "east", "", charmtest.TaskCompleted, "already-there", ""},
		} {
			task := run(t, agent, "record-model", map[string]any{"model": c.model, "controller": c.controller, "confirm": c.confirm})
			expect(t, task, c.status, map[string]string{"outcome": c.outcome, "cause": c.cause, "summary": "…"})
		}
		recordIs(t, j, "prod", "east")
		if n := j.Count("jimm", "JIMM.MigrateModel"); n != 0 {
			t.Errorf("MigrateModel was called %d times", n)
		}
	}
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
			if got := actions.RecordSummary(r); !strings.Contains(got, "alice@example.com/prod") || strings.Contains(got, "%") {
				t.Errorf("%s, %s: %q", outcome, cause, got)
			}
		}
	}
}
