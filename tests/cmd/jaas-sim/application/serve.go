package application

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/juju/charm/v12"

	"jimm-migrator/tests/cmd/jaas-sim/operations"
)

// request holds the parameters of all calls; each call uses some of them.
type request struct {
	Name         string            `json:"name,omitempty"`
	Values       map[string]any    `json:"values,omitempty"`
	Content      map[string]string `json:"content,omitempty"`
	Applications []string          `json:"applications,omitempty"`
	Other        string            `json:"other,omitempty"`
	Path         string            `json:"path,omitempty"`
}

// Handler serves an application below /application/.
func Handler(a *Application) http.Handler {
	mux := http.NewServeMux()
	handle := func(name string, do func(ctx context.Context, r request) (any, error)) {
		mux.HandleFunc("POST /application/"+name, func(w http.ResponseWriter, r *http.Request) {
			var asked request
			if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
				http.Error(w, err.Error(), http.StatusBadRequest)
				return
			}
			answer, err := do(r.Context(), asked)
			if err != nil {
				http.Error(w, err.Error(), http.StatusNotFound)
				return
			}
			_ = json.NewEncoder(w).Encode(answer) // the client may be gone
		})
	}
	handle("actions", func(_ context.Context, r request) (any, error) { return a.Actions(r.Name) })
	handle("config", func(_ context.Context, r request) (any, error) { return a.Config(r.Name) })
	handle("set-config", func(_ context.Context, r request) (any, error) { return nil, a.SetConfig(r.Name, r.Values) })
	handle("add-secret", func(_ context.Context, r request) (any, error) { return a.AddSecret(r.Name, r.Content) })
	handle("update-secret", func(_ context.Context, r request) (any, error) { return nil, a.UpdateSecret(r.Name, r.Content) })
	handle("grant-secret", func(_ context.Context, r request) (any, error) { return nil, a.GrantSecret(r.Name, r.Applications) })
	handle("integrate", func(_ context.Context, r request) (any, error) { return nil, a.Integrate(r.Name, r.Other) })
	handle("refresh", func(_ context.Context, r request) (any, error) { return a.Refresh(r.Name, r.Path) })
	handle("status", func(ctx context.Context, _ request) (any, error) { return a.Status(ctx) })
	return mux
}

// Client calls an Application of another process. Refusals of the application have Juju's texts.
type Client struct{ world *operations.Client }

// NewClient returns a client of the Handler that is served beside the operations.
func NewClient(world *operations.Client) *Client { return &Client{world: world} }

func (c *Client) ask(ctx context.Context, call string, r request, into any) error {
	return c.world.Ask(ctx, http.MethodPost, "/application/"+call, r, into)
}

// Actions returns the actions of an application.
func (c *Client) Actions(ctx context.Context, name string) (actions map[string]charm.ActionSpec, err error) {
	err = c.ask(ctx, "actions", request{Name: name}, &actions)
	return actions, err
}

// Config returns the configuration of an application.
func (c *Client) Config(ctx context.Context, name string) (options map[string]Option, err error) {
	err = c.ask(ctx, "config", request{Name: name}, &options)
	return options, err
}

// SetConfig sets options of an application; nil resets one.
func (c *Client) SetConfig(ctx context.Context, name string, values map[string]any) error {
	return c.ask(ctx, "set-config", request{Name: name, Values: values}, new(any))
}

// AddSecret adds a user secret and returns its URI.
func (c *Client) AddSecret(ctx context.Context, name string, content map[string]string) (uri string, err error) {
	err = c.ask(ctx, "add-secret", request{Name: name, Content: content}, &uri)
	return uri, err
}

// UpdateSecret gives a user secret new content.
func (c *Client) UpdateSecret(ctx context.Context, name string, content map[string]string) error {
	return c.ask(ctx, "update-secret", request{Name: name, Content: content}, new(any))
}

// GrantSecret grants a user secret to applications.
func (c *Client) GrantSecret(ctx context.Context, name string, applications []string) error {
	return c.ask(ctx, "grant-secret", request{Name: name, Applications: applications}, new(any))
}

// Integrate relates two applications.
func (c *Client) Integrate(ctx context.Context, one, other string) error {
	return c.ask(ctx, "integrate", request{Name: one, Other: other}, new(any))
}

// Refresh replaces the charm of an application and returns its revision.
func (c *Client) Refresh(ctx context.Context, name, path string) (revision int, err error) {
	err = c.ask(ctx, "refresh", request{Name: name, Path: path}, &revision)
	return revision, err
}

// Status returns the status of the model.
func (c *Client) Status(ctx context.Context) (status Status, err error) {
	err = c.ask(ctx, "status", request{}, &status)
	return status, err
}
