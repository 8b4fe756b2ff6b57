package charmtest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"strings"
	"unicode/utf8"
)

// RunTask runs a pending task to its end. The task says how the action went; an
// error means that it could not be run at all, or that ctx ended it.
func (a *Agent) RunTask(ctx context.Context, id string) (Task, error) {
	if err := a.acquire(ctx); err != nil {
		return Task{}, fmt.Errorf("cannot run task %q: %w", id, err)
	}
	defer a.release()
	a.mu.Lock()
	t, err := a.task(id)
	if err == nil && t.Status != TaskPending {
		err = fmt.Errorf("cannot run task %q: it is %s", id, t.Status)
	}
	if err != nil {
		a.mu.Unlock()
		return Task{}, err
	}
	t.Status, t.Started = TaskRunning, nowToTheSecond()
	r := a.newRun(t.Action, t, HookDetails{})
	a.running = r // with the status, for a cancel that comes at once
	a.mu.Unlock()

	e := a.execute(ctx, r)

	a.mu.Lock()
	defer a.mu.Unlock()
	a.finishTask(r, e)
	return t.clone(), context.Cause(ctx)
}

// RunAction adds a task for an action and runs it to its end.
func (a *Agent) RunAction(ctx context.Context, action string, params map[string]any) (Task, error) {
	id, err := a.Enqueue(action, params)
	if err != nil {
		return Task{}, err
	}
	return a.RunTask(ctx, id)
}

// finishTask gives a task the status, message and results that follow from how
// its dispatch ended. The caller holds a.mu.
func (a *Agent) finishTask(r *run, e exit) {
	t := r.task
	t.Completed = nowToTheSecond()
	if r.agentDied {
		t.Status, t.Message, t.Results = TaskFailed, "action terminated", nil
		return
	}
	if errors.Is(e.err, errNoHandler) {
		t.Status, t.Message = TaskFailed, fmt.Sprintf("action not implemented on unit %q", a.unit)
		return
	}
	if t.Results == nil {
		t.Results = map[string]any{}
	}
	aborting := t.Status == TaskAborting
	t.Status, t.Results["return-code"] = TaskFailed, e.code
	addOutput(t.Results, "stdout", e.stdout)
	addOutput(t.Results, "stderr", e.stderr)
	switch {
	case e.err != nil:
		t.Message = e.err.Error()
	case e.signal != 0:
		t.Message = signalText(e.signal)
		if aborting {
			t.Status = TaskAborted
		}
	case e.code != 0:
		t.Message = fmt.Sprintf("exit status %d", e.code)
	default:
		a.finishGood(r)
	}
}

// finishGood ends a task whose dispatch has exited with 0.
func (a *Agent) finishGood(r *run) {
	t := r.task
	t.Message = r.failMessage
	if err := a.commit(r); err != nil {
		if t.Message == "" {
			t.Message = "committing requested changes failed"
		}
		stderr, _ := t.Results["stderr"].(string)
		t.Results["stderr"] = stderr + err.Error()
		return
	}
	if !r.failed {
		t.Status = TaskCompleted
	}
}

// addOutput adds what dispatch wrote to a task's results, if it wrote anything.
func addOutput(results map[string]any, name string, output []byte) {
	switch {
	case len(output) == 0:
	case utf8.Valid(output):
		results[name] = string(output)
	default:
		results[name] = base64.StdEncoding.EncodeToString(output)
		results[name+"-encoding"] = "base64"
	}
}

// commit makes the writes of a dispatch that ended well permanent: all or
// none. The caller holds a.mu.
func (a *Agent) commit(r *run) error {
	if err := a.commitErr; err != nil {
		a.commitErr = nil
		return err
	}
	p := r.pending
	if p.state {
		if size := bsonSize(r.state); size > a.opts.MaxStateSize {
			return fmt.Errorf("max allowed size (%d) exceeded", a.opts.MaxStateSize)
		}
		a.state = maps.Clone(r.state)
	}
	for key, data := range p.relations {
		if rel, ok := a.relations[key.id]; ok {
			rel.local[key.app] = data
		}
	}
	return nil
}

// bsonSize is the size of a state as the controller counts it.
func bsonSize(state map[string]string) int {
	size := 5 // length and end of the document
	for key, value := range state {
		// Type, key, its end, length, value, its end. Dots and dollars in keys
		// are stored as characters of three bytes.
		size += 1 + len(key) + 2*strings.Count(key, ".") + 2*strings.Count(key, "$") + 1 + 4 + len(value) + 1
	}
	return size
}
