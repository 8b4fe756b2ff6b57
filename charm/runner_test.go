package charm_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"jimm-migrator/charm"
)

func TestExecRunnerPassesArgumentsAndStdinAsTheyAre(t *testing.T) {
	calls := realTools(t)
	want := []charm.ToolCall{
		{Tool: "action-set", Args: []string{"--", "a=$(id) `id` \"'\\ *\n~", "", "-x"}},
		{Tool: "state-set", Args: []string{"--file", "-"}, Stdin: []byte(`{"k":"v"}`)},
	}
	for _, call := range want {
		out, err := charm.ExecRunner{}.Run(t.Context(), call)
		if err != nil || len(out) > 0 {
			t.Errorf("got %q, %v", out, err)
		}
	}
	equal(t, "calls", calls(), want)
}

func TestExecRunnerReturnsStdout(t *testing.T) {
	realTools(t)
	out, err := charm.ExecRunner{}.Run(t.Context(), charm.ToolCall{Tool: "config-get"})
	equal(t, "output", string(out), `{"url":"wss://x"}`+"\n")
	equal(t, "error", err, nil)
}

func TestExecRunnerErrors(t *testing.T) {
	realTools(t)
	run := func(ctx context.Context, tool string, args ...string) error {
		_, err := charm.ExecRunner{}.Run(ctx, charm.ToolCall{Tool: tool, Args: args})
		return err
	}
	_, late := charm.ExecRunner{Timeout: 100 * time.Millisecond}.Run(t.Context(), charm.ToolCall{Tool: "hang"})
	cancelled, cancel := context.WithCancelCause(t.Context())
	cancel(errSignal)

	equal(t, "refused", run(t.Context(), "refuse"),
		error(&charm.ToolError{Tool: "refuse", ExitCode: 2, Stderr: "ERROR permission denied\n"}))
	equal(t, "killed", run(t.Context(), "die"),
		error(&charm.ToolError{Tool: "die", ExitCode: -1, Stderr: "signal: killed"}))
	for _, test := range []struct {
		err  error
		is   error
		text string
	}{
		{late, context.DeadlineExceeded, "cannot run hang: no answer within 100ms"},
		{run(cancelled, "config-get"), errSignal, "cannot run config-get: terminated signal received"},
		{run(t.Context(), "no-such-tool"), exec.ErrNotFound, "cannot run no-such-tool: this Juju does not offer that tool"},
		{
			run(t.Context(), "action-log", strings.Repeat("s", 140_000)), syscall.E2BIG,
			"cannot run action-log: an argument of 140000 bytes, or all of them together, exceeds the kernel's limit",
		},
	} {
		if !errors.Is(test.err, test.is) || !strings.HasPrefix(test.err.Error(), test.text) || len(test.err.Error()) > 200 {
			t.Errorf("got %v, want %s", test.err, test.text)
		}
	}
}

func TestRealHookWithNothingToDo(t *testing.T) {
	calls := realTools(t)
	cmd := realDispatch(t, "hooks/update-status")
	out, err := cmd.CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("got %q, %v", out, err)
	}
	equal(t, "calls", calls(), []charm.ToolCall(nil))
}

func TestRealActionWritesNothingToItsOutputs(t *testing.T) {
	calls := realTools(t)
	cmd := realDispatch(t, "actions/fail")
	out, err := cmd.CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("got %q, %v", out, err)
	}
	equal(t, "calls", calls(), []charm.ToolCall{
		{Tool: "action-get", Args: []string{"--format=json"}},
		{Tool: "config-get", Args: []string{"--format=json"}},
		{Tool: "action-set", Args: []string{"--", "url=wss://x"}},
		{Tool: "action-fail", Args: []string{"--", "disk full"}},
	})
}

func TestRealPanicExitsWithOneAndOneLine(t *testing.T) {
	realTools(t)
	cmd := realDispatch(t, "actions/panic")
	out, _ := cmd.CombinedOutput()
	equal(t, "exit code", cmd.ProcessState.ExitCode(), 1)
	equal(t, "output", string(out),
		"internal error in action \"panic\": panic: oops (the stack is in juju debug-log)\n")
}

func TestRealProgramRunByHandPrintsUsage(t *testing.T) {
	realTools(t)
	cmd := realDispatch(t, "")
	out, _ := cmd.Output()
	equal(t, "exit code", cmd.ProcessState.ExitCode(), 2)
	equal(t, "stdout", string(out), "")
}

// Pebble ends a pod by a signal to the whole process group. The action still
// tells its results, and a tool under way is not hit.
func TestRealActionSurvivesSIGTERMOfItsProcessGroup(t *testing.T) {
	calls := realTools(t)
	held, release := t.TempDir()+"/held", t.TempDir()+"/release"
	for _, fifo := range []string{held, release} {
		if err := syscall.Mkfifo(fifo, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := realDispatch(t, "actions/wait")
	cmd.Env = append(cmd.Env, "HELD="+held, "RELEASE="+release)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var output strings.Builder
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	inFlight, err := os.Open(held) // returns when action-log has opened it
	if err != nil {
		t.Fatal(err)
	}
	defer inFlight.Close()
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	gate, err := os.OpenFile(release, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer gate.Close()
	if err := cmd.Wait(); err != nil {
		t.Errorf("dispatch: %v", err)
	}
	equal(t, "output", output.String(), "")
	equal(t, "calls", calls(), []charm.ToolCall{
		{Tool: "action-get", Args: []string{"--format=json"}},
		{Tool: "action-log", Args: []string{"--", "hold"}},
		{Tool: "action-set", Args: []string{"--", "outcome=interrupted"}},
		{Tool: "action-fail", Args: []string{"--", "interrupted (terminated signal received): context canceled"}},
	})
}
