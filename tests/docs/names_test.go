package docs_test

import (
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/tests/constants"
)

// commands returns the commands in a page that begin with the words, each on one
// line, from blocks and from single back-ticks.
func commands(p page, begin string) []string {
	text := strings.NewReplacer("\\\n", " ", "`", "\n", "; ", "\n", " | ", "\n", " <", "\n", ")", "\n", "$(", "\n", ", or ", "\n", ", then ", "\n").Replace(p.text)
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		if _, rest, found := strings.Cut(line, begin); found {
			out = append(out, strings.TrimSpace(rest))
		}
	}
	return out
}

// ours are the pages about this charm; others speak of other charms too.
func ours(t *testing.T) []page {
	t.Helper()
	return slices.DeleteFunc(pages(t), func(p page) bool { return strings.HasPrefix(p.path, "tests/") })
}

// The commands of the pages exist, with the parameters that they use.
func TestPages_RunActionsThatExist(t *testing.T) {
	t.Parallel()
	known, seen := actions(t), map[string]bool{}
	for _, p := range ours(t) {
		for _, command := range commands(p, "juju run ") {
			words := slices.DeleteFunc(strings.Fields(command), func(word string) bool { return strings.HasPrefix(word, "-") })
			if len(words) < 2 || !strings.HasPrefix(words[0], "jimm-migrator/") || words[1] == strings.ToUpper(words[1]) {
				continue
			}
			name := words[1]
			if _, ok := known[name]; !ok {
				t.Errorf("%s: there is no action %q: juju run %s", p.path, name, command)
				continue
			}
			seen[name] = true
			for _, word := range words[2:] {
				key, _, isParameter := strings.Cut(strings.Trim(word, `"'`), "=")
				if _, ok := known[name].Params[key]; isParameter && !ok {
					t.Errorf("%s: %s has no parameter %q: juju run %s", p.path, name, key, command)
				}
			}
		}
	}
	for name := range known {
		if !seen[name] {
			t.Errorf("no page shows how to run %s", name)
		}
	}
}

// The options and relations of the pages exist.
func TestPages_SetOptionsThatExist(t *testing.T) {
	t.Parallel()
	known, seen := options(t), map[string]bool{}
	for _, p := range ours(t) {
		for _, command := range commands(p, "juju config jimm-migrator ") {
			for word := range strings.FieldsSeq(command) {
				key, _, isOption := strings.Cut(word, "=")
				if !isOption || !regexp.MustCompile(`^[a-z-]+$`).MatchString(key) {
					continue
				}
				if _, ok := known[key]; !ok {
					t.Errorf("%s: there is no option %q: %s", p.path, key, command)
				}
				seen[key] = true
			}
		}
	}
	if len(seen) < 4 {
		t.Errorf("pages set only %v", slices.Sorted(maps.Keys(seen)))
	}
}

func TestPages_RelateEndpointsThatExist(t *testing.T) {
	t.Parallel()
	requires, provides := endpoints(t)
	seen := map[string]bool{}
	for _, p := range ours(t) {
		for _, found := range regexp.MustCompile(`\bjimm-migrator:([a-z-]+)`).FindAllStringSubmatch(p.text, -1) {
			if requires[found[1]] == nil && provides[found[1]] == nil {
				t.Errorf("%s: there is no endpoint %q", p.path, found[1])
			}
			seen[found[1]] = true
		}
	}
	for _, all := range []map[string]any{requires, provides} {
		for name := range all {
			if !seen[name] {
				t.Errorf("no page shows how to relate %s", name)
			}
		}
	}
}

// The checks that pages ignore exist.
func TestPages_IgnoreChecksThatExist(t *testing.T) {
	t.Parallel()
	known := constants.Values(constants.Of(t, filepath.Join(root, "src/migration/checks"), "ID"))
	for _, p := range ours(t) {
		for _, found := range regexp.MustCompile(`ignore-checks=([a-z,-]+)`).FindAllStringSubmatch(p.text, -1) {
			for id := range strings.SplitSeq(found[1], ",") {
				if !slices.Contains(known, id) {
					t.Errorf("%s: there is no check %q", p.path, id)
				}
			}
		}
	}
}

// troubleshooting is the page that has an entry for every failure.
const troubleshooting = "docs/how-to/troubleshoot.md"

// section returns the part of a page below a heading of the second level.
func section(t *testing.T, p page, heading string) string {
	t.Helper()
	_, rest, found := strings.Cut(p.text, "\n## "+heading+"\n")
	if !found {
		t.Fatalf("%s has no heading %q", p.path, heading)
	}
	text, _, _ := strings.Cut(rest, "\n## ")
	return text
}

// named returns the subjects of the rows and headings of a section, sorted: the back-ticked text in the first column,
// and in headings of the third level.
func named(text string) []string {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		title, isHeading := strings.CutPrefix(line, "### ")
		if row, isRow := strings.CutPrefix(line, "| `"); isRow {
			title, _, _ = strings.Cut("`"+row, " |")
		} else if !isHeading {
			continue
		}
		for _, found := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(title, -1) {
			out = append(out, found[1])
		}
	}
	slices.Sort(out)
	return out
}

func TestTroubleshoot_KnowsEveryOutcome(t *testing.T) {
	t.Parallel()
	got := named(section(t, find(t, troubleshooting), "By outcome"))
	if diff := cmp.Diff(constants.Values(constants.Of(t, filepath.Join(root, "src/migration/facts"), "Outcome")), got); diff != "" {
		t.Errorf("outcomes (-code +page):\n%s", diff)
	}
}

func TestTroubleshoot_KnowsEveryCause(t *testing.T) {
	t.Parallel()
	got := named(section(t, find(t, troubleshooting), "By cause"))
	if diff := cmp.Diff(constants.Values(constants.Of(t, filepath.Join(root, "src/migration/facts"), "Cause")), got); diff != "" {
		t.Errorf("causes (-code +page):\n%s", diff)
	}
}

// problems are the statuses blocked and waiting that the charm can have, except those of migrations, with … for
// variable parts.
func problems(t *testing.T) (out []string) {
	t.Helper()
	for _, what := range fieldTexts(t, "src/config", "What") {
		out = append(out, what+": …") // the remedy follows
	}
	for _, what := range fieldTexts(t, "src/config", "For") {
		out = append(out, "waiting for "+what)
	}
	slices.Sort(out)
	return out
}

// unfinished reports whether a status is about a pending migration or a run that was
// interrupted (src/status/pending.go, run.go).
func unfinished(text string) bool {
	return slices.ContainsFunc([]string{"migration of ", "draining ", "applying a plan"}, func(begin string) bool { return strings.HasPrefix(text, begin) })
}

// Each of them is caused in a story, and its remedy is typed there.
func TestStories_ProvokeEveryStatus(t *testing.T) {
	t.Parallel()
	stories, err := filepath.Glob(filepath.Join(root, "tests/scenario/stories/*.txtar"))
	if err != nil || len(stories) < 50 {
		t.Fatalf("%d stories, %v", len(stories), err)
	}
	want := problems(t)
	for _, path := range stories {
		lines := strings.Split(read(t, path), "\n")
		for i, line := range lines {
			found := regexp.MustCompile(`^  (?:\[\S+\] )?unit (blocked|waiting): (.*)$`).FindStringSubmatch(line)
			if found == nil {
				continue
			}
			typed := found[1] == "waiting" || strings.Contains(strings.Join(lines[i:], "\n"), "{remedy")
			want = slices.DeleteFunc(want, func(status string) bool { return typed && fits(status, found[2]) })
		}
	}
	for _, status := range want {
		t.Errorf("no story provokes the status %q and types what it says", status)
	}
}

// fits reports whether a text matches a pattern with ….
func fits(pattern, text string) bool {
	parts := strings.Split(pattern, "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$").MatchString(text)
}

func TestTroubleshoot_KnowsEveryStatus(t *testing.T) {
	t.Parallel()
	want := problems(t)
	got := named(section(t, find(t, troubleshooting), "By status"))
	got = slices.DeleteFunc(got, unfinished)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("statuses (-code +page):\n%s", diff)
	}
}
