// Package operations is the part of a Juju controller that runs actions: it keeps the operations and tasks of an
// application's units with agents in this process, serves them on a unix socket, and has the client that other
// processes use. Refusals, and the status of an operation, are those of Juju 3.6.
package operations

import (
	"context"
	"sync"
	"time"

	"jimm-migrator/charm/charmtest"
)

// Request requests an action on units.
type Request struct {
	Receivers []string       `json:"receivers"` // such as jimm-migrator/0 or jimm-migrator/leader
	Action    string         `json:"action"`    // its name
	Params    map[string]any `json:"params"`
}

// Enqueued is the answer to a request: the new operation, and the outcome for each receiver.
type Enqueued struct {
	Operation string            `json:"operation"`
	Receivers []EnqueuedForUnit `json:"receivers"`
}

// EnqueuedForUnit is a new task, or why there is none.
type EnqueuedForUnit struct {
	Unit  string `json:"unit,omitempty"`
	Task  string `json:"task,omitempty"`
	Error string `json:"error,omitempty"`
}

// Task is a task and the unit that it is for.
type Task struct {
	charmtest.Task
	Unit string `json:"unit"`
}

// Operation is an operation with its tasks.
type Operation struct {
	ID        string    `json:"id"`
	Summary   string    `json:"summary"`
	Status    string    `json:"status"`
	Fail      string    `json:"fail,omitempty"` // why tasks could not be enqueued
	Enqueued  time.Time `json:"enqueued"`
	Started   time.Time `json:"started"`
	Completed time.Time `json:"completed"`
	Tasks     []Task    `json:"tasks,omitempty"`
}

// Agent runs the tasks of a unit, one at a time; *charmtest.Agent is one.
type Agent interface {
	Unit() string
	EnqueueIn(operation, action string, params map[string]any) (task string, err error)
	RunTask(ctx context.Context, task string) (charmtest.Task, error)
	Task(task string) (charmtest.Task, error)
	Cancel(task string) error
}

// Changes wakes clients that follow tasks. The zero value works.
type Changes struct {
	mu   sync.Mutex
	next chan struct{} // closed at the next change; nil: nothing waits
}

// Logged reports that a task has changed. It has the signature of the agent's Options.OnLog.
func (c *Changes) Logged(string, charmtest.LogMessage) { c.notify() }

func (c *Changes) notify() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next != nil {
		close(c.next)
		c.next = nil
	}
}

// wait returns a channel that is closed at the next change.
func (c *Changes) wait() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.next == nil {
		c.next = make(chan struct{})
	}
	return c.next
}
