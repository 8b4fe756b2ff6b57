// Package controller runs real Juju controllers in this process: state, API server, model cache and migration workers
// of Juju 3.5.4, over our in-memory mongod and Juju's dummy cloud. Any number can run side by side; each has its own
// CA, database and loopback port. All of them share one cloud, as with a real cloud.
//
// The agents of Juju are imitated here: agents of machines and units (see [Agent]), their presence, and leases.
package controller

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/juju/clock"
	"github.com/juju/clock/testclock"
	"github.com/juju/juju/api"
	"github.com/juju/juju/apiserver"
	"github.com/juju/juju/apiserver/apiserverhttp"
	"github.com/juju/juju/apiserver/authentication/jwt"
	"github.com/juju/juju/apiserver/observer"
	"github.com/juju/juju/apiserver/stateauthenticator"
	jujucontroller "github.com/juju/juju/controller"
	"github.com/juju/juju/core/auditlog"
	"github.com/juju/juju/core/cache"
	"github.com/juju/juju/core/instance"
	"github.com/juju/juju/core/network"
	"github.com/juju/juju/pubsub/centralhub"
	"github.com/juju/juju/state"
	jujuversion "github.com/juju/juju/version"
	"github.com/juju/juju/worker/gate"
	"github.com/juju/juju/worker/lease"
	"github.com/juju/juju/worker/modelcache"
	"github.com/juju/juju/worker/multiwatcher"
	"github.com/juju/loggo"
	"github.com/juju/names/v5"
	"github.com/juju/worker/v3"

	"jimm-migrator/tests/realjuju/mongod"
)

// Options describe a controller.
type Options struct {
	Name string
	UUID string
	// Config is added to the controller's configuration: login-token-refresh-url for one behind a JIMM. A nil value
	// removes what every controller here has.
	Config map[string]any
}

// AdminPassword is the password of the user admin on every controller.
const AdminPassword = "dummy-secret-of-admin"

const (
	machineNonce    = "nonce-of-machine-0"
	machinePassword = "password-of-the-controller-machine-0"

	startLimit = 30 * time.Second
)

// Controller is a running controller. Make one with Start, end it with Close.
type Controller struct {
	Options
	ModelUUID string // of the controller model
	Addr      string // host:port of the API
	CACert    string // PEM
	Presence  *Presence
	State     *state.State // of the controller model
	// Clock is the clock of the migration masters. It stands still, so that they wait for agents as long as necessary,
	// until a test advances it.
	Clock *testclock.Clock

	db      *mongod.Server
	dir     string
	http    *httptest.Server
	api     *apiserver.Server
	state   *state.Controller
	pool    *state.StatePool
	cache   *cache.Controller
	workers []worker.Worker
	config  apiserver.ServerConfig
	auth    *stateauthenticator.Authenticator

	stop    chan struct{} // closed by Close
	running sync.WaitGroup

	mu      sync.Mutex
	masters map[string]chan struct{} // by model; closed to end one
	texts   map[string][]string      // by model; the status texts of its migration master

	beforeText func(text string) // may be nil
}

// Version is the version that every controller of this process reports.
func Version() string { return jujuversion.Current.String() }

// Start starts a controller with one machine, the user admin, its controller model and agent binaries.
func Start(opts Options) (_ *Controller, err error) {
	c := &Controller{Options: opts, ModelUUID: uuid.NewString(), stop: make(chan struct{}), masters: map[string]chan struct{}{}, texts: map[string][]string{}, Presence: &Presence{}, Clock: testclock.NewClock(time.Now())}
	defer func() {
		if err != nil {
			c.Close()
			err = fmt.Errorf("cannot start controller %q: %w", opts.Name, err)
		}
	}()
	ca, err := newAuthority(opts.Name)
	if err != nil {
		return nil, err
	}
	c.CACert = ca.pem
	mux := apiserverhttp.NewMux()
	c.http = httptest.NewUnstartedServer(mux)
	c.http.TLS = ca.tlsConfig()
	port := c.http.Listener.Addr().(*net.TCPAddr).Port
	c.Addr = fmt.Sprintf("localhost:%d", port)
	if c.dir, err = os.MkdirTemp("", "realjuju"); err != nil {
		return nil, err
	}
	cfg, err := c.initialize(port)
	if err != nil {
		return nil, err
	}
	if c.auth, err = stateauthenticator.NewAuthenticator(c.pool, clock.WallClock); err != nil {
		return nil, err
	}
	if err := c.auth.AddHandlers(mux); err != nil {
		return nil, err
	}
	c.http.StartTLS() // before the workers: a controller behind a JIMM is asked for its key while it starts
	if err := c.startWorkers(); err != nil {
		return nil, err
	}
	if err := c.startAPI(cfg, mux); err != nil {
		return nil, err
	}
	if err := c.settle(port, ca.key); err != nil {
		return nil, err
	}
	return c, c.addAgentBinaries()
}

// startWorkers starts the workers of a controller agent that its API server needs.
func (c *Controller) startWorkers() error {
	hub := centralhub.New(names.NewMachineTag("0"), centralhub.PubsubNoOpMetrics{})
	leases, err := lease.NewManager(lease.ManagerConfig{
		Secretary: lease.SecretaryFinder(c.UUID), Store: newLeaseStore(), Logger: loggo.GetLogger("lease"),
		Clock: clock.WallClock, MaxSleep: time.Minute, EntityUUID: c.UUID, PrometheusRegisterer: noMetrics{},
	})
	if err != nil {
		return err
	}
	c.workers = append(c.workers, leases)
	backing, err := state.NewAllWatcherBacking(c.pool)
	if err != nil {
		return err
	}
	watcher, err := multiwatcher.NewWorker(multiwatcher.Config{
		Clock: clock.WallClock, Logger: loggo.GetLogger("multiwatcher"), Backing: backing, PrometheusRegisterer: noMetrics{},
	})
	if err != nil {
		return err
	}
	c.workers = append(c.workers, watcher)
	ready := gate.NewLock()
	models, err := modelcache.NewWorker(modelcache.Config{
		StatePool: c.pool, Hub: hub, InitializedGate: ready, Logger: loggo.GetLogger("modelcache"),
		WatcherFactory: watcher.WatchController, PrometheusRegisterer: noMetrics{}, Cleanup: func() {},
	}.WithDefaultRestartStrategy())
	if err != nil {
		return err
	}
	c.workers = append(c.workers, models)
	limit := time.NewTimer(startLimit)
	defer limit.Stop()
	select {
	case <-ready.Unlocked():
	case <-limit.C:
		return fmt.Errorf("the model cache is not ready after %v", startLimit)
	}
	if err := modelcache.ExtractCacheController(models, &c.cache); err != nil {
		return err
	}
	c.config = apiserver.ServerConfig{
		StatePool: c.pool, Controller: c.cache, MultiwatcherFactory: watcher, LocalMacaroonAuthenticator: c.auth, Clock: clock.WallClock,
		GetAuditConfig: func() auditlog.Config { return auditlog.Config{} }, Tag: names.NewMachineTag("0"), DataDir: c.dir, LogDir: c.dir,
		Hub: hub, Presence: c.Presence, LeaseManager: leases,
		NewObserver: func() observer.Observer {
			return observer.NewRequestObserver(observer.RequestObserverContext{Clock: clock.WallClock, Logger: loggo.GetLogger("apiserver"), Hub: hub})
		},
		UpgradeComplete: func() bool { return true }, SysLogger: noSysLogger{}, DBGetter: noDB{}, CharmhubHTTPClient: &http.Client{},
	}
	return nil
}

// startAPI starts the API server.
func (c *Controller) startAPI(cfg jujucontroller.Config, mux *apiserverhttp.Mux) error {
	if url := cfg.LoginTokenRefreshURL(); url != "" {
		tokens := jwt.NewAuthenticator(url)
		if err := tokens.RegisterJWKSCache(context.Background()); err != nil {
			return err
		}
		c.config.JWTAuthenticator = tokens
	}
	c.config.Mux, c.config.MetricsCollector = mux, apiserver.NewMetricsCollector()
	server, err := apiserver.NewServer(c.config)
	if err != nil {
		return fmt.Errorf("API server: %w", err)
	}
	c.api = server
	c.running.Go(func() { c.auth.Maintain(c.stop) })
	return nil
}

// settle gives the database the state of a controller that has been running for a while.
func (c *Controller) settle(port int, caKey string) error {
	hostPort := network.SpaceHostPort{SpaceAddress: network.NewSpaceAddress("127.0.0.1", network.WithScope(network.ScopeMachineLocal)), NetPort: network.NetPort(port)}
	if err := c.State.SetAPIHostPorts([]network.SpaceHostPorts{{hostPort}}); err != nil {
		return err
	}
	if err := c.State.SetStateServingInfo(jujucontroller.StateServingInfo{
		PrivateKey: "unused", Cert: "unused", CAPrivateKey: caKey, SharedSecret: "unused", APIPort: port, StatePort: statePort,
	}); err != nil {
		return err
	}
	machine, err := c.State.AddOneMachine(state.MachineTemplate{
		Base: state.UbuntuBase("22.04"), Jobs: []state.MachineJob{state.JobManageModel}, InstanceId: "localhost", Nonce: machineNonce,
		HardwareCharacteristics: instance.MustParseHardware("arch=amd64", "cores=2", "mem=2048M"),
	})
	if err != nil {
		return err
	}
	return Settle(machine, machinePassword)
}

// Close ends the controller and all that was started on it.
func (c *Controller) Close() {
	c.mu.Lock()
	for _, stop := range c.masters {
		close(stop)
	}
	c.masters = nil
	c.mu.Unlock()
	close(c.stop)
	if c.http != nil {
		c.http.CloseClientConnections()
		c.http.Close()
	}
	if c.api != nil {
		_ = worker.Stop(c.api)
	}
	for _, w := range slices.Backward(c.workers) {
		_ = worker.Stop(w)
	}
	c.running.Wait()
	if c.state != nil {
		_ = c.state.Close()
	}
	if c.db != nil {
		_ = c.db.Close()
	}
	_ = os.RemoveAll(c.dir)
}

// BeforeRemoval sets a function that is called before the controller removes documents from its database, with the
// names of the collections. The controller waits for it. Nil removes the function.
func (c *Controller) BeforeRemoval(hook func(collections []string)) { c.db.BeforeRemoval(hook) }

// Collections returns the names of the collections that have documents of a model.
func (c *Controller) Collections(model string) []string { return c.db.Collections(model) }

// Hide makes the controller miss a model's documents in a collection, as if it had removed them, until it is called
// again; an empty name hides nothing.
func (c *Controller) Hide(model, collection string) { c.db.Hide(model, collection) }

// CloseAPI stops the API server, as in a crash, and keeps the rest running.
func (c *Controller) CloseAPI() {
	c.http.CloseClientConnections()
	_ = c.http.Listener.Close()
	_ = worker.Stop(c.api)
}

// OpenAPI starts an API server again after CloseAPI, at the same address.
func (c *Controller) OpenAPI() error {
	mux := apiserverhttp.NewMux()
	if err := c.auth.AddHandlers(mux); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", c.http.Listener.Addr().String()) //nolint:noctx // A port of loopback is there at once.
	if err != nil {
		return err
	}
	server := httptest.NewUnstartedServer(mux)
	_ = server.Listener.Close()
	server.Listener, server.TLS = listener, c.http.TLS
	c.http = server
	c.config.Mux, c.config.MetricsCollector = mux, apiserver.NewMetricsCollector()
	if c.api, err = apiserver.NewServer(c.config); err != nil {
		return err
	}
	server.StartTLS() // only now: a request that comes before the server has its paths gets 404
	return nil
}

// Info returns the connection info of Juju's client as the user admin; an empty model means the controller.
func (c *Controller) Info(model string) *api.Info {
	info := &api.Info{Addrs: []string{c.Addr}, CACert: c.CACert, Tag: names.NewUserTag("admin"), Password: AdminPassword, ControllerUUID: c.UUID}
	if model != "" {
		info.ModelTag = names.NewModelTag(model)
	}
	return info
}

// DialOptions are those of Juju's client, with short limits.
func DialOptions() api.DialOpts {
	return api.DialOpts{Timeout: 20 * time.Second, DialTimeout: 10 * time.Second, DialAddressInterval: 50 * time.Millisecond, RetryDelay: 100 * time.Millisecond, Clock: clock.WallClock}
}

// Do changes the database of a model.
func (c *Controller) Do(model string, work func(*state.State) error) error {
	st, err := c.pool.Get(model)
	if err != nil {
		return err
	}
	defer st.Release()
	return work(st.State)
}

// Await returns when a condition on the database is true; it is evaluated after every change of the database. The error
// is the context's.
func (c *Controller) Await(ctx context.Context, condition func() bool) error {
	for {
		changed := c.db.Changed()
		if condition() {
			return nil
		}
		select {
		case <-changed:
		case <-c.stop:
			return errors.New("the controller is closed")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
