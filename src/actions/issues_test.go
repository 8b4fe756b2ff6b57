package actions_test

import (
	"fmt"
	"strings"
	"testing"

	"jimm-migrator/charm/charmtest"
)

// Known failure modes that need a whole unit, each named after its issue; see also
// src/jaas and src/migration.

// Users name models, and names need not be unique.
func TestIssue1371_NamesThatAreNotUnique(t *testing.T) {
	t.Parallel()
	for _, year := range []string{"2024", "2026"} {
		agent, j := unit(t, year, "migrator", twoModels+"  - {name: prod, owner: bob@example.com, controller: east}\n")
		for _, action := range []string{"migrate-model", "check-migration"} {
			task := run(t, agent, action, map[string]any{"model": "prod", "target-controller": "east"})
			expect(t, task, charmtest.TaskFailed, map[string]string{"outcome": "refused"})
			for _, candidate := range []string{"alice@example.com/prod (" + prod + ")", "bob@example.com/prod"} {
				if !strings.Contains(task.Message, candidate) {
					t.Errorf("%s: %q does not name %s", action, task.Message, candidate)
				}
			}
		}
		if n := j.Count("jimm", "JIMM.MigrateModel"); n > 0 {
			t.Errorf("MigrateModel was called %d times", n)
		}
		for _, name := range []string{"alice@example.com/prod", prod} {
			expect(t, run(t, agent, "check-migration", map[string]any{"model": name, "target-controller": "east"}), charmtest.TaskCompleted, map[string]string{"model.uuid": prod})
		}
	}
}

// A controller before Juju 3.6.13 ignores dry-run and migrates; also juju/juju#21552,
// canonical/jimm#2044. A dry run of this charm asks no controller for one, unless
// server-dry-run=true (src/jaas has the tests of that).
func TestIssue22113_DryRunOnOldController(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"3.5.5", "3.6.12", "3.6.14"} {
		for _, action := range []string{"check-migration", "migrate-model"} {
			agent, j := unit(t, "2026", "migrator", fmt.Sprintf(`controllers: [{name: west, version: %s}, {name: east}]
models: [{name: prod, created-here: true}]
forbidden: [JIMM.MigrateModel, JIMM.UpdateMigratedModel]
`, version))
			params := map[string]any{"model": "prod", "target-controller": "east"}
			if action == "migrate-model" {
				params["dry-run"] = true
			}
			task := run(t, agent, action, params)
			expect(t, task, charmtest.TaskCompleted, map[string]string{"outcome": "checks-passed", "plan": "start"})
			if warned := strings.Contains(task.Result("checks.warned.advisories.evidence"), "juju/juju#22113"); warned != (version != "3.6.14") {
				t.Errorf("%s: the advisories are %q", version, task.Result("checks.warned.advisories.evidence"))
			}
			if _, moved := j.Controller("west").Migration(j.UUID("prod")); moved || j.Count("west", "Controller.InitiateMigration") > 0 {
				t.Errorf("%s with Juju %s has started a migration", action, version)
			}
		}
	}
}

// AllModels reports every model as iaas, so the type is taken from JIMM's list.
func TestIssue1930_TypeOfAModel(t *testing.T) {
	t.Parallel()
	for _, year := range []string{"2024", "2026"} {
		agent, j := unit(t, year, "migrator", `controllers: [{name: west}, {name: east}]
models: [{name: prod, type: caas, created-here: true}]
`)
		task := run(t, agent, "check-migration", map[string]any{"model": "prod", "target-controller": "east"})
		expect(t, task, charmtest.TaskCompleted, map[string]string{"checks.all.machines.evidence": "a Kubernetes model has no machines"})
		if n := j.Count("jimm", "Controller.AllModels"); n > 0 {
			t.Errorf("AllModels was asked %d times", n)
		}
	}
}
