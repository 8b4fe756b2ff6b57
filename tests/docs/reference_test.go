package docs_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rows returns the cells of the rows in a text that begin with a word in back-ticks, by
// that word; the first of several.
func rows(text string) map[string][]string {
	out := map[string][]string{}
	for line := range strings.SplitSeq(text, "\n") {
		cells := strings.Split(strings.Trim(line, "|"), " | ")
		if name, ok := strings.CutPrefix(strings.TrimSpace(cells[0]), "`"); ok && strings.HasPrefix(line, "| `") {
			name, _, _ = strings.Cut(name, "`")
			if out[name] == nil {
				out[name] = cells[1:]
			}
		}
	}
	return out
}

// said is how the reference describes the type and the default of a schema.
func said(schema map[string]any, required bool) (kind, value string) {
	kinds := fmt.Sprint(schema["type"])
	_, flag := schema["default"].(bool)
	switch {
	case schema["enum"] != nil:
		var words []string
		for _, word := range schema["enum"].([]any) {
			words = append(words, fmt.Sprintf("`%v`", word))
		}
		kind = strings.Join(words, " or ")
	case strings.Contains(kinds, "boolean") && !flag: // Words that "juju run" may read as booleans.
		words := strings.Trim(fmt.Sprint(schema["pattern"]), "^$()")
		kind = strings.ReplaceAll(words, "|", " or ")
	case strings.Contains(kinds, "boolean"):
		kind = "boolean"
	case strings.Contains(kinds, "integer"):
		kind = "number"
	default:
		kind = kinds
	}
	value = strings.Trim(fmt.Sprint(schema["default"]), "`")
	switch {
	case required:
		value = "required"
	case schema["default"] == nil, value == "":
		value = ""
	}
	return kind, value
}

func TestReference_HasTypesAndDefaultsOfParameters(t *testing.T) {
	t.Parallel()
	var declared map[string]struct {
		Params   map[string]map[string]any `yaml:"params"`
		Required []string                  `yaml:"required"`
	}
	readYAML(t, "actions.yaml", &declared)
	p := find(t, "docs/reference/actions.md")
	for action, a := range declared {
		described := rows(section(t, p, action))
		for name, schema := range a.Params {
			kind, value := said(schema, slices.Contains(a.Required, name))
			want := strings.TrimSuffix(kind+", "+value, ", ")
			if got := strings.Join(described[name][:1], ""); strings.ReplaceAll(got, "`", "") != strings.ReplaceAll(want, "`", "") {
				t.Errorf("%s: %s is documented as %q, and is %q", action, name, got, want)
			}
		}
	}
}

func TestReference_HasTypesAndDefaultsOfOptions(t *testing.T) {
	t.Parallel()
	described := rows(find(t, "docs/reference/config.md").text)
	for name, option := range options(t) {
		schema := option.(map[string]any)
		want := fmt.Sprintf("%v, %v", schema["type"], schema["default"])
		if schema["default"] == nil {
			want = fmt.Sprintf("%v, unset", schema["type"])
		}
		if got := strings.Join(described[name][:1], ""); strings.ReplaceAll(got, "`", "") != want {
			t.Errorf("%s is documented as %q, and is %q", name, got, want)
		}
	}
}

// The page of the statuses has every status of the code, and no other.
func TestReference_HasEveryStatus(t *testing.T) {
	t.Parallel()
	p := find(t, "docs/reference/statuses.md")
	said := slices.Sorted(maps.Keys(rows(section(t, p, "blocked") + section(t, p, "waiting"))))
	said = slices.DeleteFunc(said, unfinished)
	var missing []string
	matched := map[string]bool{}
	for _, status := range problems(t) {
		status = strings.TrimSuffix(status, ": …")
		found := false
		for _, text := range said {
			if fits(status, text) {
				found, matched[text] = true, true
			}
		}
		if !found {
			missing = append(missing, status)
		}
	}
	if len(missing) > 0 {
		t.Errorf("statuses.md does not have %q", missing)
	}
	if diff := cmp.Diff(said, slices.Sorted(maps.Keys(matched))); diff != "" {
		t.Errorf("statuses (-page +code):\n%s", diff)
	}
}

// Every reason that blocks the unit has a command. That it unblocks the unit is tested in the stories.
func TestReference_HasACommandForEveryStatus(t *testing.T) {
	t.Parallel()
	p := find(t, "docs/reference/statuses.md")
	code := regexp.MustCompile("`(juju [^`…]+)`")
	for name, cells := range rows(section(t, p, "blocked")) {
		if unfinished(name) {
			continue
		}
		if cell := cells[len(cells)-1]; !code.MatchString(cell) && !strings.Contains(cell, "the same") && !strings.Contains(cell, "jimmctl") {
			t.Errorf("%q: no command in %q", name, cell)
		}
	}
}
