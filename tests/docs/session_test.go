package docs_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patient returns a context that ends only when something hangs: a busy machine may take many minutes.
func patient(t *testing.T) context.Context {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Minute)
	t.Cleanup(stop)
	return ctx
}

// clone returns a copy of the repository, as far as the documentation uses it.
func clone(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{
		"Makefile", "go.mod", "go.sum", "README.md", "LICENSE", "icon.svg",
		"actions.yaml", "charmcraft.yaml", "config.yaml", "metadata.yaml",
	} {
		write(t, filepath.Join(dir, name), read(t, filepath.Join(root, name)))
	}
	write(t, filepath.Join(dir, "tools/go.sum"), "") // the Makefile reads it
	for _, folder := range []string{"charm", "src", "tests"} {
		if err := os.CopyFS(filepath.Join(dir, folder), os.DirFS(filepath.Join(root, folder))); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// shell is a shell that a test types in.
type shell struct {
	in  io.Writer
	out *output
	cmd *exec.Cmd
}

// startShell starts a shell in a folder. path comes before the PATH. It ends
// with the test.
func startShell(t *testing.T, dir string, path ...string) *shell {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(),
		"GOFLAGS=-trimpath", // so that packages built in another folder are reused
		"PATH="+strings.Join(append(path, pathOf(t)), string(os.PathListSeparator)),
	)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 30 * time.Second
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	s := &shell{in: in, out: newOutput(), cmd: cmd}
	cmd.Stdout, cmd.Stderr = s.out, s.out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) // as Ctrl-C does
		_ = in.Close()
		_ = cmd.Wait() // it was interrupted
	})
	return s
}

// prompt is printed by the shell after each command.
const prompt = "@done "

// enter types a block and returns its output.
func (s *shell) enter(ctx context.Context, text string) (string, error) {
	s.out.reset()
	// The block must not read what is typed after it.
	if _, err := fmt.Fprintf(s.in, "{\n%s\n} </dev/null\nprintf '\\n%s%%d\\n' $?\n", text, prompt); err != nil {
		return "", err
	}
	printed, err := s.out.wait(ctx, func(text string) bool {
		_, after, done := strings.Cut(text, "\n"+prompt)
		return done && strings.Contains(after, "\n")
	})
	printed, code, _ := strings.Cut(printed, "\n"+prompt)
	if err == nil && strings.TrimSpace(code) != "0" {
		err = fmt.Errorf("exit code %s", strings.TrimSpace(code))
	}
	return printed, err
}

// serve types a block that does not end, and waits until it has printed a line.
func (s *shell) serve(ctx context.Context, text string, enough func(printed string) bool) (string, error) {
	s.out.reset()
	if _, err := fmt.Fprintf(s.in, "%s\n", text); err != nil {
		return "", err
	}
	return s.out.wait(ctx, enough)
}

// output collects what a shell prints.
type output struct {
	mu     sync.Mutex
	text   bytes.Buffer
	change chan struct{}
}

func newOutput() *output { return &output{change: make(chan struct{}, 1)} }

// Write collects output.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Write(p)
	select {
	case o.change <- struct{}{}:
	default:
	}
	return len(p), nil
}

func (o *output) reset() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.text.Reset()
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// wait returns the output as soon as it is sufficient.
func (o *output) wait(ctx context.Context, enough func(string) bool) (string, error) {
	for {
		if text := o.String(); enough(text) {
			return text, nil
		}
		select {
		case <-o.change:
		case <-ctx.Done():
			return o.String(), ctx.Err()
		}
	}
}

// pathOf returns the PATH of the environment.
func pathOf(t *testing.T) string {
	t.Helper()
	for _, entry := range os.Environ() {
		if path, ok := strings.CutPrefix(entry, "PATH="); ok {
			return path
		}
	}
	return ""
}

// play types the blocks of a page, one by one.
func play(t *testing.T, p page, s *shell, dir string) {
	t.Helper()
	ctx := patient(t)
	for i, f := range p.fences {
		shown := ""
		if i+1 < len(p.fences) && p.fences[i+1].words()[0] == "text" {
			shown = p.fences[i+1].text
		}
		var printed string
		var err error
		switch {
		case f.file() != "":
			err = os.WriteFile(filepath.Join(dir, f.file()), []byte(f.text), 0o755)
		case f.shell("serve"):
			all := func(printed string) bool { return mismatch(shown, printed) == "" }
			if printed, err = startShell(t, dir).serve(ctx, f.text, all); err != nil {
				err = fmt.Errorf("%w: not printed: %s", err, mismatch(shown, printed))
			}
		case f.shell("test"):
			if printed, err = s.enter(ctx, f.text); err == nil && shown != "" {
				if line := mismatch(shown, printed); line != "" {
					err = errors.New("not printed: " + line)
				}
			}
		}
		if err != nil {
			t.Fatalf("%s:%d: %v\n%s\nprinted:\n%s", p.path, f.line, err, f.text, indent(printed))
		}
	}
}

func indent(text string) string {
	var out strings.Builder
	for scanner := bufio.NewScanner(strings.NewReader(text)); scanner.Scan(); {
		out.WriteString("    " + scanner.Text() + "\n")
	}
	return out.String()
}

// Every page with blocks to be tested is played; the reader starts with a clone, Go and a shell.
func TestPages_DoWhatTheyShow(t *testing.T) {
	t.Parallel()
	played := 0
	for _, p := range pages(t) {
		tested := false
		for _, f := range p.fences {
			tested = tested || f.shell("test")
		}
		if !tested {
			continue
		}
		played++
		t.Run(p.path, func(t *testing.T) {
			t.Parallel()
			dir := clone(t)
			play(t, p, startShell(t, dir), dir)
		})
	}
	if played == 0 {
		t.Error("no page has a block to be tested")
	}
}

// besideJAAS starts a shell in a clone, with a juju that is the simulator's, beside a
// simulated JAAS that serves the world.
func besideJAAS(ctx context.Context, t *testing.T, world string) (dir string, s *shell) {
	t.Helper()
	dir = clone(t)
	bin := filepath.Join(dir, "bin")
	write(t, filepath.Join(bin, "juju"), "#!/bin/sh\nexec "+filepath.Join(dir, "dist/jaas-sim")+" \"$@\"\n")
	haveJQ(t, bin)
	write(t, filepath.Join(dir, "world.yaml"), world)
	s = startShell(t, dir, bin)
	mustEnter(ctx, t, s, "go build -o dist/ ./tests/cmd/jaas-sim")
	serves := func(printed string) bool { return strings.Contains(printed, "jimm-migrator/0") }
	if printed, err := startShell(t, dir).serve(ctx, "dist/jaas-sim serve world.yaml", serves); err != nil {
		t.Fatalf("%v\n%s", err, printed)
	}
	return dir, s
}
