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

// Values as observed with the command line of Juju 3.6-rc1.
func TestParameters_AreReadAsYAML(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pair string
		want any
	}{
		{"model=alice@example.com/prod", "alice@example.com/prod"},
		{"model=7c1d1c0e-5f0a-4d5e-8b1a-0d6b8f8f1a55", "7c1d1c0e-5f0a-4d5e-8b1a-0d6b8f8f1a55"},
		{"model=123e4567", "123e4567"},
		{"model=1e5", "1e5"},
		{"model=yes", true},
		{"model=null", nil},
		{"model=~", nil},
		{"model=0123", 83},
		{"model=0x1f", 31},
		{"model=1.0", 1.0},
		{"model=1_000", 1000},
		{"model=", nil},
		{"model=a=b", "a=b"},
		{"model=a: b", map[string]any{"a": "b"}}, // and refused by the schema
		{"model=[a, {b: c}]", []any{"a", map[string]any{"b": "c"}}},
	} {
		got, err := main.Parameters("", []string{test.pair}, false)
		if err != nil {
			t.Errorf("%q: %v", test.pair, err)
		}
		if diff := cmp.Diff(map[string]any{"model": test.want}, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.pair, diff)
		}
	}
}

func TestParameters_AreRefused(t *testing.T) {
	t.Parallel()
	for _, pair := range []string{"model=@x", "model=%x", "model", "Model=x", "my_model=x", "a..b=x", "=x"} {
		if got, err := main.Parameters("", []string{pair}, false); err == nil {
			t.Errorf("%q was taken as %v", pair, got)
		}
	}
}

func TestParameters_MergeFileAndArguments(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "params.yaml")
	if err := os.WriteFile(file, []byte("model: prod\nplace: {zone: a, rack: 1}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := main.Parameters(file, []string{"place.rack=007", "dry-run=true", "new.deep.key=x"}, true)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"model":   "prod",
		"place":   map[string]any{"zone": "a", "rack": "007"},
		"dry-run": "true",
		"new":     map[string]any{"deep": map[string]any{"key": "x"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
}
