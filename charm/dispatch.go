package charm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"
)

// Exit codes of a charm process.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// Times of a shutdown. Kubernetes kills a pod 30 seconds after it has asked it
// to end, and the agent must commit what the charm sent within the same time.
const (
	handlerGrace = 5 * time.Second // for a handler to return once cancelled
	shutdownTime = 9 * time.Second // for everything
)

// HookFunc handles a hook. An error makes the hook fail: the unit goes into
// error and Juju runs the hook again, from 5 seconds later on. Trouble that the
// user must clear is not an error but a status; see [StatusBlocked].
type HookFunc func(ctx context.Context, h *Hook) error

// Hook is one run of a hook. What it is about, such as the relation, is in
// [Unit.Env].
type Hook struct {
	*Unit
	name string
}

// Name is the hook's name, such as "config-changed".
func (h *Hook) Name() string { return h.name }

// Main runs a charm and ends the process: it reads the environment, stops on
// SIGTERM and SIGINT, and uses the hook tools on PATH.
func Main(app App) {
	env := ReadEnv(os.LookupEnv)
	if kind, name := env.Event(); kind == EventHook && app.hook(name) == nil {
		os.Exit(exitOK) // to listen for signals costs a third of a no-op dispatch
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	code := Dispatch(ctx, app, env, ExecRunner{})
	stop()
	os.Exit(code)
}

// Dispatch does what Juju asks for in env and returns the exit code for Juju.
// It is all of [Main] that can be tested in one process. What it returns, and
// does before, follows from what Juju makes of exit codes:
//
//   - An action that fails has failed for its user, not for Juju: its error
//     goes to action-fail, once, and the exit code is 0. With another one Juju
//     would replace the sentence by "exit status 1", and drop state.
//   - An action whose error wraps a [*StrictError] ends with 1 and no sentence.
//   - A hook whose handler returns an error ends with 1: Juju runs it again.
//     The error goes to the unit's log.
//   - A panic is a bug: 1, the stack goes to the unit's log, a line to stderr.
//   - A hook without a handler ends with 0 and uses no tool.
//   - Without anything asked for, a usage text goes to stderr: 2.
//
// When ctx is cancelled the handler's context is, and it has five seconds to
// return; results, progress, status and action-fail still work then. It is
// cancelled too, with the cause [ErrAgentGone], when the agent has gone away.
func Dispatch(ctx context.Context, app App, env Env, r Runner) (exitCode int) {
	kind, name := env.Event()
	switch kind {
	case EventAction:
		return newDispatch(app, env, r).action(ctx, name, app.Actions[name])
	case EventHook:
		handler := app.hook(name)
		if handler == nil {
			return exitOK
		}
		return newDispatch(app, env, r).hook(ctx, name, handler)
	case EventNone:
	}
	app.complain(app.usage())
	return exitUsage
}

// dispatch is one dispatch under way.
type dispatch struct {
	app  App
	unit *Unit
}

// newDispatch prepares a dispatch that has something to do.
func newDispatch(app App, env Env, r Runner) *dispatch {
	a := &agent{env: env, runner: r}
	logger := slog.New(newLogHandler(a, app.LogLevel))
	return &dispatch{app: app, unit: &Unit{agent: a, logger: logger}}
}

// hook runs a hook's handler to its end.
func (d *dispatch) hook(ctx context.Context, name string, handler HookFunc) int {
	defer d.unit.agent.close(errOver)
	err := d.call(ctx, func(ctx context.Context) error {
		return handler(ctx, &Hook{Unit: d.unit, name: name})
	})
	if err == nil {
		return exitOK
	}
	if bug, ok := errors.AsType[*panicError](err); ok {
		d.bug(ctx, fmt.Sprintf("hook %q", name), bug)
		return exitFailed
	}
	text := fmt.Sprintf("hook %q failed: %v", name, err)
	if logErr := d.unit.agent.log(ctx, slog.LevelError, text); logErr != nil {
		d.complain(text)
	}
	return exitFailed
}

// action runs an action's handler to its end, and fails the action if need be.
func (d *dispatch) action(ctx context.Context, name string, handler ActionFunc) int {
	defer d.unit.agent.close(errOver)
	action := &Action{Unit: d.unit, name: name}
	err := d.call(ctx, func(ctx context.Context) error {
		if handler == nil {
			return fmt.Errorf("cannot run action %q: this charm does not have it", name)
		}
		if err := action.readParams(ctx); err != nil {
			return err
		}
		return handler(ctx, action)
	})
	if err == nil {
		return exitOK
	}
	sentence, code := err.Error(), exitOK
	if bug, ok := errors.AsType[*panicError](err); ok {
		d.bug(ctx, fmt.Sprintf("action %q", name), bug)
		sentence, code = fmt.Sprintf("internal error in action %q: see juju debug-log", name), exitFailed
	} else if strict(err) {
		return exitFailed
	}
	if failErr := action.fail(ctx, sentence); failErr != nil {
		// The task would count as completed: the exit code must say it.
		d.complain(fmt.Sprintf("action %q failed: %s (%v)", name, sentence, failErr))
		return exitFailed
	}
	return code
}

// call runs a handler until it returns, or until it has ignored for too long
// that it was cancelled.
func (d *dispatch) call(ctx context.Context, handler func(context.Context) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	d.unit.agent.lost = func() { cancel(ErrAgentGone) }
	done := make(chan error, 1)
	go func() { // ends with the handler, or with the process
		err := error(&panicError{value: "the handler ended its goroutine"})
		defer func() { done <- err }()
		err = guard(ctx, handler)
	}()
	select {
	case err := <-done:
		return explain(ctx, err)
	case <-ctx.Done():
	}
	d.unit.agent.shutDown(time.Now().Add(shutdownTime))
	timer := time.NewTimer(handlerGrace)
	defer timer.Stop()
	select {
	case err := <-done:
		return explain(ctx, err)
	case <-timer.C:
		return fmt.Errorf("interrupted (%w): the handler did not stop within %v", context.Cause(ctx), handlerGrace)
	}
}

// explain adds why the dispatch was interrupted to an error that only says
// that it was.
func explain(ctx context.Context, err error) error {
	if ctx.Err() == nil || !errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("interrupted (%w): %w", context.Cause(ctx), err)
}

// guard calls a handler and turns a panic into an error.
func guard(ctx context.Context, handler func(context.Context) error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicError{value: fmt.Sprint(value), stack: string(debug.Stack())}
		}
	}()
	if err = handler(ctx); err != nil {
		_ = err.Error() // of a nil pointer, say: a bug of the handler
	}
	return err
}

// panicError is what a handler's panic becomes.
type panicError struct{ value, stack string }

// Error is the value that the handler panicked with.
func (e *panicError) Error() string { return "panic: " + e.value }

// bug reports a panic.
func (d *dispatch) bug(ctx context.Context, where string, bug *panicError) {
	text := fmt.Sprintf("internal error in %s: panic: %s\n%s", where, bug.value, strings.TrimSpace(bug.stack))
	place := "the stack is in juju debug-log"
	if err := d.unit.agent.log(ctx, slog.LevelError, text); err != nil {
		place = err.Error()
	}
	d.complain(fmt.Sprintf("internal error in %s: panic: %s (%s)", where, bug.value, place))
}

// complain writes one line to stderr, without secrets.
func (d *dispatch) complain(line string) {
	d.app.complain(oneLine(d.unit.agent.secrets.hide(line), maxText))
}
