package juju

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"jimm-migrator/src/rpc"
)

const (
	// serverName is in the certificate of every Juju controller, whatever its
	// addresses are.
	serverName = "juju-apiserver"
	// stagger is the time between the starts of two dials, as in Juju.
	stagger = 200 * time.Millisecond
)

// Options say how to reach a controller. Addresses are required; the zero value
// of the rest means the defaults of rpc.DialOptions.
type Options struct {
	// Addresses of the controller's API servers, as host:port, an IPv6 host
	// in brackets. They are dialled in this order, 200 ms apart or as soon as
	// one failed, and the first that answers is kept.
	Addresses []string
	// CACert is the controller's CA as PEM, one or more certificates. With it
	// the server must prove to be "juju-apiserver"; if that fails and the
	// address is a name, it may prove that name to the system's roots
	// instead. Without it only the latter is tried. There is no unverified
	// connection.
	CACert string
	// ModelUUID makes it a connection to a model; empty means one to the
	// controller.
	ModelUUID string
	// ControllerUUID is the controller that is expected to answer the login;
	// empty means any.
	ControllerUUID string
	// Name is what the controller is called in rpc.Waiting.
	Name string
	// Proxy and DialContext are those of rpc.DialOptions.
	Proxy       func(*http.Request) (*url.URL, error)
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	// DialTimeout limits [Dial] as a whole.
	DialTimeout time.Duration
	// CallTimeout, PingInterval and MaxMessage are those of rpc.DialOptions.
	CallTimeout  time.Duration
	PingInterval time.Duration
	MaxMessage   int64

	// systemRoots stands for the system's roots in tests.
	systemRoots *x509.CertPool
}

// target is a place to dial, found good.
type target struct {
	addresses []address
	path      string
	roots     *x509.CertPool // the controller's CA; nil if it has none
	opts      Options
}

// newTarget checks the options.
func newTarget(opts Options) (*target, error) {
	t := &target{path: "/api", opts: opts}
	if opts.ModelUUID != "" {
		if _, err := ModelTag(opts.ModelUUID); err != nil {
			return nil, err
		}
		t.path = "/model/" + opts.ModelUUID + "/api"
	}
	var err error
	if t.addresses, err = parseAddresses(opts.Addresses); err != nil {
		return nil, err
	}
	if strings.TrimSpace(opts.CACert) != "" {
		t.roots = x509.NewCertPool()
		if !t.roots.AppendCertsFromPEM([]byte(opts.CACert)) {
			return nil, errors.New("cannot use CA certificate of controller: it contains no PEM certificate")
		}
	}
	return t, nil
}

// dial connects to the first address that answers.
func (t *target) dial(ctx context.Context) (*rpc.Conn, address, error) {
	limit := t.opts.DialTimeout
	if limit <= 0 {
		limit = rpc.DefaultDialTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit,
		fmt.Errorf("%w: no connection within %v", context.DeadlineExceeded, limit))
	defer cancel()
	conn, i, err := race(ctx, len(t.addresses), func(ctx context.Context, i int) (*rpc.Conn, error) {
		return t.dialAddress(ctx, t.addresses[i])
	})
	if err != nil {
		return nil, address{}, fmt.Errorf("cannot connect to controller: %w", err)
	}
	return conn, t.addresses[i], nil
}

// dialAddress connects to one address: verified by the controller's own CA,
// and, where that fails or there is none, by its public name.
func (t *target) dialAddress(ctx context.Context, a address) (*rpc.Conn, error) {
	opts := rpc.DialOptions{
		Name:         t.opts.Name,
		Proxy:        t.opts.Proxy,
		DialContext:  t.opts.DialContext,
		DialTimeout:  t.opts.DialTimeout,
		CallTimeout:  t.opts.CallTimeout,
		PingInterval: t.opts.PingInterval,
		MaxMessage:   t.opts.MaxMessage,
	}
	url := "wss://" + a.String() + t.path
	if t.roots == nil {
		opts.RootCAs = t.opts.systemRoots
		return rpc.Dial(ctx, url, opts)
	}
	opts.RootCAs, opts.ServerName = t.roots, serverName
	conn, err := rpc.Dial(ctx, url, opts)
	if err == nil || a.numeric() || !isVerification(err) {
		return conn, err
	}
	opts.RootCAs, opts.ServerName = t.opts.systemRoots, ""
	conn, publicErr := rpc.Dial(ctx, url, opts)
	if publicErr != nil {
		return nil, joined([]error{err, publicErr})
	}
	return conn, nil
}

// isVerification reports whether err means that a server did not prove its
// identity.
func isVerification(err error) bool {
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}

// Conn is a connection to a controller, or to one of its models. Its methods
// may be called by several goroutines at once, except for Login.
type Conn struct {
	target  *target
	address address
	rpc     *rpc.Conn
	login   LoginResult
}

var _ rpc.Caller = (*Conn)(nil)

// Dial connects to a controller. Nothing but pings can be called before
// [Conn.Login]. A failure to connect matches rpc.ErrConnection.
func Dial(ctx context.Context, opts Options) (*Conn, error) {
	t, err := newTarget(opts)
	if err != nil {
		return nil, err
	}
	conn, a, err := t.dial(ctx)
	if err != nil {
		return nil, err
	}
	return &Conn{target: t, address: a, rpc: conn}, nil
}

// Address returns the address that answered, as host:port.
func (c *Conn) Address() string { return c.address.String() }

// Call is rpc.Conn.Call.
func (c *Conn) Call(ctx context.Context, req rpc.Request, params, reply any) error {
	return c.rpc.Call(ctx, req, params, reply)
}

// Done is closed when the connection is lost or closed.
func (c *Conn) Done() <-chan struct{} { return c.rpc.Done() }

// Err returns nil while the connection is usable, and why it is not after that.
func (c *Conn) Err() error { return c.rpc.Err() }

// Close closes the connection, see rpc.Conn.Close.
func (c *Conn) Close() error { return c.rpc.Close() }

// ModelManager returns a client of the facade in the highest version that both
// sides know. It needs a login.
func (c *Conn) ModelManager() (*ModelManager, error) {
	version, err := c.login.Facades.choose("ModelManager", 9, 10, 11)
	if err != nil {
		return nil, err
	}
	return NewModelManager(c, version), nil
}

// Controller returns a client of the facade in the highest version that both
// sides know. It needs a login.
func (c *Conn) Controller() (*Controller, error) {
	version, err := c.login.Facades.choose("Controller", 11, 12, 13, 14)
	if err != nil {
		return nil, err
	}
	return NewController(c, version), nil
}

// ModelUpgrader returns a client of the facade in the highest version that both
// sides know. It needs a login.
func (c *Conn) ModelUpgrader() (*ModelUpgrader, error) {
	version, err := c.login.Facades.choose("ModelUpgrader", UpgraderVersions()...)
	if err != nil {
		return nil, err
	}
	return NewModelUpgrader(c, version), nil
}
