package actions_test

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/actions"
	"jimm-migrator/src/hooks"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/wire"
)

// authority signs the certificates of the servers of all worlds, because making
// one takes time.
var authority = sync.OnceValues(func() (*wire.CA, error) { return wire.NewCA("actions tests") })

// startJAAS starts a simulated JAAS, as its YAML describes it, on loopback. At the end of the test, no call may have
// broken a rule.
func startJAAS(t *testing.T, yaml string, options sim.Options) *sim.JAAS {
	t.Helper()
	w, err := sim.Load([]byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	j, err := sim.Start(t.Context(), w, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if v := j.Violations(); len(v) > 0 {
			t.Errorf("violations: %v", v)
		}
		j.Close()
	})
	return j
}

// unit is a unit of the charm, in process, beside a simulated JAAS on loopback.
func unit(t *testing.T, year, account, yaml string) (*charmtest.Agent, *sim.JAAS) {
	t.Helper()
	ca, err := authority()
	if err != nil {
		t.Fatal(err)
	}
	j := startJAAS(t, "speed: 4000\njimm: {version: "+year+`, service-accounts: [{id: migrator, secret: `+canary+`, administrator: true}, {id: helper, secret: `+canary+"}]}\n"+yaml, sim.Options{CA: ca})
	agent := charmtest.Start(t, charmtest.Options{
		CharmDir: "../..",
		App:      &charm.App{Actions: actions.All("dev"), Hooks: hooks.All(hooks.Options{Version: "1.2.3", PollTimeout: time.Minute})},
		Config:   map[string]any{"jimm-url": j.URL(), "jimm-credentials": "secret:" + secret, "poll-interval": "1s"},
		Secrets:  []charmtest.Secret{{ID: secret, Content: map[string]string{"client-id": account, "client-secret": canary}}},
	})
	t.Cleanup(func() {
		if err := agent.CheckCanaries([]string{canary}); err != nil {
			t.Error(err)
		}
	})
	return agent, j
}

const twoControllers = "controllers: [{name: west}, {name: east}]\n"

const twoModels = twoControllers + `models:
  - {name: prod, owner: alice@example.com, created-here: true, uuid: ` + prod + `}
  - {name: other, controller: east}
`

// expect compares single results, by their paths.
func expect(t *testing.T, task charmtest.Task, status charmtest.TaskStatus, results map[string]string) {
	t.Helper()
	if task.Status != status {
		t.Errorf("%s: %s (%s), want %s", task.Action, task.Status, task.Message, status)
	}
	for path, want := range results {
		if got := task.Result(path); got != want && (want != "…" || got == "") {
			t.Errorf("%s: %s is %q, want %q", task.Action, path, got, want)
		}
	}
	if t.Failed() {
		t.Logf("%+v", task)
	}
}

func TestMigrateModel(t *testing.T) {
	t.Parallel()
	for _, year := range []string{"2024", "2026"} {
		agent, _ := unit(t, year, "migrator", twoModels)
		params := map[string]any{"model": "prod", "target-controller": "east"}

		dry := run(t, agent, "migrate-model", map[string]any{"model": "prod", "target-controller": "east", "dry-run": true})
		expect(t, dry, charmtest.TaskCompleted, map[string]string{
			"outcome": "checks-passed", "plan": "start", "checks.all.versions.verdict": "", "controller": "west",
			"next": "juju run jimm-migrator/0 migrate-model model=" + prod + " target-controller=east --wait=65m",
		})
		var statuses []string
		before := len(agent.Calls())
		expect(t, run(t, agent, "migrate-model", params), charmtest.TaskCompleted, map[string]string{
			"outcome": "migrated", "controller": "east", "recorded-controller.name": "east", "source-controller.name": "west", "plan": "",
			"model.uuid": prod, "model.users": "", "migration.id": "…", "migration.start": "", "step": "", "timing.started": "", "retry-safe": "true", "error.message": "",
		})
		for _, call := range agent.Calls()[before:] {
			if call.Tool == "status-set" {
				statuses = append(statuses, strings.Join(call.Args, " "))
			}
		}
		if len(statuses) < 2 || statuses[0] != "-- maintenance migrating "+prod+" to east" || strings.Contains(statuses[len(statuses)-1], "maintenance") {
			t.Errorf("statuses %q", statuses)
		}
		expect(t, run(t, agent, "migrate-model", params), charmtest.TaskCompleted, map[string]string{"outcome": "already-there", "plan": "verify"})
	}
}

func TestMigrateModelRefuses(t *testing.T) {
	t.Parallel()
	agent, j := unit(t, "2026", "migrator", twoModels)
	for _, c := range []struct {
		name   string
		params map[string]any
		want   string
	}{
		{"timeout", map[string]any{"timeout": "0s"}, `cannot use timeout "0s"`},
		{"ignored check", map[string]any{"ignore-checks": "own-model"}, `cannot ignore check "own-model": it can never be ignored`},
		{"unknown check", map[string]any{"ignore-checks": "nonsense"}, `cannot ignore check "nonsense": there is no such check`},
		{"unknown model", map[string]any{"model": "nobody"}, `JIMM has no model "nobody"`},
		{"unknown target", map[string]any{"target-controller": "north"}, `JIMM has no controller "north"; its controllers are east, west`},
		{"long timeout", map[string]any{"timeout": "99999999h"}, `cannot use timeout "99999999h": it must be a duration from 1s to 720h`},
	} {
		params := map[string]any{"model": "prod", "target-controller": "east"}
		maps.Copy(params, c.params)
		task := run(t, agent, "migrate-model", params)
		expect(t, task, charmtest.TaskFailed, map[string]string{"outcome": "refused", "step": "check", "retry-safe": "false"})
		if !strings.Contains(task.Message, c.want) || !strings.Contains(task.Result("summary"), c.want) {
			t.Errorf("%s: %q, summary %q", c.name, task.Message, task.Result("summary"))
		}
	}
	strict := run(t, agent, "migrate-model", map[string]any{"model": "nobody", "target-controller": "east", "strict-exit": true})
	expect(t, strict, charmtest.TaskFailed, map[string]string{"outcome": "refused", "summary": "…"})
	if code, ok := strict.ReturnCode(); !ok || code != 1 {
		t.Errorf("strict-exit: exit code %d", code)
	}
	if n := j.Count("jimm", "JIMM.MigrateModel"); n > 0 {
		t.Errorf("MigrateModel was called %d times", n)
	}
}

func TestLocateModelAndListControllers(t *testing.T) {
	t.Parallel()
	for _, year := range []string{"2024", "2026"} {
		agent, _ := unit(t, year, "migrator", twoModels+"  - {name: strayed, recorded-on: west, history: [{to: east}], uuid: "+strayed+"}\n")
		expect(t, run(t, agent, "locate-model", map[string]any{"model": "prod"}), charmtest.TaskCompleted, map[string]string{
			"controller": "west", "state": "active", "matches": "1", "summary": "…", "models." + prod + ".asked": "", "models." + prod + ".complete": "", "models." + prod + ".drift": "false",
		})
		unverified := map[string]string{"2024": "jimmctl", "2026": "juju jaas"}[year] + " update-migrated-model east " + strayed
		repair := "juju run jimm-migrator/0 record-model model=" + strayed + " controller=east --wait=20m"
		expect(t, run(t, agent, "locate-model", map[string]any{"model": "*"}), charmtest.TaskCompleted, map[string]string{
			"matches": "3", "controller": "", "models." + strayed + ".state": "moved", "models." + strayed + ".repair": repair, "models." + strayed + ".repair-unverified": unverified, "pages": "",
		})
		if none := run(t, agent, "locate-model", map[string]any{"model": "nobody"}); none.Status != charmtest.TaskFailed || !strings.Contains(none.Message, `"nobody"`) {
			t.Errorf("%s: %s", none.Status, none.Message)
		}
		expect(t, run(t, agent, "list-controllers", nil), charmtest.TaskCompleted, map[string]string{
			"controllers.west.models": "2", "controllers.east.models": "1", "controllers.east.version": "3.6.14", "controllers.east.status": "available",
		})
	}
}

func TestCheckAccess(t *testing.T) {
	t.Parallel()
	grant := map[string]string{
		"2024": "jimmctl auth relation add user-helper@serviceaccount administrator controller-jimm",
		"2026": "juju jaas add-permission user-helper@serviceaccount administrator controller-jimm",
	}
	for _, year := range []string{"2024", "2026"} {
		agent, _ := unit(t, year, "migrator", twoModels)
		expect(t, run(t, agent, "check-access", nil), charmtest.TaskCompleted, map[string]string{
			"administrator": "true", "identity": "migrator@serviceaccount", "grant-command": "", "jimm-generation": "…", "jimm-version": "", "jimm-url": "…", // a build without a version
		})
		released, _ := unit(t, year+", release: v3.2.1", "migrator", twoModels)
		expect(t, run(t, released, "check-access", nil), charmtest.TaskCompleted, map[string]string{"jimm-version": "v3.2.1"})
		agent, j := unit(t, year, "helper", twoModels)
		denied := run(t, agent, "check-access", nil)
		expect(t, denied, charmtest.TaskFailed, map[string]string{"administrator": "false", "grant-command": grant[year]})
		for _, action := range []string{"list-controllers", "locate-model", "migrate-model"} {
			params := map[string]any{"model": "prod", "target-controller": "east"}
			if action == "locate-model" {
				delete(params, "target-controller")
			}
			if action == "list-controllers" {
				params = nil
			}
			task := run(t, agent, action, params)
			if task.Status != charmtest.TaskFailed || !strings.Contains(task.Message, grant[year]) {
				t.Errorf("%s: %s %q", action, task.Status, task.Message)
			}
		}
		if n := j.Count("jimm", "JIMM.MigrateModel"); n > 0 {
			t.Errorf("MigrateModel was called %d times", n)
		}
	}
}

// The text of a server that fails the action is redacted first.
func TestErrorsOfHandlersAreRedacted(t *testing.T) {
	t.Parallel()
	const leak = "LEAK-0815"
	for _, action := range []string{"list-controllers", "locate-model", "migrate-model", "check-access"} {
		agent, _ := unit(t, "2024", "migrator", twoModels+"faults: [{server: jimm, method: LoginWithClientCredentials, action: refuse, error: {message: 'password: "+leak+"', code: database unavailable}}]\n")
		params := map[string]any{"model": "prod", "target-controller": "east"}
		if action == "locate-model" {
			delete(params, "target-controller")
		}
		if !slices.Contains([]string{"locate-model", "migrate-model"}, action) {
			params = nil
		}
		task := run(t, agent, action, params)
		if task.Status != charmtest.TaskFailed || !strings.Contains(task.Message, "[redacted]") {
			t.Errorf("%s: %s %q", action, task.Status, task.Message)
		}
		if err := agent.CheckCanaries([]string{leak}); err != nil {
			t.Errorf("%s: %v", action, err)
		}
	}
}
