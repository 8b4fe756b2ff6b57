// Package unit runs the charm's hooks in an emulated unit, for tests of the packages
// that hooks and actions use.
package unit

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/config"
	"jimm-migrator/src/hooks"
	"jimm-migrator/tests/sim"
	simjimm "jimm-migrator/tests/sim/jimm"
)

// The secret of the service account, its content, and UUIDs of models.
const (
	SecretID = "cqg1aa2bb3cc4dd5ee6f" //nolint:gosec // It is of a test.
	URI      = "secret:" + SecretID
	Canary   = "c4n4ry-of-the-secret"
	ModelA   = "11111111-1111-4111-8111-111111111111"
	ModelB   = "22222222-2222-4222-8222-222222222222"
	// OwnModel is the model of the unit.
	OwnModel = "5bd17cc2-1a0b-4ac1-8a45-3bba6a1f9b05"
)

// Root is the root of the repository, from a package in src.
const Root = "../.."

// archive is a folder with the files of the charm as they are in its archive.
func archive(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(Root+"/charm/files")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Hooks are hooks whose poll has the time that a busy machine needs.
func Hooks() hooks.Options { return hooks.Options{Version: "1.2.3", PollTimeout: time.Minute} }

// Start makes a unit of the charm. Its charm directory is that of a real one.
func Start(t *testing.T, opts charmtest.Options) *charmtest.Agent {
	t.Helper()
	return StartWith(t, Hooks(), opts)
}

// StartWith is [Start] with other hooks.
func StartWith(t *testing.T, with hooks.Options, opts charmtest.Options) *charmtest.Agent {
	t.Helper()
	opts.CharmDir = Root
	dir := archive(t)
	opts.Func = func(ctx context.Context, environ []string, tools charm.Runner) int {
		env := charm.ReadEnv(charmtest.Lookup(environ))
		env.CharmDir = dir
		app := charm.App{Hooks: hooks.All(with), Actions: map[string]charm.ActionFunc{}}
		if do, ok := ctx.Value(acting{}).(func(context.Context, config.Unit) error); ok {
			app.Actions["check-access"] = func(ctx context.Context, a *charm.Action) error { return do(ctx, a) }
		}
		return charm.Dispatch(ctx, app, env, tools)
	}
	if opts.Secrets == nil {
		opts.Secrets = []charmtest.Secret{{ID: SecretID, Label: "jimm-migrator", Content: map[string]string{"client-id": "migrator", "client-secret": Canary}}}
	}
	agent := charmtest.Start(t, opts)
	t.Cleanup(func() {
		if err := agent.CheckCanaries([]string{Canary}); err != nil {
			t.Error(err)
		}
	})
	return agent
}

// acting is the context key of the function that an action runs.
type acting struct{}

// Act runs a function as an action.
func Act(t *testing.T, agent *charmtest.Agent, do func(context.Context, config.Unit) error) {
	t.Helper()
	task, err := agent.RunAction(context.WithValue(t.Context(), acting{}, do), "check-access", nil)
	if err != nil || task.Status != charmtest.TaskCompleted {
		t.Fatalf("action: %v %+v", err, task)
	}
}

// Hook runs a hook that must succeed.
func Hook(t *testing.T, agent *charmtest.Agent, name string, details ...charmtest.HookDetails) {
	t.Helper()
	result, err := agent.RunHook(t.Context(), name, details...)
	if err != nil || result.Failed() {
		t.Fatalf("hook %s: %v %+v\n%v", name, err, result, agent.Log())
	}
}

// Remember changes what the unit keeps of its last observation of JIMM.
func Remember(t *testing.T, agent *charmtest.Agent, change func(health map[string]any)) {
	t.Helper()
	var health map[string]any
	if err := json.Unmarshal([]byte(agent.State()["health"]), &health); err != nil {
		t.Fatal(err)
	}
	change(health)
	raw, err := json.Marshal(health)
	if err != nil {
		t.Fatal(err)
	}
	agent.SetState(map[string]string{"health": string(raw)})
}

// Age makes the last observation that much older.
func Age(t *testing.T, agent *charmtest.Agent, by time.Duration) {
	t.Helper()
	Remember(t, agent, func(health map[string]any) { health["at"] = time.Now().UTC().Add(-by).Format(time.RFC3339) })
}

// WantStatus compares the unit's status.
func WantStatus(t *testing.T, agent *charmtest.Agent, status, message string) {
	t.Helper()
	if got := agent.Status(); got.Status != status || got.Message != message {
		t.Errorf("status is %s: %s\nwant      %s: %s", got.Status, got.Message, status, message)
	}
}

// Config is a valid configuration, with changes.
func Config(changes map[string]any) map[string]any {
	out := map[string]any{"jimm-url": "wss://jimm.example.com", "jimm-credentials": URI}
	for key, value := range changes {
		if out[key] = value; value == nil {
			delete(out, key)
		}
	}
	return out
}

// Set changes the configuration and runs config-changed.
func Set(values map[string]any) func(t *testing.T, a *charmtest.Agent) {
	return func(t *testing.T, a *charmtest.Agent) {
		t.Helper()
		if err := a.SetConfig(values); err != nil {
			t.Fatal(err)
		}
		Hook(t, a, "config-changed")
	}
}

// Scrape is the data that an application publishes over prometheus_scrape.
func Scrape(model, uuid, app, charmName string) map[string]string {
	return map[string]string{"scrape_metadata": fmt.Sprintf(`{"model": %q, "model_uuid": %q, "application": %q, "unit": "%s/0", "charm_name": %q}`, model, uuid, app, app, charmName)}
}

// Metrics is a relation over jimm-metrics.
func Metrics(remote string, data map[string]string, units map[string]map[string]string) charmtest.Relation {
	return charmtest.Relation{Endpoint: "jimm-metrics", RemoteApp: remote, RemoteEndpoint: "metrics-endpoint", RemoteData: data, Units: units}
}

// Info is a relation over jimm-info.
func Info(remote string, units map[string]map[string]string) charmtest.Relation {
	return charmtest.Relation{Endpoint: "jimm-info", RemoteApp: remote, RemoteEndpoint: "juju-info", Units: units}
}

// Ingress is the data that Juju writes into a relation for a unit.
func Ingress(address string) map[string]string { return map[string]string{"ingress-address": address} }

// JAAS starts a simulated JAAS with the controllers west and east.
func JAAS(t *testing.T, jimm, rest string) *sim.JAAS {
	t.Helper()
	return World(t, "jimm: {"+jimm+`, release: v3.1.12, service-accounts: [{id: migrator, secret: `+Canary+`, administrator: true}, {id: helper, secret: `+Canary+`}]}
controllers: [{name: west}, {name: east}]
`+rest)
}

// World starts a simulated JAAS on loopback from its YAML. At the end of the test no rule may have been broken.
func World(t *testing.T, yaml string) *sim.JAAS {
	t.Helper()
	w, err := sim.Load([]byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	j, err := sim.Start(t.Context(), w, sim.Options{Keys: simjimm.NewQuickKeys()})
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
