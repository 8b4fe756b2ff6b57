package operations

import (
	"fmt"
	"slices"
	"strings"

	"jimm-migrator/charm/charmtest"
)

// statusError is the status of an operation without tasks.
const statusError = "error"

// Operation returns the current state of an operation.
func (m *Model) Operation(id string) (Operation, error) {
	m.mu.Lock()
	op := m.operations[id]
	m.mu.Unlock()
	if op == nil {
		return Operation{}, fmt.Errorf("operation %s not found", id)
	}
	out := Operation{ID: op.id, Summary: op.summary, Fail: op.fail, Enqueued: op.enqueued}
	for _, id := range op.tasks {
		task, err := m.Task(id)
		if err != nil {
			return Operation{}, err
		}
		out.Tasks = append(out.Tasks, task)
	}
	// Juju sorts the ids as texts: 10 precedes 9.
	slices.SortFunc(out.Tasks, func(a, b Task) int { return strings.Compare(a.ID, b.ID) })
	out.Status = op.status(&out)
	return out, nil
}

// status computes the status of an operation and its times from its tasks.
func (op *record) status(out *Operation) string {
	completed := op.times(out)
	switch {
	case op.failed:
		return statusError
	case completed == op.spawned && completed > 0:
		out.Completed = latest(out.Tasks).Completed
		return op.ended(out)
	case !out.Started.IsZero():
		return string(charmtest.TaskRunning)
	}
	if status := worst(out.Tasks, charmtest.TaskRunning, charmtest.TaskPending); status != "" {
		return status
	}
	return string(charmtest.TaskPending)
}

// times sets when the first task began, and counts the ended ones.
func (op *record) times(out *Operation) (completed int) {
	for _, task := range out.Tasks {
		if !task.Started.IsZero() && (out.Started.IsZero() || task.Started.Before(out.Started)) {
			out.Started = task.Started
		}
		switch task.Status {
		case charmtest.TaskPending, charmtest.TaskRunning, charmtest.TaskAborting:
		default:
			completed++
		}
	}
	return completed
}

// ended is the status of an operation when all of its tasks have ended: the worst of theirs, in an order without
// aborted ones.
func (op *record) ended(out *Operation) string {
	status := worst(out.Tasks)
	if status == "" {
		status = string(latest(out.Tasks).Status)
	}
	if status == string(charmtest.TaskCompleted) && op.fail != "" {
		status = statusError
	}
	return status
}

// worst returns the first status in Juju's order that a task has: those given,
// failed, cancelled, completed.
func worst(tasks []Task, first ...charmtest.TaskStatus) string {
	for _, status := range append(first, charmtest.TaskError, charmtest.TaskFailed, charmtest.TaskCancelled, charmtest.TaskCompleted) {
		if slices.ContainsFunc(tasks, func(t Task) bool { return t.Status == status }) {
			return string(status)
		}
	}
	return ""
}

// latest returns the task that has ended last.
func latest(tasks []Task) Task {
	return slices.MaxFunc(tasks, func(a, b Task) int { return a.Completed.Compare(b.Completed) })
}
