package conform_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"jimm-migrator/charm"
	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/conform"
)

// toolStories are those of hook tools, by subject.
func toolStories(t *testing.T, about toolSubject) map[string]*conform.ToolFixture {
	t.Helper()
	fixtures, err := conform.ReadTools("hooktools")
	if err != nil {
		t.Fatal(err)
	}
	stories := map[string]*conform.ToolFixture{}
	for _, f := range fixtures {
		if subjectOf(f) == about {
			stories[strings.TrimSuffix(filepath.Base(f.File), ".txtar")] = f
		}
	}
	return stories
}

// toolSubject is the subject of a story of hook tools.
type toolSubject string

const (
	aboutCalls    toolSubject = "calls of hook tools"
	aboutDispatch toolSubject = "what the agent makes of dispatch"
	aboutSchemas  toolSubject = "schemas of actions"
	aboutRun      toolSubject = "arguments of juju run"
)

func subjectOf(f *conform.ToolFixture) toolSubject {
	switch {
	case f.Actions != "":
		return aboutSchemas
	case len(f.Calls) > 0 && f.Calls[0].Kind == "args":
		return aboutRun
	case len(f.Calls) > 0:
		return aboutCalls
	default:
		return aboutDispatch
	}
}

// TestEmulatorReplaysHookToolsInMemory makes the recorded calls through charm.Runner.
func TestEmulatorReplaysHookToolsInMemory(t *testing.T) {
	for name, f := range toolStories(t, aboutCalls) {
		t.Run(name, func(t *testing.T) {
			options := toolOptions(t, f)
			options.Func = func(ctx context.Context, env []string, tools charm.Runner) int {
				if path, _ := charmtest.Lookup(env)("JUJU_DISPATCH_PATH"); path == "hooks/start" {
					return callTool(ctx, tools, conform.ToolCall{Args: firstStatus(f)}).Code
				}
				for _, c := range f.Calls {
					if len(c.Env) > 0 {
						t.Logf("line %d: needs a process", c.Line)
						continue
					}
					for range c.Repeat {
						checkCall(t, c, callTool(ctx, tools, c))
					}
				}
				return 0
			}
			runTool(t, f, options)
		})
	}
}

// firstStatus is the call that sets the unit's status before the story.
func firstStatus(f *conform.ToolFixture) []string {
	return []string{"status-set", f.Unit.Status.Status, "--", f.Unit.Status.Message}
}

// outcome is the outcome of a call of a hook tool.
type outcome struct {
	Code           int
	Stdout, Stderr string
}

func callTool(ctx context.Context, tools charm.Runner, c conform.ToolCall) outcome {
	call := charm.ToolCall{Tool: c.Args[0], Args: c.Args[1:]}
	if c.Stdin != "" {
		call.Stdin = []byte(c.Stdin)
	}
	stdout, err := tools.Run(ctx, call)
	if refused, ok := errors.AsType[*charm.ToolError](err); ok {
		return outcome{Code: refused.ExitCode, Stdout: string(stdout), Stderr: refused.Stderr}
	}
	if err != nil {
		return outcome{Code: -1, Stderr: err.Error()}
	}
	return outcome{Stdout: string(stdout)}
}

func checkCall(t *testing.T, c conform.ToolCall, got outcome) {
	t.Helper()
	if got.Code != c.Code || !conform.TextFits(c.Stdout, got.Stdout) || !conform.TextFits(c.Stderr, got.Stderr) {
		t.Errorf("line %d, %.80q:\n got code %d, stdout %q, stderr %q\nwant code %d, stdout %q, stderr %q",
			c.Line, c.Args, got.Code, got.Stdout, got.Stderr, c.Code, c.Stdout, c.Stderr)
	}
}

// toolOptions describe the unit before the story.
func toolOptions(t *testing.T, f *conform.ToolFixture) charmtest.Options {
	t.Helper()
	options := charmtest.Options{
		CharmDir: charmDir(t, f), AppName: "jimm-migrator", NotLeader: !f.Unit.Leader, Config: f.Unit.Config,
		JujuVersion: "3.6-rc1", // the version that the fixtures were recorded with
	}
	for _, s := range f.Unit.Secrets {
		options.Secrets = append(options.Secrets, charmtest.Secret{ID: s.ID, Content: s.Content, NotGranted: !s.Granted})
	}
	for _, r := range f.Unit.Relations {
		options.Relations = append(options.Relations, charmtest.Relation{
			ID: r.ID, Endpoint: r.Endpoint, RemoteApp: r.App, Units: r.Units, RemoteData: r.AppData,
		})
	}
	return options
}

// charmDir writes a charm for the story.
func charmDir(t *testing.T, f *conform.ToolFixture) string {
	t.Helper()
	dir := t.TempDir()
	options := map[string]any{}
	for name, value := range f.Unit.Config {
		options[name] = map[string]string{"type": configType(value)}
	}
	for _, name := range f.Unit.ConfigUnset {
		options[name] = map[string]string{"type": "string"}
	}
	actions := f.Actions
	if actions == "" {
		actions = "migrate-model:\n  description: For tests.\n  additionalProperties: true\n"
	}
	files := map[string]string{
		"metadata.yaml": "name: jimm-migrator\nsummary: For tests.\ndescription: For tests.\n" +
			"requires: {jimm: {interface: jimm}, other: {interface: other}}\n",
		"actions.yaml":  actions,
		"config.yaml":   mustJSON(map[string]any{"options": options}),
		"manifest.yaml": "bases: [{name: ubuntu, channel: 24.04/stable, architectures: [amd64]}]\n",
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if f.Dispatch != "" {
		mode := os.FileMode(cmp.Or(f.Unit.DispatchMode, 0o755))
		if err := os.WriteFile(filepath.Join(dir, "dispatch"), []byte(f.Dispatch), mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func configType(value any) string {
	switch value.(type) {
	case int:
		return "int"
	case bool:
		return "boolean"
	default:
		return "string"
	}
}

// runTool runs the action or hook of the story and compares the state after it.
func runTool(t *testing.T, f *conform.ToolFixture, options charmtest.Options) {
	t.Helper()
	var agent *charmtest.Agent
	if f.Unit.Cancel {
		options.OnLog = func(task string, _ charmtest.LogMessage) {
			if err := agent.Cancel(task); err != nil {
				t.Error(err)
			}
		}
	}
	agent, err := charmtest.New(options)
	if err != nil {
		t.Fatal(err)
	}
	defer agent.Close()
	if f.Unit.FailCommit != "" {
		agent.FailCommit(errors.New(f.Unit.FailCommit))
	}
	if f.Unit.Status != nil {
		if result, err := agent.RunHook(t.Context(), "start"); err != nil || result.Failed() {
			t.Fatalf("hook start: %+v, %v", result, err)
		}
	}
	if f.Unit.Action != nil {
		task, err := agent.RunAction(t.Context(), f.Unit.Action.Name, f.Unit.Action.Params)
		if err != nil {
			t.Fatal(err)
		}
		checkTask(t, f.After, task)
	} else {
		name, details := "update-status", charmtest.HookDetails{}
		if h := f.Unit.Hook; h != nil {
			name, details = h.Name, charmtest.HookDetails{Relation: h.Relation, RemoteUnit: h.Unit}
		}
		result, err := agent.RunHook(t.Context(), name, details)
		if err != nil {
			t.Fatal(err)
		}
		if want := f.After.HookError; want != nil && result.Error != *want {
			t.Errorf("hook error %q, want %q", result.Error, *want)
		}
	}
	checkUnit(t, f.After, agent)
}

// checkTask compares a task that has ended.
func checkTask(t *testing.T, want conform.After, got charmtest.Task) {
	t.Helper()
	if want.Results != nil {
		results := maps.Clone(got.Results)
		for _, key := range []string{"return-code", "stdout", "stderr"} {
			if _, ok := want.Results[key]; !ok {
				delete(results, key)
			}
		}
		for key, value := range want.Results { // texts that were not stored
			if text, ok := value.(string); ok && conform.TextFits(text, fmt.Sprint(results[key])) {
				results[key] = text
			}
		}
		if !sameJSON(want.Results, results) {
			t.Errorf("results %s, want %s", mustJSON(results), mustJSON(want.Results))
		}
	}
	var log []string
	for _, m := range got.Log {
		log = append(log, m.Message)
	}
	if want.Log != nil && !slices.Equal(log, want.Log) {
		t.Errorf("log %q, want %q", log, want.Log)
	}
	if want.LogLength != 0 && len(log) != want.LogLength {
		t.Errorf("%d messages, want %d", len(log), want.LogLength)
	}
	if want.Status != "" && string(got.Status) != want.Status {
		t.Errorf("task %s, want %s", got.Status, want.Status)
	}
	message := want.Message
	if want.Failed != nil {
		message = want.Failed
		if got.Status != charmtest.TaskFailed {
			t.Errorf("task %s, want failed", got.Status)
		}
	}
	if message != nil && !conform.TextFits(*message, got.Message) {
		t.Errorf("message %q, want %q", got.Message, *message)
	}
}

// checkUnit compares the state of the unit.
func checkUnit(t *testing.T, want conform.After, agent *charmtest.Agent) {
	t.Helper()
	if want.State != nil && !maps.Equal(agent.State(), want.State) {
		t.Errorf("state %v, want %v", agent.State(), want.State)
	}
	if want.UnitStatus != nil {
		if got := lastStatus(agent); got != charmtest.Status(*want.UnitStatus) {
			t.Errorf("status %+v, want %+v", got, *want.UnitStatus)
		}
	}
	var lines []string
	for _, r := range agent.Log() {
		lines = append(lines, fmt.Sprintf("%s %s", r.Level, r.Message))
	}
	for _, line := range want.JujuLog {
		if !slices.Contains(lines, line) {
			t.Errorf("the log has no %q: %q", line, lines)
		}
	}
}

// lastStatus is the last status that the charm has set: juju status shows "error" instead while a hook has failed.
func lastStatus(agent *charmtest.Agent) charmtest.Status {
	for _, change := range slices.Backward(agent.Statuses()) {
		if change.Event != "" && !change.App {
			return change.Status
		}
	}
	return charmtest.Status{}
}

func sameJSON(a, b any) bool {
	var x, y any
	if json.Unmarshal([]byte(mustJSON(a)), &x) != nil || json.Unmarshal([]byte(mustJSON(b)), &y) != nil {
		return false
	}
	return reflect.DeepEqual(x, y)
}
