package conform_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/conform"
)

// buildTools builds the hook tools.
func buildTools(t *testing.T) *charmtest.Tools {
	t.Helper()
	if testing.Short() {
		t.Skip("builds and starts processes")
	}
	tools, err := charmtest.BuildTools(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return tools
}

// TestEmulatorReplaysHookToolsAsProcesses makes the recorded calls through the executables.
func TestEmulatorReplaysHookToolsAsProcesses(t *testing.T) {
	tools := buildTools(t)
	for name, f := range toolStories(t, aboutCalls) {
		t.Run(name, func(t *testing.T) {
			out := openDir(t)
			f.Dispatch = callsScript(f, out)
			options := toolOptions(t, f)
			options.Tools = tools
			runTool(t, f, options)
			for i, c := range f.Calls {
				if c.Repeat == 1 {
					checkCall(t, c, readOutcome(t, filepath.Join(out, strconv.Itoa(i))))
				}
			}
		})
	}
}

// TestEmulatorReplaysEndsOfDispatch runs the recorded dispatch scripts.
func TestEmulatorReplaysEndsOfDispatch(t *testing.T) {
	tools := buildTools(t)
	for name, f := range toolStories(t, aboutDispatch) {
		t.Run(name, func(t *testing.T) {
			options := toolOptions(t, f)
			options.Tools = tools
			runTool(t, f, options)
		})
	}
}

// openDir makes a directory that the user of dispatch may write to.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "conform-") //nolint:usetesting // the directories of t.TempDir are closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

// callsScript is a dispatch that makes the calls and writes the outcome of each.
func callsScript(f *conform.ToolFixture, out string) string {
	var b strings.Builder
	b.WriteString("#!/bin/sh\n")
	if f.Unit.Status != nil {
		fmt.Fprintf(&b, "if [ $JUJU_DISPATCH_PATH = hooks/start ]; then %s; exit; fi\n", shellWords(firstStatus(f)))
	}
	for i, c := range f.Calls {
		if c.Repeat > 1 {
			fmt.Fprintf(&b, "i=0; while [ $i -lt %d ]; do %s; i=$((i+1)); done\n", c.Repeat, shellWords(c.Args))
			continue
		}
		file := filepath.Join(out, strconv.Itoa(i))
		fmt.Fprintf(&b, "printf %%s %s | (%s %s) >%s.out 2>%s.err\necho $? >%s.code\n",
			shellWord(c.Stdin), environment(c.Env), shellWords(c.Args), file, file, file)
	}
	return b.String()
}

// environment is what changes the environment of a call.
func environment(env map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if env[name] == "" {
			fmt.Fprintf(&b, "unset %s; ", name)
		} else {
			fmt.Fprintf(&b, "export %s=%s; ", name, shellWord(env[name]))
		}
	}
	return b.String()
}

func shellWords(args []string) string {
	words := make([]string, 0, len(args))
	for _, arg := range args {
		words = append(words, shellWord(arg))
	}
	return strings.Join(words, " ")
}

func shellWord(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func readOutcome(t *testing.T, file string) outcome {
	t.Helper()
	read := func(suffix string) string {
		data, err := os.ReadFile(file + suffix)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	code, err := strconv.Atoi(strings.TrimSpace(read(".code")))
	if err != nil {
		t.Fatal(err)
	}
	return outcome{Code: code, Stdout: read(".out"), Stderr: read(".err")}
}
