package actions_test

import (
	"testing"

	"jimm-migrator/charm/charmtest"
)

func TestCollectDiagnostics(t *testing.T) {
	t.Parallel()
	for _, year := range []string{"2024", "2026"} {
		agent, j := unit(t, year, "migrator", twoModels)
		task := run(t, agent, "collect-diagnostics", map[string]any{"model": "prod"})
		expect(t, task, charmtest.TaskCompleted, map[string]string{
			"record.state": "at", "model-details.answer": "live", "controllers.west.copy": "active", "controllers.east.copy": "absent",
			"charm-version": "dev", "jimm.generation": "…", "settings.poll-interval": "1s", "model.uuid": prod, "model.users": "…",
		})
		expect(t, run(t, agent, "collect-diagnostics", map[string]any{"model": "nobody"}), charmtest.TaskFailed, nil)
		if n := j.Count("jimm", "JIMM.UpdateMigratedModel"); n != 0 {
			t.Errorf("UpdateMigratedModel was called %d times", n)
		}
	}
}
