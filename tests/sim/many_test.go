package sim_test

import (
	"runtime"
	"strings"
	"testing"
	"testing/synctest"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/wire"
)

func TestManyControllersAndModels(t *testing.T) {
	world := load(t, `
controllers: [{name: west}]
models: [{name: prod}]
many: {controllers: 4, models: 100, owners: 7, units: 2, version: 3.5.7}
`)
	if again, err := sim.Load(nil); err == nil {
		t.Errorf("a world of nothing: %+v", again)
	}
	synctest.Test(t, func(t *testing.T) {
		j := start(t, world)
		c := connect(t, j)
		seen := c.call("ModelManager", 9, "ListModelSummaries", nil)
		if n := strings.Count(seen, `"status":"available"`); n != 101 {
			t.Errorf("%d models: %s", n, seen)
		}
		if n := len(j.Controller("many-004").Models()); n != 20 || j.Controller("many-004").Version() != "3.5.7" {
			t.Errorf("%d models on the last controller", n)
		}
		if seen := c.call("JIMM", 4, "ModelControllerInfo", map[string]string{"model": "user-003@example.com/model-00003"}); !strings.Contains(seen, `"controller-name":"many-002"`) {
			t.Errorf("model 3: %s", seen)
		}
		if seen := c.migrate(j, "model-00003", "many-001"); !strings.Contains(seen, `"migration-id"`) {
			t.Errorf("MigrateModel: %s", seen)
		}
		await(t, j, "many-002", "model-00003", controller.Done)
	})
}

func TestManyIsCountedFromZero(t *testing.T) {
	if _, err := sim.Load([]byte("many: {controllers: 2, models: -1}")); err == nil || !strings.Contains(err.Error(), "below zero") {
		t.Errorf("error %v", err)
	}
	if _, err := sim.Load([]byte("many: {models: 1}")); err == nil || !strings.Contains(err.Error(), "without controllers") {
		t.Errorf("error %v", err)
	}
}

func bigWorld(b *testing.B) sim.World {
	b.Helper()
	world, err := sim.Load([]byte("jimm: {poller: false}\nmany: {controllers: 50, models: 10000, units: 3}"))
	if err != nil {
		b.Fatal(err)
	}
	return world
}

// BenchmarkStartOfABigWorld starts 50 controllers with 10,000 models, on loopback.
func BenchmarkStartOfABigWorld(b *testing.B) {
	world := bigWorld(b)
	for b.Loop() {
		j, err := sim.Start(b.Context(), world, sim.Options{NoMessages: true})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		var memory runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&memory)
		b.ReportMetric(float64(memory.HeapAlloc)/(1<<20), "MiB")
		if err := j.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// BenchmarkSummariesOfABigWorld lists all models through JIMM, which asks all controllers.
func BenchmarkSummariesOfABigWorld(b *testing.B) {
	network := wire.NewNetwork()
	j, err := sim.Start(b.Context(), bigWorld(b), sim.Options{NoMessages: true, Network: network})
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	conn, err := rpc.Dial(b.Context(), j.URL()+"/api", j.Dialling())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	account := j.Account("")
	login := rpc.Request{Facade: "Admin", Version: 4, Method: "LoginWithClientCredentials"}
	err = conn.Call(b.Context(), login, map[string]string{"client-id": account.ID, "client-secret": account.Secret}, nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		err := conn.Call(b.Context(), rpc.Request{Facade: "ModelManager", Version: 9, Method: "ListModelSummaries"}, nil, nil)
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPollOfABigWorld is one round of JIMM's poller: ModelInfo of every model.
func BenchmarkPollOfABigWorld(b *testing.B) {
	j, err := sim.Start(b.Context(), bigWorld(b), sim.Options{NoMessages: true})
	if err != nil {
		b.Fatal(err)
	}
	defer j.Close()
	for b.Loop() {
		j.JIMM().PollOnce(b.Context())
	}
}
