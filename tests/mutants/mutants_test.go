package mutants_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"jimm-migrator/tests/mutants"
)

// invariants are those that have mutants: of one model (1 to 10), of the fleet, and that a check fails for what Juju
// refuses and for nothing else (27).
func invariants() []int {
	return []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27}
}

// Each invariant has at least two, one of which changes only a condition or a constant.
func TestEveryInvariantHasMutants(t *testing.T) {
	list, err := mutants.All()
	if err != nil {
		t.Fatal(err)
	}
	all, small := map[int]int{}, map[int]int{}
	for _, m := range list {
		all[m.Invariant]++
		if m.Kind != mutants.Code {
			small[m.Invariant]++
			if removed, added := changed(m.Diff); removed != 1 || added != 1 {
				t.Errorf("%s is a %s and changes %d lines into %d", m.Name, m.Kind, removed, added)
			}
		}
	}
	for _, i := range invariants() {
		if all[i] < 2 || small[i] < 1 {
			t.Errorf("I%d has %d mutants, %d of them small", i, all[i], small[i])
		}
	}
	if len(all) != len(invariants()) {
		t.Errorf("there are %d invariants", len(all))
	}
}

// changed counts the lines that a diff removes and adds.
func changed(diff string) (removed, added int) {
	for line := range strings.Lines(diff) {
		switch {
		case strings.HasPrefix(line, "---"), strings.HasPrefix(line, "+++"):
		case strings.HasPrefix(line, "-"):
			removed++
		case strings.HasPrefix(line, "+"):
			added++
		}
	}
	return removed, added
}

// A mutant of changed code must be made again: see the package.
func TestMutantsApply(t *testing.T) {
	list, err := mutants.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		for _, file := range regexp.MustCompile(`(?m)^\+\+\+ b/(.+)$`).FindAllStringSubmatch(m.Diff, -1) {
			// Read here too, so that go test does not cache a result for older code.
			if _, err := os.ReadFile("../../" + file[1]); err != nil {
				t.Error(err)
			}
		}
		if err := m.Applies(t.Context(), "../.."); err != nil {
			t.Error(err)
		}
	}
}
