package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each row about what can go wrong with many models names tests, and those exist: stories of the whole program, or Go
// tests.
func TestWorst_IsTried(t *testing.T) {
	t.Parallel()
	_, section, found := strings.Cut(read(t, filepath.Join(root, "docs/explanation/how-a-fleet-is-moved.md")), "\n## The worst that could happen\n")
	section, _, _ = strings.Cut(section, "\n## ")
	if !found {
		t.Fatal("the section is missing")
	}
	there := testNames(t)
	rows := 0
	for line := range strings.SplitSeq(section, "\n") {
		cells := strings.Split(strings.Trim(line, "|"), "|")
		if len(cells) != 3 || strings.HasPrefix(line, "|---") || strings.HasPrefix(line, "| what ") {
			continue
		}
		rows++
		names := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cells[2], -1)
		if len(names) == 0 {
			t.Errorf("nothing tries: %s", cells[0])
		}
		for _, name := range names {
			if !there[name[1]] {
				t.Errorf("there is no story and no test %q, which is said to try: %s", name[1], cells[0])
			}
		}
	}
	if rows != 14 {
		t.Errorf("%d rows were found", rows)
	}
}

// testNames are the names of all stories, and of all tests of Go.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	out := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		name := entry.Name()
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != "." && (strings.HasPrefix(name, ".") || name == "dist"):
			return fs.SkipDir
		case strings.HasPrefix(path, "tests/scenario/stories/"):
			out[strings.TrimSuffix(name, ".txtar")] = true
		case strings.HasSuffix(name, "_test.go"):
			for _, found := range declared.FindAllStringSubmatch(read(t, filepath.Join(root, path)), -1) {
				out[found[1]] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
