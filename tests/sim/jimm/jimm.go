// Package jimm is a simulated JIMM: it behaves as real JIMM servers of October 2024 and of July 2026 did when their
// traffic was recorded, including the ugly parts. Like the real one it knows the controllers only over the wire.
//
// Behaviour without a recording has a comment that states its source: "source" means that it was read in JIMM's source
// and not seen running.
package jimm

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/json"
	"net"
	"net/http"
	"sync"
	"time"

	"jimm-migrator/tests/sim/wire"
)

// The codes that JIMM uses itself.
const (
	codeUnauthorized  = "unauthorized access"
	codeNotFound      = "not found"
	codeModelNotFound = "model not found"
	codeBadRequest    = "bad request"
	codeExists        = "already exists"
	codeRedirect      = "redirection required"
)

// DefaultUUID is the UUID of JIMM unless Options say otherwise.
const DefaultUUID = "3217dbc9-8ea9-4381-9e97-01eab0b3f6bb"

// Options are the settings of a JIMM. Only Generation is required.
type Options struct {
	Generation Generation
	UUID       string // JIMM_UUID; empty: DefaultUUID
	DNSName    string // JIMM_DNS_NAME: public-dns-name and issuer of the tokens; empty: localhost
	PathPrefix string // e.g. "/jimm": everything is served below it
	Version    string // empty: "unknown version", as a build without stamps says (recorded)
	Commit     string // empty: "unknown git commit"

	Accounts   []Account // service accounts that the identity provider knows
	DeviceUser string    // the user who approves LoginDevice, at once; empty: admin@example.com

	DialContext func(ctx context.Context, network, address string) (net.Conn, error) // to the controllers; nil: net

	Log    func(wire.Event) // sees every message of the client side; nil: none
	Faults *wire.Faults     // of the client side; nil: none

	Poller   bool // the poller of newer JIMM, every 60 s from the start
	Pings    bool // pings on kept controller connections, every 30 s
	Watchers bool // background dials to every controller, at the start and every ten minutes, and their long polls

	// Cancels makes MigrateModel answer "context canceled" whatever the controller has answered. JIMM of 2024 did so in
	// all migrations between real controllers, until it was restarted (recorded; the reason is not known).
	Cancels bool

	// UnknownOffers, "<model UUID>/<name>", were made on a controller and not through JIMM.
	UnknownOffers []string

	// Mended is a JIMM after July 2026 that calls ModelManager only in versions that it knows. That of July 2026 takes
	// the highest one that a controller offers; version 11 of 4.x has no owner's tag, so JIMM can neither import nor
	// record a model there, nor complete a migration by itself (recorded with 4.0.15 and 4.1-beta2), nor add one
	// (4.0-beta8 refuses an owner's tag in version 11, recorded). That it will be fixed in this way is assumed.
	Mended bool

	Skew  time.Duration // how far JIMM's clock is ahead; the times of its audit log are read from it
	Plain bool          // to the controllers without TLS
	Keys  *Keys         // that sign tokens; nil: new ones

	// Called sees every request on /api and every login on a model, before it is answered; may be nil.
	Called func(Call)

	// Forgot is called when ModelInfo makes JIMM delete a row, with the user who asked; JIMM's own user is the poller.
	// May be nil.
	Forgot func(row Model, user string)
}

// Account is a service account at the identity provider. Whether it is an administrator depends on tuples.
type Account struct {
	ID     string // client id, without @serviceaccount
	Secret string
}

// String leaves the secret out.
func (a Account) String() string { return "service account " + a.ID }

// GoString leaves the secret out.
func (a Account) GoString() string { return a.String() }

// Call is one request of a client, as Options.Called sees it.
type Call struct {
	User   string // without "user-"; empty before login
	Path   string
	Facade string
	Method string
	Params json.RawMessage
}

// Server is a simulated JIMM. Make one with New.
type Server struct {
	opts Options
	gen  Generation
	wire *wire.Server
	db   *database
	keys *Keys

	mu       sync.Mutex
	started  time.Time
	cached   map[string]*cachedDial
	identity bool // the identity provider is down
	openFGA  bool // OpenFGA is down
	placed   int  // models that JIMM has placed
	cancels  bool // see Options.Cancels
	stop     context.CancelFunc
	halted   chan struct{} // closed when the current run ends
	running  sync.WaitGroup
}

// New makes a JIMM with an empty database. Nothing runs before Start.
func New(opts Options) *Server {
	opts.UUID = cmp.Or(opts.UUID, DefaultUUID)
	opts.DNSName = cmp.Or(opts.DNSName, "localhost")
	opts.Version = cmp.Or(opts.Version, "unknown version")
	opts.Commit = cmp.Or(opts.Commit, "unknown git commit")
	opts.DeviceUser = cmp.Or(opts.DeviceUser, "admin@example.com")
	if opts.DialContext == nil {
		opts.DialContext = (&net.Dialer{}).DialContext
	}
	if opts.Keys == nil {
		opts.Keys = NewKeys()
	}
	s := &Server{
		opts: opts, gen: opts.Generation, db: newDatabase(), keys: opts.Keys, cached: map[string]*cachedDial{},
		cancels: opts.Cancels,
	}
	s.wire = s.newWire()
	return s
}

func (s *Server) newWire() *wire.Server {
	server := wire.NewServer(wire.Config{
		Name: "jimm", Log: s.opts.Log, Faults: s.opts.Faults, BadMessage: s.gen.BadMessage,
	})
	prefix := s.opts.PathPrefix
	server.HandleHTTP("GET "+prefix+"/debug/info", http.HandlerFunc(s.debugInfo))
	server.HandleHTTP("GET "+prefix+"/debug/status", http.HandlerFunc(s.debugStatus))
	server.HandleHTTP("GET "+prefix+"/.well-known/jwks.json", http.HandlerFunc(s.jwks))
	server.Handle(prefix+"/api", s.openAPI)
	server.Handle(prefix+"/model/{uuid}/api", s.openModel)
	return server
}

func (s *Server) server() *wire.Server {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.wire
}

// Start starts the background work. Close and Restart end it.
func (s *Server) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	s.mu.Lock()
	s.started, s.stop, s.halted = time.Now(), cancel, make(chan struct{})
	s.mu.Unlock()
	if s.opts.Poller && s.gen.PollInterval > 0 {
		s.running.Go(func() { s.poll(ctx) })
	}
	if s.opts.Watchers {
		s.running.Go(func() { s.watchControllers(ctx) })
	}
}

// Serve serves ws:// and http:// on a listener, as the real one does behind an ingress, until Close.
func (s *Server) Serve(l net.Listener) error { return s.server().Serve(l) }

// ServeTLS serves wss:// and https://.
func (s *Server) ServeTLS(l net.Listener, certificate tls.Certificate) error {
	return s.server().ServeTLS(l, certificate)
}

// ServeHTTP serves one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.server().ServeHTTP(w, r) }

// Restart kills JIMM and starts it again: all connections break, the database stays.
func (s *Server) Restart() {
	s.halt()
	s.mu.Lock()
	s.cancels = false
	s.mu.Unlock()
	s.server().DropAll()
	s.Start()
}

// Stop takes JIMM down: connections break, listeners close, polling ends. The database stays. Start brings it back up,
// but Serve has to be called again with a new listener.
func (s *Server) Stop() error {
	s.halt()
	s.mu.Lock()
	old := s.wire
	s.wire = s.newWire()
	s.mu.Unlock()
	err := old.Close()
	s.dropCached()
	return err
}

// Close ends everything and waits for it.
func (s *Server) Close() error {
	s.halt()
	err := s.server().Close()
	s.dropCached()
	return err
}

func (s *Server) halt() {
	s.mu.Lock()
	if s.stop != nil {
		s.stop()
		close(s.halted)
		s.stop = nil
	}
	s.mu.Unlock()
	s.running.Wait()
	s.dropCached()
}

// limited is a context that ends after some time, and with the current run of JIMM.
func (s *Server) limited(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, d)
	s.mu.Lock()
	halted := s.halted
	s.mu.Unlock()
	go func() {
		select {
		case <-halted:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, cancel
}

// IdentityProviderDown makes logins fail as they do when the identity provider cannot be reached: exactly like a
// wrong secret (2024, recorded).
func (s *Server) IdentityProviderDown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.identity = down
}

// OpenFGADown makes checks of rights fail as they do when OpenFGA cannot be reached.
func (s *Server) OpenFGADown(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.openFGA = down
}

func (s *Server) down() (identity, openFGA bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.identity, s.openFGA
}
