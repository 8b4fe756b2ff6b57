package controller

import (
	"errors"
	"slices"
	"time"

	"github.com/juju/juju/api"
	"github.com/juju/juju/api/client/charms"
	apicontroller "github.com/juju/juju/api/controller/controller"
	apihttp "github.com/juju/juju/api/http"
	"github.com/juju/juju/migration"
	"github.com/juju/juju/worker/fortress"
	"github.com/juju/juju/worker/migrationmaster"
	"github.com/juju/names/v5"
	"github.com/juju/worker/v3"
)

// restartDelay is how long a failed worker waits before it restarts. A real agent's is 3 s and more.
const restartDelay = 200 * time.Millisecond

// RunMaster runs Juju's migration master for a model until the model has migrated away or the controller ends, as a
// controller agent does.
func (c *Controller) RunMaster(model string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.masters == nil || c.masters[model] != nil {
		return
	}
	stop := make(chan struct{})
	c.masters[model] = stop
	c.running.Go(func() {
		for {
			err := c.master(model, stop)
			if errors.Is(err, migrationmaster.ErrMigrated) || !c.HasModel(model) || !wait(stop, restartDelay) {
				return
			}
		}
	})
}

// StopMaster stops the migration master of a model, as when a controller agent hangs.
func (c *Controller) StopMaster(model string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if stop := c.masters[model]; stop != nil {
		close(stop)
		delete(c.masters, model)
	}
}

// wait reports whether the time has passed before stop was closed.
func wait(stop <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-stop:
		return false
	case <-timer.C:
		return true
	}
}

// errStopped ends a run of a worker that was stopped.
var errStopped = errors.New("stopped")

// master is one run of a migration master.
func (c *Controller) master(model string, stop <-chan struct{}) error {
	info := c.Info(model)
	info.Tag, info.Password, info.Nonce = names.NewMachineTag("0"), machinePassword, machineNonce
	conn, err := api.Open(info, DialOptions())
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	facade, err := migrationmaster.NewFacade(conn)
	if err != nil {
		return err
	}
	charmOpener, err := charms.NewCharmOpener(conn)
	if err != nil {
		return err
	}
	toolsOpener, err := apihttp.NewURIOpener(conn)
	if err != nil {
		return err
	}
	w, err := migrationmaster.NewWorker(migrationmaster.Config{
		ModelUUID: model, Facade: &listening{Facade: facade, heard: func(text string) { c.hear(model, text) }}, Guard: guard{}, APIOpen: api.Open, UploadBinaries: migration.UploadBinaries,
		CharmDownloader: charmOpener, ToolsDownloader: toolsOpener, Clock: c.Clock,
	})
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- w.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-stop:
		_ = worker.Stop(w)
		return errStopped
	case <-conn.Broken():
		_ = worker.Stop(w)
		return errors.New("the connection broke")
	}
}

// listening is the facade of a migration master; it also records the texts that the master sets.
type listening struct {
	migrationmaster.Facade
	heard func(text string)
}

// SetStatusMessage is part of migrationmaster.Facade.
func (l *listening) SetStatusMessage(text string) error {
	l.heard(text)
	return l.Facade.SetStatusMessage(text)
}

func (c *Controller) hear(model, text string) {
	c.mu.Lock()
	c.texts[model] = append(c.texts[model], text)
	before := c.beforeText
	c.mu.Unlock()
	if before != nil {
		before(text)
	}
}

// BeforeText sets a function that is called before a migration master sets a status text. The master waits for it.
func (c *Controller) BeforeText(hook func(text string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.beforeText = hook
}

// MigrationTexts returns the status texts that the migration master of a model has set, including those that did not
// last long enough for a client to see them.
func (c *Controller) MigrationTexts(model string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.texts[model])
}

// guard is a fortress that is never locked.
type guard struct{}

// Lockdown is part of fortress.Guard.
func (guard) Lockdown(fortress.Abort) error { return nil }

// Unlock is part of fortress.Guard.
func (guard) Unlock() error { return nil }

// Initiate asks the controller to migrate a model to another one, as JIMM does, and returns the migration's id.
func (c *Controller) Initiate(model string, to *Controller) (string, error) {
	conn, err := api.Open(c.Info(""), DialOptions())
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	return apicontroller.NewClient(conn).InitiateMigration(apicontroller.MigrationSpec{
		ModelUUID: model, TargetControllerUUID: to.UUID, TargetControllerAlias: to.Name, TargetAddrs: []string{to.Addr},
		TargetCACert: to.CACert, TargetUser: "admin", TargetPassword: AdminPassword,
	})
}

// Migration is the actual state of the latest migration of a model.
type Migration struct {
	Phase, Message string
}

// Ended reports whether the migration has ended.
func (m Migration) Ended() bool {
	return m.Phase == "DONE" || m.Phase == "ABORTDONE" || m.Phase == "REAPFAILED"
}

// Migration returns the latest migration of a model from the database. It fails when the model has migrated away.
func (c *Controller) Migration(model string) (Migration, error) {
	st, err := c.pool.Get(model)
	if err != nil {
		return Migration{}, err
	}
	defer st.Release()
	latest, err := st.LatestMigration()
	if err != nil {
		return Migration{}, err
	}
	phase, err := latest.Phase()
	return Migration{phase.String(), latest.StatusMessage()}, err
}
