package charm_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"jimm-migrator/charm"
)

// TestMain is also the hook tools and the dispatch program of the tests: they
// are links to the test binary, told by their names.
func TestMain(m *testing.M) {
	switch name := filepath.Base(os.Args[0]); {
	case name == "dispatch":
		charm.Main(realCharm())
	case os.Getenv("TOOLS_LOG") != "":
		os.Exit(realTool(name))
	}
	os.Exit(m.Run())
}

// realCharm is the charm of the dispatch program.
func realCharm() charm.App {
	return charm.App{Version: "1.0", Actions: map[string]charm.ActionFunc{
		"fail": func(ctx context.Context, a *charm.Action) error {
			var config struct {
				URL string `json:"url"`
			}
			return errors.Join(a.Config(ctx, &config), a.SetResults(ctx, map[string]any{"url": config.URL}), errTest)
		},
		"panic": func(context.Context, *charm.Action) error { panic("oops") },
		"wait": func(ctx context.Context, a *charm.Action) error {
			a.Log(ctx, "hold")
			<-ctx.Done()
			return errors.Join(a.SetResults(ctx, map[string]any{"outcome": "interrupted"}), ctx.Err())
		},
	}}
}

// realTool is a hook tool: it notes its call and behaves as its name says.
func realTool(name string) int {
	stdin, err := io.ReadAll(os.Stdin)
	if err != nil {
		return 9
	}
	if held := os.Getenv("HELD"); held != "" && name == "action-log" {
		told, _ := os.OpenFile(held, os.O_WRONLY, 0)
		told.Close()
		gate, _ := os.Open(os.Getenv("RELEASE"))
		gate.Close()
	}
	call := charm.ToolCall{Tool: name, Args: os.Args[1:]}
	if len(stdin) > 0 {
		call.Stdin = stdin
	}
	line, _ := json.Marshal(call)
	log, err := os.OpenFile(os.Getenv("TOOLS_LOG"), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return 9
	}
	fmt.Fprintf(log, "%s\n", line)
	log.Close()
	switch name {
	case "config-get":
		fmt.Fprintln(os.Stdout, `{"url":"wss://x"}`)
	case "refuse":
		fmt.Fprint(os.Stderr, "ERROR permission denied\n")
		return 2
	case "die":
		self, _ := os.FindProcess(os.Getpid())
		self.Kill()
		select {}
	case "hang":
		endless, _, _ := os.Pipe()
		endless.Read(make([]byte, 1))
	}
	return 0
}

// realTools puts hook tools on PATH, and nothing else. The function that it
// returns says which were run.
func realTools(t *testing.T) func() []charm.ToolCall {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, name := range []string{
		"action-get", "action-log", "action-set", "action-fail", "config-get", "juju-log", "state-set",
		"refuse", "die", "hang", "dispatch",
	} {
		if err := os.Symlink(self, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
	t.Setenv("GORACE", "atexit_sleep_ms=0") // else a race build takes a second to exit
	log := filepath.Join(t.TempDir(), "log")
	t.Setenv("TOOLS_LOG", log)
	return func() (calls []charm.ToolCall) {
		t.Helper()
		text, err := os.ReadFile(log)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			var call charm.ToolCall
			if err := json.Unmarshal(line, &call); err != nil {
				t.Fatal(err)
			}
			calls = append(calls, call)
		}
		return calls
	}
}

// realDispatch is the dispatch program as Juju starts it, for the given path.
func realDispatch(t *testing.T, path string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "dispatch")
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "TOOLS_LOG=" + os.Getenv("TOOLS_LOG"),
		"GORACE=" + os.Getenv("GORACE"),
		"GOCOVERDIR=" + t.TempDir(), // else a coverage build complains on stderr
		"JUJU_UNIT_NAME=vault/0", "JUJU_DISPATCH_PATH=" + path,
	}
	return cmd
}
