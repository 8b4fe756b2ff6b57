package charmtest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"jimm-migrator/charm"
	"jimm-migrator/charm/charmtest"
)

// mover is a charm made with the framework.
func mover() *charm.App {
	return &charm.App{
		Stderr: io.Discard,
		Actions: map[string]charm.ActionFunc{
			"move": func(ctx context.Context, a *charm.Action) error {
				var params struct {
					Model   string            `json:"model"`
					Retries int               `json:"retries"`
					Nested  map[string]string `json:"nested"`
				}
				if err := a.Params(&params); err != nil {
					return err
				}
				var config struct {
					Timeout int    `json:"timeout"`
					URL     string `json:"url"`
				}
				if err := a.Config(ctx, &config); err != nil {
					return err
				}
				for i := range params.Retries {
					a.Log(ctx, fmt.Sprintf("-%d: moving %s to %s", i, params.Model, config.URL))
					select {
					case <-ctx.Done():
						return ctx.Err()
					case <-time.After(time.Minute):
					}
				}
				if err := a.SetResults(ctx, map[string]any{"model": map[string]any{"name": params.Model}, "timeout": config.Timeout}); err != nil {
					return err
				}
				if err := a.SetState(ctx, map[string]string{"last": params.Model}); err != nil {
					return err
				}
				if params.Model == "bad" {
					return errors.New("cannot move it")
				}
				return nil
			},
			"look": func(ctx context.Context, a *charm.Action) error {
				_, err := a.Secret(ctx, userSecret, charm.SecretOptions{Label: "creds", Refresh: true})
				if err != nil {
					return err
				}
				return a.SetStatus(ctx, charm.StatusActive, "-looked")
			},
		},
	}
}

func startMover(t *testing.T, opts charmtest.Options) *charmtest.Agent {
	t.Helper()
	opts.CharmDir, opts.App = charmDir(t, nil), mover()
	return charmtest.Start(t, opts)
}

func TestACharmOfTheFrameworkInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		agent := startMover(t, scenario())
		began := time.Now()
		task, err := agent.RunAction(t.Context(), "move", map[string]any{"model": "bob/prod"})
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 3*time.Minute {
			t.Errorf("took %v, want 3 minutes of virtual time", took)
		}
		at := func(minutes int) time.Time {
			return began.Add(time.Duration(minutes) * time.Minute).UTC().Truncate(time.Second)
		}
		want := charmtest.Task{
			ID: "2", Operation: "1", Action: "move", Status: charmtest.TaskCompleted,
			Results: map[string]any{"model": map[string]any{"name": "bob/prod"}, "timeout": "1000000", "return-code": 0},
			Log: []charmtest.LogMessage{
				{Time: at(0), Message: "-0: moving bob/prod to wss://x"},
				{Time: at(1), Message: "-1: moving bob/prod to wss://x"},
				{Time: at(2), Message: "-2: moving bob/prod to wss://x"},
			},
			Enqueued: at(0), Started: at(0), Completed: at(3),
		}
		if diff := cmp.Diff(want, task, cmpopts.IgnoreFields(charmtest.Task{}, "Params")); diff != "" {
			t.Errorf("wrong task (-want +got):\n%s", diff)
		}
		wantCalls := map[string]int{"action-get": 1, "config-get": 1, "action-log": 3, "action-set": 1, "state-set": 1}
		if diff := cmp.Diff(wantCalls, agent.CallCount()); diff != "" {
			t.Errorf("wrong calls (-want +got):\n%s", diff)
		}
	})
}

func TestACancelInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		agent := startMover(t, scenario())
		id, err := agent.Enqueue("move", map[string]any{"model": "bob/prod"})
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(90*time.Second, func() {
			if err := agent.Cancel(id); err != nil {
				t.Error(err)
			}
		})
		task, err := agent.RunTask(t.Context(), id)
		if err != nil || task.Status != charmtest.TaskAborted || len(task.Log) != 2 {
			t.Errorf("got %+v, %v", task, err)
		}
		if got := task.Result("model.name"); got != "" || task.Message != "terminated" {
			t.Errorf("the charm has got to report: %q, %q", got, task.Message)
		}
	})
}

func TestTheEndOfAPodInVirtualTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		agent := startMover(t, scenario())
		time.AfterFunc(90*time.Second, func() {
			if err := agent.Terminate(charmtest.Termination{}); err != nil {
				t.Error(err)
			}
		})
		task, err := agent.RunAction(t.Context(), "move", map[string]any{"model": "bob/prod"})
		if err != nil || task.Status != charmtest.TaskFailed || !strings.Contains(task.Message, "interrupted") {
			t.Errorf("got %s %q, %v", task.Status, task.Message, err)
		}
	})
}

func TestAFailedActionOfTheFramework(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		agent := startMover(t, scenario())
		task, err := agent.RunAction(t.Context(), "move", map[string]any{"model": "bad"})
		if err != nil || task.Status != charmtest.TaskFailed || task.Message != "cannot move it" || agent.State()["last"] != "bad" {
			t.Errorf("got %+v, %v, state %v", task, err, agent.State())
		}
	})
}

func TestSecretsOfTheFramework(t *testing.T) {
	agent := startMover(t, scenario())
	if task, err := agent.RunAction(t.Context(), "look", nil); err != nil || task.Status != charmtest.TaskCompleted {
		t.Fatalf("got %+v, %v", task, err)
	}
	if got := agent.Status(); got != (charmtest.Status{Status: "active", Message: "-looked"}) {
		t.Errorf("status %v", got)
	}
	if err := agent.RevokeSecret(userSecret); err != nil {
		t.Fatal(err)
	}
	task, err := agent.RunAction(t.Context(), "look", nil)
	if err != nil || !strings.Contains(task.Message, "juju grant-secret") {
		t.Errorf("got %q, %v", task.Message, err)
	}
	if err := agent.CheckCanaries([]string{"12345"}); err != nil {
		t.Error(err)
	}
}

func TestCanariesAreFoundWhereverTheyAre(t *testing.T) {
	const canary = "s3cr3t/c4n4ry"
	for _, test := range []struct {
		name string
		step step
	}{
		{"argument", step{Call: []string{"state-get", canary}}},
		{"log", step{Call: []string{"juju-log", "--", "it is " + canary}}},
		{"encoded", step{Call: []string{"action-log", "--", "https://x?p=s3cr3t%2Fc4n4ry"}}},
		{"result", step{Call: []string{"action-set", "a.b=" + canary}}},
		{"status", step{Call: []string{"status-set", "active", canary}}},
		{"input", step{Call: []string{"state-set", "--file", "-"}, Stdin: `{"k": "` + canary + `"}`}},
		{"message", step{Call: []string{"action-fail", canary}}},
		{"relation", step{Call: []string{"relation-set", "-r", "0", "x=" + canary}}},
		{"base64", step{Call: []string{"action-set", "a=czNjcjN0L2M0bjRyeQ=="}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			agent, _ := ways[0].start(t, map[string][]step{"actions/look": {test.step}}, scenario())
			look(t, agent)
			agent.ForgetCalls()
			if test.name == "argument" {
				look(t, agent)
			}
			err := agent.CheckCanaries([]string{canary})
			if err == nil {
				if test.name == "input" && agent.State()["k"] == canary {
					t.Error("not found in the state")
				}
				t.Fatal("not found")
			}
			if strings.Contains(err.Error(), canary) {
				t.Errorf("the error contains the canary: %v", err)
			}
		})
	}
	agent, _ := asProcesses.start(t, map[string][]step{"actions/look": {{Stdout: canary + "\n"}}}, charmtest.Options{})
	if err := agent.CheckCanaries([]string{canary}); err == nil || !strings.Contains(err.Error(), "script.json") {
		t.Errorf("got %v, want the file script.json", err)
	}
	look(t, agent)
	if err := agent.CheckCanaries([]string{canary}); err == nil || !strings.Contains(err.Error(), "results") {
		t.Errorf("got %v, want the results", err)
	}
}

func TestCarelessCallsAreReported(t *testing.T) {
	agent, _ := ways[0].start(t, map[string][]step{"actions/look": {
		{Call: []string{"action-log", "text"}},
		{Call: []string{"config-get", "url"}},
		{Call: []string{"action-log", "--", "text"}},
		{Call: []string{"config-get", "--format=json"}},
		{Call: []string{"state-get", "--format", "json"}},
		{Call: []string{"state-set", "a=b"}},
	}}, charmtest.Options{})
	look(t, agent)
	want := []string{
		`text without -- before it: action-log ["text"]`,
		`output not asked for as JSON: config-get ["url"]`,
	}
	if diff := cmp.Diff(want, agent.Careless()); diff != "" {
		t.Errorf("wrong complaints (-want +got):\n%s", diff)
	}
}

// failing is a TB that keeps its errors.
type failing struct {
	testing.TB
	cleanup func()
	errors  []string
}

func (f *failing) Helper()           {}
func (f *failing) Cleanup(fn func()) { f.cleanup = fn }
func (f *failing) Errorf(format string, args ...any) {
	f.errors = append(f.errors, fmt.Sprintf(format, args...))
}
func (f *failing) Fatalf(format string, args ...any) { f.Errorf(format, args...) }

func TestStartFailsTheTestOfACarelessCharm(t *testing.T) {
	f := &failing{}
	agent := charmtest.Start(f, charmtest.Options{
		CharmDir: charmDir(t, nil),
		Func: func(ctx context.Context, _ []string, tools charm.Runner) int {
			_, _ = tools.Run(ctx, charm.ToolCall{Tool: "action-log", Args: []string{"text"}})
			return 0
		},
	})
	look(t, agent)
	f.cleanup()
	if len(f.errors) != 1 || !strings.Contains(f.errors[0], "careless use of a hook tool") {
		t.Errorf("errors %q", f.errors)
	}
	if _, err := agent.RunAction(t.Context(), "look", nil); err == nil {
		t.Error("a closed agent runs things")
	}
	f.errors = nil
	if charmtest.Start(f, charmtest.Options{}); len(f.errors) != 1 {
		t.Errorf("errors %q of an impossible scenario", f.errors)
	}
}

func TestActionsAreListed(t *testing.T) {
	agent, _ := ways[0].start(t, nil, charmtest.Options{})
	got := agent.Actions()
	if len(got) != 2 || got["look"].Description != "Look at things." || got["move"].Params["additionalProperties"] != false {
		t.Errorf("got %v", got)
	}
	if agent.Unit() != "mover/0" || agent.Charm().Meta().Summary != "Moves things." {
		t.Errorf("unit %q of %+v", agent.Unit(), agent.Charm().Meta())
	}
}
