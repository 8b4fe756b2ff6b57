package actions_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/jimm"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/controller"
	agents "jimm-migrator/tests/unit"
)

// updateStatus runs the hook of that name, which must end well.
func updateStatus(t *testing.T, agent *charmtest.Agent) {
	t.Helper()
	if result, err := agent.RunHook(t.Context(), "update-status"); err != nil || result.Failed() {
		t.Fatalf("update-status: %v %+v", err, result)
	}
}

func recordIs(t *testing.T, j *sim.JAAS, model, want string) {
	t.Helper()
	if row, ok := j.Record(model); !ok || row.Controller != want {
		t.Errorf("JIMM records %q, want %q", row.Controller, want)
	}
}

// done waits for the end of a migration of the model.
func done(t *testing.T, j *sim.JAAS, model string) {
	t.Helper()
	await(t, j, model, controller.Done)
}

func await(t *testing.T, j *sim.JAAS, model string, phase controller.Phase) {
	t.Helper()
	if err := j.Controller("west").AwaitPhase(t.Context(), j.UUID(model), phase); err != nil {
		t.Fatal(err)
	}
}

// TestRecordsAreFinished starts a migration with a JIMM that records nothing by itself, and does
// not follow it to its end.
func TestRecordsAreFinished(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config    map[string]any
		notLeader bool
		want      string
	}{
		"by the leader":              {map[string]any{"finish-records": true}, false, "east"},
		"by no other client":         {map[string]any{"finish-records": true}, true, "west"},
		"only if told so":            {nil, false, "west"},
		"only if the source answers": {map[string]any{"finish-records": true, "probe-controllers": false}, false, "west"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l, logging := listen(t)
			agent, j := stageOf(t, "2024", logging)
			task := run(t, agent, "migrate-model", map[string]any{"model": held, "target-controller": "east", "detach": true})
			if task.Result("outcome") != "started" {
				t.Fatalf("the task is %+v", task)
			}
			j.Controller("west").Resume(held)
			done(t, j, held)
			if err := agent.SetConfig(test.config); err != nil {
				t.Fatal(err)
			}
			agent.SetLeader(!test.notLeader)
			updateStatus(t, agent)
			recordIs(t, j, held, test.want)
			recordIs(t, j, strayed, "west") // without a request to JIMM to migrate this one
			logins := 2
			if test.notLeader {
				logins = 1
			}
			if api, models := j.Logins(); api != logins || models != 1 {
				t.Errorf("%d logins to JIMM and %d to models, want %d and that of the checks", api, models, logins)
			}
			if test.want == "west" {
				return
			}
			updateStatus(t, agent)
			if got := agent.Status(); got.Status != "active" {
				t.Errorf("the status is %+v", got)
			}
			l.check(t, "health", "record")
		})
	}
}

// TestRecordsOfOthersAreLeftAlone has a migration that another account requested.
func TestRecordsOfOthersAreLeftAlone(t *testing.T) {
	t.Parallel()
	agent, j := stageOf(t, "2024")
	client, err := jimm.Connect(t.Context(), jimm.Options{URL: j.URL(), ClientID: "other", ClientSecret: jimm.NewSecret("0th3r")})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.MigrateModel(t.Context(), prod, "east"); err != nil {
		t.Fatal(err)
	}
	done(t, j, prod)
	if err := agent.SetConfig(map[string]any{"finish-records": true}); err != nil {
		t.Fatal(err)
	}
	updateStatus(t, agent)
	recordIs(t, j, prod, "west")
}

// TestAnAbortedMigrationIsNotRecorded has a request of our own that was aborted.
func TestAnAbortedMigrationIsNotRecorded(t *testing.T) {
	t.Parallel()
	agent, j := stageOf(t, "2024")
	run(t, agent, "migrate-model", map[string]any{"model": doomed, "target-controller": "east"})
	if err := agent.SetConfig(map[string]any{"finish-records": true}); err != nil {
		t.Fatal(err)
	}
	updateStatus(t, agent)
	recordIs(t, j, doomed, "west")
	if n := j.Count("jimm", "JIMM.MigrateModel"); n != 1 {
		t.Errorf("MigrateModel was called %d times", n)
	}
}

// TestWithoutARedirectNothingIsRecorded has a source that keeps a copy: the engine would record the
// target, but an administrator has to decide.
func TestWithoutARedirectNothingIsRecorded(t *testing.T) {
	t.Parallel()
	agent, j := stageOf(t, "2024")
	run(t, agent, "migrate-model", map[string]any{"model": zombie, "target-controller": "east", "detach": true})
	j.Controller("west").Resume(zombie)
	await(t, j, zombie, controller.ReapFailed)
	if err := agent.SetConfig(map[string]any{"finish-records": true}); err != nil {
		t.Fatal(err)
	}
	updateStatus(t, agent)
	recordIs(t, j, zombie, "west")
	if n := j.Count("jimm", "JIMM.UpdateMigratedModel"); n != 0 {
		t.Errorf("UpdateMigratedModel was called %d times", n)
	}
}

// TestAllRecordsAreFinished has a killed run of many models: more than one hook has time for, and
// with a source that does not answer.
func TestAllRecordsAreFinished(t *testing.T) {
	t.Parallel()
	var world strings.Builder
	world.WriteString("controllers: [{name: west}, {name: east}, {name: south}]\nmodels:\n")
	var models []string
	for i := range 6 {
		source := "west"
		if i < 2 { // The first by UUID are those of the silent source.
			source = "south"
		}
		id := fmt.Sprintf("00000000-0000-4000-8000-%012d", i)
		fmt.Fprintf(&world, "  - {name: m%d, controller: %s, created-here: true, uuid: %s}\n", i, source, id)
		models = append(models, id)
	}
	agent, j := unit(t, "2024", "migrator", world.String())
	client, err := jimm.Connect(t.Context(), jimm.Options{URL: j.URL(), ClientID: "migrator", ClientSecret: jimm.NewSecret(canary)})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for i, id := range models {
		if _, err := client.MigrateModel(t.Context(), id, "east"); err != nil {
			t.Fatal(err)
		}
		if err := j.Controller(map[bool]string{true: "south", false: "west"}[i < 2]).AwaitPhase(t.Context(), id, controller.Done); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Stop("south"); err != nil {
		t.Fatal(err)
	}
	if err := agent.SetConfig(map[string]any{"finish-records": true}); err != nil {
		t.Fatal(err)
	}
	left := models[2:]
	for range 40 { // A slow machine records one model per hook.
		updateStatus(t, agent)
		agents.Age(t, agent, time.Hour)
		left = slices.DeleteFunc(slices.Clone(left), func(id string) bool {
			row, _ := j.Record(id)
			return row.Controller == "east"
		})
		if len(left) == 0 {
			break
		}
	}
	if len(left) > 0 {
		t.Errorf("not recorded: %v", left)
	}
	recordIs(t, j, models[0], "south")
	if api, _ := j.Logins(); api > 41 {
		t.Errorf("%d logins", api)
	}
	// JIMM of 2024 stores the secret of each login, so the remaining models wait for an hour as
	// well.
	updateStatus(t, agent)
	before, _ := j.Logins()
	agents.Remember(t, agent, func(health map[string]any) { health["finishing"] = models[0] })
	updateStatus(t, agent)
	if after, _ := j.Logins(); after != before {
		t.Errorf("%d logins within the hour", after-before)
	}
}
