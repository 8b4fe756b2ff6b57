package realjuju_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/juju/charm/v12"
	jujucmd "github.com/juju/cmd/v3"
	jujuerrors "github.com/juju/errors"
	"github.com/juju/juju/worker/uniter/runner/jujuc"
	"github.com/juju/loggo"

	ours "jimm-migrator/charm"
	"jimm-migrator/charm/charmtest"
)

// charmDir is the folder of the charm's files.
const charmDir = "../.."

// TestParser requires that Juju's own parser accepts the charm's files, and that Juju would deploy it.
func TestParser(t *testing.T) {
	t.Parallel()
	open := func(name string) *os.File {
		f, err := os.Open(filepath.Join(charmDir, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f
	}
	meta, err := charm.ReadMeta(open("metadata.yaml"))
	if err != nil {
		t.Fatalf("metadata.yaml: %v", err)
	}
	if err := meta.Check(charm.FormatV2, charm.SelectionManifest); err != nil {
		t.Errorf("metadata.yaml: %v", err)
	}
	if _, err := charm.ReadConfig(open("config.yaml")); err != nil {
		t.Errorf("config.yaml: %v", err)
	}
	actions, err := charm.ReadActionsYaml(meta.Name, open("actions.yaml"))
	if err != nil {
		t.Fatalf("actions.yaml: %v", err)
	}
	for name, spec := range actions.ActionSpecs {
		if err := spec.ValidateParams(map[string]any{"no-such-parameter": 1}); err == nil {
			t.Errorf("Juju takes a misspelt parameter of %s", name)
		}
	}
}

// hookContext is the part of the uniter's context that the calls below need.
type hookContext struct {
	*jujuc.RestrictedContext
	status  jujuc.StatusInfo
	config  charm.Settings
	params  map[string]any
	results map[string]any
	state   map[string]string
}

func (*hookContext) UnitName() string              { return "jimm-migrator/0" }
func (*hookContext) IsLeader() (bool, error)       { return true, nil }
func (*hookContext) SetActionMessage(string) error { return nil }
func (*hookContext) SetActionFailed() error        { return nil }
func (*hookContext) LogActionMessage(string) error { return nil }
func (h *hookContext) ApplicationStatus() (jujuc.ApplicationStatusInfo, error) {
	return jujuc.ApplicationStatusInfo{Application: jujuc.StatusInfo{Status: "active"}, Units: []jujuc.StatusInfo{{Tag: "jimm-migrator/0", Status: h.status.Status, Info: h.status.Info}}}, nil
}
func (*hookContext) SetApplicationStatus(jujuc.StatusInfo) error  { return nil }
func (*hookContext) GetLogger(module string) loggo.Logger         { return loggo.GetLogger(module) }
func (h *hookContext) ConfigSettings() (charm.Settings, error)    { return maps.Clone(h.config), nil }
func (h *hookContext) UnitStatus() (*jujuc.StatusInfo, error)     { return &h.status, nil }
func (h *hookContext) SetUnitStatus(s jujuc.StatusInfo) error     { h.status = s; return nil }
func (h *hookContext) ActionParams() (map[string]any, error)      { return h.params, nil }
func (h *hookContext) GetCharmState() (map[string]string, error)  { return h.state, nil }
func (h *hookContext) SetCharmStateValue(key, value string) error { h.state[key] = value; return nil }

func (h *hookContext) DeleteCharmStateValue(key string) error { delete(h.state, key); return nil }

func (h *hookContext) GetCharmStateValue(key string) (string, error) {
	value, ok := h.state[key]
	if !ok {
		return "", jujuerrors.NotFoundf("%q", key)
	}
	return value, nil
}

func (h *hookContext) UpdateActionResults(keys []string, value any) error {
	m := h.results
	for _, key := range keys[:len(keys)-1] {
		inner, _ := m[key].(map[string]any)
		if inner == nil {
			inner = map[string]any{}
			m[key] = inner
		}
		m = inner
	}
	m[keys[len(keys)-1]] = value
	return nil
}

// answer is the outcome of a hook tool.
type answer struct {
	code           int
	stdout, stderr string
}

// jujuTool runs Juju's own tool.
func jujuTool(t *testing.T, h *hookContext, call []string) answer {
	t.Helper()
	tool, err := jujuc.NewCommand(h, call[0])
	if err != nil {
		return answer{1, "", "ERROR " + err.Error() + "\n"}
	}
	var stdout, stderr bytes.Buffer
	code := jujucmd.Main(tool, &jujucmd.Context{Context: t.Context(), Dir: t.TempDir(), Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr}, call[1:])
	return answer{code, stdout.String(), stderr.String()}
}

// emulatedTool runs the emulated one.
func emulatedTool(ctx context.Context, tools ours.Runner, call []string) answer {
	stdout, err := tools.Run(ctx, ours.ToolCall{Tool: call[0], Args: call[1:]})
	var failed *ours.ToolError
	switch {
	case errors.As(err, &failed):
		return answer{failed.ExitCode, string(stdout), failed.Stderr}
	case err != nil:
		return answer{-1, string(stdout), err.Error()}
	}
	return answer{0, string(stdout), ""}
}

// oldestTaken is the oldest release that takes the charm. The texts of its hook tools are those of 3.5.4.
const oldestTaken = "3.6.0"

// TestHookTools compares the answers of Juju's own hook tools and of the emulated ones to the same calls.
func TestHookTools(t *testing.T) {
	t.Parallel()
	h := &hookContext{RestrictedContext: &jujuc.RestrictedContext{}, results: map[string]any{}, state: map[string]string{}}
	var differences []string
	agent, err := charmtest.New(charmtest.Options{CharmDir: charmDir, JujuVersion: oldestTaken, Func: func(ctx context.Context, env []string, tools ours.Runner) int {
		path, _ := charmtest.Lookup(env)("JUJU_DISPATCH_PATH")
		if strings.HasSuffix(path, "start") {
			_, _ = tools.Run(ctx, ours.ToolCall{Tool: "status-set", Args: []string{"active", "first"}})
		}
		if !strings.HasPrefix(path, "actions/") {
			return 0
		}
		read := func(into any, tool string, args ...string) {
			raw, err := tools.Run(ctx, ours.ToolCall{Tool: tool, Args: args})
			if err == nil {
				err = json.Unmarshal(raw, into)
			}
			if err != nil {
				t.Errorf("%s: %v", tool, err)
			}
		}
		read(&h.config, "config-get", "--all", "--format=json")
		read(&h.params, "action-get", "--format=json")
		h.status = jujuc.StatusInfo{Status: "active", Info: "first"}
		for _, call := range toolCalls() {
			if juju, emulated := jujuTool(t, h, call), emulatedTool(ctx, tools, call); juju != emulated {
				differences = append(differences, fmt.Sprintf("%q: Juju %d %q %q, emulated %d %q %q", call, juju.code, juju.stdout, juju.stderr, emulated.code, emulated.stdout, emulated.stderr))
			}
		}
		return 0
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer agent.Close()
	if err := agent.Install(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := agent.RunAction(t.Context(), "locate-model", map[string]any{"model": "prod"}); err != nil {
		t.Fatal(err)
	}
	expected(t, "tools", differences)
}

// toolCalls are calls of the hook tools that the charm uses, right and wrong.
func toolCalls() [][]string {
	var calls [][]string
	for _, line := range []string{
		"status-set active", "status-set active|it works", "status-set nonsense x", "status-set", "status-set --application active",
		"status-set blocked -- -x", "status-set blocked -x", "status-set --help", "status-get", "status-get --include-data", "status-get --format=json",
		"status-get --format yaml", "status-get --format=nonsense", "status-get --application", "status-get --application --include-data", "status-get --application --format=json", "status-get --include-data --format=json",
		"config-get", "config-get jimm-url", "config-get --format=json jimm-url", "config-get nothing", "config-get a b", "config-get --all --format=json",
		"is-leader", "is-leader --format=json", "is-leader x", "state-set a=b c=d", "state-get a", "state-get", "state-get --strict zz", "state-get zz", "state-get --format=json", "state-get --format=json zz",
		"state-delete a", "state-delete a b", "state-delete", "state-set nonsense", "state-set", "juju-log hello", "juju-log", "juju-log --log-level NONSENSE x", "juju-log -l DEBUG x",
		"action-get", "action-get model", "action-get --format=json", "action-get no.such", "action-get a b", "action-set a=b", "action-set a.b=c",
		"action-set A=b", "action-set nonsense", "action-set", "action-set a=", "action-set =b", "action-set --nonsense", "action-log hello", "action-log", "action-log a b", "action-fail because", "action-fail", "action-fail a b",
	} {
		words, rest, spaced := strings.Cut(line, "|")
		call := strings.Fields(words)
		if spaced {
			call = append(call, rest)
		}
		calls = append(calls, call)
	}
	return calls
}
