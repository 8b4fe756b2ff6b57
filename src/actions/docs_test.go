package actions_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/actions"
	"jimm-migrator/src/migration/checks"
)

// reference returns the rows of a table in the reference: the one below the heading that has this
// name in its first column.
func reference(t *testing.T, page, heading, column string) string {
	t.Helper()
	data, err := os.ReadFile("../../docs/reference/" + page)
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(data), "\n## "+heading+"\n")
	section, _, _ = strings.Cut(section, "\n## ")
	_, table, found := strings.Cut(section, "\n| "+column+" |")
	if !found {
		t.Fatalf("%s: no table %q below %q", page, column, heading)
	}
	table, _, _ = strings.Cut(table, "\n\n")
	return table
}

// firstCodes are the first code words of the rows of a table.
func firstCodes(table string) (out []string) {
	for _, found := range regexp.MustCompile("(?m)^\\| `([^`]+)`").FindAllStringSubmatch(table, -1) {
		out = append(out, found[1])
	}
	slices.Sort(out)
	return out
}

// actions.yaml, the handlers and the reference name the same parameters.
func TestParametersAreTheSameEverywhere(t *testing.T) {
	loaded, err := charmtest.ReadCharm("../..", 3)
	if err != nil {
		t.Fatal(err)
	}
	handlers := slices.Sorted(maps.Keys(actions.All("dev")))
	if declared := slices.Sorted(maps.Keys(loaded.Actions().ActionSpecs)); !slices.Equal(handlers, declared) {
		t.Errorf("handlers %v, declared %v", handlers, declared)
	}
	for action, params := range actions.Params() {
		slices.Sort(params)
		properties, _ := loaded.Actions().ActionSpecs[action].Params["properties"].(map[string]any)
		if diff := cmp.Diff(slices.Sorted(maps.Keys(properties)), params); diff != "" && len(params)+len(properties) > 0 {
			t.Errorf("%s: actions.yaml and code differ:\n%s", action, diff)
		}
		if len(params) == 0 {
			continue
		}
		if diff := cmp.Diff(firstCodes(reference(t, "actions.md", action, "parameter")), params); diff != "" {
			t.Errorf("%s: reference and code differ:\n%s", action, diff)
		}
	}
	description := loaded.Actions().ActionSpecs["migrate-model"].Params["properties"].(map[string]any)["ignore-checks"].(map[string]any)["description"].(string)
	for _, id := range checks.IDs() {
		if slices.Contains(strings.FieldsFunc(description, func(r rune) bool { return strings.ContainsRune(" ,.()", r) }), string(id)) != id.Ignorable() {
			t.Errorf("the description of ignore-checks is wrong about %s: %s", id, description)
		}
	}
}

// Each action that opens an event log has a file with its name.
func TestReferenceHasTheActionsWithEvents(t *testing.T) {
	var want []string
	for _, folder := range []string{".", "../hooks"} {
		files, err := filepath.Glob(folder + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(path, "_test.go") && strings.Contains(string(data), "report.OpenEventLog(") {
				name := strings.TrimSuffix(filepath.Base(path), ".go")
				want = append(want, strings.ReplaceAll(name, "_", "-"))
			}
		}
	}
	slices.Sort(want)
	_, row, _ := strings.Cut(reference(t, "events.md", "In every line of an action", "field"), "| `action` |")
	row, _, _ = strings.Cut(row, "\n")
	var got []string
	for _, found := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row, -1) {
		got = append(got, found[1])
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("actions with events (-code +documented):\n%s", diff)
	}
}

// A drain is continued with the parameters that differ from their defaults in
// actions.yaml, except those that are about one run alone.
func TestADrainIsContinuedWithItsParameters(t *testing.T) {
	loaded, err := charmtest.ReadCharm("../..", 3)
	if err != nil {
		t.Fatal(err)
	}
	properties := loaded.Actions().ActionSpecs["drain-controller"].Params["properties"].(map[string]any)
	defaults := map[string]any{}
	for name, property := range properties {
		if value, ok := property.(map[string]any)["default"]; ok {
			defaults[name] = value
		}
	}
	if again, err := actions.DrainAgain(defaults); err != nil || len(again) > 0 {
		t.Errorf("with the defaults it is continued with %v: %v", again, err)
	}
	given := map[string]string{
		"targets": "east", "exclude": "prod", "expect": "7", "cordon": "false", "timeout": "3h", "repair-access": "true",
		"max-parallel": "5", "max-per-source": "5", "max-per-target": "5", "max-agents": "700", "canary": "false",
		"max-failures": "1", "model-timeout": "70m",
	}
	once := []string{"controller", "plan", "plan-hash", "dry-run", "stop-after", "strict-exit"}
	for name := range properties {
		value, ok := given[name]
		if ok == slices.Contains(once, name) {
			t.Errorf("%s: it is not known whether a drain is continued with it", name)
		}
		params := maps.Clone(defaults)
		params[name] = value
		if again, err := actions.DrainAgain(params); ok && (err != nil || !slices.Equal(again, []string{name + "=" + value})) {
			t.Errorf("%s=%s: it is continued with %v: %v", name, value, again, err)
		}
	}
}
