package docs_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Charmhub's listing review wants an integration test for each endpoint.
func TestIntegration_RelatesEveryEndpoint(t *testing.T) {
	t.Parallel()
	text := read(t, filepath.Join(root, "tests/integration/endpoints_test.go"))
	requires, provides := endpoints(t)
	for _, name := range slices.Concat(names(requires), names(provides)) {
		if !strings.Contains(text, `"integrate", app+":`+name+`"`) {
			t.Errorf("tests/integration does not relate %s", name)
		}
	}
}
