package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is the repository, seen from this folder.
const root = "../.."

// fence is a block of a page between two lines of back-ticks.
type fence struct {
	info string // the words after the first back-ticks
	line int    // of the first back-ticks, from 1
	text string // with its line ends
}

// words are the words of the info: the language, then what a test does.
func (f fence) words() []string { return append(strings.Fields(f.info), "") }

// shell reports whether the block is for a shell and has the word.
func (f fence) shell(word string) bool {
	return f.words()[0] == "sh" && slices.Contains(f.words()[1:], word)
}

// file is the name that the block is to be written to, or "".
func (f fence) file() string {
	for word := range strings.FieldsSeq(f.info) {
		if name, ok := strings.CutPrefix(word, "file="); ok {
			return name
		}
	}
	return ""
}

// page is a file in Markdown.
type page struct {
	path   string // from the root, with slashes
	text   string
	fences []fence
}

// pages returns all pages of the documentation, sorted.
func pages(t *testing.T) []page {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && path != root && (strings.HasPrefix(name, ".") && name != ".github" || name == "dist" || name == "testdata") {
			return fs.SkipDir
		}
		if filepath.Ext(name) == ".md" {
			paths = append(paths, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var out []page
	for _, path := range paths {
		name, err := filepath.Rel(root, path)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, readPage(t, filepath.ToSlash(name)))
	}
	return out
}

func readPage(t *testing.T, path string) page {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		t.Fatal(err)
	}
	p := page{path: path, text: string(data)}
	open := -1
	for i, line := range strings.SplitAfter(p.text, "\n") {
		mark, isFence := strings.CutPrefix(strings.TrimRight(line, "\n"), "```")
		switch {
		case isFence && open < 0:
			p.fences = append(p.fences, fence{info: mark, line: i + 1})
			open = len(p.fences) - 1
		case isFence:
			open = -1
		case open >= 0:
			p.fences[open].text += line
		}
	}
	if open >= 0 {
		t.Errorf("%s:%d: the block does not end", path, p.fences[open].line)
	}
	return p
}

// prose is the page without its fenced and indented blocks.
func (p page) prose() string {
	var out strings.Builder
	inside := false
	for line := range strings.SplitAfterSeq(p.text, "\n") {
		if strings.HasPrefix(line, "```") {
			inside = !inside
			continue
		}
		if !inside && !strings.HasPrefix(line, "    ") {
			out.WriteString(line)
		}
	}
	return out.String()
}

// find returns the page with the path.
func find(t *testing.T, path string) page {
	t.Helper()
	return readPage(t, path)
}
