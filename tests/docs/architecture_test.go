package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// packages returns the folders with Go code below src, relative to the root, by the last part of their names.
func packages(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(filepath.Join(root, "src"), func(path string, _ fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".go" && !strings.HasSuffix(path, "_test.go") {
			folder, relErr := filepath.Rel(root, filepath.Dir(path))
			out[filepath.Base(folder)] = filepath.ToSlash(folder)
			return relErr
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// The picture of the architecture has every package, and every arrow is an import.
func TestArchitecture_ShowsThePackages(t *testing.T) {
	t.Parallel()
	picture := ""
	for _, f := range find(t, "docs/explanation/architecture.md").fences {
		if f.info == "mermaid" {
			picture = f.text
		}
	}
	known := packages(t)
	var shown []string
	for _, found := range regexp.MustCompile(`\b(\w+)\["<b>`).FindAllStringSubmatch(picture, -1) {
		shown = append(shown, found[1])
	}
	slices.Sort(shown)
	want := slices.DeleteFunc(names(known), func(name string) bool { return name == "rules" }) // data of the checks
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("packages (-src +picture):\n%s", diff)
	}
	arrows := regexp.MustCompile(`(?m)^ +(\w+)(?:\[.*\])? --> (\w+)`).FindAllStringSubmatch(picture, -1)
	if len(arrows) < len(shown) {
		t.Errorf("only %d arrows were found", len(arrows))
	}
	for _, arrow := range arrows {
		imports := false
		for _, file := range parseFolder(t, known[arrow[1]]) {
			for _, one := range file.Imports {
				imports = imports || one.Path.Value == `"jimm-migrator/`+known[arrow[2]]+`"`
			}
		}
		if !imports {
			t.Errorf("%s does not import %s", arrow[1], arrow[2])
		}
	}
}

// The folders that the pages for developers name exist.
func TestHacking_NamesFoldersThatExist(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"HACKING.md", "CONTRIBUTING.md", "docs/explanation/architecture.md"} {
		for _, found := range regexp.MustCompile("`((?:charm|src|tests|docs|terraform)(?:/[\\w./-]*)?)`").FindAllStringSubmatch(find(t, path).text, -1) {
			if _, err := os.Stat(filepath.Join(root, found[1])); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}
