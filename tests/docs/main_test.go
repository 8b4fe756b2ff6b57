package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestMain is gojq if its name is jq: see linkJQ.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "jq" {
		os.Exit(jq(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) //nolint:forbidigo // jq has exit codes
	}
	m.Run()
}

// haveJQ ensures that scripts with that folder in their PATH find a jq: the installed one, or else gojq.
func haveJQ(t *testing.T, bin string) {
	t.Helper()
	if _, err := exec.LookPath("jq"); err != nil {
		linkJQ(t, bin)
	}
}

// linkJQ makes this test the program jq of a folder.
func linkJQ(t *testing.T, bin string) {
	t.Helper()
	own, err := os.Executable()
	if err == nil {
		err = os.MkdirAll(bin, 0o755)
	}
	if err == nil {
		err = os.Symlink(own, filepath.Join(bin, "jq"))
	}
	if err != nil {
		t.Fatal(err)
	}
}
