package main_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

// root is the repository, seen from this folder.
const root = "../../.."

// hello is the smallest possible charm in Go.
const hello = `package main

import (
	"fmt"
	"os"
)

func main() {
	if os.Getenv("JUJU_DISPATCH_PATH") == "" {
		fmt.Println("Hello, world!")
	}
}
`

// BenchmarkNoOpDispatch runs a hook for which this charm has nothing to do,
// alternating with the same hook of a charm that only prints a line. Both run as
// they ship, each in a process of its own. The budget for times-hello is 1.5
// (design); any program in Go with TLS and HTTP takes 1.4 to 1.5.
func BenchmarkNoOpDispatch(b *testing.B) {
	ours, theirs := shipped(b), helloCharm(b)
	var took [2][]float64
	for b.Loop() {
		for i, program := range []string{ours, theirs} {
			took[i] = append(took[i], float64(noOp(b, program)))
		}
	}
	b.ReportMetric(median(took[0]), "ns/op")
	b.ReportMetric(median(took[1]), "hello-ns/op")
	b.ReportMetric(median(took[0])/median(took[1]), "times-hello")
}

// noOp runs a hook and returns how long it took.
func noOp(b *testing.B, program string) time.Duration {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), program)
	cmd.Env = []string{"JUJU_DISPATCH_PATH=hooks/leader-settings-changed", "JUJU_UNIT_NAME=jimm-migrator/0"}
	begun := time.Now()
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		b.Fatalf("%v\n%s", err, out)
	}
	return time.Since(begun)
}

// shipped builds the charm's program as charmcraft does.
func shipped(b *testing.B) string {
	b.Helper()
	data, err := os.ReadFile(filepath.Join(root, "charmcraft.yaml"))
	if err != nil {
		b.Fatal(err)
	}
	var craft struct {
		Parts map[string]struct {
			Build string `yaml:"override-build"`
		} `yaml:"parts"`
	}
	if err := yaml.Unmarshal(data, &craft); err != nil {
		b.Fatal(err)
	}
	dir := b.TempDir()
	build(b, root, []string{"CRAFT_PART_INSTALL=" + dir, "CRAFT_ARCH_BUILD_FOR=" + runtime.GOARCH}, "bash", "-e", "-c", craft.Parts["dispatch"].Build)
	return filepath.Join(dir, "dispatch")
}

func helloCharm(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	for name, text := range map[string]string{"main.go": hello, "go.mod": "module hello\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	build(b, dir, []string{"CGO_ENABLED=0"}, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", "hello", ".")
	return filepath.Join(dir, "hello")
}

func build(b *testing.B, dir string, env []string, command ...string) {
	b.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(b.Context()), command[0], command[1:]...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
}

func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}
