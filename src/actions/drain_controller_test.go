package actions_test

import (
	"maps"
	"testing"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/fleet"
)

// TestADrainCordonsWhatItDrainsAndNothingElse checks that the mark is set only after
// all checks, and removed only by a run that has set it and started nothing (I17).
func TestADrainCordonsWhatItDrainsAndNothingElse(t *testing.T) {
	t.Parallel()
	const sick = `machines: [{id: "0", agent-status: down}]`
	const three = "controllers: [{name: west}, {name: east}, {name: north}]\n"
	elsewhere := fleet.Plan{JAAS: "3217dbc9-8ea9-4381-9e97-01eab0b3f6bb", Goal: fleet.Drain, Of: "west", Caps: fleet.DefaultCaps(), Rules: fleet.DefaultRules(), Edges: "listed"}
	for name, test := range map[string]struct {
		world   string
		params  map[string]any
		outcome string
		marks   int // how many requests changed a mark
		west    string
	}{
		"more models than expected": {
			three + "models: [{name: a, created-here: true}, {name: b, created-here: true}]", map[string]any{"expect": 1}, "refused", 0, "no",
		},
		"a target that is cordoned": {
			"controllers: [{name: west}, {name: east, status: deprecated}]\nmodels: [{name: a, created-here: true}]", nil, "refused", 0, "no",
		},
		"a plan that does not fit": {
			three + "models: [{name: a, created-here: true}]", map[string]any{"plan": elsewhere.Text(), "plan-hash": elsewhere.Hash()}, "refused", 0, "no",
		},
		"more than none": {
			three + "models: [{name: a, created-here: true}]", map[string]any{"expect": 0}, "refused", 0, "no",
		},
		"a dry run": {
			three + "models: [{name: a, created-here: true}]", map[string]any{"dry-run": true}, "checks-passed", 0, "no",
		},
		"nothing could start": {
			three + "models: [{name: a, created-here: true, " + sick + "}]", nil, "blocked", 2, "no",
		},
		"nothing could start, and others had cordoned it": {
			"controllers: [{name: west, status: deprecated}, {name: east}]\nmodels: [{name: a, created-here: true, " + sick + "}]", nil, "blocked", 0, "yes",
		},
		"one has started and was aborted": {
			three + "models: [{name: a, created-here: true, migrations: [{abort-at: IMPORT}]}]", nil, "stopped", 1, "yes",
		},
		"all have moved": {
			three + "models: [{name: a, created-here: true}]", nil, "drained-as-recorded", 1, "yes",
		},
		"without a cordon": {
			three + "models: [{name: a, created-here: true}]", map[string]any{"cordon": false}, "drained-as-recorded", 0, "no",
		},
		"a controller that is empty": {
			three, nil, "drained-as-recorded", 1, "yes",
		},
		"all move already": {
			three + "models: [{name: a, created-here: true, migrating-to: east}]", nil, "drained-as-recorded", 1, "yes",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agent, j := unit(t, "2026", "migrator", test.world)
			params := map[string]any{"controller": "west", "targets": "east"}
			maps.Copy(params, test.params)
			task := run(t, agent, "drain-controller", params)
			if task.Result("outcome") != test.outcome {
				t.Errorf("outcome %q, want %q: %s", task.Result("outcome"), test.outcome, task.Message)
			}
			if n := j.Count("jimm", "JIMM.SetControllerDeprecated"); n != test.marks {
				t.Errorf("%d requests set or lifted a mark, want %d", n, test.marks)
			}
			list := run(t, agent, "list-controllers", nil)
			before := "no"
			for _, c := range j.World().Controllers {
				if c.Name == "east" && c.Status == "deprecated" {
					before = "yes"
				}
			}
			expect(t, list, charmtest.TaskCompleted, map[string]string{"controllers.west.cordoned": test.west, "controllers.east.cordoned": before})
		})
	}
}
