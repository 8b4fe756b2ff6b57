package operator_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"jimm-migrator/charm"
	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/operator"
)

const (
	secretID = "cqg1aa2bb3cc4dd5ee6f"
	uri      = "secret:" + secretID
	canary   = "c4n4ry-of-the-secret"
	modelA   = "11111111-1111-4111-8111-111111111111"
	modelB   = "22222222-2222-4222-8222-222222222222"
)

// archive is a folder with the files of the charm as they are in its archive.
func archive(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("../../charm/files")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// start makes a unit of the charm. Its charm directory is that of a real one.
func start(t *testing.T, opts charmtest.Options) *charmtest.Agent {
	t.Helper()
	opts.CharmDir = "../.."
	dir := archive(t)
	opts.Func = func(ctx context.Context, environ []string, tools charm.Runner) int {
		env := charm.ReadEnv(charmtest.Lookup(environ))
		env.CharmDir = dir
		app := charm.App{Hooks: operator.Hooks("1.2.3", nil), Actions: map[string]charm.ActionFunc{}}
		if do, ok := ctx.Value(acting{}).(func(context.Context, operator.Unit) error); ok {
			app.Actions["check-access"] = func(ctx context.Context, a *charm.Action) error { return do(ctx, a) }
		}
		return charm.Dispatch(ctx, app, env, tools)
	}
	if opts.Secrets == nil {
		opts.Secrets = []charmtest.Secret{{ID: secretID, Label: "jimm-migrator", Content: map[string]string{"client-id": "migrator", "client-secret": canary}}}
	}
	agent := charmtest.Start(t, opts)
	t.Cleanup(func() {
		if err := agent.CheckCanaries([]string{canary}); err != nil {
			t.Error(err)
		}
	})
	return agent
}

// acting is the key of what an action does.
type acting struct{}

// act does something as an action.
func act(t *testing.T, agent *charmtest.Agent, do func(context.Context, operator.Unit) error) {
	t.Helper()
	task, err := agent.RunAction(context.WithValue(t.Context(), acting{}, do), "check-access", nil)
	if err != nil || task.Status != charmtest.TaskCompleted {
		t.Fatalf("action: %v %+v", err, task)
	}
}

// hook runs a hook that must end well.
func hook(t *testing.T, agent *charmtest.Agent, name string, details ...charmtest.HookDetails) {
	t.Helper()
	result, err := agent.RunHook(t.Context(), name, details...)
	if err != nil || result.Failed() {
		t.Fatalf("hook %s: %v %+v\n%v", name, err, result, agent.Log())
	}
}

// wantStatus compares the unit's status.
func wantStatus(t *testing.T, agent *charmtest.Agent, status, message string) {
	t.Helper()
	if got := agent.Status(); got.Status != status || got.Message != message {
		t.Errorf("status is %s: %s\nwant      %s: %s", got.Status, got.Message, status, message)
	}
}

// config is a configuration that is in order, with changes.
func config(changes map[string]any) map[string]any {
	out := map[string]any{"jimm-url": "wss://jimm.example.com", "jimm-credentials": uri}
	for key, value := range changes {
		if out[key] = value; value == nil {
			delete(out, key)
		}
	}
	return out
}

func readFile(t *testing.T, parts ...string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(parts...))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
