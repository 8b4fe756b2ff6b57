package charm_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/charm"
)

// tools is a Runner that records calls and answers what a test wants.
type tools struct {
	mu      sync.Mutex
	calls   []string
	argv    []charm.ToolCall
	answers map[string]string // by tool: stdout
	refuse  map[string]error  // by tool
	hang    map[string]bool   // by tool: until the context ends
}

// Run records a call as: tool "arg" "arg" <stdin.
func (f *tools) Run(ctx context.Context, call charm.ToolCall) ([]byte, error) {
	words := []string{call.Tool}
	for _, arg := range call.Args {
		words = append(words, strconv.Quote(arg))
	}
	if call.Stdin != nil {
		words = append(words, "<"+string(call.Stdin))
	}
	line := strings.Join(words, " ")
	f.mu.Lock()
	f.calls = append(f.calls, line)
	f.argv = append(f.argv, call)
	answer, err, hang := f.answers[call.Tool], f.refuse[call.Tool], f.hang[call.Tool]
	f.mu.Unlock()
	if hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("cannot run %s: %w", call.Tool, context.Cause(ctx))
	}
	return []byte(answer), nil
}

// ran returns the calls of one tool, or of all tools.
func (f *tools) ran(tool string) []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var calls []string
	for _, call := range f.calls {
		if tool == "" || strings.HasPrefix(call+" ", tool+" ") {
			calls = append(calls, call)
		}
	}
	return calls
}

// refusal is what a tool of Juju's says when it refuses.
func refusal(tool, text string) error {
	return &charm.ToolError{Tool: tool, ExitCode: 1, Stderr: "ERROR " + text + "\n"}
}

var errTest = errors.New("disk full")

func actionEnv(name string) charm.Env {
	return charm.Env{DispatchPath: "actions/" + name, Unit: "vault/0", TaskID: "12"}
}

func hookEnv(name string) charm.Env {
	return charm.Env{DispatchPath: "hooks/" + name, Unit: "vault/0"}
}

// inAction runs a handler as an action without parameters, and returns the
// exit code; the call of action-get that each action makes is not recorded.
func inAction(t *testing.T, f *tools, handler charm.ActionFunc) int {
	t.Helper()
	code := charm.Dispatch(t.Context(), charm.App{
		Actions: map[string]charm.ActionFunc{"act": handler},
		Stderr:  &strings.Builder{},
	}, actionEnv("act"), f)
	if len(f.calls) == 0 || f.calls[0] != `action-get "--format=json"` {
		t.Fatalf("first tool is not action-get: %q", f.calls)
	}
	f.calls, f.argv = f.calls[1:], f.argv[1:]
	return code
}

// inHook runs a handler as a hook and fails the test if it returns an error.
func inHook(t *testing.T, f *tools, handler func(ctx context.Context, h *charm.Hook) error) {
	t.Helper()
	code := charm.Dispatch(t.Context(), charm.App{
		Hooks:  map[string]charm.HookFunc{"install": handler},
		Stderr: &strings.Builder{},
	}, hookEnv("install"), f)
	if code != 0 {
		t.Fatalf("exit code %d, tools: %q", code, f.calls)
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}
