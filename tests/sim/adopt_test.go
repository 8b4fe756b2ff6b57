package sim_test

import (
	"bytes"
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/jimm"
)

// foreign is a JIMM that knows only those controllers that an administrator adds.
type foreign struct {
	client
	server *jimm.Server
	url    string
}

func startForeign(t *testing.T, generation jimm.Generation, l net.Listener) foreign {
	t.Helper()
	server := jimm.New(jimm.Options{
		Generation: generation, UUID: "3217dbc9-8ea9-4381-9e97-01eab0b3f6bb",
		Accounts: []jimm.Account{{ID: "migrator", Secret: "s3cr3t"}}, Pings: true, Watchers: true,
	})
	server.Grant(jimm.Tuple{Object: "user-migrator@serviceaccount", Relation: "administrator", Target: "controller-jimm"})
	server.AddCredential(jimm.Credential{Cloud: "localhost", Owner: "alice@example.com", Name: "default"})
	server.Start()
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		<-served
	})
	f := foreign{server: server, url: "ws://" + l.Addr().String() + "/api"}
	f.connect(t)
	return f
}

// connect connects to JIMM, also after a restart.
func (f *foreign) connect(t *testing.T) {
	t.Helper()
	f.client = dial(t, f.url, rpc.DialOptions{})
	f.login("migrator", "s3cr3t")
}

// must makes a call that must not fail.
func (f foreign) must(method string, params any) string {
	f.t.Helper()
	reply := f.call("JIMM", 4, method, params)
	if !strings.HasPrefix(reply, "{") || strings.Contains(reply, `"message"`) {
		f.t.Fatalf("%s: %s", method, reply)
	}
	return reply
}

// TestControllersAreAdoptedByAForeignJIMM adds two controllers to a JIMM that was not started with them, migrates a
// model between them, and repeats this with a JIMM that has other keys.
func TestControllersAreAdoptedByAForeignJIMM(t *testing.T) {
	generations := map[string]jimm.Generation{
		"2024": jimm.Generation2024(), "2025": jimm.Generation2025(), "2026": jimm.Generation2026(),
	}
	for year, generation := range generations {
		t.Run(year, func(t *testing.T) {
			world := load(t, `
jimm: {uuid: 3217dbc9-8ea9-4381-9e97-01eab0b3f6bb, version: `+year+`}
controllers: [{name: west}, {name: east}]
models: [{name: prod, created-here: true, machines: [{id: "0"}]}]
speed: 1000
`)
			first := listen(t)
			var log safeBuffer
			j, err := sim.StartControllers(t.Context(), world, sim.Options{
				JWKSURL: "http://" + first.Addr().String() + "/.well-known/jwks.json", Log: sim.LogTo(&log),
			})
			if err != nil {
				t.Fatal(err)
			}
			defer j.Close()
			t.Run("first", func(t *testing.T) {
				adoptAndMigrate(t, j, startForeign(t, generation, first), "west", "east")
			})
			again := listenOn(t, first.Addr().String())
			t.Run("other keys", func(t *testing.T) {
				adoptAndMigrate(t, j, startForeign(t, generation, again), "east", "west")
			})
			for _, want := range []string{`<- {"request-id":1,"type":"Admin"`, `"request":"InitiateMigration"`, "WatchAllModelSummaries"} {
				if !strings.Contains(log.String(), want) {
					t.Errorf("the log has no %s", want)
				}
			}
			if v := j.Violations(); len(v) > 0 {
				t.Errorf("violations: %v", v)
			}
		})
	}
}

func adoptAndMigrate(t *testing.T, j *sim.JAAS, f foreign, source, target string) {
	t.Helper()
	for _, name := range []string{source, target} {
		f.must("AddController", j.Registration(name))
	}
	if list := f.must("ListControllers", nil); strings.Count(list, `"status":"available"`) != 2 {
		t.Errorf("controllers %s", list)
	}
	uuid := j.UUID("prod")
	f.must("ImportModel", map[string]string{"controller": source, "model-tag": "model-" + uuid, "owner": "alice@example.com"})
	name := "model-" + uuid
	if j.World().JIMM.Version != "2024" {
		name = uuid
	}
	// The watchers of JIMM keep their long polls open meanwhile, as after a restart.
	f.server.Restart()
	f.connect(t)
	f.must("MigrateModel", map[string]any{"specs": []map[string]string{{"model-tag": name, "target-controller": target}}})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := j.Controller(source).AwaitPhase(ctx, uuid, controller.Done); err != nil {
		t.Fatal(err)
	}
	f.must("UpdateMigratedModel", map[string]string{"model-tag": "model-" + uuid, "target-controller": target})
	if row, _ := f.server.Model(uuid); row.Controller != target {
		t.Errorf("recorded on %q", row.Controller)
	}
	if info := f.info(j, "prod"); !strings.Contains(info, `"name":"prod"`) {
		t.Errorf("info %s", info)
	}
	fullStatus(t, f, uuid)
}

// fullStatus goes through JIMM's proxy to the model.
func fullStatus(t *testing.T, f foreign, uuid string) {
	t.Helper()
	c := dial(t, strings.TrimSuffix(f.url, "/api")+"/model/"+uuid+"/api", rpc.DialOptions{})
	login := c.login("migrator", "s3cr3t")
	status := c.call("Client", 6, "FullStatus", map[string]any{"patterns": []string{}})
	if !strings.Contains(login, `"model-tag":"model-`+uuid) || !strings.Contains(status, `"name":"prod"`) {
		t.Errorf("login %s, status %s", login, status)
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	return listenOn(t, "127.0.0.1:0")
}

func listenOn(t *testing.T, address string) net.Listener {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// safeBuffer is a buffer that several goroutines can write to.
type safeBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
