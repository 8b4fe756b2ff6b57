package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/tests/constants"
)

// tableRows returns the first and the second column of the table with that head.
func tableRows(t *testing.T, p page, head string) [][2]string {
	t.Helper()
	_, after, found := strings.Cut(p.text, head+"\n|---|---|\n")
	if !found {
		t.Fatalf("%s has no table %q", p.path, head)
	}
	var out [][2]string
	for line := range strings.SplitSeq(after, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 4 {
			break
		}
		out = append(out, [2]string{strings.TrimSpace(cells[1]), strings.TrimSpace(cells[2])})
	}
	return out
}

// shippedTexts returns the files that people read, by path: the code that ships, the
// pages, and what charms declare.
func shippedTexts(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, p := range ours(t) {
		out[p.path] = p.text
	}
	for _, folder := range []string{"src", "charm", "actions.yaml", "config.yaml", "metadata.yaml"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "testdata") {
				return err
			}
			name, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			text, err := os.ReadFile(path)
			out[filepath.ToSlash(name)] = string(text)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// everyText returns all files that a person wrote, by path: code, tests, stories, pages,
// workflows. The recordings of servers are not among them, nor is what a tool makes.
func everyText(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	written := regexp.MustCompile(`(\.(go|md|yaml|yml|txtar|diff|txt|sh|tf|json)|/(Makefile|run)|^(Makefile|\.githooks/.*|\.ci/.*))$`)
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		switch {
		case entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == "dist" || entry.Name() == ".git" || entry.Name() == ".tools"):
			return fs.SkipDir
		case entry.IsDir() || !written.MatchString(name):
			return nil
		}
		text, err := os.ReadFile(path)
		out[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 1000 {
		t.Fatalf("only %d texts were found", len(out))
	}
	return out
}

// The words that HACKING.md retires are in no text but in its own table.
func TestHacking_WordsAreNotUsedThatItRetires(t *testing.T) {
	t.Parallel()
	texts := everyText(t)
	delete(texts, "HACKING.md")
	rows := tableRows(t, find(t, "HACKING.md"), "| not | but |")
	if len(rows) < 5 {
		t.Fatalf("only %d rows were found", len(rows))
	}
	var words []string
	instead := map[string]string{}
	for _, row := range rows {
		for word := range strings.SplitSeq(row[0], ", ") {
			words = append(words, "["+word[:1]+strings.ToUpper(word[:1])+"]"+regexp.QuoteMeta(word[1:]))
			instead[word] = row[1]
		}
	}
	retired := regexp.MustCompile(`\b(` + strings.Join(words, "|") + `)\b`)
	for path, text := range texts {
		if !retired.MatchString(text) {
			continue
		}
		for i, line := range strings.Split(text, "\n") {
			for _, at := range retired.FindAllStringIndex(line, -1) {
				if word := line[at[0]:at[1]]; !isName(line, at[0], at[1]) {
					t.Errorf("%s:%d: %q: %s", path, i+1, word, instead[strings.ToLower(word)])
				}
			}
		}
	}
}

// isName reports whether a word of a line is a name, such as the user "nobody", who exists
// nowhere, and not a word of a sentence.
func isName(line string, from, to int) bool {
	before, after := byte(' '), byte(' ')
	if from > 0 {
		before = line[from-1]
	}
	if to < len(line) {
		after = line[to]
	}
	const quote = "\"\\"
	return strings.IndexByte("-@/=", before) >= 0 || strings.IndexByte("@/", after) >= 0 ||
		strings.IndexByte(quote, before) >= 0 && strings.IndexByte(quote+":", after) >= 0
}

// Each word that words.md explains is used on another page or in a description, and in the
// code that ships; what it quotes is in the code.
func TestWords_AreUsed(t *testing.T) {
	t.Parallel()
	var pages, code strings.Builder
	for path, text := range shippedTexts(t) {
		switch {
		case strings.HasSuffix(path, ".go"):
			code.WriteString(strings.ToLower(text))
		case path != "docs/reference/words.md":
			pages.WriteString(strings.ToLower(text))
		}
	}
	rows := tableRows(t, find(t, "docs/reference/words.md"), "| word | meaning |")
	if len(rows) < 10 {
		t.Fatalf("only %d words were found", len(rows))
	}
	seen := map[string]bool{}
	for _, row := range rows {
		for word := range strings.SplitSeq(row[0], ", ") {
			if seen[word] {
				t.Errorf("%q is explained twice", word)
			}
			seen[word] = true
			used := regexp.MustCompile(`\b` + regexp.QuoteMeta(strings.ToLower(word)) + `(s|ed)?\b`)
			if !used.MatchString(pages.String()) {
				t.Errorf("no page uses %q", word)
			}
			if !used.MatchString(code.String()) {
				t.Errorf("the code does not use %q", word)
			}
		}
		for _, quoted := range regexp.MustCompile("`[^`]+`").FindAllString(row[1], -1) {
			if text := strings.TrimPrefix(strings.Trim(quoted, "`"), "ID"); !strings.Contains(code.String(), strings.ToLower(text)) {
				t.Errorf("%s: the code does not have %s", row[0], quoted)
			}
		}
	}
}

// The steps and the verdicts of a check that words.md names are those of the code.
func TestWords_HasTheStepsAndVerdictsOfTheCode(t *testing.T) {
	t.Parallel()
	lists := map[string][]string{
		"step":  constants.Values(constants.Of(t, filepath.Join(root, "src/migration/facts"), "Step")),
		"check": constants.Values(constants.Of(t, filepath.Join(root, "src/migration/checks"), "Level")),
	}
	for _, row := range tableRows(t, find(t, "docs/reference/words.md"), "| word | meaning |") {
		for _, word := range lists[row[0]] {
			if !regexp.MustCompile(`\b` + word + `\b`).MatchString(row[1]) {
				t.Errorf("%s: %q is missing: %s", row[0], word, row[1])
			}
		}
		delete(lists, row[0])
	}
	if len(lists) > 0 {
		t.Errorf("words.md does not explain %v", names(lists))
	}
}

// The phases that words.md names are those of the code.
func TestWords_HasThePhasesOfTheCode(t *testing.T) {
	t.Parallel()
	var want []string
	for phase := facts.PhaseQuiesce; phase <= facts.PhaseDone; phase++ {
		want = append(want, phase.String())
	}
	for _, row := range tableRows(t, find(t, "docs/reference/words.md"), "| word | meaning |") {
		if row[0] != "phase" {
			continue
		}
		got := map[string]bool{}
		for _, name := range regexp.MustCompile(`\b[A-Z]{4,}\b`).FindAllString(row[1], -1) {
			got[name] = true
		}
		for _, name := range want {
			if !got[name] {
				t.Errorf("%s is not named", name)
			}
		}
		delete(got, "ABORTDONE") // Juju's own; its text is that of ABORT.
		if diff := cmp.Diff(len(want), len(got)); diff != "" {
			t.Errorf("phases (-code +page): %s: %v", diff, got)
		}
		return
	}
	t.Error("words.md does not explain phase")
}

// What is printed or written about emptying a controller says what is proved, not that
// it is safe to destroy it. The key retry-safe is about running a command again.
func TestDrains_AreNotCalledSafe(t *testing.T) {
	t.Parallel()
	texts, read := shippedTexts(t), 0
	stories, err := filepath.Glob(filepath.Join(root, "tests/scenario/stories/*drain*.txtar"))
	if err != nil || len(stories) == 0 {
		t.Fatal("no stories", err)
	}
	for _, path := range stories {
		story, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		texts[path] = "drain\n" + string(story)
	}
	safe := regexp.MustCompile(`(?i)\bsafe(ly)?\b`)
	for path, text := range texts {
		if !strings.Contains(text, "drain") {
			continue
		}
		read++
		for i, line := range strings.Split(text, "\n") {
			line = strings.ReplaceAll(line, "retry-safe", "")
			if safe.MatchString(line) {
				t.Errorf("%s:%d: %s", path, i+1, line)
			}
		}
	}
	if read < 10 {
		t.Errorf("only %d texts are about drains", read)
	}
}
