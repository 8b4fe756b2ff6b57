// Package operations is the part of a Juju model that runs actions: it numbers
// operations and tasks, queues a unit's tasks one behind the other, and keeps
// what they logged and returned. What a task does on its unit is a function
// that the caller gives.
package operations

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"
)

// Statuses of a task, as Juju names them.
const (
	StatusPending   = "pending"
	StatusRunning   = "running"
	StatusCompleted = "completed"
	StatusFailed    = "failed"
)

// Request asks for one action on one unit.
type Request struct {
	Unit   string         `json:"unit"`   // such as jimm-migrator/0
	Action string         `json:"action"` // its name
	Params map[string]any `json:"params"`
}

// Outcome is how a task ended.
type Outcome struct {
	Status  string
	Message string         // of action-fail, or the agent's
	Results map[string]any // with return-code
}

// Unit is where tasks run.
type Unit interface {
	// Prepare checks the request's parameters and returns them with the schema's
	// defaults. Its error is what Juju says when it refuses an action.
	Prepare(action string, params map[string]any) (map[string]any, error)
	// Run carries out a task; each line that it logs goes to log.
	Run(ctx context.Context, task string, request Request, log func(message string)) Outcome
}

// Operations runs actions on units. Make one with New.
type Operations struct {
	ctx   context.Context //nolint:containedctx // a task outlives the request that asked for it, not the model
	units map[string]*queue

	mu    sync.Mutex
	last  int
	tasks map[string]*Task
}

// queue lets one task of a unit run at a time.
type queue struct {
	unit Unit
	turn chan struct{}
}

// New returns the operations of a model with these units. Tasks run until they
// end or ctx does.
func New(ctx context.Context, units map[string]Unit) *Operations {
	o := &Operations{ctx: ctx, units: map[string]*queue{}, tasks: map[string]*Task{}}
	for name, unit := range units {
		o.units[name] = &queue{unit: unit, turn: make(chan struct{}, 1)}
	}
	return o
}

// Enqueue starts an operation of one task and returns their numbers, which
// come from one sequence. A refused action uses up an operation's number and
// has no task; refused says why.
func (o *Operations) Enqueue(request Request) (operation string, task *Task, refused error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	operation = o.next()
	queue := o.units[request.Unit]
	if queue == nil {
		return operation, nil, fmt.Errorf("unit %q not found", request.Unit)
	}
	params, err := queue.unit.Prepare(request.Action, request.Params)
	if err != nil {
		return operation, nil, err
	}
	request.Params = params
	task = newTask(o.next(), request.Unit)
	o.tasks[task.ID] = task
	go o.run(queue, task, request) // ends with the task, at the latest with o.ctx
	return operation, task, nil
}

// Task returns the task with this number, nil if there is none.
func (o *Operations) Task(id string) *Task {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.tasks[id]
}

// next returns the next number; the caller holds the lock.
func (o *Operations) next() string {
	o.last++
	return strconv.Itoa(o.last)
}

// run waits for the unit's turn and carries out the task.
func (o *Operations) run(queue *queue, task *Task, request Request) {
	select {
	case queue.turn <- struct{}{}:
		defer func() { <-queue.turn }()
	case <-o.ctx.Done():
		task.finish(Outcome{Status: StatusFailed, Message: "action terminated"})
		return
	}
	task.start()
	log := func(message string) {
		task.log(Line{Time: time.Now().Truncate(time.Second), Message: message}) // Juju keeps whole seconds
	}
	task.finish(queue.unit.Run(o.ctx, task.ID, request, log))
}
