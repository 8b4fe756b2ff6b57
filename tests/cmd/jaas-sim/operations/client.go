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

// Client runs actions on a unit of another process.
type Client struct{ http http.Client }

// NewClient returns a client of the Handler that is served on the unix socket.
func NewClient(socket string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
	return &Client{http: http.Client{Transport: &http.Transport{DialContext: dial}}}
}

// Enqueue asks for an action. A refusal is no error.
func (c *Client) Enqueue(ctx context.Context, request Request) (Enqueued, error) {
	body, err := json.Marshal(request)
	if err != nil {
		return Enqueued{}, fmt.Errorf("cannot send the parameters: %w", err)
	}
	answer, err := c.do(ctx, http.MethodPost, "/operations", bytes.NewReader(body))
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

// Follow calls each with every line of the task's log and returns the task when
// it has ended. When ctx ends first, the task goes on.
func (c *Client) Follow(ctx context.Context, task string, each func(charmtest.LogMessage)) (charmtest.Task, error) {
	answer, err := c.do(ctx, http.MethodGet, "/tasks/"+task, nil)
	if err != nil {
		return charmtest.Task{}, err
	}
	defer answer.Close()
	for in := json.NewDecoder(answer); ; {
		var event event
		switch err := in.Decode(&event); {
		case err != nil && ctx.Err() != nil:
			return charmtest.Task{}, ctx.Err()
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return charmtest.Task{}, fmt.Errorf("cannot follow task %s: its world has gone", task)
		case err != nil:
			return charmtest.Task{}, fmt.Errorf("cannot follow task %s: %w", task, err)
		case event.Task != nil:
			return *event.Task, nil
		case event.Line != nil:
			each(*event.Line)
		}
	}
}

// do sends a request and returns the body of a good answer; a bad one is an
// error with its text.
func (c *Client) do(ctx context.Context, method, path string, body io.Reader) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://unit"+path, body)
	if err != nil {
		return nil, fmt.Errorf("cannot ask the unit's agent: %w", err)
	}
	answer, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("cannot ask the unit's agent: %w", err)
	}
	if answer.StatusCode == http.StatusOK {
		return answer.Body, nil
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
	if err != nil {
		return nil, fmt.Errorf("cannot read what the unit's agent refuses: %w", err)
	}
	return nil, errors.New(string(bytes.TrimSpace(text)))
}
