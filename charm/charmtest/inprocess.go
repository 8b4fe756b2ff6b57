package charmtest

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"

	"jimm-migrator/charm"
)

// errSIGTERM and errSIGKILL are the causes with which the context of a Func
// ends.
var (
	errSIGTERM = errors.New("SIGTERM")
	errSIGKILL = errors.New("SIGKILL")
)

// funcProcess is a dispatch in this process. A function cannot be killed: its
// context is cancelled and its hook tools refuse, and however it then returns,
// it counts as killed.
type funcProcess struct {
	cancel context.CancelCauseFunc
	done   chan exit

	mu     sync.Mutex
	killed bool
}

// startFunc starts the App or Func of the options.
func (a *Agent) startFunc(ctx context.Context, r *run) process {
	a.mu.Lock()
	env := a.environ(r, a.defaultLayout())
	a.mu.Unlock()
	fn := a.opts.Func
	if fn == nil {
		fn = a.appFunc()
	}
	// The end of ctx is a kill, which execute delivers.
	runCtx, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	p := &funcProcess{cancel: cancel, done: make(chan exit, 1)}
	go func() { // ends with the function
		p.done <- call(runCtx, fn, env, runTools{r})
	}()
	return p
}

// appFunc runs a charm.App as its own main function would.
func (a *Agent) appFunc() Func {
	return func(ctx context.Context, env []string, tools charm.Runner) int {
		return charm.Dispatch(ctx, *a.opts.App, charm.ReadEnv(Lookup(env)), tools)
	}
}

// Lookup finds variables in an environment of the form that [Func] gets.
func Lookup(env []string) func(name string) (value string, ok bool) {
	return func(name string) (string, bool) {
		for _, entry := range env {
			if key, value, _ := strings.Cut(entry, "="); key == name {
				return value, true
			}
		}
		return "", false
	}
}

// call calls the function. A panic ends it as it ends a Go program.
func call(ctx context.Context, fn Func, env []string, tools charm.Runner) (e exit) {
	defer func() {
		if value := recover(); value != nil {
			e = exit{code: 2, stderr: fmt.Appendf(nil, "panic: %v\n\n%s", value, debug.Stack())}
		}
	}()
	return exit{code: fn(ctx, env, tools)}
}

func (p *funcProcess) signal(sig syscall.Signal, _ bool) {
	if sig != syscall.SIGKILL {
		p.cancel(errSIGTERM)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.killed = true
	p.cancel(errSIGKILL)
}

func (p *funcProcess) wait() exit {
	e := <-p.done
	p.cancel(nil)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.killed {
		return exit{code: -1, signal: syscall.SIGKILL, stdout: e.stdout, stderr: e.stderr}
	}
	return e
}

// runTools are the hook tools of one dispatch: they refuse when it is over.
type runTools struct{ run *run }

// Run runs a hook tool in this process.
func (t runTools) Run(ctx context.Context, call charm.ToolCall) ([]byte, error) {
	return t.run.agent.runTool(ctx, t.run, call)
}
