package charm_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jimm-migrator/charm"
	"jimm-migrator/charm/charmtest"
)

const emulatedSecret = "secret:9m4e2mr0ui3e8a215n4g"

// emulated is a unit of a small charm in an emulated agent, which is as strict
// as Juju's own hook tools.
func emulated(t *testing.T, app charm.App) *charmtest.Agent {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"metadata.yaml": "name: vault\nsummary: s\ndescription: d\nrequires: {db: {interface: pg}}\n",
		"manifest.yaml": "bases: [{name: ubuntu, channel: '24.04', architectures: [amd64]}]\n",
		"config.yaml":   "options:\n  url: {type: string, default: -x}\n  limit: {type: int, default: 1000000}\n  creds: {type: secret}\n",
		"actions.yaml":  "act:\n  params: {model: {type: string}, dry-run: {type: boolean, default: true}}\n  additionalProperties: false\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	agent, err := charmtest.New(charmtest.Options{
		CharmDir: dir,
		App:      &app,
		Config:   map[string]any{"creds": emulatedSecret},
		Secrets:  []charmtest.Secret{{ID: emulatedSecret[len("secret:"):], Content: map[string]string{"password": plainCanary}}},
		Relations: []charmtest.Relation{{
			ID: 7, Endpoint: "db", RemoteApp: "pg",
			Units:      map[string]map[string]string{"pg/0": {"host": "h"}},
			RemoteData: map[string]string{"name": "n"},
		}},
		State: map[string]string{"old": ""},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { agent.Close() })
	return agent
}

// nasty is text that a careless call of a tool would mangle, or choke on.
const nasty = "--x=$(y) 100% \"'\\\n\t= \u0085é😀 "

func TestEmulatedAgentTakesEveryCall(t *testing.T) {
	agent := emulated(t, charm.App{Actions: map[string]charm.ActionFunc{"act": everyTool(t)}})
	task, err := agent.RunAction(t.Context(), "act", map[string]any{"model": nasty})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "status and message", []string{string(task.Status), task.Message},
		[]string{"failed", `--x=$(y) 100% "'\ = é😀`})
	equal(t, "result", task.Result("a.b.0"), nasty)
	equal(t, "code", task.Results["return-code"], any(0))
	equal(t, "progress", []string{task.Log[0].Message, task.Log[1].Message},
		[]string{`--x=$(y) 100 percent "'\ = é😀`, "[redacted]"})
	equal(t, "state", agent.State(), map[string]string{"-new": nasty, "old": ""})
	equal(t, "unit's data", agent.LocalData(7, false)["k"], nasty)
	equal(t, "application's data", agent.LocalData(7, true), map[string]string{"k": nasty})
	equal(t, "version", agent.WorkloadVersion(), `--x=$(y) 100% "'\ = é😀`)
	equal(t, "workload status", agent.Status().Message, `--x=$(y) 100% "'\ = é😀`)
	for _, call := range agent.Calls() {
		if call.ExitCode != 0 {
			t.Errorf("%s %q: %s", call.Tool, call.Args, call.Stderr)
		}
	}
}

// everyTool uses every method, and fails with a nasty sentence.
func everyTool(t *testing.T) charm.ActionFunc {
	t.Helper()
	return func(ctx context.Context, a *charm.Action) error {
		var params struct {
			Model  string `json:"model"`
			DryRun bool   `json:"dry-run"`
		}
		var config struct {
			URL   string `json:"url"`
			Limit int    `json:"limit"`
			Creds string `json:"creds"`
		}
		err := errors.Join(a.Params(&params), a.Config(ctx, &config))
		equal(t, "parameters", []any{params.Model, params.DryRun}, []any{nasty, true})
		equal(t, "config", []any{config.URL, config.Limit, config.Creds}, []any{"-x", 1_000_000, emulatedSecret})
		secret, err1 := a.Secret(ctx, config.Creds, charm.SecretOptions{Label: "creds", Refresh: true})
		again, err2 := a.Secret(ctx, "", charm.SecretOptions{Label: "creds", Peek: true})
		equal(t, "secret", []string{secret["password"], again["password"]}, []string{plainCanary, plainCanary})
		ids, err3 := a.RelationIDs(ctx, "db")
		units, err4 := a.RelationUnits(ctx, ids[0])
		app, err5 := a.RelationApp(ctx, ids[0])
		unitData, err6 := a.RelationData(ctx, ids[0], "pg/0")
		appData, err7 := a.RelationData(ctx, ids[0], app)
		equal(t, "relation", []string{ids[0], units[0], app, unitData["host"], appData["name"]},
			[]string{"db:7", "pg/0", "pg", "h", "n"})
		leader, err8 := a.Leader(ctx)
		equal(t, "leader", leader, true)
		state, err9 := a.State(ctx)
		equal(t, "state", state, map[string]string{"old": ""})
		a.Log(ctx, nasty)
		a.Log(ctx, plainCanary)
		a.Logger().ErrorContext(ctx, nasty)
		err = errors.Join(err, err1, err2, err3, err4, err5, err6, err7, err8, err9,
			a.SetState(ctx, map[string]string{"-new": nasty}),
			a.SetRelationData(ctx, ids[0], a.Env().Unit, map[string]string{"k": nasty}),
			a.SetRelationData(ctx, ids[0], a.Env().App(), map[string]string{"k": nasty}),
			a.SetStatus(ctx, charm.StatusBlocked, nasty),
			a.SetWorkloadVersion(ctx, nasty),
			a.SetResults(ctx, map[string]any{"a": map[string]any{"b": []string{nasty}}}))
		if err != nil {
			t.Error(err)
		}
		return errors.New(nasty)
	}
}

func TestEmulatedAgentKeepsResultsOfAStrictFailure(t *testing.T) {
	agent := emulated(t, charm.App{Actions: map[string]charm.ActionFunc{
		"act": func(ctx context.Context, a *charm.Action) error {
			err := errors.Join(
				a.SetResults(ctx, map[string]any{"summary": "disk full"}),
				a.SetState(ctx, map[string]string{"k": "dropped"}))
			if err != nil {
				t.Error(err)
			}
			return &charm.StrictError{Err: errTest}
		},
	}})
	task, err := agent.RunAction(t.Context(), "act", nil)
	equal(t, "error", err, nil)
	equal(t, "outcome", []string{string(task.Status), task.Message, task.Result("summary")},
		[]string{"failed", "exit status 1", "disk full"})
}

func TestEmulatedAgentDeniesASecretThatWasNotGranted(t *testing.T) {
	agent := emulated(t, charm.App{AnyHook: func(ctx context.Context, h *charm.Hook) error {
		_, denied := h.Secret(ctx, emulatedSecret, charm.SecretOptions{})
		_, missing := h.Secret(ctx, strings.Replace(emulatedSecret, "9m", "9n", 1), charm.SecretOptions{})
		_, bad := h.Secret(ctx, "nonsense", charm.SecretOptions{})
		if !errors.Is(denied, charm.ErrSecretNotGranted) || !errors.Is(missing, charm.ErrSecretNotFound) ||
			!errors.Is(bad, charm.ErrSecretURI) {
			t.Errorf("got %v; %v; %v", denied, missing, bad)
		}
		return nil
	}})
	if err := agent.RevokeSecret(emulatedSecret); err != nil {
		t.Fatal(err)
	}
	result, err := agent.RunHook(t.Context(), "config-changed")
	if err != nil {
		t.Fatalf("%+v, %v", result, err)
	}
}
