// Package mutants holds changes that a test must catch: each file breaks one of the invariants of the engine, and the
// tests that it names must then fail.
//
//	make mutants        applies each to a copy and runs those tests
//
// A file is a unified diff (git diff -U2) below a head:
//
//	I1: what is wrong with it
//	kind: condition, constant or code
//	test: arguments for go test
//
// Its name begins with the invariant. Each invariant has at least two files, one of which changes only a condition or a
// constant. A file that no longer applies is made again: change the code, and save the output of git diff.
package mutants

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"time"
)

//go:embed *.diff
var files embed.FS

// The kinds of mutants.
const (
	Condition = "condition"
	Constant  = "constant"
	Code      = "code"
)

// Mutant is a change that breaks an invariant.
type Mutant struct {
	Name      string
	Invariant int
	What      string // how the code is wrong
	Kind      string
	Test      []string // arguments for go test, packages among them
	Diff      string
}

// All returns the mutants, ordered by name.
func All() ([]Mutant, error) {
	entries, err := fs.Glob(files, "*.diff")
	if err != nil {
		return nil, err
	}
	var (
		list []Mutant
		errs []error
	)
	for _, name := range entries {
		data, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		m, err := parse(strings.TrimSuffix(name, ".diff"), string(data))
		list, errs = append(list, m), append(errs, err)
	}
	return list, errors.Join(errs...)
}

func parse(name, text string) (Mutant, error) {
	head, diff, ok := strings.Cut(text, "\n\n")
	m := Mutant{Name: name, Diff: diff}
	if n, err := fmt.Sscanf(head, "I%d: ", &m.Invariant); n != 1 || !strings.HasPrefix(name, fmt.Sprintf("i%02d-", m.Invariant)) {
		return m, fmt.Errorf("cannot read mutant %q: its first line must begin with its invariant, as its name does: %w", name, err)
	}
	for line := range strings.Lines(head) {
		switch key, value, _ := strings.Cut(strings.TrimSpace(line), ": "); key {
		case "kind":
			m.Kind = value
		case "test":
			m.Test = strings.Fields(value)
		default:
			m.What = value
		}
	}
	known := m.Kind == Condition || m.Kind == Constant || m.Kind == Code
	if !ok || !known || m.What == "" || len(m.Test) == 0 || !strings.HasPrefix(diff, "diff --git ") {
		return m, fmt.Errorf("cannot read mutant %q: it needs a sentence, a kind, a test and a diff", name)
	}
	return m, nil
}

// Applies reports whether the mutant fits the code in a folder.
func (m Mutant) Applies(ctx context.Context, root string) error { return m.apply(ctx, root, "--check") }

func (m Mutant) apply(ctx context.Context, root string, args ...string) error {
	cmd := exec.CommandContext(ctx, "git", append([]string{"apply", "-C1"}, args...)...) //nolint:gosec // Arguments of this package.
	cmd.Dir, cmd.Stdin = root, strings.NewReader(m.Diff)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cannot apply mutant %q: %w\n%s", m.Name, err, out)
	}
	return nil
}

// Fate is the result of a mutant.
type Fate struct {
	Mutant

	Killer string // the first test that failed; "" for a survivor
	Took   time.Duration
	Err    error // why it could not be tried
}

// visible is a folder without hidden folders, dist, and all that is neither a folder nor a file.
type visible struct{ fs.FS }

// ReadDir lists a folder in it.
func (v visible) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(v.FS, name)
	return slices.DeleteFunc(entries, func(entry fs.DirEntry) bool {
		hidden := strings.HasPrefix(entry.Name(), ".") || entry.Name() == "dist"
		return !entry.Type().IsRegular() && (hidden || !entry.IsDir())
	}), err
}

// Copy copies what the tests need from the folder root to a new folder, which the caller removes.
func Copy(root string) (dir string, err error) {
	if dir, err = os.MkdirTemp("", "mutants-"); err != nil {
		return "", err
	}
	return dir, os.CopyFS(dir, visible{os.DirFS(root)})
}

// Try applies the mutant to a copy, runs its tests, and reverts it.
func (m Mutant) Try(ctx context.Context, dir string) Fate {
	fate := Fate{Mutant: m}
	if fate.Err = m.apply(ctx, dir); fate.Err != nil {
		return fate
	}
	begun := time.Now()
	fate.Killer, fate.Err = Test(ctx, dir, m.Test)
	fate.Took = time.Since(begun)
	fate.Err = errors.Join(fate.Err, m.apply(ctx, dir, "-R"))
	return fate
}

// Test runs tests in a folder and returns the first that fails, "" if none does. An
// error means that they could not be run.
func Test(ctx context.Context, dir string, args []string) (failed string, err error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-count=1", "-failfast", "-timeout=5m"}, args...)...) //nolint:gosec // Arguments of this package.
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err == nil {
		return "", nil
	}
	text := string(out)
	if found := regexp.MustCompile(`(?m)^\s*--- FAIL: (\S+)`).FindStringSubmatch(text); found != nil {
		return found[1], nil
	}
	if strings.Contains(text, "panic: ") && !strings.Contains(text, "[build failed]") {
		return "a panic", nil
	}
	return "", fmt.Errorf("cannot run go test %s: %w\n%s", strings.Join(args, " "), err, out)
}
