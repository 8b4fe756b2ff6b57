package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	main "jimm-migrator/tests/cmd/jaas-sim"
)

func TestParameters_MergeFileAndArguments(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "params.yaml")
	content := "model: prod\nplace: {zone: a, rack: 1, tags: [{a: b}]}\nplan: {a: 1}\nhash: 1e5\n"
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, asStrings := range []bool{true, false} {
		var rack, run, plan any = "007", "true", "{b: 2}"
		if !asStrings {
			rack, run, plan = int64(7), true, map[string]any{"b": int64(2)}
		}
		got, err := main.Parameters(file, []string{"place.rack=007", "dry-run=true", "new.deep.key=x", "plan={b: 2}"}, asStrings)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]any{
			"model":   "prod",
			"hash":    "1e5", // text, as Juju reads YAML
			"place":   map[string]any{"zone": "a", "rack": rack, "tags": []any{map[string]any{"a": "b"}}},
			"dry-run": run,
			"new":     map[string]any{"deep": map[string]any{"key": "x"}},
			"plan":    plan, // in place of the other, not merged with it
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("parameters (-want +got):\n%s", diff)
		}
	}
}

func TestParameters_SayWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"- a list\n": "cannot unmarshal !!seq into map[string]interface {}",
		"a: {1: b}":  "map keyed with non-string value",
		"a: b: c":    "yaml: mapping values are not allowed in this context",
	} {
		file := filepath.Join(t.TempDir(), "params.yaml")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := main.Parameters(file, nil, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q was taken as %v, error %v, want %q", content, got, err, want)
		}
	}
}
