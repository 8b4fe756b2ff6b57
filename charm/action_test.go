package charm_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"jimm-migrator/charm"
)

// withParams runs a handler as an action with the given answer of action-get.
func withParams(t *testing.T, answer string, handler charm.ActionFunc) *tools {
	t.Helper()
	f := &tools{answers: map[string]string{"action-get": answer}}
	inAction(t, f, handler)
	return f
}

func TestParamsAreDecodedStrictly(t *testing.T) {
	type params struct {
		Model  string `json:"model"`
		DryRun bool   `json:"dry-run"`
		Big    int64  `json:"big"`
	}
	for name, test := range map[string]struct {
		answer string
		want   params
		err    string
	}{
		"all":      {`{"model":"a/b","dry-run":true,"big":123456789012}`, params{"a/b", true, 123456789012}, ""},
		"none":     {"{}\n", params{}, ""},
		"null":     {"null\n", params{}, ""},
		"nothing":  {"", params{}, ""},
		"unknown":  {`{"madel":"x"}`, params{}, `parameter "madel" is unknown`},
		"bad type": {`{"model":1.5}`, params{}, `parameter "model" must be of type string, not number (juju run --string-args`},
	} {
		t.Run(name, func(t *testing.T) {
			withParams(t, test.answer, func(_ context.Context, a *charm.Action) error {
				var got params
				err := a.Params(&got)
				if test.err == "" && err == nil {
					equal(t, "parameters", got, test.want)
				} else if err == nil || test.err == "" || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got error %v, want %q", err, test.err)
				}
				return nil
			})
		})
	}
}

func TestParamsThatCannotBeReadFailTheAction(t *testing.T) {
	f := &tools{refuse: map[string]error{"action-get": refusal("action-get", "busy")}}
	called := false
	code := inAction(t, f, func(context.Context, *charm.Action) error {
		called = true
		return nil
	})
	equal(t, "exit code", code, 0)
	equal(t, "handler was called", called, false)
	equal(t, "tools", f.ran(""),
		[]string{`action-fail "--" "cannot read the parameters of action \"act\": action-get: busy (exit code 1)"`})
}

func TestActionKnowsItsNameAndTask(t *testing.T) {
	withParams(t, "{}", func(_ context.Context, a *charm.Action) error {
		equal(t, "name and task", []string{a.Name(), a.Env().TaskID}, []string{"act", "12"})
		return nil
	})
}

func TestLogMakesOneCleanLine(t *testing.T) {
	for in, want := range map[string]string{
		"plain":                            "plain",
		"-x":                               "-x",
		" two\n\tlines\r\n\x1b[31mred ":    "two lines [31mred",
		"\xff\x00":                         "\uFFFD\uFFFD",
		"50% done":                         "50 percent done",
		"50%":                              "50 percent",
		"a%20b and %s":                     "a(percent)20b and (percent)s",
		"\u2028line\u2029separators\u0085": "line separators",
		strings.Repeat("é", 501):           strings.Repeat("é", 499) + "…",
		strings.Repeat("é", 500):           strings.Repeat("é", 500),
		strings.Repeat("1% ", 400):         strings.Repeat("1 percent ", 49) + "1 percent…",
	} {
		f := withParams(t, "{}", func(ctx context.Context, a *charm.Action) error {
			a.Log(ctx, in)
			return nil
		})
		equal(t, "log of "+in, f.argv[0].Args, []string{"--", want})
		equal(t, "tool", f.argv[0].Tool, "action-log")
	}
}

func TestLogSaysNothingForNothing(t *testing.T) {
	f := withParams(t, "{}", func(ctx context.Context, a *charm.Action) error {
		a.Log(ctx, "")
		a.Log(ctx, " \n\t")
		return nil
	})
	equal(t, "tools", f.ran(""), []string(nil))
}

func TestLogCountsRepeatedLines(t *testing.T) {
	f := withParams(t, "{}", func(ctx context.Context, a *charm.Action) error {
		for _, line := range []string{"a", "a", "a", "b", "a", "a"} {
			a.Log(ctx, line)
		}
		return nil
	})
	equal(t, "lines", f.ran(""), []string{
		`action-log "--" "a"`,
		`action-log "--" "b (the previous line was repeated 2 times)"`,
		`action-log "--" "a"`,
	})
}

func TestLogStopsWithALastLineWellBelowJujusLimit(t *testing.T) {
	f := withParams(t, "{}", func(ctx context.Context, a *charm.Action) error {
		for i := range 3000 {
			a.Log(ctx, fmt.Sprintf("%d%s", i, strings.Repeat("x", 500)))
			a.Log(ctx, fmt.Sprintf("%d%s", i, strings.Repeat("x", 500)))
		}
		return nil
	})
	equal(t, "lines", len(f.argv), 200)
	equal(t, "last line", f.calls[199],
		`action-log "--" "progress is not shown beyond 200 lines; the action continues, and its results show how it ended"`)
	for _, call := range f.argv {
		if n := utf8.RuneCountInString(call.Args[1]); n > 500 {
			t.Errorf("line of %d characters", n)
		}
	}
}

func TestLimitProgress(t *testing.T) {
	for limit, want := range map[int]int{3: 3, 600: 600, 5000: 1000} {
		f := withParams(t, "{}", func(ctx context.Context, a *charm.Action) error {
			a.LimitProgress(limit)
			for i := range 3000 {
				a.Log(ctx, strconv.Itoa(i))
			}
			return nil
		})
		equal(t, "lines", len(f.argv), want)
	}
}

func TestLogDoesNotFailTheAction(t *testing.T) {
	f := &tools{refuse: map[string]error{
		"action-log": refusal("action-log", `cannot log message to task "12" with status aborting`),
	}}
	code := inAction(t, f, func(ctx context.Context, a *charm.Action) error {
		a.Log(ctx, "one")
		a.Log(ctx, "two")
		return nil
	})
	equal(t, "exit code", code, 0)
	equal(t, "warnings", f.ran("juju-log"), []string{
		`juju-log "--log-level" "WARNING" "--" "cannot show progress: action-log: cannot log message to task \"12\" with status aborting (exit code 1)"`,
	})
}

func TestLogIsSilentForAWhileWhenTheControllerHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &tools{refuse: map[string]error{
			"action-log": fmt.Errorf("no answer within 30s: %w", context.DeadlineExceeded),
		}}
		inAction(t, f, func(ctx context.Context, a *charm.Action) error {
			for i := range 121 {
				a.Log(ctx, fmt.Sprintf("second %d", i))
				<-time.After(time.Second)
			}
			return nil
		})
		equal(t, "lines", f.ran("action-log"),
			[]string{`action-log "--" "second 0"`, `action-log "--" "second 60"`, `action-log "--" "second 120"`})
	})
}
