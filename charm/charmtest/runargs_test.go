package charmtest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/charm/charmtest"
)

// The types that juju run of 3.6 was observed to give to values.
func TestRunArgsAreTypedAsJujuTypesThem(t *testing.T) {
	for _, test := range []struct {
		text string
		want any
	}{
		// These are not strings, so they are refused where a string is
		// required.
		{"yes", true},
		{"null", nil},
		{"~", nil},
		{"", nil},
		{"0123", int64(83)},
		{"0x1f", int64(31)},
		{"1.0", 1.0},
		{"1_000", int64(1000)},
		{"No", false},
		{"on", true},
		{"true", true},
		{"-1", int64(-1)},
		{"1e+5", 1e5},
		{".5", 0.5},
		{"0b11", int64(3)},
		{"18446744073709551615", uint64(18446744073709551615)},
		// Strings.
		{"1e5", "1e5"},
		{"123e4567", "123e4567"},
		{"admin/m", "admin/m"},
		{"alice@canonical.com/m", "alice@canonical.com/m"},
		{"7c1d1c0e-5f0a-4d5e-8b1a-0d6b8f8f1a55", "7c1d1c0e-5f0a-4d5e-8b1a-0d6b8f8f1a55"},
		{"123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-426614174000"},
		{"3.6.11", "3.6.11"},
		{"30m", "30m"},
		{"2026-11-22", "2026-11-22"},
		{`"yes"`, "yes"},
		{"'1'", "1"},
		{"-", []any{nil}},
		{"a b", "a b"},
		{"+", "+"},
		// Structures.
		{"[a, 1, no]", []any{"a", int64(1), false}},
		{"{a: 1e5, b: {c: y}}", map[string]any{"a": "1e5", "b": map[string]any{"c": true}}},
		{"a: b", map[string]any{"a": "b"}},
		{"!!str 1", "1"},
	} {
		got, err := charmtest.ParseRunArgs([]string{"model=" + test.text}, false)
		if diff := cmp.Diff(map[string]any{"model": test.want}, got); diff != "" || err != nil {
			t.Errorf("%q: error %v (-want +got):\n%s", test.text, err, diff)
		}
		got, err = charmtest.ParseRunArgs([]string{"model=" + test.text}, true)
		if got["model"] != test.text || err != nil {
			t.Errorf("%q with string arguments: %v, %v", test.text, got, err)
		}
	}
}

func TestRunArgsNest(t *testing.T) {
	got, err := charmtest.ParseRunArgs([]string{"a.b.c=1", "a.b.d=x=y", "e=1", "e.f=2"}, false)
	want := map[string]any{
		"a": map[string]any{"b": map[string]any{"c": int64(1), "d": "x=y"}},
		"e": map[string]any{"f": int64(2)},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v (-want +got):\n%s", err, diff)
	}
}

func TestRunArgsOverrideAFile(t *testing.T) {
	params, err := charmtest.ParseParams([]byte("a: {b: 1e5, c: yes}\nd: x\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := charmtest.MergeRunArgs(params, []string{"a.c=no", "a.e=1", "d={f: g}"}, false); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"a": map[string]any{"b": "1e5", "c": false, "e": int64(1)},
		"d": map[string]any{"f": "g"},
	}
	if diff := cmp.Diff(want, params); diff != "" {
		t.Errorf("parameters (-want +got):\n%s", diff)
	}
	empty, err := charmtest.ParseParams(nil)
	if err != nil || len(empty) != 0 || empty == nil {
		t.Errorf("an empty file gives %v, %v", empty, err)
	}
}

func TestRunArgsThatJujuRefuses(t *testing.T) {
	const rule = " must start and end with lowercase alphanumeric, and contain only lowercase alphanumeric and hyphens"
	for arg, want := range map[string]string{
		"uh":        `argument "uh" must be of the form key.key.key...=value`,
		"foo.Baz=3": `key "Baz"` + rule,
		"a_b=3":     `key "a_b"` + rule,
		"a=@x":      "yaml: found character that cannot start any token",
		"a={1: 2}":  "map keyed with non-string value",
	} {
		if _, err := charmtest.ParseRunArgs([]string{arg}, false); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %q", arg, err, want)
		}
	}
	for _, arg := range []string{"a=%x", "a=[", "a=a: b: c"} {
		if _, err := charmtest.ParseRunArgs([]string{arg}, false); err == nil {
			t.Errorf("%s: no error, but it is not YAML", arg)
		}
	}
}
