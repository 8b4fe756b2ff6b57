package operations

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Line is one message that a task logged.
type Line struct {
	Time    time.Time `json:"time"`
	Message string    `json:"message"`
}

// State is what can be said of a task at one moment.
type State struct {
	ID        string         `json:"id"`
	Unit      string         `json:"unit"`
	Status    string         `json:"status"`
	Message   string         `json:"message,omitempty"`
	Results   map[string]any `json:"results,omitempty"`
	Enqueued  time.Time      `json:"enqueued"`
	Started   time.Time      `json:"started"`
	Completed time.Time      `json:"completed"`
}

// Done says whether the task has ended.
func (s State) Done() bool { return !s.Completed.IsZero() }

// Task is one run of an action on one unit.
type Task struct {
	ID string

	mu      sync.Mutex
	state   State
	lines   []Line
	changed chan struct{} // closed at the next change
}

func newTask(id, unit string) *Task {
	return &Task{
		ID:      id,
		state:   State{ID: id, Unit: unit, Status: StatusPending, Enqueued: time.Now()},
		changed: make(chan struct{}),
	}
}

// Look returns the task's state, its log from line number from on, and a
// channel that is closed when either changes.
func (t *Task) Look(from int) (State, []Line, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.state, slices.Clone(t.lines[min(from, len(t.lines)):]), t.changed
}

// Follow calls each for every line of the log, then returns the task's last
// state. When ctx ends first it returns the state so far; the task goes on.
func (t *Task) Follow(ctx context.Context, each func(Line)) State {
	for seen := 0; ; {
		state, lines, changed := t.Look(seen)
		for _, line := range lines {
			each(line)
		}
		seen += len(lines)
		if state.Done() {
			return state
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return state
		}
	}
}

func (t *Task) start() {
	t.change(func() { t.state.Status, t.state.Started = StatusRunning, time.Now() })
}

func (t *Task) log(line Line) {
	t.change(func() { t.lines = append(t.lines, line) })
}

func (t *Task) finish(outcome Outcome) {
	t.change(func() {
		t.state.Status, t.state.Message, t.state.Results = outcome.Status, outcome.Message, outcome.Results
		t.state.Completed = time.Now()
	})
}

// change makes a change and wakes everybody who looks.
func (t *Task) change(apply func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	apply()
	close(t.changed)
	t.changed = make(chan struct{})
}
