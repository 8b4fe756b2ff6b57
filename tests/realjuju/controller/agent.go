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

// Agent imitates the part of a machine's or unit's agent that takes part in migrations: it stays connected, reports
// each phase through Juju's own MigrationMinion facade, and switches to the target in SUCCESS.
type Agent struct {
	connected chan struct{} // closed when it watches for migrations

	mu      sync.Mutex
	info    api.Info
	fails   map[string]bool
	held    map[string]chan struct{} // closed when the agent may report the phase
	once    sync.Once
	stopped <-chan struct{}
}

// RunAgent starts an agent of a model. It lives until the controller is closed.
func (c *Controller) RunAgent(model string, creds Credentials) *Agent {
	a := &Agent{info: *c.Info(model), fails: map[string]bool{}, held: map[string]chan struct{}{}, connected: make(chan struct{}), stopped: c.stop}
	a.info.Tag, a.info.Password, a.info.Nonce, a.info.ControllerUUID = creds.Tag, creds.Password, creds.Nonce, ""
	c.running.Go(func() {
		for {
			_ = a.live() // it loses its connection whenever a server goes down, and reconnects
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

// Hold makes the agent report nothing in a phase until Release.
func (a *Agent) Hold(phase string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.held[phase] = make(chan struct{})
}

// Release lets the agent report a phase after Hold.
func (a *Agent) Release(phase string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	close(a.held[phase])
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
			if !a.released(status.Phase.String(), conn) {
				return errors.New("the connection broke, or the controller ends")
			}
			moved, err := a.handle(client, info, status)
			if moved || err != nil {
				return err
			}
		}
	}
}

// released returns when the agent may report a phase, or false when it no longer can.
func (a *Agent) released(phase string, conn api.Connection) bool {
	a.mu.Lock()
	held := a.held[phase]
	a.mu.Unlock()
	if held == nil {
		return true
	}
	select {
	case <-held:
		return true
	case <-conn.Broken():
	case <-a.stopped:
	}
	return false
}

// handle does an agent's part in one phase. It reports whether the agent has switched to the target.
func (a *Agent) handle(client *migrationminion.Client, info api.Info, status watcher.MigrationStatus) (moved bool, err error) {
	phase := status.Phase.String()
	a.mu.Lock()
	fails := a.fails[phase]
	a.mu.Unlock()
	switch status.Phase {
	case coremigration.QUIESCE, coremigration.VALIDATION, coremigration.SUCCESS:
	default:
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
