package realjuju_test

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// expected compares differences with testdata/NAME.txt, one per line, where "#" begins a comment. A difference that is
// not listed fails, and so does a line that has not occurred: the list can only shrink.
func expected(t *testing.T, name string, differences []string) {
	t.Helper()
	known := readExpected(t, name)
	for _, d := range slices.Compact(slices.Sorted(slices.Values(differences))) {
		if !known[d] {
			t.Errorf("new difference, not in testdata/%s.txt:\n%s", name, d)
		}
		delete(known, d)
	}
	for d := range known {
		t.Errorf("no difference any more, take it out of testdata/%s.txt:\n%s", name, d)
	}
}

func readExpected(t *testing.T, name string) map[string]bool {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := map[string]bool{}
	scanner := bufio.NewScanner(f)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		if line := strings.TrimSpace(scanner.Text()); line != "" && !strings.HasPrefix(line, "#") {
			lines[line] = true
		}
	}
	if err := scanner.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}
