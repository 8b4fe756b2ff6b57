package charm_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/charm"
)

func TestHookWithNothingToDoStartsNoTool(t *testing.T) {
	app := charm.App{Hooks: map[string]charm.HookFunc{"install": nil}}
	for _, hook := range []string{"install", "update-status", "hook-of-juju-9", "db-relation-joined"} {
		f := &tools{}
		equal(t, "exit code", charm.Dispatch(t.Context(), app, hookEnv(hook), f), 0)
		equal(t, "tools of "+hook, f.ran(""), []string(nil))
	}
}

func TestHooksGoToTheirHandlerOrToTheOneForAll(t *testing.T) {
	var got []string
	note := func(who string) charm.HookFunc {
		return func(_ context.Context, h *charm.Hook) error {
			got = append(got, who+" "+h.Name())
			return nil
		}
	}
	app := charm.App{Hooks: map[string]charm.HookFunc{"install": note("own")}, AnyHook: note("any")}
	f := &tools{}
	for _, hook := range []string{"install", "start"} {
		equal(t, "exit code", charm.Dispatch(t.Context(), app, hookEnv(hook), f), 0)
	}
	equal(t, "handlers", got, []string{"own install", "any start"})
	equal(t, "tools", f.ran(""), []string(nil))
}

func TestSuccessfulActionSaysNothingOfItsOwn(t *testing.T) {
	f := &tools{}
	equal(t, "exit code", inAction(t, f, func(context.Context, *charm.Action) error { return nil }), 0)
	equal(t, "tools", f.ran(""), []string(nil))
}

func TestErrorFailsTheActionOnceAndExitsWithZero(t *testing.T) {
	f := &tools{}
	code := inAction(t, f, func(ctx context.Context, a *charm.Action) error {
		if err := a.SetResults(ctx, map[string]any{"outcome": "refused"}); err != nil {
			return err
		}
		return fmt.Errorf("-cannot\nback up: %w", errTest)
	})
	equal(t, "exit code", code, 0)
	equal(t, "tools", f.ran(""), []string{
		`action-set "--" "outcome=refused"`,
		`action-fail "--" "-cannot back up: disk full"`,
	})
}

func TestFailureHasASentence(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"", "the action failed without giving a reason"},
		{"50% \xff", "50% \uFFFD"},
		{strings.Repeat("x", 2000), strings.Repeat("x", 999) + "…"},
	} {
		f := &tools{}
		inAction(t, f, func(context.Context, *charm.Action) error { return errors.New(test.text) })
		equal(t, "arguments", f.argv[0].Args, []string{"--", test.want})
	}
}

func TestStrictErrorExitsWithOneAndKeepsResults(t *testing.T) {
	f := &tools{}
	code := inAction(t, f, func(ctx context.Context, a *charm.Action) error {
		if err := a.SetResults(ctx, map[string]any{"summary": "disk full"}); err != nil {
			return err
		}
		return fmt.Errorf("cannot back up: %w", &charm.StrictError{Err: errTest})
	})
	equal(t, "exit code", code, 1)
	equal(t, "tools", f.ran(""), []string{`action-set "--" "summary=disk full"`})
	if !errors.Is(&charm.StrictError{Err: errTest}, errTest) {
		t.Error("the error inside is lost")
	}
}

func TestUnknownActionFailsWithoutOtherTools(t *testing.T) {
	f := &tools{}
	code := charm.Dispatch(t.Context(), charm.App{}, actionEnv("dance"), f)
	equal(t, "exit code", code, 0)
	equal(t, "tools", f.ran(""), []string{`action-fail "--" "cannot run action \"dance\": this charm does not have it"`})
}

func TestActionThatCannotBeFailedExitsWithOne(t *testing.T) {
	var stderr strings.Builder
	f := &tools{refuse: map[string]error{"action-fail": refusal("action-fail", "busy")}}
	app := charm.App{Stderr: &stderr, Actions: map[string]charm.ActionFunc{
		"act": func(context.Context, *charm.Action) error { return errTest },
	}}
	equal(t, "exit code", charm.Dispatch(t.Context(), app, actionEnv("act"), f), 1)
	equal(t, "stderr", stderr.String(), "action \"act\" failed: disk full (action-fail: busy (exit code 1))\n")
}

func TestHookErrorIsLoggedAndExitsWithOne(t *testing.T) {
	var stderr strings.Builder
	f := &tools{}
	app := charm.App{Stderr: &stderr, AnyHook: func(context.Context, *charm.Hook) error { return errTest }}
	equal(t, "exit code", charm.Dispatch(t.Context(), app, hookEnv("start"), f), 1)
	equal(t, "tools", f.ran(""), []string{`juju-log "--log-level" "ERROR" "--" "hook \"start\" failed: disk full"`})
	equal(t, "stderr", stderr.String(), "")

	f.refuse = map[string]error{"juju-log": refusal("juju-log", "busy")}
	equal(t, "exit code", charm.Dispatch(t.Context(), app, hookEnv("start"), f), 1)
	equal(t, "stderr", stderr.String(), "hook \"start\" failed: disk full\n")
}

// nilError panics when it is asked for its text, as a nil *T in an error does.
type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

func TestPanicIsReportedAsABug(t *testing.T) {
	for name, handler := range map[string]func(){
		"panic":  func() { panic("index\nout of range") },
		"nil":    func() { panic(nil) },
		"goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			var stderr strings.Builder
			app := charm.App{
				Stderr:  &stderr,
				AnyHook: func(context.Context, *charm.Hook) error { handler(); return nil },
				Actions: map[string]charm.ActionFunc{
					"act": func(context.Context, *charm.Action) error { handler(); return nil },
				},
			}
			f := &tools{}
			equal(t, "exit code of the action", charm.Dispatch(t.Context(), app, actionEnv("act"), f), 1)
			equal(t, "failures", f.ran("action-fail"),
				[]string{`action-fail "--" "internal error in action \"act\": see juju debug-log"`})
			equal(t, "exit code of the hook", charm.Dispatch(t.Context(), app, hookEnv("start"), f), 1)
			equal(t, "lines on stderr", strings.Count(stderr.String(), "\n"), 2)
			logs := f.ran("juju-log")
			equal(t, "logs", len(logs), 2)
			if name == "panic" && !strings.Contains(logs[0], "dispatch_test.go") {
				t.Errorf("no stack in the log: %s", logs[0])
			}
			if !strings.HasPrefix(logs[0], `juju-log "--log-level" "ERROR"`) {
				t.Errorf("not logged as an error: %s", logs[0])
			}
		})
	}
}

func TestErrorThatPanicsIsABugToo(t *testing.T) {
	f := &tools{}
	code := inAction(t, f, func(context.Context, *charm.Action) error {
		var err *nilError
		return err
	})
	equal(t, "exit code", code, 1)
	equal(t, "failures", len(f.ran("action-fail")), 1)
}

func TestRunByHandPrintsUsage(t *testing.T) {
	var stderr strings.Builder
	f := &tools{}
	app := charm.App{
		Version: "1.2", Stderr: &stderr,
		Actions: map[string]charm.ActionFunc{"dance": nil, "act": nil},
		AnyHook: func(context.Context, *charm.Hook) error { return nil },
	}
	equal(t, "exit code", charm.Dispatch(t.Context(), app, charm.Env{}, f), 2)
	equal(t, "tools", f.ran(""), []string(nil))
	for _, want := range []string{"version 1.2", "act, dance\n", "none, and all others", "JUJU_DISPATCH_PATH="} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("no %q in:\n%s", want, stderr.String())
		}
	}
}

// errSignal is as the cause that signal.NotifyContext gives.
var errSignal = errors.New("terminated signal received")

func TestInterruptedActionStillSetsItsResults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		f := &tools{answers: map[string]string{"status-get": `{"status":"maintenance","message":"busy"}`}}
		app := charm.App{Actions: map[string]charm.ActionFunc{
			"act": func(ctx context.Context, a *charm.Action) error {
				time.AfterFunc(time.Minute, func() { cancel(errSignal) })
				<-ctx.Done()
				a.Log(ctx, "stopping")
				a.Logger().WarnContext(ctx, "stopped")
				if err := a.SetResults(ctx, map[string]any{"outcome": "interrupted"}); err != nil {
					return err
				}
				if err := a.SetStatus(ctx, charm.StatusActive, ""); err != nil {
					return err
				}
				if _, err := a.Leader(ctx); err == nil {
					t.Error("a question was asked in a cancelled context")
				}
				return fmt.Errorf("cannot wait: %w", ctx.Err())
			},
		}}
		equal(t, "exit code", charm.Dispatch(ctx, app, actionEnv("act"), f), 0)
		equal(t, "tools", f.ran(""), []string{
			`action-get "--format=json"`,
			`action-log "--" "stopping"`,
			`juju-log "--log-level" "WARNING" "--" "stopped"`,
			`action-set "--" "outcome=interrupted"`,
			`status-get "--format=json" "--include-data"`,
			`status-set "--" "active" ""`,
			`is-leader "--format=json"`,
			`action-fail "--" "interrupted (terminated signal received): cannot wait: context canceled"`,
		})
	})
}

func TestInterruptedHookExitsWithOne(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errSignal)
	f := &tools{}
	app := charm.App{AnyHook: func(ctx context.Context, _ *charm.Hook) error {
		<-ctx.Done()
		return ctx.Err()
	}}
	equal(t, "exit code", charm.Dispatch(ctx, app, hookEnv("start"), f), 1)
	equal(t, "tools", f.ran(""), []string{
		`juju-log "--log-level" "ERROR" "--" "hook \"start\" failed: interrupted (terminated signal received): context canceled"`,
	})
}

func TestHandlerThatIgnoresTheInterruptionIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		release := make(chan struct{})
		late := make(chan error)
		f := &tools{}
		app := charm.App{Actions: map[string]charm.ActionFunc{
			"act": func(_ context.Context, a *charm.Action) error {
				cancel(errSignal)
				<-release
				a.Log(t.Context(), "too late")
				late <- a.SetResults(t.Context(), map[string]any{"too": "late"})
				return nil
			},
		}}
		start := time.Now()
		equal(t, "exit code", charm.Dispatch(ctx, app, actionEnv("act"), f), 0)
		equal(t, "time taken", time.Since(start), 5*time.Second)
		close(release)
		if err := <-late; err == nil {
			t.Error("results were set after the dispatch")
		}
		equal(t, "tools", f.ran("")[1:], []string{
			`action-fail "--" "interrupted (terminated signal received): the handler did not stop within 5s"`,
		})
	})
}

func TestShutdownEndsWithinTenSecondsEvenIfToolsHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		f := &tools{hang: map[string]bool{"action-set": true, "action-log": true, "action-fail": true}}
		app := charm.App{
			Stderr: &strings.Builder{},
			Actions: map[string]charm.ActionFunc{
				"act": func(ctx context.Context, a *charm.Action) error {
					cancel(errSignal)
					<-ctx.Done()
					time.Sleep(time.Second) //nolint:forbidigo // virtual: lets Dispatch see the end first
					a.Log(ctx, "hangs")
					return a.SetResults(ctx, map[string]any{"a": "hangs"})
				},
			},
		}
		start := time.Now()
		equal(t, "exit code", charm.Dispatch(ctx, app, actionEnv("act"), f), 1)
		if took := time.Since(start); took >= 10*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestGoneAgentIsAskedNoMore(t *testing.T) {
	gone := refusal("action-log", "dial unix /a/agent.socket: connect: no such file or directory")
	f := &tools{refuse: map[string]error{"action-log": gone}}
	code := inAction(t, f, func(ctx context.Context, a *charm.Action) error {
		a.Log(ctx, "is it there?")
		select {
		case <-ctx.Done():
		case <-time.After(time.Minute):
			t.Error("the handler's context goes on")
		}
		if !errors.Is(context.Cause(ctx), charm.ErrAgentGone) {
			t.Errorf("cause is %v", context.Cause(ctx))
		}
		a.Log(t.Context(), "still there?")
		err := a.SetResults(t.Context(), map[string]any{"a": 1})
		if !errors.Is(err, charm.ErrAgentGone) {
			t.Errorf("got %v, want ErrAgentGone", err)
		}
		return err
	})
	equal(t, "exit code", code, 1)
	equal(t, "tools", f.ran(""), []string{`action-log "--" "is it there?"`})
}

func TestToolErrorThatTheRunnerWrapsIsFound(t *testing.T) {
	f := &tools{refuse: map[string]error{
		"is-leader": fmt.Errorf("in the test: %w", refusal("is-leader", "leadership status unknown")),
	}}
	inHook(t, f, func(ctx context.Context, h *charm.Hook) error {
		_, err := h.Leader(ctx)
		if tool, ok := errors.AsType[*charm.ToolError](err); !ok || tool.ExitCode != 1 {
			t.Errorf("got %v", err)
		}
		return nil
	})
}
