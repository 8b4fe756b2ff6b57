// Package controller simulates a Juju controller as seen over the wire: logins, redirects, the facades that JIMM and
// the charm use, and the migration engine, which really migrates models to other controllers at the addresses it is
// given.
//
// Comments state the source of each behaviour: "recorded" was seen on the wire of a real server, "documented" comes
// from Juju's source, documentation or issues, and "inferred" follows from those but was not seen. Texts of errors and
// status messages are Juju's. All waiting is on channels and timers, so that everything runs under testing/synctest.
package controller

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"

	"jimm-migrator/tests/sim/wire"
)

// Controller is a simulated controller. Make one with New, end it with Close.
type Controller struct {
	config  Config
	release release
	leaf    tls.Certificate
	methods map[string]map[string]method
	keys    *keySet

	mu       sync.Mutex
	server   *wire.Server
	up       chan struct{} // closed while the controller runs
	epoch    chan struct{} // closed when the current run of the controller ends
	changed  chan struct{} // closed and replaced at every change of the state below
	closed   bool
	servers  []string // addresses that are sent to clients
	models   map[string]*hosted
	latest   map[string]*migration // latest migration of each model, including models that are gone
	attempts map[string]int
	scripts  map[string][]Outcome
	creds    []Credential
	seen     map[string]bool // users of tokens, whom 4.0.15 and 4.1 add to their database (recorded)

	texts map[string][]string // status texts of the migrations of each model so far

	upgrading bool // a controller upgrade is running

	running sync.WaitGroup // migrations
}

// mode is the migration mode of a model.
type mode string

const (
	modeNone      mode = ""
	modeExporting mode = "exporting"
	modeImporting mode = "importing"
)

// hosted is a model on this controller.
type hosted struct {
	model           Model
	mode            mode
	status          status
	permissionsGone bool // REAP removes the permissions first
	came            bool // by a migration
	reaping         piece
	lastLogin       map[string]time.Time // by user, of logins with a password
	hidden          bool                 // an importing copy that no list shows (trait hiddenCopies)
}

// New makes a controller that hosts only its controller model. It does not serve yet.
func New(config Config) (*Controller, error) {
	config = config.fill()
	release, err := releaseOf(config.Version)
	if err != nil {
		return nil, err
	}
	if config.DialTimeout <= 0 {
		config.DialTimeout = leastDialTimeout
		if !release.has(unfinished) {
			config.DialTimeout = max(leastDialTimeout, time.Duration(float64(time.Minute)/config.Speed))
		}
	}
	if config.CA == nil {
		if config.CA, err = wire.NewCA(config.Name + " CA"); err != nil {
			return nil, err
		}
	}
	leaf, err := config.CA.Leaf(config.LeafNames...)
	if err != nil {
		return nil, err
	}
	c := &Controller{
		config: config, release: release, leaf: leaf, keys: newKeySet(config, release),
		up: make(chan struct{}), epoch: make(chan struct{}), changed: make(chan struct{}),
		servers: config.Addresses, creds: config.Credentials,
		models: map[string]*hosted{}, latest: map[string]*migration{},
		attempts: map[string]int{}, scripts: map[string][]Outcome{}, seen: map[string]bool{}, texts: map[string][]string{},
	}
	close(c.up)
	c.methods = c.allMethods()
	c.server = c.newServer()
	err = c.AddModel(Model{Name: "controller", UUID: config.ControllerModelUUID, IsController: true, ChangeBlock: config.ControllerBlock, Machines: config.Machines})
	return c, err
}

// UUID returns the controller's UUID.
func (c *Controller) UUID() string { return c.config.UUID }

// Version returns the controller's Juju version.
func (c *Controller) Version() string { return c.release.version.String() }

// HonoursDryRun reports whether InitiateMigration with "dry-run" only checks; it migrates otherwise.
func (c *Controller) HonoursDryRun() bool { return c.release.has(dryRun) }

// CACert returns the certificate of the CA as PEM.
func (c *Controller) CACert() string { return c.config.CA.PEM() }

// Addresses returns the controller's host:port addresses as sent to clients at login.
func (c *Controller) Addresses() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]string(nil), c.servers...)
}

// AddModel adds a model to the controller. If cloud, region or agent version is missing, the controller's is used.
func (c *Controller) AddModel(m Model) error {
	return c.add(m, modeNone, status{Status: "available", Since: now()})
}

// AddImportingCopy adds a copy that an earlier migration left behind, as the release would import it today. Which lists
// show it depends on the release. That 4.1 hides it, as it hides a copy that is being imported (recorded), is inferred.
// A model with the same owner and name cannot be migrated here (juju/juju#20361).
func (c *Controller) AddImportingCopy(m Model) error {
	return c.add(m, modeImporting, c.importingStatus())
}

// importingStatus is that of a copy that is being imported (3.6.28, 4.0.15 and 4.1-beta2, recorded).
func (c *Controller) importingStatus() status {
	info := "importing"
	if c.release.has(silentSource) {
		info = "the model is being migrated"
	}
	return status{Status: "busy", Info: info, Since: now()}
}

func (c *Controller) add(m Model, mode mode, st status) error {
	orDefault(&m.UUID, newUUID())
	orDefault(&m.Cloud, c.config.Clouds[0].Name)
	orDefault(&m.AgentVersion, c.Version())
	cloud, ok := c.cloud(m.Cloud)
	if !ok {
		return fmt.Errorf("cannot add model %q: no cloud %q on controller %q", m.Name, m.Cloud, c.config.Name)
	}
	orDefault(&m.Region, cloud.Regions[0])
	m = m.fill()
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, h := range c.models {
		if h.model.UUID == m.UUID || h.model.Owner == m.Owner && h.model.Name == m.Name {
			return fmt.Errorf("cannot add model %q: it exists on controller %q", m.Name, c.config.Name)
		}
	}
	c.models[m.UUID] = &hosted{
		model: m, mode: mode, status: st, hidden: mode == modeImporting && c.release.has(hiddenCopies),
	}
	c.touch()
	return nil
}

// Update changes the content of a model in place, as its users would.
func (c *Controller) Update(uuid string, change func(*Model)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.models[uuid]
	if h == nil {
		return fmt.Errorf("cannot update model %q: it is not on controller %q", uuid, c.config.Name)
	}
	change(&h.model)
	h.model = h.model.fill()
	c.touch()
	return nil
}

// RemoveModel removes a model, as destroy-model does: it leaves no redirect.
func (c *Controller) RemoveModel(uuid string) {
	c.mu.Lock()
	delete(c.models, uuid)
	c.touch()
	c.mu.Unlock()
	c.closeModelConns(uuid)
}

// touch wakes everything that waits for a change. The caller holds mu.
func (c *Controller) touch() {
	close(c.changed)
	c.changed = make(chan struct{})
}

// Serve accepts connections on a listener until Close, Stop or the end of the listener; it then returns nil. It serves
// TLS. A controller may serve several listeners.
func (c *Controller) Serve(l net.Listener) error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return l.Close()
	}
	if len(c.servers) == 0 {
		c.servers = []string{reachable(l.Addr().String())}
	}
	server := c.server
	c.mu.Unlock()
	return server.ServeTLS(l, c.leaf)
}

// reachable returns an address that can be dialled: a listener on all addresses is also on loopback.
func reachable(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return address
}

// Restart drops all connections, as a controller that restarts does. The state stays; running migrations restart their
// current phase, and a migration that was in ABORT loses its reason (documented).
func (c *Controller) Restart() {
	c.mu.Lock()
	close(c.epoch)
	c.epoch = make(chan struct{})
	server := c.server
	c.mu.Unlock()
	server.DropAll()
}

// Stop takes the controller down: connections break, listeners close, migrations stop. Start brings it back up.
func (c *Controller) Stop() error {
	c.mu.Lock()
	select {
	case <-c.up:
		c.up = make(chan struct{})
		close(c.epoch)
		c.epoch = make(chan struct{})
	default:
	}
	server := c.server
	c.server = c.newServer()
	c.mu.Unlock()
	return server.Close()
}

// Start ends a Stop. Serve has to be called again, with a new listener.
func (c *Controller) Start() {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.up:
	default:
		close(c.up)
	}
}

// Close ends everything and waits for it.
func (c *Controller) Close() error {
	c.mu.Lock()
	if !c.closed {
		c.closed = true
		close(c.epoch)
		c.epoch = make(chan struct{})
	}
	server := c.server
	c.touch()
	c.mu.Unlock()
	err := server.Close()
	c.running.Wait()
	return err
}

// run returns a context that ends with the current run of the controller (Restart, Stop or Close) or when cancel is
// called.
func (c *Controller) run() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	c.mu.Lock()
	defer c.mu.Unlock()
	epoch := c.epoch
	if c.closed {
		cancel()
		return ctx, cancel
	}
	c.running.Go(func() {
		select {
		case <-epoch:
			cancel()
		case <-ctx.Done():
		}
	})
	return ctx, cancel
}

// closeModelConns closes the connections of a model that is gone (3.5.5 and 3.6 on, documented; on older controllers
// they stay open, and calls fail).
func (c *Controller) closeModelConns(uuid string) {
	if !c.release.has(closesModels) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return
	}
	for _, conn := range c.server.Conns() {
		if strings.HasPrefix(conn.Path(), "/model/"+uuid+"/") {
			c.running.Go(func() { conn.Close(websocket.StatusNormalClosure, "") })
		}
	}
}

// leastDialTimeout is that of 4.0-beta8 (recorded); it is long enough for a loaded machine.
const leastDialTimeout = 3 * time.Second

func newUUID() string { return uuid.NewString() }

func itoa(n int) string { return strconv.Itoa(n) }
