package operations

import (
	"encoding/json"
	"errors"
	"net/http"

	"jimm-migrator/charm/charmtest"
)

// event is one item of the stream that follows a task: a line of its log, or at the end the task.
type event struct {
	Line *charmtest.LogMessage `json:"line,omitempty"`
	Task *Task                 `json:"task,omitempty"`
}

// Handler serves a model to a Client.
func Handler(m *Model) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /operations", func(w http.ResponseWriter, r *http.Request) {
		var request Request
		if read(w, r, &request) {
			answer(w, m.Enqueue(request), nil)
		}
	})
	mux.HandleFunc("POST /operations/list", func(w http.ResponseWriter, r *http.Request) {
		var query Query
		if read(w, r, &query) {
			found, err := m.Operations(query)
			answer(w, found, err)
		}
	})
	mux.HandleFunc("GET /operations/{id}", func(w http.ResponseWriter, r *http.Request) {
		op, err := m.Operation(r.PathValue("id"))
		answer(w, op, err)
	})
	mux.HandleFunc("GET /tasks/{id}", func(w http.ResponseWriter, r *http.Request) {
		task, err := m.Task(r.PathValue("id"))
		answer(w, task, err)
	})
	mux.HandleFunc("POST /tasks/{id}/cancel", func(w http.ResponseWriter, r *http.Request) {
		task, err := m.Cancel(r.PathValue("id"))
		answer(w, task, err)
	})
	mux.HandleFunc("GET /tasks/{id}/log", func(w http.ResponseWriter, r *http.Request) { follow(m, w, r) })
	return mux
}

// read decodes a request's body, or answers that it is wrong.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	if err := json.NewDecoder(r.Body).Decode(into); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return false
	}
	return true
}

// answer sends a value, or the error.
func answer(w http.ResponseWriter, value any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	_ = json.NewEncoder(w).Encode(value) // the client may be gone
}

// follow streams a task's log, then the task.
func follow(m *Model, w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	if _, err := m.Task(id); err != nil {
		answer(w, nil, err)
		return
	}
	out, stream := json.NewEncoder(w), http.NewResponseController(w)
	task, err := m.follow(r.Context(), id, func(line charmtest.LogMessage) error {
		return errors.Join(out.Encode(event{Line: &line}), stream.Flush())
	})
	if err == nil {
		_ = out.Encode(event{Task: &task}) // as above
	}
}
