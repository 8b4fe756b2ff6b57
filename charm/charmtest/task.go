package charmtest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	jujucharm "github.com/juju/charm/v12"
)

// TaskStatus is the status of a task, as juju show-task gives it.
type TaskStatus string

// The statuses of a task.
const (
	TaskPending   TaskStatus = "pending"
	TaskRunning   TaskStatus = "running"
	TaskCompleted TaskStatus = "completed"
	TaskFailed    TaskStatus = "failed"
	TaskCancelled TaskStatus = "cancelled" // before it ran
	TaskAborting  TaskStatus = "aborting"  // asked to stop while running
	TaskAborted   TaskStatus = "aborted"   // killed after that
	TaskError     TaskStatus = "error"     // refused: it never runs
)

// maxTaskLogs is how many messages a task keeps: Juju 3.x drops a message,
// silently, if there are more than 1000 already.
const maxTaskLogs = 1001

// LogMessage is a progress message of a task. Juju keeps its time in whole
// seconds.
type LogMessage struct {
	Time    time.Time
	Message string
}

// Task is one run of an action, as the controller shows it.
type Task struct {
	ID        string
	Operation string // the operation that the task is part of
	Action    string
	Params    map[string]any // including the defaults
	Status    TaskStatus
	Message   string
	// Results nest as the keys of action-set do; all values are strings except
	// return-code, an int. Nil if dispatch never ran.
	Results   map[string]any
	Log       []LogMessage
	Enqueued  time.Time
	Started   time.Time
	Completed time.Time
}

// ReturnCode returns the return code that the agent put into the results, if it
// did.
func (t Task) ReturnCode() (code int, ok bool) {
	code, ok = t.Results["return-code"].(int)
	return code, ok
}

// Result returns the result with the given path, such as "model.uuid", or "".
func (t Task) Result(path string) string {
	var value any = t.Results
	for key := range strings.SplitSeq(path, ".") {
		inner, _ := value.(map[string]any)
		value = inner[key]
	}
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// clone copies what the agent may still change.
func (t *Task) clone() Task {
	out := *t
	out.Log = slices.Clone(t.Log)
	out.Results, _ = deepCopy(t.Results).(map[string]any)
	out.Params, _ = deepCopy(t.Params).(map[string]any)
	return out
}

// EnqueueError is the controller's refusal of a new task. The operation and the
// task exist anyway.
type EnqueueError struct {
	Operation string
	Task      string
	Message   string // Juju's text
}

// Error returns Juju's text.
func (e *EnqueueError) Error() string { return e.Message }

// Sequence counts the operations and tasks of a model, together and from 1. The
// zero value works.
type Sequence struct {
	mu   sync.Mutex
	last int
}

// Next takes a number.
func (s *Sequence) Next() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	return strconv.Itoa(s.last)
}

// Enqueue adds an operation with one task for an action, with parameters as
// they come from JSON or from [ParseRunArgs], and returns the task's id. A
// refusal is an [*EnqueueError].
func (a *Agent) Enqueue(action string, params map[string]any) (task string, err error) {
	return a.EnqueueIn(a.opts.Sequence.Next(), action, params)
}

// EnqueueIn adds a task to an operation, which may have tasks of other units
// too; its number is from the [Sequence] that the units share.
func (a *Agent) EnqueueIn(operation, action string, params map[string]any) (task string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t := &Task{
		ID: a.opts.Sequence.Next(), Operation: operation, Action: action,
		Params: params, Status: TaskPending, Enqueued: nowToTheSecond(),
	}
	a.tasks = append(a.tasks, t)
	prepared, err := a.prepare(action, params)
	if err != nil { // since Juju 3.4 the task is kept; seen with 3.6.28
		t.Status, t.Message = TaskError, err.Error()
		return "", &EnqueueError{Operation: operation, Task: t.ID, Message: t.Message}
	}
	t.Params = prepared
	return t.ID, nil
}

func (a *Agent) prepare(action string, params map[string]any) (map[string]any, error) {
	actions := a.charm.Actions().ActionSpecs
	if len(actions) == 0 {
		return nil, fmt.Errorf("no actions defined on charm %q", "local:"+a.charm.Meta().Name+"-0")
	}
	spec, ok := actions[action]
	if !ok {
		return nil, fmt.Errorf("action %q not defined on unit %q", action, a.unit)
	}
	return PrepareParams(spec, params)
}

// Actions returns the charm's actions by name.
func (a *Agent) Actions() map[string]jujucharm.ActionSpec { return a.Charm().Actions().ActionSpecs }

// Task returns a task as it is now.
func (a *Agent) Task(id string) (Task, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, err := a.task(id)
	if err != nil {
		return Task{}, err
	}
	return t.clone(), nil
}

// task finds a task. The caller holds a.mu.
func (a *Agent) task(id string) (*Task, error) {
	for _, t := range a.tasks {
		if t.ID == id {
			return t, nil
		}
	}
	return nil, fmt.Errorf("task %q not found", id)
}

// Cancel does what juju cancel-task does: a pending task becomes cancelled, a
// running one becomes aborting, and its dispatch process, but not its children,
// is killed at once with SIGKILL.
func (a *Agent) Cancel(id string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	t, err := a.task(id)
	if err != nil {
		return err
	}
	switch t.Status {
	case TaskPending:
		t.Status, t.Message = TaskCancelled, "action cancelled via the API"
		t.Completed = nowToTheSecond()
	case TaskRunning:
		t.Status = TaskAborting
		if a.running != nil { // else it has just ended by itself
			a.running.kill()
		}
	case TaskAborting, TaskAborted, TaskCancelled, TaskCompleted, TaskFailed, TaskError:
		return fmt.Errorf("cannot cancel task %q: it is %s", id, t.Status)
	}
	return nil
}

// nowToTheSecond is the current time as a 3.x controller stores it.
func nowToTheSecond() time.Time { return time.Now().UTC().Truncate(time.Second) }

// deepCopy copies nested maps and lists.
func deepCopy(value any) any {
	switch value := value.(type) {
	case map[string]any:
		if value == nil {
			return value
		}
		out := make(map[string]any, len(value))
		for key, inner := range value {
			out[key] = deepCopy(inner)
		}
		return out
	case []any:
		out := make([]any, len(value))
		for i, inner := range value {
			out[i] = deepCopy(inner)
		}
		return out
	}
	return value
}

// errNoTask reports that an action tool was used outside an action.
var errNoTask = errors.New("not running an action")
