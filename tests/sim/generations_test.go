package sim_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/controller"
)

func TestJIMMOf2025IsBetweenTheOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := start(t, sample(t, "2025"))
		c := connect(t, j)
		spell := func(model string) string {
			return c.call("JIMM", 4, "MigrateModel", map[string]any{
				"specs": []map[string]string{{"model-tag": model, "target-controller": "east"}},
			})
		}
		if seen := spell("model-" + j.UUID("prod")); !strings.Contains(seen, `"message":"invalid model target"`) {
			t.Errorf("MigrateModel of a tag: %s", seen)
		}
		if seen := spell("alice@example.com/prod"); !strings.Contains(seen, `"migration-id":"`+j.UUID("prod")+`:0"`) {
			t.Errorf("MigrateModel by name: %s", seen)
		}
		if seen := spell(j.UUID("prod")); !strings.Contains(seen, "already in progress") {
			t.Errorf("a second start does not reach the controller: %s", seen)
		}
		for _, method := range []string{"ModelControllerInfo", "ListMigrationTargets", "ListModels"} {
			if seen := c.call("JIMM", 4, method, map[string]string{"model": j.UUID("prod")}); !strings.Contains(seen, "is not implemented") {
				t.Errorf("%s: %s", method, seen)
			}
		}
		await(t, j, "west", "prod", controller.Done)
		<-time.After(2 * time.Minute)
		c = connect(t, j) // 90 s without a ping
		if got := recordedOn(j, "prod"); got != "west " {
			t.Errorf("recorded on %q before any request", got)
		}
		summaries := c.call("ModelManager", 9, "ListModelSummaries", nil)
		if !strings.Contains(summaries, `"migration":{"status":"aborted, removing model from target controller`) {
			t.Errorf("the controllers were not asked for summaries: %s", summaries)
		}
		if seen := c.info(j, "prod"); !strings.Contains(seen, `"code":"redirection required"`) || recordedOn(j, "prod") != "west " {
			t.Errorf("recorded on %q, info %s", recordedOn(j, "prod"), seen)
		}
		if seen := c.record(j, "prod", "east"); seen != "{}" {
			t.Errorf("UpdateMigratedModel: %s", seen)
		}
	})
}

func TestJIMMOf2025ForgetsNothing(t *testing.T) {
	world := load(t, `
jimm: {version: 2025}
controllers: [{name: west}, {name: east}]
models: [{name: stray, controller: west, recorded-on: east}]
`)
	synctest.Test(t, func(t *testing.T) {
		j := start(t, world)
		c := connect(t, j)
		c.info(j, "stray")
		<-time.After(3 * time.Minute)
		if got := recordedOn(j, "stray"); got != "east " {
			t.Errorf("recorded on %q", got)
		}
	})
}

func TestWatchersByYear(t *testing.T) {
	for year, want := range map[string]int{"2024": 2, "2025": 0, "2026": 0} {
		synctest.Test(t, func(t *testing.T) {
			world := sample(t, year)
			world.JIMM.Watchers = true
			j := start(t, world)
			j.Restart("jimm") // the state at the start is not a message
			synctest.Wait()
			if n := j.Count("west", "Controller.WatchAllModels") + j.Count("east", "Controller.WatchAllModels"); n != want {
				t.Errorf("%s: %d watchers of all models", year, n)
			}
			if n := j.Count("west", "ModelSummaryWatcher.Next"); n == 0 {
				t.Errorf("%s: no watcher of summaries", year)
			}
		})
	}
}

func TestCertificateOfJIMMHasItsName(t *testing.T) {
	world := load(t, "jimm: {tls: true, dns-name: jimm.example.org, poller: false}\ncontrollers: [{name: west}]")
	j, err := sim.Start(t.Context(), world, sim.Options{TLSNames: []string{"jimm.example.net"}})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	for _, name := range []string{"localhost", "127.0.0.1", "jimm.example.org", "jimm.example.net"} {
		options := j.Dialling()
		options.ServerName = name
		conn, err := rpc.Dial(t.Context(), j.URL()+"/api", options)
		if err != nil {
			t.Errorf("as %s: %v", name, err)
			continue
		}
		conn.Close()
	}
}

func TestControllersOfManyAges(t *testing.T) {
	tests := []struct{ model, target, want string }{
		{"small", "west", ""},
		{"small", "east", "connect to target controller: controller API version is too old"},
		{"prod", "east", ""},
		{"prod", "south", "target prechecks failed: model has higher version than target controller (3.6.14"},
		{"new", "west", "connect to target controller: controller API version is too old"},
		{"stays", "west", "failed to dial the controller: failed to authenticate request: unauthorized"},
	}
	for _, test := range tests {
		t.Run(test.model+" to "+test.target, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := start(t, sample(t, "mixed"))
				c := connect(t, j)
				seen := c.migrate(j, test.model, test.target)
				started := strings.Contains(seen, `"migration-id":"`+j.UUID(test.model))
				switch {
				case test.want == "" && !started:
					t.Fatalf("MigrateModel: %s", seen)
				case test.want != "" && !started && !strings.Contains(seen, test.want):
					t.Errorf("MigrateModel: %s, want %s", seen, test.want)
				}
				if !started {
					return
				}
				row, _ := j.Record(test.model)
				await(t, j, row.Controller, test.model, controller.Done)
				<-time.After(time.Minute)
				if got := recordedOn(j, test.model); got != test.target+" " {
					t.Errorf("recorded on %q", got)
				}
			})
		})
	}
}

func TestModelsMovedByHandFromAnOldController(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := start(t, sample(t, "mixed"))
		if places := j.Where("left"); len(places) != 1 || places[0].Controller != "west" {
			t.Errorf("places %+v", places)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if m, ok := j.Controller("old").Migration(j.UUID("left")); !ok || m.Phase != controller.Done {
			t.Errorf("migration %+v", m)
		}
		if err := j.Controller("west").Await(ctx, func() bool { return len(j.Controller("west").Models()) == 2 }); err != nil {
			t.Error(err)
		}
	})
}

func TestEverySampleLoads(t *testing.T) {
	for _, name := range []string{"2024", "2025", "2026", "mixed", "big"} {
		sample(t, name)
	}
	if _, err := sim.Sample("2019"); err == nil {
		t.Error("no error for a sample that is not there")
	}
}
