package operations

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"jimm-migrator/charm/charmtest"
)

// Options are the settings of a Model.
type Options struct {
	// Agents are those of the units of one application. The first is its leader.
	Agents []Agent
	// Sequence numbers the tasks of the agents.
	Sequence *charmtest.Sequence
	// Changes is notified by the agents of every line of a task's log.
	Changes *Changes
}

// Model is the model of the units. Make one with NewModel.
type Model struct {
	ctx     context.Context //nolint:containedctx // a task outlives the request that asks for it
	options Options

	mu         sync.Mutex
	operations map[string]*record
	owners     map[string]Agent         // of tasks, by id
	turns      map[string]chan struct{} // by unit: closed when its latest task has ended
}

// record is the model's own data of an operation; the rest is in its tasks.
type record struct {
	id, summary, fail string
	failed            bool // no task of its own is running
	enqueued          time.Time
	tasks             []string
	spawned           int // the number of tasks that Juju waits for
}

// NewModel makes a model. Tasks run until they end or ctx does.
func NewModel(ctx context.Context, options Options) *Model {
	return &Model{
		ctx: ctx, options: options,
		operations: map[string]*record{}, owners: map[string]Agent{}, turns: map[string]chan struct{}{},
	}
}

// Enqueue makes an operation with a task for each receiver. A task runs when those before it on the same unit have
// ended. The operation exists even without a task.
func (m *Model) Enqueue(request Request) Enqueued {
	m.mu.Lock()
	defer m.mu.Unlock()
	op := &record{
		id: m.options.Sequence.Next(), enqueued: time.Now().UTC().Truncate(time.Second), spawned: len(request.Receivers),
	}
	m.operations[op.id] = op
	answer := Enqueued{Operation: op.id}
	var tags []string
	refusals := map[string]bool{}
	for _, receiver := range request.Receivers {
		tags = append(tags, receiverTag(receiver))
		one, agent := m.enqueue(op, receiver, request)
		answer.Receivers = append(answer.Receivers, one)
		if one.Task != "" {
			op.tasks = append(op.tasks, one.Task)
			m.owners[one.Task] = agent
		}
		if one.Error != "" {
			refusals[one.Error] = true
			continue
		}
		m.start(agent, one.Task)
	}
	op.summary = request.Action + " run on " + strings.Join(tags, ",")
	if len(refusals) > 0 {
		// Juju counts texts, not receivers (3.6).
		op.spawned -= len(refusals)
		op.failed = op.spawned == 0
		op.fail = "error(s) enqueueing action(s): " + strings.Join(slices.Sorted(maps.Keys(refusals)), ", ")
	}
	return answer
}

// enqueue adds one task.
func (m *Model) enqueue(op *record, receiver string, request Request) (EnqueuedForUnit, Agent) {
	agent, err := m.receiver(receiver)
	if err != nil {
		return EnqueuedForUnit{Error: err.Error()}, nil
	}
	task, err := agent.EnqueueIn(op.id, request.Action, request.Params)
	if refusal, ok := errors.AsType[*charmtest.EnqueueError](err); ok { // the task is kept, with the status error
		return EnqueuedForUnit{Unit: agent.Unit(), Task: refusal.Task, Error: refusal.Message}, agent
	}
	if err != nil {
		return EnqueuedForUnit{Error: err.Error()}, nil
	}
	return EnqueuedForUnit{Unit: agent.Unit(), Task: task}, agent
}

// receiver finds the unit of a receiver.
func (m *Model) receiver(name string) (Agent, error) {
	app, ofLeader := strings.CutSuffix(name, "/leader")
	for _, agent := range m.options.Agents {
		if agent.Unit() == name || ofLeader && strings.HasPrefix(agent.Unit(), app+"/") {
			return agent, nil
		}
	}
	if ofLeader {
		return nil, fmt.Errorf("could not determine leader for %q", app)
	}
	return nil, fmt.Errorf("%q not found", UnitTag(name))
}

// receiverTag is how Juju names a receiver.
func receiverTag(receiver string) string {
	if strings.HasSuffix(receiver, "/leader") {
		return receiver
	}
	return UnitTag(receiver)
}

// UnitTag is the tag of a unit: unit-jimm-migrator-0.
func UnitTag(unit string) string { return "unit-" + strings.ReplaceAll(unit, "/", "-") }

// start runs a task when the one before it on the same unit has ended. The caller holds m.mu.
func (m *Model) start(agent Agent, task string) {
	before, ended := m.turns[agent.Unit()], make(chan struct{})
	m.turns[agent.Unit()] = ended
	go func() { // ends with the task, at the latest with m.ctx
		defer close(ended)
		if before != nil {
			<-before
		}
		_, _ = agent.RunTask(m.ctx, task) // the task has the result
		m.options.Changes.notify()
	}()
}

// errBadID is Juju's error for a task that does not exist.
var errBadID = errors.New("id not found")

// Task returns the current state of a task.
func (m *Model) Task(id string) (Task, error) {
	m.mu.Lock()
	agent := m.owners[id]
	m.mu.Unlock()
	if agent == nil {
		return Task{}, errBadID
	}
	task, err := agent.Task(id)
	return Task{Task: task, Unit: agent.Unit()}, err
}

// Cancel asks a task to stop and returns it. A task that has ended stays unchanged, without an error.
func (m *Model) Cancel(id string) (Task, error) {
	task, err := m.Task(id)
	if err != nil {
		return Task{}, fmt.Errorf("action %q not found", id)
	}
	m.mu.Lock()
	agent := m.owners[id]
	m.mu.Unlock()
	stopped := agent.Cancel(id) == nil // otherwise it has just ended
	m.options.Changes.notify()
	task.Task, err = agent.Task(id)
	if stopped && task.Status == charmtest.TaskAborted {
		// Juju answers with its database; the agent kills the process later.
		task.Status, task.Message, task.Completed = charmtest.TaskAborting, "", time.Time{}
	}
	return task, err
}

// follow calls each with every line of the task's log and returns the task as soon as it is neither pending nor
// running, for example when it is aborting.
func (m *Model) follow(ctx context.Context, id string, each func(charmtest.LogMessage) error) (Task, error) {
	for seen := 0; ; {
		changed := m.options.Changes.wait() // first, so that nothing is missed
		task, err := m.Task(id)
		if err != nil {
			return task, err
		}
		for _, line := range task.Log[seen:] {
			if err := each(line); err != nil {
				return task, err
			}
		}
		seen = len(task.Log)
		if task.Status != charmtest.TaskPending && task.Status != charmtest.TaskRunning {
			return task, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return task, ctx.Err()
		}
	}
}
