// Package unit is a unit of the charm in a model of a real Juju controller. The controller stores its application and
// its tasks; the unit agent is emulated (charm/charmtest) and runs the charm's real dispatch binary.
package unit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/juju/juju/state"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/realjuju/controller"
	"jimm-migrator/tests/realjuju/jaas"
)

const (
	dispatchPackage = "jimm-migrator/src/cmd/dispatch"
	secretID        = "9m4e2mr0ui3e8a215n4g" //nolint:gosec // the id of a secret
	name            = "jimm-migrator/0"
)

// Options describe the unit. All but OnLog are required.
type Options struct {
	CharmDir   string // the charm's source tree
	Controller *controller.Controller
	JIMM       string // its URL
	// OnLog is called with every line of progress, before Juju receives it; may be nil.
	OnLog func(line string)
}

// Unit is a unit of the charm. Make one with Start, end it with Close.
type Unit struct {
	Model string // UUID of the model that it is in
	Agent *charmtest.Agent

	controller *controller.Controller
	dir        string
	home       string // of Juju's client
	end        context.CancelFunc
	running    sync.WaitGroup

	mu      sync.Mutex
	current state.Action
	failure error
}

// Start builds the charm's binary, makes a model for it, deploys it there and runs the hooks of a new unit.
func Start(ctx context.Context, opts Options) (_ *Unit, err error) {
	u := &Unit{controller: opts.Controller}
	defer func() {
		if err != nil {
			err = fmt.Errorf("cannot start the charm's unit: %w", errors.Join(err, u.Close()))
		}
	}()
	if u.dir, err = os.MkdirTemp("", "unit-"); err != nil {
		return nil, err
	}
	if err := os.Chmod(u.dir, 0o755); err != nil { //nolint:gosec // The charm's user has to enter.
		return nil, err
	}
	if err := u.deploy(opts.CharmDir); err != nil {
		return nil, err
	}
	dispatch := filepath.Join(u.dir, "dispatch")
	if err := charmtest.Build(ctx, "", dispatchPackage, dispatch); err != nil {
		return nil, err
	}
	tools, err := charmtest.BuildTools(ctx, u.dir)
	if err != nil {
		return nil, err
	}
	u.Agent, err = charmtest.New(charmtest.Options{
		CharmDir: opts.CharmDir, Dispatch: dispatch, Tools: tools,
		Secrets: []charmtest.Secret{{ID: secretID, Content: map[string]string{"client-id": jaas.ClientID, "client-secret": jaas.ClientSecret}}},
		Config:  map[string]any{"jimm-url": opts.JIMM, "jimm-credentials": "secret:" + secretID, "poll-interval": "1s"},
		OnLog: func(_ string, m charmtest.LogMessage) {
			if opts.OnLog != nil {
				opts.OnLog(m.Message)
			}
			u.mu.Lock()
			defer u.mu.Unlock()
			if u.current != nil {
				u.failure = errors.Join(u.failure, u.current.Log(m.Message))
			}
		},
	})
	if err != nil {
		return nil, err
	}
	if err := u.Agent.GrantSecret("secret:" + secretID); err != nil {
		return nil, err
	}
	if err := u.Agent.Install(ctx); err != nil {
		return nil, err
	}
	running, end := context.WithCancel(context.WithoutCancel(ctx))
	u.end = end
	u.running.Go(func() { u.work(running) })
	return u, nil
}

// deploy makes the model jaas-ops with the charm as Juju's parser reads it.
func (u *Unit) deploy(charmDir string) (err error) {
	if u.Model, err = u.controller.AddModel("jaas-ops"); err != nil {
		return err
	}
	files := map[string]string{"manifest.yaml": "bases:\n- name: ubuntu\n  channel: '22.04'\n  architectures: [amd64]\n", "revision": "1\n"}
	for _, file := range []string{"metadata.yaml", "actions.yaml", "config.yaml"} {
		raw, err := os.ReadFile(filepath.Join(charmDir, file))
		if err != nil {
			return err
		}
		files[file] = string(raw)
	}
	_, err = u.controller.Deploy(u.Model, "jimm-migrator", files)
	return err
}

// work runs the unit's tasks one after the other, as its agent would.
func (u *Unit) work(ctx context.Context) {
	for {
		var task state.Action
		if u.controller.Await(ctx, func() bool { task = u.pending(); return task != nil }) != nil {
			return
		}
		if err := u.do(ctx, task); err != nil && ctx.Err() == nil {
			u.mu.Lock()
			u.failure = errors.Join(u.failure, fmt.Errorf("cannot run action %q: %w", task.Name(), err))
			u.mu.Unlock()
		}
	}
}

// pending returns the first task that waits for the unit, or nil.
func (u *Unit) pending() (first state.Action) {
	_ = u.controller.Do(u.Model, func(st *state.State) error {
		unit, err := st.Unit(name)
		if err != nil {
			return err
		}
		tasks, err := unit.PendingActions()
		if err == nil && len(tasks) > 0 {
			first = tasks[0]
		}
		return err
	})
	return first
}

func (u *Unit) do(ctx context.Context, task state.Action) error {
	begun, err := task.Begin()
	if err != nil {
		return err
	}
	u.mu.Lock()
	u.current = begun
	u.mu.Unlock()
	done, err := u.Agent.RunAction(ctx, begun.Name(), begun.Parameters())
	if err != nil {
		return err
	}
	results := state.ActionResults{Status: state.ActionCompleted, Results: done.Results, Message: done.Message}
	if done.Status != charmtest.TaskCompleted {
		results.Status = state.ActionFailed
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	u.current = nil
	_, err = begun.Finish(results)
	return err
}

// Close ends the unit and returns the failures of its tasks.
func (u *Unit) Close() error {
	if u.end != nil {
		u.end()
	}
	u.running.Wait()
	var err error
	if u.Agent != nil {
		err = u.Agent.Close()
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return errors.Join(u.failure, err, os.RemoveAll(u.dir))
}
