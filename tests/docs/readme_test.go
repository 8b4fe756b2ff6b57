package docs_test

import (
	"encoding/xml"
	"path/filepath"
	"strings"
	"testing"
)

// The README shows what "make demo" prints: as a film, and shortened as text.
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
	ctx := patient(t)
	printed := mustEnter(ctx, t, startShell(t, clone(t)), "make demo")
	// The text leaves out lines without marking each place; the order of the lines counts.
	shown = strings.ReplaceAll("\n"+shown, "\n", "\n"+elided+"\n")
	if line := mismatch(shown, printed); line != "" {
		t.Errorf("the demo did not print: %s\n%s", line, indent(printed))
	}
	filmed := film(t, "docs/pictures/demo.svg")
	first, _, _ := strings.Cut(filmed, "\n")
	_, rest, _ := strings.Cut(printed, first) // without the output of building the demo
	if line := mismatch(filmed, first+rest); line != "" {
		t.Errorf("the film is not of this demo (make cast makes a new one); not printed: %s", line)
	}
}

// film returns the lines of a film that tests/cmd/cast has made, without the
// command that it begins with.
func film(t *testing.T, path string) string {
	t.Helper()
	var svg struct {
		Screen struct {
			Lines []struct {
				Rows []string `xml:"tspan"`
			} `xml:"g>text"`
		} `xml:"svg"`
	}
	if err := xml.Unmarshal([]byte(read(t, filepath.Join(root, path))), &svg); err != nil {
		t.Fatal(err)
	}
	if len(svg.Screen.Lines) < 20 {
		t.Fatalf("the film has only %d lines", len(svg.Screen.Lines))
	}
	var out strings.Builder
	for _, line := range svg.Screen.Lines[1:] {
		out.WriteString(strings.Join(line.Rows, "") + "\n")
	}
	return out.String()
}
