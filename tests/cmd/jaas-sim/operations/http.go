package operations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// Enqueued is the answer to a request: the numbers, or why it was refused.
type Enqueued struct {
	Operation string `json:"operation"`
	Task      string `json:"task,omitempty"`
	Refused   string `json:"refused,omitempty"`
}

// event is one line of the stream that follows a task.
type event struct {
	Line  *Line  `json:"line,omitempty"`
	State *State `json:"state,omitempty"`
}

// Handler serves the operations to a Client in another process.
func (o *Operations) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /operations", o.serveEnqueue)
	mux.HandleFunc("GET /tasks/{id}", o.serveFollow)
	return mux
}

func (o *Operations) serveEnqueue(w http.ResponseWriter, r *http.Request) {
	var request Request
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	operation, task, refused := o.Enqueue(request)
	answer := Enqueued{Operation: operation}
	if refused != nil {
		answer.Refused = refused.Error()
	} else {
		answer.Task = task.ID
	}
	json.NewEncoder(w).Encode(answer) //nolint:errcheck // a client that has gone needs no answer
}

func (o *Operations) serveFollow(w http.ResponseWriter, r *http.Request) {
	task := o.Task(r.PathValue("id"))
	if task == nil {
		http.Error(w, fmt.Sprintf("task %q not found", r.PathValue("id")), http.StatusNotFound)
		return
	}
	out, flush := json.NewEncoder(w), http.NewResponseController(w)
	state := task.Follow(r.Context(), func(line Line) {
		if out.Encode(event{Line: &line}) == nil {
			flush.Flush() // the next line shows whether the client has gone
		}
	})
	out.Encode(event{State: &state}) //nolint:errcheck // as above
}

// Client asks for operations over a unix socket.
type Client struct{ http http.Client }

// NewClient returns a client of the handler that is served on the socket.
func NewClient(socket string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	return &Client{http: http.Client{Transport: &http.Transport{DialContext: dial}}}
}

// Enqueue asks for an action.
func (c *Client) Enqueue(ctx context.Context, request Request) (Enqueued, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return Enqueued{}, fmt.Errorf("cannot send the parameters: %w", err)
	}
	answer, err := c.do(ctx, http.MethodPost, "/operations", strings.NewReader(string(body)))
	if err != nil {
		return Enqueued{}, err
	}
	defer answer.Close()
	var enqueued Enqueued
	if err := json.NewDecoder(answer).Decode(&enqueued); err != nil {
		return Enqueued{}, fmt.Errorf("cannot read the answer: %w", err)
	}
	return enqueued, nil
}

// Follow calls each for every line of the task's log and returns the state in
// which the task ended.
func (c *Client) Follow(ctx context.Context, task string, each func(Line)) (State, error) {
	answer, err := c.do(ctx, http.MethodGet, "/tasks/"+task, nil)
	if err != nil {
		return State{}, err
	}
	defer answer.Close()
	for in := json.NewDecoder(answer); ; {
		var event event
		switch err := in.Decode(&event); {
		case errors.Is(err, io.EOF):
			return State{}, fmt.Errorf("cannot follow task %s: its model went away", task)
		case err != nil:
			return State{}, fmt.Errorf("cannot follow task %s: %w", task, err)
		case event.State != nil:
			return *event.State, nil
		case event.Line != nil:
			each(*event.Line)
		}
	}
}

func (c *Client) do(ctx context.Context, method, path string, body io.Reader) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://model"+path, body)
	if err != nil {
		return nil, fmt.Errorf("cannot ask the model: %w", err)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("cannot ask the model: %w", err)
	}
	if answer.StatusCode == http.StatusOK {
		return answer.Body, nil
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
	return nil, errors.Join(errors.New(strings.TrimSpace(string(text))), err)
}
