package sim_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/controller"
)

func TestSampleWorldsAreWhatTheySay(t *testing.T) {
	for _, name := range []string{"2024", "2025", "2026"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := start(t, sample(t, name))
				if got := recordedOn(j, "reports"); got != "west " {
					t.Errorf("the drifted model is recorded on %q", got)
				}
				if diff := cmp.Diff([]sim.Place{{Controller: "east", State: controller.StateActive}}, j.Where("reports")); diff != "" {
					t.Error(diff)
				}
				m, ok := j.Controller("west").Migration(j.UUID("payments"))
				if !ok || m.Phase != controller.AbortDone || !strings.Contains(m.Text, "is busy") {
					t.Errorf("the earlier migration of payments is %+v", m)
				}
				if len(j.Messages()) > 0 || len(j.Violations()) > 0 {
					t.Errorf("%d messages, violations %v before any client connected", len(j.Messages()), j.Violations())
				}
				c := connect(t, j)
				c.migrate(j, "payments", "east")
				if next, _ := j.Controller("west").Migration(j.UUID("payments")); !next.Start.After(m.Start) {
					t.Errorf("the next migration starts at %v, the old one at %v", next.Start, m.Start)
				}
				summaries := c.call("ModelManager", 9, "ListModelSummaries", nil)
				if n := strings.Count(summaries, `"uuid"`); n != len(j.World().Models) {
					t.Errorf("%d models in %s", n, summaries)
				}
				if n := strings.Count(summaries, `"name":"staging"`); n != 2 {
					t.Errorf("%d models named staging", n)
				}
				if got := c.call("JIMM", 4, "ListControllers", nil); strings.Count(got, `"status":"available"`) != 2 {
					t.Errorf("controllers %s", got)
				}
			})
		})
	}
}

func TestRestartAndStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := start(t, sample(t, "2026"))
		c := connect(t, j)
		j.Restart("jimm")
		synctest.Wait()
		if c.Err() == nil {
			t.Error("the connection survived a restart")
		}
		c = connect(t, j)
		if err := j.Stop("west"); err != nil {
			t.Fatal(err)
		}
		if seen := c.info(j, "prod"); !strings.Contains(seen, "basic dial failed: dial tcp 10.0.0.1:17070: connect: connection refused") {
			t.Errorf("info while west is down: %s", seen)
		}
		if err := j.Resume(t.Context(), "west"); err != nil {
			t.Fatal(err)
		}
		if seen := c.info(j, "prod"); !strings.Contains(seen, `"name":"prod"`) {
			t.Errorf("info when it is back: %s", seen)
		}
		if err := j.Stop("jimm"); err != nil {
			t.Fatal(err)
		}
		if _, err := rpc.Dial(t.Context(), j.URL()+"/api", j.Dialling()); err == nil {
			t.Error("a stopped JIMM answers")
		}
		if err := j.Resume(t.Context(), "jimm"); err != nil {
			t.Fatal(err)
		}
		connect(t, j)
	})
}

func TestFaultsOfTheWorldHappen(t *testing.T) {
	world := load(t, `
controllers: [{name: west}, {name: east}]
models: [{name: prod}]
faults:
  - {server: jimm, method: JIMM.MigrateModel, action: drop-after, times: 1}
  - {server: east, method: ModelInfo, action: refuse, error: {message: no, code: nope}}
`)
	synctest.Test(t, func(t *testing.T) {
		j := start(t, world)
		c := connect(t, j)
		c.migrate(j, "prod", "east")
		if c.Err() == nil {
			t.Error("the connection was not dropped")
		}
		if m, ok := j.Controller("west").Migration(j.UUID("prod")); !ok || m.Phase.Terminal() {
			t.Errorf("the migration does not run: %+v", m)
		}
		c = connect(t, j)
		if seen := c.record(j, "prod", "east"); seen != "no (nope)" {
			t.Errorf("UpdateMigratedModel: %s", seen)
		}
		if n := j.Count("jimm", "JIMM.MigrateModel"); n != 1 {
			t.Errorf("MigrateModel was called %d times", n)
		}
	})
}

func TestForbiddenCallsAreViolations(t *testing.T) {
	world := load(t, `
controllers: [{name: west}]
models: [{name: prod}]
forbidden: [JIMM.Version]
allowed: [JIMM.FullModelStatus]
`)
	synctest.Test(t, func(t *testing.T) {
		j := start(t, world)
		c := connect(t, j)
		c.call("JIMM", 4, "Version", nil)
		c.call("JIMM", 4, "FullModelStatus", map[string]string{"ModelTag": "model-" + j.UUID("prod")})
		c.call("JIMM", 4, "CrossModelQuery", nil)
		c.migrate(j, "prod", "")
		c.record(j, "", "west")
		var rules []string
		for _, v := range j.Violations() {
			rules = append(rules, v.Rule)
		}
		want := []string{"JIMM.Version", "JIMM.CrossModelQuery", sim.RuleEmptyName, sim.RuleEmptyName}
		if diff := cmp.Diff(want, rules); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRunningMigrationIsInTheAuditLog(t *testing.T) {
	world := load(t, `
jimm: {version: 2024}
controllers: [{name: west}, {name: east}]
models: [{name: prod, controller: west, migrating-to: east}]
`)
	synctest.Test(t, func(t *testing.T) {
		j := start(t, world)
		c := connect(t, j)
		seen := c.call("JIMM", 4, "FindAuditEvents", map[string]string{"method": "MigrateModel"})
		if !strings.Contains(seen, `"target-controller":"east"`) {
			t.Errorf("audit log %s", seen)
		}
		if places := j.Where("prod"); !places[0].Migrating {
			t.Errorf("places %+v", places)
		}
		if n := j.Count("jimm", "JIMM.MigrateModel"); n != 0 {
			t.Errorf("the start of the world counts as %d calls", n)
		}
	})
}

func TestConflictLeftoverAndUnknownModel(t *testing.T) {
	world := load(t, `
controllers: [{name: west}, {name: east}]
models:
  - {name: double, copies: [east]}
  - {name: leftover, history: [{to: east, abort-at: IMPORT, leave-copy: true}]}
  - {name: zombie, history: [{to: east, reap-fails: no}]}
  - {name: forgotten, recorded-on: none}
  - {name: lost, controller: none, recorded-on: east}
`)
	synctest.Test(t, func(t *testing.T) {
		j := start(t, world)
		want := map[string][]sim.Place{
			"double":    {{Controller: "east", State: "active"}, {Controller: "west", State: "active"}},
			"leftover":  {{Controller: "east", State: "importing"}, {Controller: "west", State: "active"}},
			"zombie":    {{Controller: "east", State: "active"}, {Controller: "west", State: "exporting"}},
			"forgotten": {{Controller: "west", State: "active"}},
			"lost":      nil,
		}
		for model, places := range want {
			if diff := cmp.Diff(places, j.Where(model)); diff != "" {
				t.Errorf("%s: %s", model, diff)
			}
		}
		got := map[string]string{}
		for _, m := range j.World().Models {
			got[m.Name] = recordedOn(j, m.Name)
		}
		rows := map[string]string{
			"double": "east ", "leftover": "west ", "zombie": "east ", "forgotten": "no row", "lost": "east ",
		}
		if diff := cmp.Diff(rows, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWorldOnLoopbackWithTLS(t *testing.T) {
	world := load(t, `
jimm: {tls: true, path-prefix: /jimm, poller: false}
controllers: [{name: west}, {name: east}]
models: [{name: prod}]
speed: 10000
`)
	j, err := sim.Start(t.Context(), world, sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if !strings.HasPrefix(j.URL(), "wss://127.0.0.1:") || !strings.HasSuffix(j.URL(), "/jimm") {
		t.Errorf("URL %s", j.URL())
	}
	c := connect(t, j)
	if seen := c.migrate(j, "prod", "east"); !strings.Contains(seen, "migration-id") {
		t.Errorf("MigrateModel: %s", seen)
	}
	await(t, j, "west", "prod", controller.Done)
}

func TestDeadlyModelInfoIsAViolation(t *testing.T) {
	world := load(t, `
jimm: {poller: false}
controllers: [{name: west}, {name: east}]
models: [{name: stray, controller: west, recorded-on: east}]
`)
	synctest.Test(t, func(t *testing.T) {
		j := start(t, world)
		c := connect(t, j)
		if seen := c.info(j, "stray"); !strings.Contains(seen, "permission denied") {
			t.Errorf("info %s", seen)
		}
		v := j.Violations()
		if len(v) != 1 || v[0].Rule != sim.RuleForgotten || recordedOn(j, "stray") != "no row" {
			t.Errorf("violations %v, recorded on %q", v, recordedOn(j, "stray"))
		}
		if api, models := j.Logins(); api != 1 || models != 0 {
			t.Errorf("%d and %d logins", api, models)
		}
	})
}

func TestStoppedControllerDoesNotListen(t *testing.T) {
	world := load(t, `
jimm: {version: 2024}
controllers: [{name: west}, {name: east, stopped: true, status: unavailable}]
models: [{name: prod}, {name: old, history: [{to: east}]}]
`)
	synctest.Test(t, func(t *testing.T) {
		j := start(t, world)
		c := connect(t, j)
		if seen := c.info(j, "old"); !strings.Contains(seen, "no urls to dial") {
			t.Errorf("info %s", seen)
		}
		if seen := c.call("JIMM", 4, "ListControllers", nil); !strings.Contains(seen, `"status":"unavailable"`) {
			t.Errorf("controllers %s", seen)
		}
		if err := j.Resume(t.Context(), "east"); err != nil {
			t.Fatal(err)
		}
		if seen := c.info(j, "old"); !strings.Contains(seen, `"name":"old"`) {
			t.Errorf("info after resume %s", seen)
		}
	})
}
