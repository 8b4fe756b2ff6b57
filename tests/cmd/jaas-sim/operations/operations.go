// Package operations lets other processes run actions on a unit whose agent is
// in this one: it serves the agent's tasks on a unix socket, and its client
// asks for them and follows their log.
package operations

import (
	"context"
	"sync"

	"jimm-migrator/charm/charmtest"
)

// Request asks for one action on one unit.
type Request struct {
	Unit   string         `json:"unit"`   // such as jimm-migrator/0
	Action string         `json:"action"` // its name
	Params map[string]any `json:"params"`
}

// Agent is what a unit's agent does with tasks; *charmtest.Agent is one. It
// runs one task at a time.
type Agent interface {
	Unit() string
	Enqueue(action string, params map[string]any) (task string, err error)
	RunTask(ctx context.Context, task string) (charmtest.Task, error)
	Task(task string) (charmtest.Task, error)
}

// Changes wakes those who follow tasks. The zero value works.
type Changes struct {
	mu   sync.Mutex
	next chan struct{} // closed at the next change; nil: nobody waits
}

// Logged says that a task has changed. It has the form of the agent's
// Options.OnLog.
func (c *Changes) Logged(string, charmtest.LogMessage) {
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

// follow calls each with every line of the task's log and returns the task when
// it has ended.
func follow(
	ctx context.Context, agent Agent, changes *Changes, id string, each func(charmtest.LogMessage) error,
) (charmtest.Task, error) {
	for seen := 0; ; {
		changed := changes.wait() // first, so that nothing is missed
		task, err := agent.Task(id)
		if err != nil {
			return task, err
		}
		for _, line := range task.Log[seen:] {
			if err := each(line); err != nil {
				return task, err
			}
		}
		seen = len(task.Log)
		if !task.Completed.IsZero() {
			return task, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return task, ctx.Err()
		}
	}
}
