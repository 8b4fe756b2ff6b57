package charmtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/charm/charmtest"
)

// tools are the hook tools as executables, built once.
var tools *charmtest.Tools

// TestMain builds the hook tools. Started as "dispatch", the test binary is
// the scripted charm instead.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "dispatch" {
		os.Exit(dispatchMain())
	}
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "hooktool-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	if tools, err = charmtest.BuildTools(context.Background(), dir); err != nil {
		panic(err)
	}
	if code := m.Run(); code != 0 {
		return code
	}
	return leftGoroutines()
}

// leftGoroutines waits until no goroutine of the package is left. It returns 1
// if one is still there at the end.
func leftGoroutines() int {
	for deadline := time.Now().Add(10 * time.Second); ; {
		stacks := make([]byte, 1<<20)
		stacks = stacks[:runtime.Stack(stacks, true)]
		left := 0
		for stack := range bytes.SplitSeq(stacks, []byte("\n\n")) {
			if bytes.Contains(stack, []byte("jimm-migrator/charm/charmtest.")) {
				left++
			}
		}
		if left == 0 {
			return 0
		}
		if time.Now().After(deadline) {
			fmt.Fprintf(os.Stderr, "%d goroutines are left:\n%s\n", left, stacks)
			return 1
		}
		<-time.After(10 * time.Millisecond)
	}
}

// step is one thing that the scripted charm does.
type step struct {
	Call     []string `json:",omitempty"` // tool and arguments; what it prints goes to the transcript
	Stdin    string   `json:",omitempty"`
	Quiet    bool     `json:",omitempty"` // the call is not part of the transcript
	Times    int      `json:",omitempty"` // how often to call; default once
	Stdout   string   `json:",omitempty"` // written as it is
	Stderr   string   `json:",omitempty"`
	Do       string   `json:",omitempty"` // "env", "cwd", "write", "parallel", "panic", "block", "child"
	Exit     int      `json:",omitempty"`
	Signal   int      `json:",omitempty"` // sent to itself
	OnSignal []step   `json:",omitempty"` // what to do when SIGTERM comes in "block"
}

// toolResult is how a hook tool ended.
type toolResult struct {
	stdout, stderr string
	code           int
}

// invoker runs hook tools, in one of the two ways.
type invoker func(ctx context.Context, call charm.ToolCall) toolResult

// inProcess uses a Runner.
func inProcess(r charm.Runner) invoker {
	return func(ctx context.Context, call charm.ToolCall) toolResult {
		out, err := r.Run(ctx, call)
		if refused, ok := errors.AsType[*charm.ToolError](err); ok {
			return toolResult{"", refused.Stderr, refused.ExitCode}
		}
		if err != nil {
			return toolResult{"", err.Error(), -1}
		}
		return toolResult{string(out), "", 0}
	}
}

// asProcess starts the tool that is on PATH.
func asProcess(ctx context.Context, call charm.ToolCall) toolResult {
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, call.Tool, call.Args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if call.Stdin != nil {
		cmd.Stdin = bytes.NewReader(call.Stdin)
	}
	if err := cmd.Run(); cmd.ProcessState == nil {
		return toolResult{"", err.Error(), -1}
	}
	return toolResult{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// play does the steps and returns the exit code. What tools print goes to the
// transcript: "> tool args", its output, "! " before stderr, "= code" if not 0.
func play(ctx context.Context, steps []step, invoke invoker, env []string, transcript, stdout, stderr io.Writer) int {
	for _, s := range steps {
		for range max(s.Times, 1) {
			if len(s.Call) == 0 {
				break
			}
			call := charm.ToolCall{Tool: s.Call[0], Args: s.Call[1:]}
			if s.Stdin != "" {
				call.Stdin = []byte(s.Stdin)
			}
			if result := invoke(ctx, call); !s.Quiet {
				write(transcript, s.Call, result)
			}
		}
		fmt.Fprint(stdout, s.Stdout)
		fmt.Fprint(stderr, s.Stderr)
		if code, ended := do(ctx, s, invoke, env, transcript, stdout, stderr); ended {
			return code
		}
	}
	return 0
}

func write(transcript io.Writer, call []string, result toolResult) {
	fmt.Fprintf(transcript, "> %q\n%s", call, result.stdout)
	if result.stderr != "" {
		fmt.Fprintf(transcript, "! %s\n", strings.TrimSuffix(result.stderr, "\n"))
	}
	if result.code != 0 {
		fmt.Fprintf(transcript, "= %d\n", result.code)
	}
}

func do(ctx context.Context, s step, invoke invoker, env []string, transcript, stdout, stderr io.Writer) (code int, ended bool) {
	switch s.Do {
	case "env":
		fmt.Fprintln(transcript, strings.Join(env, "\n"))
	case "cwd":
		dir, err := os.Getwd()
		fmt.Fprintln(transcript, filepath.Base(dir), err)
	case "stdin":
		data, err := io.ReadAll(os.Stdin)
		fmt.Fprintf(transcript, "%q %v\n", data, err)
	case "write":
		for _, name := range []string{"new", "metadata.yaml", "dispatch"} {
			f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY, 0o600)
			fmt.Fprintln(transcript, name, "writable:", err == nil)
			if err == nil {
				f.Close()
			}
		}
	case "uid":
		fmt.Fprintln(transcript, os.Getuid(), os.Getgid())
	case "parallel":
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				invoke(ctx, charm.ToolCall{Tool: "action-log", Args: []string{"--", fmt.Sprint("line ", i)}})
			})
		}
		wg.Wait()
	case "child":
		child := exec.Command("sleep", "600")
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		fmt.Fprintln(transcript, "child", child.Start())
	case "panic":
		panic("scripted")
	case "block":
		<-ctx.Done()
		code = play(context.WithoutCancel(ctx), s.OnSignal, invoke, env, transcript, stdout, stderr)
		return code, true
	}
	if s.Signal != 0 {
		_ = syscall.Kill(os.Getpid(), syscall.Signal(s.Signal))
		select {}
	}
	return s.Exit, s.Exit != 0
}

// dispatchMain is the charm as a process: the script is in its directory.
func dispatchMain() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	data, err := os.ReadFile("script.json")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 99
	}
	var scripts map[string][]step
	if err := json.Unmarshal(data, &scripts); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 99
	}
	return play(ctx, scripts[os.Getenv("JUJU_DISPATCH_PATH")], asProcess, os.Environ(), os.Stdout, os.Stdout, os.Stderr)
}

const metadata = `name: mover
summary: Moves things.
description: Moves things.
requires:
  jimm: jimm
  other: {interface: other}
provides:
  metrics: prometheus_scrape
peers:
  movers: mover_peers
extra-bindings:
  outside:
assumes: [juju >= 3.6]
`

const actions = `move:
  description: Move a thing.
  params:
    model: {type: string, minLength: 1}
    timeout: {type: integer}
    mode: {type: string, enum: [a, b]}
    retries: {type: integer, default: 3}
    nested:
      type: object
      properties:
        deep: {type: string, default: down}
  required: [model]
  additionalProperties: false
look:
  description: Look at things.
`

const config = `options:
  url: {type: string}
  timeout: {type: int, default: 1000000}
  ratio: {type: float}
  debug: {type: boolean, default: false}
  creds: {type: secret}
`

// charmDir writes the scripted charm.
func charmDir(tb testing.TB, scripts map[string][]step) string {
	tb.Helper()
	dir := tb.TempDir()
	script, err := json.Marshal(scripts)
	if err != nil {
		tb.Fatal(err)
	}
	for name, text := range map[string]string{
		"metadata.yaml": metadata, "actions.yaml": actions, "config.yaml": config, "script.json": string(script),
		"manifest.yaml": "bases: [{name: ubuntu, channel: \"24.04\"}]\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			tb.Fatal(err)
		}
	}
	return dir
}

// quickExit keeps the race detector from sleeping for a second at the end of
// each process.
const quickExit = "GORACE=atexit_sleep_ms=0"

// way is one of the two ways to run the scripted charm.
type way struct {
	name    string
	process bool
}

var ways = []way{{"in process", false}, {"as process", true}}

// start makes an agent for the scripted charm. Everything that the charm
// writes, including the transcript, is its stdout, even in process, where a
// charm has none.
func (w way) start(t *testing.T, scripts map[string][]step, opts charmtest.Options) (*charmtest.Agent, *bytes.Buffer) {
	t.Helper()
	opts.CharmDir = charmDir(t, scripts)
	transcript := &bytes.Buffer{}
	if w.process {
		exe, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		opts.Dispatch, opts.Tools = exe, tools
		opts.ExtraEnv = []string{quickExit}
	} else {
		opts.Func = func(ctx context.Context, env []string, runner charm.Runner) int {
			path, _ := charmtest.Lookup(env)("JUJU_DISPATCH_PATH")
			return play(ctx, scripts[path], inProcess(runner), env, transcript, transcript, transcript)
		}
	}
	agent, err := charmtest.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := agent.Close(); err != nil {
			t.Error(err)
		}
	})
	return agent, transcript
}
