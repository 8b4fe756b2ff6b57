package jimm

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"strconv"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/wire"
)

// backing is a logged-in connection to a controller.
type backing struct {
	s     *Server
	conn  *rpc.Conn
	login backingLogin
}

// backingLogin holds what JIMM keeps of a controller's LoginResult.
type backingLogin struct {
	ControllerTag string        `json:"controller-tag"`
	ServerVersion string        `json:"server-version"`
	Servers       [][]hostPort  `json:"servers"`
	Facades       []facadeEntry `json:"facades"`
}

type hostPort struct {
	Value string `json:"value"`
	Type  string `json:"type"`
	Scope string `json:"scope"`
	Port  int    `json:"port"`
}

// loginRequest is Admin(3).Login as JIMM sends it. Its model proxy sends no client-version.
type loginRequest struct {
	AuthTag       string   `json:"auth-tag"`
	Credentials   string   `json:"credentials"`
	Nonce         string   `json:"nonce"`
	Macaroons     []string `json:"macaroons"` // null
	Token         string   `json:"token"`
	UserData      string   `json:"user-data"`
	ClientVersion string   `json:"client-version,omitempty"`
}

// call asks the controller without a time limit of its own; the context has one where JIMM has one.
func (b *backing) call(ctx context.Context, req rpc.Request, params, reply any) error {
	req.Timeout = b.s.gen.UnboundedTimeout
	return b.conn.Call(ctx, req, params, reply)
}

// best is the first of JIMM's versions that the controller offers, or the first one: JIMM of 2024 calls ModelManager 9
// whether it is offered or not. JIMM of 2026 takes the highest that is offered, whether it knows it or not.
func (b *backing) best(facade string, known []int) int {
	if b.s.gen.Highest && (facade != "ModelManager" || !b.s.opts.Mended) {
		for _, f := range b.login.Facades {
			if f.Name == facade && len(f.Versions) > 0 {
				return slices.Max(f.Versions)
			}
		}
	}
	for _, v := range known {
		for _, f := range b.login.Facades {
			if f.Name == facade && slices.Contains(f.Versions, v) {
				return v
			}
		}
	}
	return known[0]
}

func (b *backing) modelManager(method string) rpc.Request {
	return rpc.Request{Facade: "ModelManager", Version: b.best("ModelManager", b.s.gen.ModelManager), Method: method}
}

func (b *backing) controller(method string) rpc.Request {
	return rpc.Request{Facade: "Controller", Version: b.best("Controller", b.s.gen.Controller), Method: method}
}

func (b *backing) close() { _ = b.conn.Close() }

// ownUser is the user that JIMM logs in as for itself: admin in 2024, jaas-<uuid>@external in 2026.
func (s *Server) ownUser() string { return s.gen.OwnUser(s.opts.UUID) }

// caller is the user that JIMM logs in as on behalf of this session.
func (ss *session) caller() string {
	if !ss.s.gen.AsCaller {
		return ss.s.ownUser()
	}
	user, _ := ss.who()
	return user
}

// addresses are dialled in this order: the public address, then those api-addresses that are not loopback addresses
// (recorded: a controller with only a loopback api-address gives "no urls to dial").
func (c *Controller) addresses() []string {
	var list []string
	if c.PublicAddress != "" {
		list = append(list, c.PublicAddress)
	}
	for _, address := range c.Addresses {
		host, _, _ := net.SplitHostPort(address)
		if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
			continue
		}
		list = append(list, address)
	}
	return list
}

// dial connects and logs in. The error is what JIMM makes of the failure.
func (s *Server) dial(ctx context.Context, row Controller, model, user string) (*backing, error) {
	conn, err := s.connect(ctx, row, model)
	if err != nil {
		return nil, err
	}
	b := &backing{s: s, conn: conn}
	access := map[string]string{"controller-" + row.UUID: "superuser"}
	if model != "" {
		access["model-"+model] = accessAdmin
	}
	token, err := s.controllerToken(user, row.UUID, access)
	if err != nil {
		b.close()
		return nil, err
	}
	err = b.call(ctx, rpc.Request{Facade: "Admin", Version: 3, Method: "Login"}, loginRequest{
		AuthTag: "user-" + user, Token: token, ClientVersion: s.gen.ClientVersion,
	}, &b.login)
	if err != nil {
		b.close()
		return nil, s.loginError(err)
	}
	return b, nil
}

func (s *Server) connect(ctx context.Context, row Controller, model string) (*rpc.Conn, error) {
	path := "/api"
	if model != "" {
		path = "/model/" + model + "/api"
	}
	err := error(&wire.Error{Message: "no urls to dial"})
	for _, address := range row.addresses() {
		conn, dialErr := rpc.Dial(ctx, s.scheme()+address+path, s.dialOptions(row))
		if dialErr == nil {
			return conn, nil
		}
		err = s.unreachable(dialErr)
	}
	return nil, err
}

func (s *Server) scheme() string {
	if s.opts.Plain {
		return "ws://"
	}
	return "wss://"
}

func (s *Server) dialOptions(row Controller) rpc.DialOptions {
	opts := rpc.DialOptions{
		RootCAs: row.pool(), ServerName: row.TLSHostname, DialContext: s.opts.DialContext, PingInterval: -1,
	}
	if s.opts.Pings {
		opts.PingInterval = rpc.DefaultPingInterval
	}
	return opts
}

func (c *Controller) pool() *x509.CertPool {
	if c.CACertificate == "" {
		return nil
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(c.CACertificate))
	return pool
}

// unreachable has no code in either year. In 2024 it does not contain the reason.
func (s *Server) unreachable(err error) error {
	if !s.gen.DialTexts {
		return &wire.Error{Message: "no urls to dial"}
	}
	return &wire.Error{Message: "basic dial failed: " + dialText(err)}
}

// dialText is the innermost text that names the address.
func dialText(err error) string {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Error()
	}
	if lost, ok := errors.AsType[*rpc.ConnectionError](err); ok {
		return lost.Err.Error()
	}
	return err.Error()
}

// loginError is a login that the controller refused. For AddController it was recorded in both years; that the other
// calls get the same is from the source.
func (s *Server) loginError(err error) error {
	refused, ok := errors.AsType[*rpc.Error](err)
	switch {
	case !ok:
		return &wire.Error{Message: brokenText(err)}
	case s.gen.DialTexts:
		return &wire.Error{Message: withCode(refused)}
	default:
		return wire.Errorf("connection failed", "authentication failed")
	}
}

// failedToDial wraps an error of dial where JIMM's text says that it was dialling.
func (s *Server) failedToDial(err error) *wire.Error {
	e := wire.AsError(err)
	if s.gen.DialTexts {
		return &wire.Error{Message: "failed to dial the controller: " + e.Message, Code: e.Code}
	}
	return &wire.Error{Message: "failed to dial the controller", Code: e.Code}
}

// withCode is the text of a call error as Juju's client prints it.
func withCode(e *rpc.Error) string {
	if e.Code == "" {
		return e.Message
	}
	return e.Message + " (" + string(e.Code) + ")"
}

// brokenText is the text of a connection that broke during a call (2026, recorded), or of a context that ended.
func brokenText(err error) string {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded.Error()
	case errors.Is(err, context.Canceled):
		return context.Canceled.Error()
	case errors.Is(err, rpc.ErrConnection):
		return "websocket: close 1006 (abnormal closure): unexpected EOF"
	default:
		return err.Error()
	}
}

// flatten makes host:port of the servers of a LoginResult.
func (l *backingLogin) flatten() []string {
	var list []string
	for _, server := range l.Servers {
		for _, address := range server {
			list = append(list, net.JoinHostPort(address.Value, strconv.Itoa(address.Port)))
		}
	}
	return list
}

// cachedDial is the one connection that JIMM of 2024 keeps per controller name. The slot is a lock: a mutex would
// stop the clock of testing/synctest.
type cachedDial struct {
	slot chan struct{}
	b    *backing
}

// dialError reports that JIMM could not connect to a controller, or not log in.
type dialError struct{ error }

// Unwrap returns what JIMM makes of it.
func (d *dialError) Unwrap() error { return d.error }

// use runs work with a connection to a controller: in 2024 the kept one, which is pinged first, in 2026 a new one that
// is closed afterwards. Without a connection the error is a *dialError.
func (s *Server) use(ctx context.Context, row Controller, user string, work func(*backing) error) error {
	if s.gen.CacheDials {
		b, err := s.kept(ctx, row, user)
		if err != nil {
			return &dialError{err}
		}
		return work(b)
	}
	b, err := s.dial(ctx, row, "", user)
	if err != nil {
		return &dialError{err}
	}
	defer b.close()
	return work(b)
}

func (s *Server) kept(ctx context.Context, row Controller, user string) (*backing, error) {
	s.mu.Lock()
	c := s.cached[row.Name]
	if c == nil {
		c = &cachedDial{slot: make(chan struct{}, 1)}
		s.cached[row.Name] = c
	}
	s.mu.Unlock()
	select {
	case c.slot <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-c.slot }()
	if c.b != nil {
		if c.b.call(ctx, rpc.Request{Facade: "Pinger", Version: 1, Method: "Ping"}, nil, nil) == nil {
			return c.b, nil
		}
		c.b.close()
		c.b = nil
	}
	b, err := s.dial(ctx, row, "", user)
	if err != nil {
		return nil, err
	}
	c.b = b
	return b, nil
}

func (s *Server) dropCached() {
	s.mu.Lock()
	cached := s.cached
	s.cached = map[string]*cachedDial{}
	s.mu.Unlock()
	for _, c := range cached {
		c.slot <- struct{}{}
		if c.b != nil {
			c.b.close()
		}
	}
}

// forController finds a controller by the name in a request. An empty name is an error in 2026; in 2024 JIMM's query
// then has no condition and returns the first controller.
func (s *Server) forController(name string) (Controller, *wire.Error) {
	if name == "" && !s.gen.EmptyIsFirst {
		return Controller{}, wire.Errorf(codeBadRequest, "controller UUID or name must be provided")
	}
	row, ok := s.db.controller(name)
	if name == "" {
		row, ok = s.db.firstController()
	}
	if !ok {
		return Controller{}, wire.Errorf(codeNotFound, "controller not found")
	}
	return row, nil
}

// hosting is the controller of a model's row.
func (s *Server) hosting(row Model) Controller {
	c, _ := s.db.controller(row.Controller) // without a row there is no address: "no urls to dial"
	c.Name = cmp.Or(c.Name, row.Controller)
	return c
}
