package main_test

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	main "jimm-migrator/tests/cmd/jaas-sim"
)

func TestParse_TakesFlagsAnywhere(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args, want []string
		wait       string
	}{
		{[]string{"unit/0", "go", "--wait", "5m", "a=b"}, []string{"unit/0", "go", "a=b"}, "5m"},
		{[]string{"--wait=5m", "unit/0", "--", "--wait=7m"}, []string{"unit/0", "--wait=7m"}, "5m"},
		{[]string{"--", "a"}, []string{"a"}, ""},
		{nil, nil, ""},
	} {
		flags := flag.NewFlagSet("", flag.ContinueOnError)
		wait := flags.String("wait", "", "")
		got, err := main.Parse(flags, test.args)
		if err != nil {
			t.Errorf("%q: %v", test.args, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" || *wait != test.wait {
			t.Errorf("%q: wait %q, arguments (-want +got):\n%s", test.args, *wait, diff)
		}
	}
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	if _, err := main.Parse(flags, []string{"unit/0", "--no-such-flag"}); err == nil {
		t.Error("an unknown flag after an argument was taken for one")
	}
}

func TestParameters_MergeFileAndArguments(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "params.yaml")
	if err := os.WriteFile(file, []byte("model: prod\nplace: {zone: a, rack: 1, tags: [{a: b}]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := main.Parameters(file, []string{"place.rack=007", "dry-run=true", "new.deep.key=x"}, true)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"model":   "prod",
		"place":   map[string]any{"zone": "a", "rack": "007", "tags": []any{map[string]any{"a": "b"}}},
		"dry-run": "true",
		"new":     map[string]any{"deep": map[string]any{"key": "x"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
}

func TestParameters_SayWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	broken := filepath.Join(t.TempDir(), "broken.yaml")
	if err := os.WriteFile(broken, []byte("- a list\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{broken, filepath.Join(t.TempDir(), "absent.yaml")} {
		if got, err := main.Parameters(file, nil, false); err == nil {
			t.Errorf("%s was taken as %v", file, got)
		}
	}
	if got, err := main.Parameters("", []string{"no-value"}, false); err == nil {
		t.Errorf("an argument without = was taken as %v", got)
	}
}
