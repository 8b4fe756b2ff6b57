package charm_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"jimm-migrator/charm"
)

// setResults returns what SetResults did: its error and the tools it ran.
func setResults(t *testing.T, results map[string]any) (*tools, error) {
	t.Helper()
	f, err := &tools{}, error(nil)
	inAction(t, f, func(ctx context.Context, a *charm.Action) error {
		err = a.SetResults(ctx, results)
		return nil
	})
	return f, err
}

type outcome string

type model struct {
	Name  string   `json:"name"`
	Cores int      `json:"cores,omitempty"`
	Tags  []string `json:"tags"`
	Big   int64    `json:"big"`
}

func TestResultsAreFlattened(t *testing.T) {
	var none *model
	text := "pointed"
	for name, test := range map[string]struct {
		in   any
		want []string
	}{
		"text":          {"a b=c", []string{"r=a b=c"}},
		"empty text":    {"", []string{"r="}},
		"lines":         {"a\nb\n", []string{"r=a\nb\n"}},
		"dash":          {"-x", []string{"r=-x"}},
		"named text":    {outcome("migrated"), []string{"r=migrated"}},
		"bool":          {true, []string{"r=true"}},
		"int":           {-1_000_000, []string{"r=-1000000"}},
		"uint":          {uint64(math.MaxUint64), []string{"r=18446744073709551615"}},
		"float":         {1e6, []string{"r=1000000"}},
		"small float":   {float32(0.1), []string{"r=0.1"}},
		"duration":      {90 * time.Second, []string{"r=1m30s"}},
		"time":          {time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600)), []string{"r=2026-01-02T02:04:05Z"}},
		"error":         {fmt.Errorf("cannot: %w", errTest), []string{"r=cannot: disk full"}},
		"marshaler":     {netip.MustParseAddr("::1"), []string{"r=::1"}},
		"stringer":      {time.March, []string{"r=March"}},
		"bytes":         {[]byte("raw"), []string{"r=raw"}},
		"pointer":       {&text, []string{"r=pointed"}},
		"nil":           {nil, nil},
		"nil pointer":   {none, nil},
		"empty map":     {map[string]any{}, nil},
		"empty list":    {[]string{}, nil},
		"nested":        {map[string]any{"b": map[string]string{"d": "2", "c": "1"}, "a": 0}, []string{"r.a=0", "r.b.c=1", "r.b.d=2"}},
		"list":          {[]any{"x", 2, map[string]any{"k": "v"}}, []string{"r.0=x", "r.1=2", "r.2.k=v"}},
		"named keys":    {map[outcome]int{"b": 2, "a": 1}, []string{"r.a=1", "r.b=2"}},
		"struct":        {model{Name: "m", Tags: []string{"t"}, Big: 1 << 60}, []string{"r.big=1152921504606846976", "r.name=m", "r.tags.0=t"}},
		"structs":       {[]*model{{Name: "m", Cores: 1}}, []string{"r.0.big=0", "r.0.cores=1", "r.0.name=m"}},
		"bad UTF-8":     {"a\xffb\x00c", []string{"r=a\uFFFDb\uFFFDc"}},
		"percent":       {"50%", []string{"r=50%"}},
		"NaN is a word": {math.NaN(), []string{"r=NaN"}},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := setResults(t, map[string]any{"r": test.in})
			if err != nil {
				t.Fatal(err)
			}
			if test.want == nil {
				equal(t, "tools", f.ran(""), []string(nil))
				return
			}
			equal(t, "arguments", f.argv[0].Args, append([]string{"--"}, test.want...))
			equal(t, "calls", len(f.calls), 1)
		})
	}
}

func TestResultsRefuseKeysBeforeAnyToolRuns(t *testing.T) {
	nested := func(key string) map[string]any {
		return map[string]any{"a": "set me not", "z": map[string]any{key: "1"}}
	}
	for _, key := range []string{
		"", "Foo", "foo_bar", "foo-", "-foo", "foo..bar", ".foo", "foo.", "a.b", "foo bar", "élan", "foo=bar", "-", "\x00",
		"stdout", "stdout-encoding", "stderr", "stderr-encoding",
	} {
		f, err := setResults(t, nested(key))
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("key %q", key)) {
			t.Errorf("key %q: got error %v, want one that names it", key, err)
		}
		equal(t, "tools", f.ran(""), []string(nil))
	}
	for _, key := range []string{"1foo", "a", "a-b", "9", "a--b", "return-code"} {
		if _, err := setResults(t, nested(key)); err != nil {
			t.Errorf("key %q: %v", key, err)
		}
	}
	if _, err := setResults(t, map[string]any{"return-code": 1}); err == nil {
		t.Error("return-code at the top: no error, though Juju overwrites it")
	}
}

func TestResultsRefuseWhatIsNone(t *testing.T) {
	loop := map[string]any{}
	loop["loop"] = loop
	for name, value := range map[string]any{
		"func": func() {}, "chan": make(chan int), "complex": 1i, "int keys": map[int]string{1: "x"},
		"loop": loop, "struct of chan": struct{ C chan int }{}, "in a list": []any{func() {}},
	} {
		if f, err := setResults(t, map[string]any{"r": value}); err == nil || len(f.calls) > 0 {
			t.Errorf("%s: got error %v and tools %q", name, err, f.calls)
		}
	}
}

func TestResultsAreChunkedBelowTheLimitOfArguments(t *testing.T) {
	results := map[string]any{}
	for i := range 1000 {
		results[fmt.Sprintf("k%d", i)] = strings.Repeat("é", 200)
	}
	results["huge"] = strings.Repeat("é", 100_000)
	f, err := setResults(t, results)
	if err != nil {
		t.Fatal(err)
	}
	// 1000 × some 405 bytes and one of 100,000: five full calls and a rest.
	if len(f.argv) < 6 || len(f.argv) > 7 {
		t.Errorf("%d calls of action-set", len(f.argv))
	}
	seen := map[string]string{}
	for _, call := range f.argv {
		size := 0
		for _, arg := range call.Args {
			size += len(arg) + 1
			if !utf8.ValidString(arg) || len(arg) > 131_071 {
				t.Errorf("argument of %d bytes, valid UTF-8: %v", len(arg), utf8.ValidString(arg))
			}
			key, value, _ := strings.Cut(arg, "=")
			seen[key] = value
		}
		if size > 100_000 {
			t.Errorf("call of %d bytes", size)
		}
	}
	equal(t, "results", len(seen), 1002) // with "--"
	if !strings.HasSuffix(seen["huge"], "é… [cut, 200000 bytes in all]") {
		t.Errorf("long value does not say that it was cut: …%s", seen["huge"][len(seen["huge"])-50:])
	}
}

func TestResultsComeInTheSameOrderEachTime(t *testing.T) {
	results := map[string]any{}
	for i := range 50 {
		results[fmt.Sprintf("k%d", i)] = map[string]any{"b": i, "a": i}
	}
	first, _ := setResults(t, results)
	for range 5 {
		again, _ := setResults(t, results)
		equal(t, "calls", again.calls, first.calls)
	}
}

func TestResultsThatJujuRefusesAreAnError(t *testing.T) {
	f := &tools{refuse: map[string]error{"action-set": refusal("action-set", "out of order")}}
	code := inAction(t, f, func(ctx context.Context, a *charm.Action) error {
		err := a.SetResults(ctx, map[string]any{"a": 1})
		if _, ok := errors.AsType[*charm.ToolError](err); !ok {
			t.Errorf("got %v, want a ToolError", err)
		}
		return err
	})
	equal(t, "exit code", code, 0)
	equal(t, "fail", f.ran("action-fail"), []string{`action-fail "--" "cannot set results: action-set: out of order (exit code 1)"`})
}

func FuzzResultKeys(f *testing.F) {
	for _, key := range []string{"a", "a.b", "-a", "A", "stdout", "é"} {
		f.Add(key, "value\x00")
	}
	f.Fuzz(func(t *testing.T, key, value string) {
		tools, err := setResults(t, map[string]any{key: value})
		if err != nil {
			return
		}
		// What passes must be one argument that Juju takes.
		arg := tools.argv[0].Args[1]
		got, text, ok := strings.Cut(arg, "=")
		if !ok || got != key || strings.Trim(key, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" ||
			!utf8.ValidString(text) || strings.Contains(arg, "\x00") {
			t.Errorf("key %q, value %q became %q", key, value, arg)
		}
	})
}
