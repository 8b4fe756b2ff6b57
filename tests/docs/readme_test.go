package docs_test

import (
	"context"
	"strings"
	"testing"
)

// The README shows what `make demo` prints, shortened.
func TestReadme_ShowsTheDemo(t *testing.T) {
	t.Parallel()
	shown := ""
	for _, f := range find(t, "README.md").fences {
		if strings.HasPrefix(f.text, "$ juju run jimm-migrator/0 ") {
			shown = f.text
		}
	}
	if shown == "" {
		t.Fatal("README.md does not show the demo")
	}
	ctx, stop := context.WithTimeout(t.Context(), limit)
	defer stop()
	printed := mustEnter(ctx, t, startShell(t, clone(t)), "make demo")
	// It leaves out lines without saying so each time; their order counts.
	shown = strings.ReplaceAll("\n"+shown, "\n", "\n"+elided+"\n")
	if line := mismatch(shown, printed); line != "" {
		t.Errorf("the demo did not print: %s\n%s", line, indent(printed))
	}
}
