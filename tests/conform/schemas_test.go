package conform_test

import (
	"encoding/json"
	"testing"

	"github.com/juju/charm/v12"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/conform"
)

// TestEmulatorReplaysSchemasOfActions reads the recorded actions.yaml, and enqueues actions as the controller does.
func TestEmulatorReplaysSchemasOfActions(t *testing.T) {
	for name, f := range toolStories(t, aboutSchemas) {
		t.Run(name, func(t *testing.T) {
			actions, parseErr := charmtest.ReadActions(f.Actions, 3)
			for _, c := range f.Calls {
				if c.Kind == "parse" {
					checkRefusal(t, c, parseErr)
					continue
				}
				if parseErr != nil {
					t.Fatal(parseErr)
				}
				checkEnqueue(t, c, actions)
			}
		})
	}
}

func checkEnqueue(t *testing.T, c conform.ToolCall, actions map[string]charm.ActionSpec) {
	t.Helper()
	var params map[string]any
	if err := json.Unmarshal([]byte(c.Args[1]), &params); err != nil {
		t.Fatal(err)
	}
	prepared, err := charmtest.PrepareParams(actions[c.Args[0]], params)
	checkParams(t, c, prepared, err)
}

func checkParams(t *testing.T, c conform.ToolCall, got map[string]any, err error) {
	t.Helper()
	if c.Stderr != "" {
		checkRefusal(t, c, err)
		return
	}
	if err != nil {
		t.Errorf("line %d: %v", c.Line, err)
		return
	}
	var want any
	if err := json.Unmarshal([]byte(c.Params), &want); err != nil {
		t.Fatal(err)
	}
	if !sameJSON(want, got) {
		t.Errorf("line %d: params %s, want %s", c.Line, mustJSON(got), c.Params)
	}
}

func checkRefusal(t *testing.T, c conform.ToolCall, err error) {
	t.Helper()
	if err == nil || !conform.TextFits(c.Stderr, err.Error()) {
		t.Errorf("line %d: error %v, want %s", c.Line, err, c.Stderr)
	}
}

// TestEmulatorReplaysArgumentsOfJujuRun parses arguments as juju run does.
func TestEmulatorReplaysArgumentsOfJujuRun(t *testing.T) {
	for name, f := range toolStories(t, aboutRun) {
		t.Run(name, func(t *testing.T) {
			for _, c := range f.Calls {
				args, asText := c.Args, c.Args[0] == "--string-args"
				if asText {
					args = args[1:]
				}
				got, err := charmtest.ParseRunArgs(args, asText)
				checkParams(t, c, got, err)
			}
		})
	}
}
