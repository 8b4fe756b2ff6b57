// Package application is the part of a Juju controller that keeps an application with agents in this process: its
// charm, configuration, user secrets and relations, and the status of its units. It runs the hooks that follow from a
// change, as the agents of Juju 3.6 do, and serves the application to clients in other processes. The texts of refusals
// are Juju's.
package application

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/juju/charm/v12"

	"jimm-migrator/charm/charmtest"
)

// Options are the settings of an Application.
type Options struct {
	// Agents are those of its units. The first is the leader.
	Agents []*charmtest.Agent
	// Model is the name of the model.
	Model string
	// Secrets are user secrets that exist: URI by name.
	Secrets map[string]string
	// Remote returns the data that another application publishes in a relation of an interface; an error says why it
	// cannot be related.
	Remote func(iface, application string) (Remote, error)
	// Refresh unpacks a charm for the units and returns its folder.
	Refresh func(ctx context.Context, path string) (folder string, err error)
	// StatusEvery is the time from one hook update-status to the next, as in the model
	// option update-status-hook-interval. Zero means never.
	StatusEvery time.Duration
}

// Remote is the other side of a relation: one unit.
type Remote struct {
	UnitData map[string]string
	AppData  map[string]string
}

// Application is an application of the model. Make one with New.
type Application struct {
	ctx     context.Context //nolint:containedctx // hooks outlive the request that causes them
	options Options
	name    string

	mu        sync.Mutex
	secrets   map[string]string // URI by name
	granted   map[string]bool   // by URI
	relations []Relation
	revision  int
	turns     map[string]chan struct{} // by unit: closed when its latest hooks have ended
}

// Relation is a relation of the application.
type Relation struct {
	ID        int    `json:"id"`
	Endpoint  string `json:"endpoint"`
	Remote    string `json:"remote"` // such as loki:logging
	Interface string `json:"interface"`
	Provider  bool   `json:"provider"` // whether our side provides
}

// New makes an application of units that are installed. Its hooks run until they end or ctx does.
func New(ctx context.Context, options Options) *Application {
	name, _, _ := strings.Cut(options.Agents[0].Unit(), "/")
	a := &Application{
		ctx: ctx, options: options, name: name,
		secrets: maps.Clone(options.Secrets), granted: map[string]bool{}, turns: map[string]chan struct{}{},
	}
	for _, uri := range options.Secrets {
		a.granted[uri] = true
	}
	if a.secrets == nil {
		a.secrets = map[string]string{}
	}
	if options.StatusEvery > 0 {
		go a.updateStatus(options.StatusEvery)
	}
	return a
}

// updateStatus runs the hook of that name periodically, until ctx ends. A unit with waiting hooks, behind an action for
// example, does not get a second one.
func (a *Application) updateStatus(every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			a.mu.Lock()
			for _, agent := range a.options.Agents {
				if !a.waiting(agent) {
					a.hooksOf(agent, hook("update-status"))
				}
			}
			a.mu.Unlock()
		case <-a.ctx.Done():
			return
		}
	}
}

// waiting reports whether a unit has hooks that have not ended. The caller holds a.mu.
func (a *Application) waiting(agent *charmtest.Agent) bool {
	ended, ran := a.turns[agent.Unit()]
	if !ran {
		return false
	}
	select {
	case <-ended:
		return false
	default:
		return true
	}
}

// check refuses applications that are not in the model.
func (a *Application) check(name string) error {
	if name != a.name {
		return fmt.Errorf("application %q not found", name)
	}
	return nil
}

// leader is the agent that acts for the application.
func (a *Application) leader() *charmtest.Agent { return a.options.Agents[0] }

// Actions returns the actions of an application.
func (a *Application) Actions(name string) (map[string]charm.ActionSpec, error) {
	return a.leader().Actions(), a.check(name)
}

// hooks runs hooks on each unit after those before. The caller holds a.mu.
func (a *Application) hooks(run func(ctx context.Context, agent *charmtest.Agent) error) {
	for _, agent := range a.options.Agents {
		a.hooksOf(agent, run)
	}
}

// hooksOf runs hooks on one unit after those before. The caller holds a.mu.
func (a *Application) hooksOf(agent *charmtest.Agent, run func(ctx context.Context, agent *charmtest.Agent) error) {
	before, ended := a.turns[agent.Unit()], make(chan struct{})
	a.turns[agent.Unit()] = ended
	go func() { // ends with the hooks, at the latest with a.ctx
		defer close(ended)
		if before != nil {
			<-before
		}
		_ = run(a.ctx, agent) // the unit's status shows a hook that fails
	}()
}

// hook returns the function that runs one hook.
func hook(name string, details ...charmtest.HookDetails) func(context.Context, *charmtest.Agent) error {
	return func(ctx context.Context, agent *charmtest.Agent) error {
		_, err := agent.RunHook(ctx, name, details...)
		return err
	}
}

// settle waits until the hooks of all units have ended.
func (a *Application) settle(ctx context.Context) error {
	a.mu.Lock()
	turns := slices.Collect(maps.Values(a.turns))
	a.mu.Unlock()
	for _, ended := range turns {
		select {
		case <-ended:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// Option is a configuration option and its value.
type Option struct {
	Default     any    `json:"default,omitempty" yaml:"default,omitempty"`
	Description string `json:"description" yaml:"description"`
	Source      string `json:"source" yaml:"source"` // default, user or unset
	Type        string `json:"type" yaml:"type"`
	Value       any    `json:"value,omitempty" yaml:"value,omitempty"`
}

// Config returns the configuration of an application.
func (a *Application) Config(name string) (map[string]Option, error) {
	if err := a.check(name); err != nil {
		return nil, err
	}
	set := a.leader().Config()
	out := map[string]Option{}
	for key, option := range a.leader().Charm().Config().Options {
		shown := Option{
			Default: option.Default, Description: option.Description, Type: option.Type, Source: "unset", Value: option.Default,
		}
		if option.Default != nil {
			shown.Source = "default"
		}
		if value, ok := set[key]; ok {
			shown.Source, shown.Value = "user", value
		}
		out[key] = shown
	}
	return out, nil
}

// SetConfig sets options of an application; nil resets one.
func (a *Application) SetConfig(name string, values map[string]any) error {
	if err := a.check(name); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, agent := range a.options.Agents {
		if err := agent.SetConfig(values); err != nil {
			return err
		}
	}
	a.hooks(hook("config-changed"))
	return nil
}

// secret finds a user secret by its name or URI. The caller holds a.mu.
func (a *Application) secret(name string) (uri string, err error) {
	if uri, ok := a.secrets[name]; ok {
		return uri, nil
	}
	for _, uri := range a.secrets {
		if uri == name || strings.TrimPrefix(uri, "secret:") == name {
			return uri, nil
		}
	}
	return "", fmt.Errorf("secret %q not found", name)
}

// AddSecret adds a user secret that is not granted yet, and returns its URI.
func (a *Application) AddSecret(name string, content map[string]string) (uri string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, taken := a.secrets[name]; taken {
		return "", fmt.Errorf("secret with label %q already exists", name)
	}
	secret := charmtest.Secret{Label: name, Content: content, NotGranted: true}
	for _, agent := range a.options.Agents {
		if uri, err = agent.AddSecret(secret); err != nil {
			return "", err
		}
		secret.ID = uri
	}
	a.secrets[name] = uri
	return uri, nil
}

// UpdateSecret gives a user secret new content. Units that have read it run
// secret-changed.
func (a *Application) UpdateSecret(name string, content map[string]string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	uri, err := a.secret(name)
	if err != nil {
		return err
	}
	for _, agent := range a.options.Agents {
		if _, err := agent.UpdateSecret(uri, content); err != nil {
			return err
		}
	}
	a.hooks(func(ctx context.Context, agent *charmtest.Agent) error {
		if agent.TrackedRevision(uri) == 0 {
			return nil
		}
		_, err := agent.RunHook(ctx, "secret-changed", charmtest.HookDetails{Secret: uri})
		return err
	})
	return nil
}

// GrantSecret grants a user secret to applications. It runs no hook.
func (a *Application) GrantSecret(name string, applications []string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	uri, err := a.secret(name)
	if err != nil {
		return err
	}
	for _, application := range applications {
		if err := a.check(application); err != nil {
			return err
		}
	}
	for _, agent := range a.options.Agents {
		if err := agent.GrantSecret(uri); err != nil {
			return err
		}
	}
	a.granted[uri] = true
	return nil
}

// Integrate relates an endpoint of the application, as name:endpoint, with
// another application.
func (a *Application) Integrate(one, other string) error {
	if name, _, _ := strings.Cut(one, ":"); name != a.name {
		one, other = other, one
	}
	name, endpoint, _ := strings.Cut(one, ":")
	if err := a.check(name); err != nil {
		return err
	}
	spec, known := a.leader().Charm().Meta().CombinedRelations()[endpoint]
	remote, remoteEndpoint, _ := strings.Cut(other, ":")
	if !known {
		return fmt.Errorf("application %q has no %q relation", name, endpoint)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if slices.ContainsFunc(a.relations, func(r Relation) bool { return r.Endpoint == endpoint && strings.HasPrefix(r.Remote+":", remote+":") }) {
		return fmt.Errorf("relation %s:%s %s already exists", name, endpoint, other)
	}
	data, err := a.options.Remote(spec.Interface, remote)
	if err != nil {
		return err
	}
	if remoteEndpoint == "" {
		remoteEndpoint = endpoint
	}
	relation := Relation{
		ID: len(a.relations) + 1, Endpoint: endpoint, Remote: remote + ":" + remoteEndpoint, Interface: spec.Interface,
		Provider: spec.Role == charm.RoleProvider,
	}
	for _, agent := range a.options.Agents {
		_, err := agent.AddRelation(charmtest.Relation{
			ID: relation.ID, Endpoint: endpoint, RemoteApp: remote, RemoteEndpoint: remoteEndpoint,
			Units: map[string]map[string]string{remote + "/0": data.UnitData}, RemoteData: data.AppData,
		})
		if err != nil {
			return err
		}
	}
	a.relations = append(a.relations, relation)
	a.hooks(func(ctx context.Context, agent *charmtest.Agent) error {
		ofApp := charmtest.HookDetails{Relation: relation.ID}
		ofUnit := charmtest.HookDetails{Relation: relation.ID, RemoteUnit: remote + "/0"}
		return errors.Join(
			hook(endpoint+"-relation-created", ofApp)(ctx, agent),
			hook(endpoint+"-relation-changed", ofApp)(ctx, agent),
			hook(endpoint+"-relation-joined", ofUnit)(ctx, agent),
			hook(endpoint+"-relation-changed", ofUnit)(ctx, agent),
		)
	})
	return nil
}

// Refresh replaces the charm of an application by the one at a path. It returns
// the revision.
func (a *Application) Refresh(name, path string) (revision int, err error) {
	if err := a.check(name); err != nil {
		return 0, err
	}
	folder, err := a.options.Refresh(a.ctx, path)
	if err != nil {
		return 0, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.revision++
	a.hooks(func(ctx context.Context, agent *charmtest.Agent) error { return agent.Refresh(ctx, folder) })
	return a.revision, nil
}
