package docs_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// An old Go does not understand this go.mod, and its own error does not say so.
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
