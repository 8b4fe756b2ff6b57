package docs_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// An old Go does not understand this go.mod, and its own error does not explain that.
func TestMake_SaysWhichGoIsNeeded(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{
		"go1.19.8":            "Go 1.19.8 is too old; install Go 1.26",
		"go1.9":               "Go 1.9 is too old; install Go 1.26",
		"go1.25.9 X:synctest": "Go 1.25.9 is too old; install Go 1.26",
		"go1.26.0":            "",
		"go1.101.0":           "",
		"devel go1.27-abcdef Mon Nov  9 10:00:00 2026 +0000": "",
	} {
		bin := t.TempDir()
		write(t, filepath.Join(bin, "go"), "#!/bin/sh\n[ \"$1\" = version ] && echo go version "+version+" linux/amd64\n")
		cmd := exec.CommandContext(t.Context(), "make", "--no-print-directory", "need-go")
		cmd.Dir = root
		cmd.Env = append(cmd.Environ(), "PATH="+bin+":"+pathOf(t))
		out, err := cmd.CombinedOutput()
		if (err != nil) != (want != "") || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v, %s, want %q", version, err, out, want)
		}
	}
}

// "make check" names each step and how long it takes, and every text gives the same total.
func TestMake_SaysHowLongACheckTakes(t *testing.T) {
	t.Parallel()
	makefile := read(t, filepath.Join(root, "Makefile"))
	contributing := read(t, filepath.Join(root, "CONTRIBUTING.md"))
	row := regexp.MustCompile("(?m)^\\| `make check` \\| (\\d+) minutes \\|").FindStringSubmatch(contributing)
	if row == nil {
		t.Fatal("CONTRIBUTING.md does not say how long make check takes")
	}
	total := "about " + row[1] + " minutes on two cores"
	for name, text := range map[string]string{"Makefile": makefile, "README.md": read(t, filepath.Join(root, "README.md"))} {
		if !strings.Contains(text, total) {
			t.Errorf("%s does not say %q, as CONTRIBUTING.md does", name, total)
		}
	}
	_, steps, _ := strings.Cut(makefile, "\nCHECKS = ")
	steps, _, _ = strings.Cut(steps, "\n\n")
	found := regexp.MustCompile(`"([a-z-]+):([^"]+)"`).FindAllStringSubmatch(steps, -1)
	for _, step := range found {
		if !strings.Contains(makefile, "\n"+step[1]+":") || !strings.Contains(step[2], "second") && !strings.Contains(step[2], "minute") {
			t.Errorf("the step %q is no target, or does not say how long it takes", step[0])
		}
	}
	if len(found) < 5 {
		t.Errorf("only %d steps were found", len(found))
	}
}

// The demo of many models is killed, continues, and ends with what to do next.
func TestMake_DemoFleetEndsWithWhatToDoNext(t *testing.T) {
	t.Parallel()
	ctx := patient(t)
	printed := mustEnter(ctx, t, startShell(t, clone(t)), "make demo-fleet")
	at := 0
	for _, want := range []string{"40 models would move", "--- the process is killed ---", "run 2", "1 failed", "completed: 40 of 40 models are on their target", "gantt", "Next:\n  docs/"} {
		next := strings.Index(printed[at:], want)
		if next < 0 {
			t.Fatalf("%q is not printed, or not in this order:\n%s", want, indent(printed))
		}
		at += next
	}
	for _, page := range regexp.MustCompile(`(?m)^  (docs/\S+\.md) `).FindAllStringSubmatch(printed[at:], -1) {
		find(t, page[1])
	}
}
