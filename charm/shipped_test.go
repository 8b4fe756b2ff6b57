package charm_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWhatShips_HasFewModules pins decision 0001. Juju's own modules judge the charm in tests; none of them ships.
func TestWhatShips_HasFewModules(t *testing.T) {
	for _, test := range []struct {
		packages []string
		want     []string
	}{
		{[]string{"./charm", "./src/..."}, []string{"github.com/coder/websocket", "jimm-migrator"}},
		{[]string{"./charm/charmpack"}, []string{"gopkg.in/yaml.v3", "jimm-migrator"}},
	} {
		cmd := exec.CommandContext(t.Context(), "go", append([]string{"list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}"}, test.packages...)...)
		cmd.Dir = ".."
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		got := slices.Compact(slices.Sorted(strings.FieldsSeq(string(out))))
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("modules of %q (-want +got):\n%s", test.packages, diff)
		}
	}
}
