package hooks_test

import (
	"os"
	"strings"
	"testing"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/unit"
)

// TestTheReferenceHasWhatTheCharmHas compares the pages with the charm's files.
func TestTheReferenceHasWhatTheCharmHas(t *testing.T) {
	charm := unit.Start(t, charmtest.Options{}).Charm()
	options := string(read(t, "../../docs/reference/config.md"))
	for name := range charm.Config().Options {
		if !strings.Contains(options, "| `"+name+"` |") {
			t.Errorf("config.md does not have the option %s", name)
		}
	}
	relations := string(read(t, "../../docs/reference/relations.md"))
	for name, endpoint := range charm.Meta().CombinedRelations() {
		if !strings.Contains(relations, "| `"+name+"` |") || !strings.Contains(relations, "`"+endpoint.Interface+"`") {
			t.Errorf("relations.md does not have the endpoint %s with the interface %s", name, endpoint.Interface)
		}
		if !endpoint.Optional {
			t.Errorf("endpoint %s is not optional", name)
		}
		if name == "dashboard" || endpoint.Interface == "juju-dashboard" {
			t.Error("a relation to JIMM's dashboard can break JIMM's charm")
		}
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
