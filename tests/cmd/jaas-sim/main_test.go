package main_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"jimm-migrator/charm/charmtest"
	main "jimm-migrator/tests/cmd/jaas-sim"
)

// TestMain runs as a hook tool if it is called by the name of one, as the command does.
func TestMain(m *testing.M) {
	if name := filepath.Base(os.Args[0]); slices.Contains(charmtest.ToolNames(), name) {
		os.Exit(main.HookTool(name)) //nolint:forbidigo // the end of a hook tool
	}
	m.Run()
}
