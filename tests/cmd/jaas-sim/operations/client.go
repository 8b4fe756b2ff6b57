package operations

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	"jimm-migrator/charm/charmtest"
)

// Client calls a Model of another process. Refusals of the model have Juju's texts.
type Client struct{ http http.Client }

// NewClient returns a client of the Handler that is served on the unix socket.
func NewClient(socket string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	return &Client{http: http.Client{Transport: &http.Transport{DialContext: dial}}}
}

// Enqueue requests an action. Refusals of tasks are not errors.
func (c *Client) Enqueue(ctx context.Context, request Request) (enqueued Enqueued, err error) {
	err = c.Ask(ctx, http.MethodPost, "/operations", request, &enqueued)
	return enqueued, err
}

// Task returns the current state of a task.
func (c *Client) Task(ctx context.Context, id string) (task Task, err error) {
	err = c.Ask(ctx, http.MethodGet, "/tasks/"+id, nil, &task)
	return task, err
}

// Cancel asks a task to stop and returns it.
func (c *Client) Cancel(ctx context.Context, id string) (task Task, err error) {
	err = c.Ask(ctx, http.MethodPost, "/tasks/"+id+"/cancel", nil, &task)
	return task, err
}

// Operation returns the current state of an operation.
func (c *Client) Operation(ctx context.Context, id string) (op Operation, err error) {
	err = c.Ask(ctx, http.MethodGet, "/operations/"+id, nil, &op)
	return op, err
}

// Operations lists operations, see Model.Operations.
func (c *Client) Operations(ctx context.Context, query Query) (found []Operation, err error) {
	err = c.Ask(ctx, http.MethodPost, "/operations/list", query, &found)
	return found, err
}

// Follow calls each, unless it is nil, with every line of the task's log and returns the task when it is no longer
// waiting or running. If ctx ends first, the task continues.
func (c *Client) Follow(ctx context.Context, task string, each func(charmtest.LogMessage)) (Task, error) {
	body, err := c.do(ctx, http.MethodGet, "/tasks/"+task+"/log", nil)
	if err != nil {
		return Task{}, err
	}
	defer body.Close()
	for in := json.NewDecoder(body); ; {
		var event event
		switch err := in.Decode(&event); {
		case err != nil && ctx.Err() != nil:
			return Task{}, ctx.Err()
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return Task{}, fmt.Errorf("cannot follow task %s: its simulated JAAS has stopped", task)
		case err != nil:
			return Task{}, fmt.Errorf("cannot follow task %s: %w", task, err)
		case event.Task != nil:
			return *event.Task, nil
		case event.Line != nil && each != nil:
			each(*event.Line)
		}
	}
}

// Ask sends a value, unless it is nil, and reads the answer.
func (c *Client) Ask(ctx context.Context, method, path string, value, into any) error {
	var body bytes.Buffer
	if value != nil {
		if err := json.NewEncoder(&body).Encode(value); err != nil {
			return fmt.Errorf("cannot send the parameters: %w", err)
		}
	}
	answer, err := c.do(ctx, method, path, &body)
	if err != nil {
		return err
	}
	defer answer.Close()
	if err := json.NewDecoder(answer).Decode(into); err != nil {
		return fmt.Errorf("cannot read the answer: %w", err)
	}
	return nil
}

// do sends a request and returns the body of a successful answer; another answer becomes an error with its text.
func (c *Client) do(ctx context.Context, method, path string, body io.Reader) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://model"+path, body)
	if err != nil {
		return nil, fmt.Errorf("cannot ask the world: %w", err)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("cannot ask the world: %w", err)
	}
	if answer.StatusCode == http.StatusOK {
		return answer.Body, nil
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil {
		return nil, fmt.Errorf("cannot read why the world refused: %w", err)
	}
	return nil, errors.New(string(bytes.TrimSpace(text)))
}
