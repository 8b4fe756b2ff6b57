package charmtest_test

import (
	"os"
	"path/filepath"
	"testing"

	"jimm-migrator/charm/charmtest"
)

// A charm is built from its own folder, wherever the command that builds it was started.
func TestBuild_FromAnotherFolder(t *testing.T) {
	charm, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	exe := filepath.Join(t.TempDir(), "hooktool")
	t.Chdir(t.TempDir())
	if err := charmtest.Build(t.Context(), charm, "jimm-migrator/charm/charmtest/hooktool", exe); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(exe); err != nil || info.Size() == 0 {
		t.Errorf("it is not there: %v", err)
	}
}
