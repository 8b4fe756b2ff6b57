package charmtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"syscall"
	"time"
)

// run is one dispatch, with the context that its hook tools see. All of it is
// guarded by the agent's mu.
type run struct {
	agent *Agent
	id    string // JUJU_CONTEXT_ID
	name  string // of the hook or action
	task  *Task  // nil for hooks
	hook  HookDetails

	proc      process
	early     []func()    // signals from before the process was known
	killed    bool        // by SIGKILL, from us
	grace     *time.Timer // from SIGTERM to SIGKILL
	agentDied bool
	ended     bool

	failed      bool
	failMessage string

	snapshot
	pending changes
}

// snapshot is what a dispatch reads once and then keeps, whatever changes.
type snapshot struct {
	config    map[string]any
	status    map[bool]*Status // by whether it is the application's
	state     map[string]string
	members   map[int][]string             // units by relation
	remote    map[string]map[string]string // data by relation and owner
	notLeader bool
}

// changes are the writes that are kept only if dispatch exits with 0.
type changes struct {
	state     bool // whether snapshot.state replaces the agent's
	relations map[relationKey]map[string]string
}

type relationKey struct {
	id  int
	app bool
}

func (a *Agent) newRun(name string, task *Task, details HookDetails) *run {
	raw := make([]byte, 16)
	_, _ = rand.Read(raw) // never fails
	r := &run{
		agent: a, id: a.unit + "-" + name + "-" + hex.EncodeToString(raw), name: name, task: task, hook: details,
		snapshot: snapshot{
			status: map[bool]*Status{}, members: map[int][]string{}, remote: map[string]map[string]string{},
		},
		pending: changes{relations: map[relationKey]map[string]string{}},
	}
	for id, rel := range a.relations {
		r.members[id] = slices.Sorted(maps.Keys(rel.units))
	}
	return r
}

// dispatchPath is JUJU_DISPATCH_PATH.
func (r *run) dispatchPath() string {
	if r.task != nil {
		return "actions/" + r.name
	}
	return "hooks/" + r.name
}

// kill ends the dispatch process, and only that, as a cancel does.
func (r *run) kill() { r.signal(syscall.SIGKILL, false) }

// killGroup ends the dispatch process and its children.
func (r *run) killGroup() { r.signal(syscall.SIGKILL, true) }

// signal signals the dispatch. A process that is just being started gets the
// signal as soon as it is known.
func (r *run) signal(sig syscall.Signal, group bool) {
	r.killed = r.killed || sig == syscall.SIGKILL
	if r.proc == nil {
		r.early = append(r.early, func() { r.proc.signal(sig, group) })
		return
	}
	r.proc.signal(sig, group)
}

// process is a dispatch under way.
type process interface {
	// signal signals the process, or its whole group. It never blocks.
	signal(sig syscall.Signal, group bool)
	// wait returns when the process has ended and its output is read.
	wait() exit
}

// exit is how a dispatch ended.
type exit struct {
	code   int
	signal syscall.Signal // what ended it, if one did
	err    error          // why it could not be started; errNoHandler if there is nothing to start
	stdout []byte         // whole lines only
	stderr []byte
}

// errNoHandler means that the charm has no program for a hook or action.
var errNoHandler = errors.New("no dispatch, and no program for this hook or action")

// execute runs a dispatch to its end. The end of ctx ends it early, with
// SIGKILL.
func (a *Agent) execute(ctx context.Context, r *run) exit {
	a.mu.Lock()
	a.running = r
	if a.closed {
		r.killGroup()
	}
	a.mu.Unlock()
	defer func() {
		a.mu.Lock()
		a.running, r.ended = nil, true
		if r.grace != nil {
			r.grace.Stop()
		}
		a.mu.Unlock()
	}()
	proc, err := a.start(ctx, r)
	if err != nil {
		return exit{code: -1, err: err}
	}
	a.mu.Lock()
	r.proc = proc
	for _, signal := range r.early {
		signal()
	}
	a.mu.Unlock()
	stop := context.AfterFunc(ctx, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		r.killGroup()
	})
	defer stop()
	return proc.wait()
}

func (a *Agent) start(ctx context.Context, r *run) (process, error) {
	switch {
	case a.home != nil:
		return a.home.start(ctx, r)
	case a.opts.App == nil && a.opts.Func == nil:
		return nil, errNoHandler
	}
	return a.startFunc(ctx, r), nil
}

// Termination says how a unit is stopped from outside.
type Termination struct {
	// Grace is the time between SIGTERM and SIGKILL. Zero means 30 seconds, as
	// Kubernetes gives a pod.
	Grace time.Duration
	// AgentDies means that the agent ends at once too: hook tools are refused,
	// nothing is committed, and the task fails with "action terminated".
	AgentDies bool
}

// Terminate ends what is running as the end of a pod does: SIGTERM to dispatch
// and its children, then SIGKILL if it is still running after the grace period.
// It does not wait.
func (a *Agent) Terminate(t Termination) error {
	if t.Grace == 0 {
		t.Grace = 30 * time.Second
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	r := a.running
	if r == nil {
		return errors.New("cannot terminate: nothing runs")
	}
	r.agentDied = r.agentDied || t.AgentDies
	r.signal(syscall.SIGTERM, true)
	if r.grace != nil {
		r.grace.Stop()
	}
	r.grace = time.AfterFunc(t.Grace, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		if !r.ended {
			r.killGroup()
		}
	})
	return nil
}

// Kill ends the running dispatch with SIGKILL, as the kernel does when memory
// runs out.
func (a *Agent) Kill() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.running == nil {
		return errors.New("cannot kill: nothing runs")
	}
	a.running.kill()
	return nil
}

// Running returns the name of the running hook or action, and the id of its
// task if it is an action.
func (a *Agent) Running() (event, task string, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.running == nil {
		return "", "", false
	}
	if a.running.task != nil {
		task = a.running.task.ID
	}
	return a.running.name, task, true
}

// signalText is what the agent reports about a process that a signal ended.
func signalText(sig syscall.Signal) string {
	if sig == syscall.SIGTERM || sig == syscall.SIGKILL {
		return "terminated"
	}
	return fmt.Sprintf("signal: %v", sig)
}
