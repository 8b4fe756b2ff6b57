package scenario_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/sim"
)

// archive is a folder with the charm as Juju unpacks it, except for dispatch.
func archive(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(charmDir, "charm", "files"))); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"manifest.yaml": []byte("bases: [{name: ubuntu, channel: \"24.04\", architectures: [" + runtime.GOARCH + "]}]\n")}
	for _, name := range []string{"metadata.yaml", "actions.yaml", "config.yaml"} {
		content, err := os.ReadFile(filepath.Join(charmDir, name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = content
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestNeighbours runs the real program beside everything that it can be related to, on machines: JIMM is found by
// jimm-info alone, Loki and Grafana get what they need, and when the relations are removed, the unit reports what is
// missing.
func TestNeighbours(t *testing.T) {
	t.Parallel()
	world, err := sim.Load([]byte(`
speed: 100
jimm: {version: 2024, release: v3.1.12}
controllers: [{name: west}, {name: east}]
models: [{name: prod, owner: alice@example.com, controller: west, created-here: true}]
`))
	if err != nil {
		t.Fatal(err)
	}
	jaas, err := sim.Start(t.Context(), world, sim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer jaas.Close()
	at, err := url.Parse(jaas.URL())
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var pushed strings.Builder
	loki := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		_ = r.Write(&pushed)
		w.WriteHeader(http.StatusNoContent)
	}))
	defer loki.Close()

	account := jaas.Account("")
	const secret = "cqg1aa2bb3cc4dd5ee6f"
	agent := charmtest.Start(t, charmtest.Options{
		CharmDir: archive(t), Dispatch: built.dispatch, Tools: built.tools, Machine: "0",
		Config:  map[string]any{"jimm-port": at.Port(), "jimm-credentials": "secret:" + secret, "poll-interval": "1s"},
		Secrets: []charmtest.Secret{{ID: secret, Content: map[string]string{"client-id": account.ID, "client-secret": account.Secret}}},
	})
	if err := agent.Install(t.Context()); err != nil {
		t.Fatal(err)
	}
	hook := func(name string, details charmtest.HookDetails) {
		t.Helper()
		if result, err := agent.RunHook(t.Context(), name, details); err != nil || result.Failed() {
			t.Fatalf("hook %s: %v %+v\n%v", name, err, result, agent.Log())
		}
	}
	related := map[string]int{}
	relate := func(r charmtest.Relation) {
		t.Helper()
		id, err := agent.AddRelation(r)
		if err != nil {
			t.Fatal(err)
		}
		related[r.Endpoint] = id
		hook(r.Endpoint+"-relation-created", charmtest.HookDetails{Relation: id})
		for unit := range r.Units {
			hook(r.Endpoint+"-relation-joined", charmtest.HookDetails{Relation: id, RemoteUnit: unit})
			hook(r.Endpoint+"-relation-changed", charmtest.HookDetails{Relation: id, RemoteUnit: unit})
		}
	}
	status := func(want string) {
		t.Helper()
		if got := agent.Status(); !matches(want, got.Status+": "+got.Message) {
			t.Errorf("the status is %s: %s, want %s", got.Status, got.Message, want)
		}
	}

	status("blocked: JIMM's address is not set: …")
	relate(charmtest.Relation{Endpoint: "jimm-info", RemoteApp: "jimm", RemoteEndpoint: "juju-info", Units: map[string]map[string]string{
		"jimm/0": {"ingress-address": "127.0.0.1", "private-address": "127.0.0.1", "egress-subnets": "127.0.0.1/32"},
	}})
	status("active: configured for " + jaas.URL() + "; …")
	relate(charmtest.Relation{Endpoint: "receive-ca-cert", RemoteApp: "ca", Units: map[string]map[string]string{"ca/0": {}}})
	relate(charmtest.Relation{Endpoint: "logging", RemoteApp: "loki", Units: map[string]map[string]string{"loki/0": {"endpoint": `{"url": "` + loki.URL + `"}`}}})
	relate(charmtest.Relation{Endpoint: "grafana-dashboard", RemoteApp: "grafana", Units: map[string]map[string]string{"grafana/0": {}}})
	for endpoint, key := range map[string]string{"receive-ca-cert": "version", "logging": "alert_rules", "grafana-dashboard": "dashboards"} {
		if value := agent.LocalData(related[endpoint], true)[key]; !json.Valid([]byte(value)) {
			t.Errorf("%s of %s is %q", key, endpoint, value)
		}
	}
	hook("update-status", charmtest.HookDetails{})
	status("active: JIMM v3.1.12 at " + jaas.URL() + ": 2 controllers, 1 model")

	task, err := agent.RunAction(t.Context(), "migrate-model", map[string]any{"model": "prod", "target-controller": "east"})
	if err != nil || task.Result("outcome") != "migrated" {
		t.Fatalf("%v %+v", err, task)
	}
	status("active: JIMM v3.1.12 at " + jaas.URL() + ": 2 controllers, 1 model")
	mu.Lock()
	for _, want := range []string{`\"event\":\"health\"`, `\"event\":\"start\"`, `\"outcome\":\"migrated\"`, `"juju_application":"jimm-migrator"`} {
		if !strings.Contains(pushed.String(), want) {
			t.Errorf("Loki has not got %s", want)
		}
	}
	if strings.Contains(pushed.String(), account.Secret) {
		t.Error("Loki has got the secret")
	}
	mu.Unlock()

	if err := agent.Upgrade(t.Context()); err != nil {
		t.Fatal(err)
	}
	hook("stop", charmtest.HookDetails{})
	for endpoint, id := range related {
		hook(endpoint+"-relation-broken", charmtest.HookDetails{Relation: id})
	}
	status("blocked: JIMM's address is not set: …")
	hook("remove", charmtest.HookDetails{})
	status("terminated: ") // Juju's own
	if v := jaas.Violations(); len(v) > 0 {
		t.Errorf("violations: %v", v)
	}
	for _, record := range agent.Log() {
		if record.Level == "WARNING" || record.Level == "ERROR" {
			t.Errorf("the log has %s: %s", record.Level, record.Message)
		}
	}
	if err := agent.CheckCanaries([]string{account.Secret}); err != nil {
		t.Error(err)
	}
}
