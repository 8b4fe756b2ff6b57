package actions_test

import (
	"testing"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/sim/controller"
)

func TestMigrationStatus(t *testing.T) {
	t.Parallel()
	const world = twoControllers + `models:
  - {name: prod, owner: alice@example.com, created-here: true, uuid: ` + prod + `, migrations: [{stall: validating}]}
  - {name: other, owner: alice@example.com, created-here: true}
`
	for _, year := range []string{"2024", "2026"} {
		agent, j := unit(t, year, "migrator", world)
		status := func(params map[string]any) charmtest.Task { return run(t, agent, "migration-status", params) }
		expect(t, status(nil), charmtest.TaskCompleted, map[string]string{"moving": "0", "summary": "0 of 2 models are migrating"})
		expect(t, status(map[string]any{"model": "prod"}), charmtest.TaskCompleted, map[string]string{"state": "none", "next": ""})
		expect(t, status(map[string]any{"model": "prod", "follow": true}), charmtest.TaskFailed, map[string]string{"outcome": "refused", "cause": "nothing-runs"})
		expect(t, status(map[string]any{"follow": true}), charmtest.TaskFailed, nil)
		expect(t, status(map[string]any{"model": "nobody"}), charmtest.TaskFailed, nil)

		run(t, agent, "migrate-model", map[string]any{"model": prod, "target-controller": "east", "detach": true})
		if err := j.Controller("west").AwaitPhase(t.Context(), prod, controller.Validation); err != nil {
			t.Fatal(err)
		}
		infos := j.Count("jimm", "ModelManager.ModelInfo")
		expect(t, status(nil), charmtest.TaskCompleted, map[string]string{
			"moving": "1", "models." + prod + ".state": "running", "models." + prod + ".migration.phase": "VALIDATION", "models." + prod + ".target-controller.name": "east",
			"models." + prod + ".target-proved": "true",
		})
		if n := j.Count("jimm", "ModelManager.ModelInfo") - infos; year == "2026" && n > 0 || n > 1 {
			t.Errorf("%s: %d ModelInfo for all models", year, n)
		}
		expect(t, status(map[string]any{"model": "prod"}), charmtest.TaskCompleted, map[string]string{"state": "running", "target-controller.name": "east", "next": "…"})
		j.Controller("west").Resume(prod)
		expect(t, status(map[string]any{"model": "prod", "follow": true}), charmtest.TaskCompleted, map[string]string{"recorded-controller.name": "east", "target-controller.name": "east"})
		recordIs(t, j, prod, "east")
		if n := j.Count("jimm", "JIMM.MigrateModel"); n != 1 {
			t.Errorf("MigrateModel was called %d times", n)
		}
	}
}

// An incomplete answer names what is missing.
