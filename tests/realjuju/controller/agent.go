package controller

import (
	"errors"
	"sync"

	"github.com/juju/juju/api"
	"github.com/juju/juju/api/agent/migrationminion"
	coremigration "github.com/juju/juju/core/migration"
	"github.com/juju/juju/core/watcher"
	"github.com/juju/names/v5"
)

// Credentials are what an agent logs in with.
type Credentials struct {
	Tag             names.Tag
	Password, Nonce string
}

// Agent imitates the part of a machine's or unit's agent that takes part in migrations: it stays connected, reports each
// phase through Juju's own MigrationMinion facade, and moves to the target in SUCCESS.
type Agent struct {
	connected chan struct{} // closed when it watches for migrations

	mu      sync.Mutex
	info    api.Info
	fails   map[string]bool
	silent  map[string]bool
	once    sync.Once
	stopped <-chan struct{}
}

// RunAgent starts an agent of a model. It lives until the controller is closed.
func (c *Controller) RunAgent(model string, creds Credentials) *Agent {
	a := &Agent{info: *c.Info(model), fails: map[string]bool{}, silent: map[string]bool{}, connected: make(chan struct{}), stopped: c.stop}
	a.info.Tag, a.info.Password, a.info.Nonce, a.info.ControllerUUID = creds.Tag, creds.Password, creds.Nonce, ""
	c.running.Go(func() {
		for {
			_ = a.live() // it loses its connection whenever a server goes away, and comes again
			if !wait(c.stop, restartDelay) {
				return
			}
		}
	})
	return a
}

// Connected is closed when the agent has connected and watches for migrations.
func (a *Agent) Connected() <-chan struct{} { return a.connected }

// Fail makes the agent report failure in a phase: QUIESCE, VALIDATION or SUCCESS.
func (a *Agent) Fail(phase string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.fails[phase] = true
}

// Silence makes the agent report nothing in a phase.
func (a *Agent) Silence(phase string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.silent[phase] = true
}

// live is one connection of the agent.
func (a *Agent) live() error {
	a.mu.Lock()
	info := a.info
	a.mu.Unlock()
	conn, err := api.Open(&info, DialOptions())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	client := migrationminion.NewClient(conn)
	w, err := client.Watch()
	if err != nil {
		return err
	}
	defer func() {
		w.Kill()
		_ = w.Wait()
	}()
	a.once.Do(func() { close(a.connected) })
	for {
		select {
		case <-a.stopped:
			return nil
		case <-conn.Broken():
			return errors.New("the connection broke")
		case status, ok := <-w.Changes():
			if !ok {
				return w.Wait()
			}
			moved, err := a.handle(client, info, status)
			if moved || err != nil {
				return err
			}
		}
	}
}

// handle does an agent's part in one phase. It reports whether the agent has moved to the target.
func (a *Agent) handle(client *migrationminion.Client, info api.Info, status watcher.MigrationStatus) (moved bool, err error) {
	phase := status.Phase.String()
	a.mu.Lock()
	fails, silent := a.fails[phase], a.silent[phase]
	a.mu.Unlock()
	switch status.Phase {
	case coremigration.QUIESCE, coremigration.VALIDATION, coremigration.SUCCESS:
	default:
		return false, nil
	}
	if silent {
		return false, nil
	}
	good := !fails
	target := info
	target.Addrs, target.CACert = status.TargetAPIAddrs, status.TargetCACert
	if status.Phase == coremigration.VALIDATION {
		conn, err := api.Open(&target, DialOptions())
		good = good && err == nil
		if err == nil {
			_ = conn.Close()
		}
	}
	if err := client.Report(status.MigrationId, status.Phase, good); err != nil {
		return false, err
	}
	if status.Phase != coremigration.SUCCESS {
		return false, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.info = target
	return true, nil
}
