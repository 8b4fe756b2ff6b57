package operations

import (
	"fmt"
	"slices"
	"strconv"
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

// Query selects operations: those with a task of one of the actions, on one of
// the units, and with one of the statuses. An empty list selects all.
type Query struct {
	Applications []string `json:"applications,omitempty"`
	Units        []string `json:"units,omitempty"`
	Actions      []string `json:"actions,omitempty"`
	Status       []string `json:"status,omitempty"`
}

// Operations returns the operations that have a task, in the order of their
// numbers, without results and logs, as Juju lists them.
func (m *Model) Operations(query Query) ([]Operation, error) {
	m.mu.Lock()
	var ids []int
	for id := range m.operations {
		number, err := strconv.Atoi(id)
		if err != nil {
			m.mu.Unlock()
			return nil, fmt.Errorf("cannot sort operations: %w", err)
		}
		ids = append(ids, number)
	}
	m.mu.Unlock()
	slices.Sort(ids)
	var found []Operation
	for _, id := range ids {
		op, err := m.Operation(strconv.Itoa(id))
		if err != nil {
			return nil, err
		}
		op.Tasks = slices.DeleteFunc(op.Tasks, func(t Task) bool { return !query.wants(t) })
		if len(op.Tasks) == 0 || len(query.Status) > 0 && !slices.Contains(query.Status, op.Status) {
			continue
		}
		for i := range op.Tasks {
			op.Tasks[i].Results, op.Tasks[i].Log = nil, nil
		}
		found = append(found, op)
	}
	return found, nil
}

func (q Query) wants(t Task) bool {
	app, _, _ := strings.Cut(t.Unit, "/")
	anyUnit := len(q.Units) == 0 && len(q.Applications) == 0
	return (anyUnit || slices.Contains(q.Units, t.Unit) || slices.Contains(q.Applications, app)) &&
		(len(q.Actions) == 0 || slices.Contains(q.Actions, t.Action))
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
