package actions_test

import (
	"strings"
	"testing"

	"jimm-migrator/charm/charmtest"
)

func TestRecordModel(t *testing.T) {
	t.Parallel()
	const letters = "abcdefab-cdef-4abc-8def-abcdefabcdef"
	const world = twoControllers + `models:
  - {name: prod, owner: alice@example.com, recorded-on: west, uuid: ` + prod + `, history: [{to: east}]}
  - {name: letters, owner: alice@example.com, recorded-on: west, uuid: ` + letters + `, history: [{to: east}]}
  - {name: other, owner: alice@example.com, created-here: true}
`
	for _, year := range []string{"2024", "2026"} {
		agent, j := unit(t, year, "migrator", world)
		for _, c := range []struct {
			model, controller, confirm string
			status                     charmtest.TaskStatus
			outcome, cause, retry      string
		}{
			{"other", "east", "", charmtest.TaskFailed, "refused", "record-is-right", "false"},
			{"prod", "east", "nonsense", charmtest.TaskFailed, "refused", "confirm-differs", "false"},
			{"prod", "nowhere", "", charmtest.TaskFailed, "refused", "checks-failed", "false"},
			{"prod", "east", "", charmtest.TaskCompleted, "recorded", "", "true"},
			{"prod", "east", "", charmtest.TaskCompleted, "already-there", "", "true"},
			{"letters", "east", strings.ToUpper(letters), charmtest.TaskCompleted, "recorded", "", "true"},
		} {
			task := run(t, agent, "record-model", map[string]any{"model": c.model, "controller": c.controller, "confirm": c.confirm})
			expect(t, task, c.status, map[string]string{"outcome": c.outcome, "cause": c.cause, "retry-safe": c.retry, "summary": "…"})
		}
		recordIs(t, j, "prod", "east")
		if n := j.Count("jimm", "JIMM.MigrateModel"); n != 0 {
			t.Errorf("MigrateModel was called %d times", n)
		}
	}
}
