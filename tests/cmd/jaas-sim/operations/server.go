package operations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"jimm-migrator/charm/charmtest"
)

// Enqueued is the answer to a request: the numbers of the operation and its
// task, or why there is no task.
type Enqueued struct {
	Operation string `json:"operation,omitempty"`
	Task      string `json:"task,omitempty"`
	Refused   string `json:"refused,omitempty"`
}

// event is one item of the stream that follows a task: a line of its log, or at
// the end the task.
type event struct {
	Line *charmtest.LogMessage `json:"line,omitempty"`
	Task *charmtest.Task       `json:"task,omitempty"`
}

// server serves one agent.
type server struct {
	ctx     context.Context //nolint:containedctx // a task outlives the request that asks for it
	agent   Agent
	changes *Changes
}

// Handler serves an agent's tasks to a Client. Tasks run until they end or ctx
// does.
func Handler(ctx context.Context, agent Agent, changes *Changes) http.Handler {
	s := &server{ctx: ctx, agent: agent, changes: changes}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /operations", s.enqueue)
	mux.HandleFunc("GET /tasks/{id}", s.follow)
	return mux
}

// enqueue adds a task and lets it run when those before it have ended.
func (s *server) enqueue(w http.ResponseWriter, r *http.Request) {
	var request Request
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if request.Unit != s.agent.Unit() {
		http.Error(w, fmt.Sprintf("unit %q not found", request.Unit), http.StatusNotFound)
		return
	}
	id, err := s.agent.Enqueue(request.Action, request.Params)
	if refusal, ok := errors.AsType[*charmtest.EnqueueError](err); ok {
		_ = json.NewEncoder(w).Encode(Enqueued{Operation: refusal.Operation, Refused: refusal.Message})
		return
	}
	task, taskErr := s.agent.Task(id)
	if err := errors.Join(err, taskErr); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	go func() { // ends with the task, at the latest with s.ctx
		_, _ = s.agent.RunTask(s.ctx, id) // how it went is in the task
		s.changes.Logged(id, charmtest.LogMessage{})
	}()
	_ = json.NewEncoder(w).Encode(Enqueued{Operation: task.Operation, Task: id}) // to a client that may be gone
}

// follow streams a task's log, then the task.
func (s *server) follow(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if _, err := s.agent.Task(id); err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	out, stream := json.NewEncoder(w), http.NewResponseController(w)
	task, err := follow(r.Context(), s.agent, s.changes, id, func(line charmtest.LogMessage) error {
		return errors.Join(out.Encode(event{Line: &line}), stream.Flush())
	})
	if err == nil {
		_ = out.Encode(event{Task: &task}) // to a client that may be gone
	}
}
