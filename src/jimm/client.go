package jimm

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
)

// Options say where JIMM is, and who connects and how. URL, ClientID and
// ClientSecret are required; the zero value of the rest means the defaults of
// rpc.DialOptions.
type Options struct {
	// URL is the address of JIMM in one of the forms of [ParseAddress].
	URL string
	// ClientID is the id of the service account. It is sent without the suffix
	// @serviceaccount, which JIMM adds by itself and its identity provider
	// does not know; a given suffix is dropped.
	ClientID string
	// ClientSecret is the secret of the service account. JIMM of 2024 stores it
	// in clear text in its audit log, once per login.
	ClientSecret Secret
	// RootCAs are the authorities to trust; nil means those of the system.
	RootCAs *x509.CertPool
	// ServerName is the name in JIMM's certificate, if it is not the URL's.
	ServerName string
	// Proxy chooses the proxy of a request, as in http.Transport; nil: none.
	Proxy func(*http.Request) (*url.URL, error)
	// DialContext makes the network connection; nil means a net.Dialer.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	// CallTimeout is the time limit of a call. Calls during which JIMM asks
	// controllers have longer limits of their own, which this can only raise.
	CallTimeout time.Duration
	// PingInterval is the time between two pings; keep it well under 90 s.
	PingInterval time.Duration
	// DialTimeout limits making a connection.
	DialTimeout time.Duration
	// MaxMessage is the size in bytes of the largest message accepted.
	MaxMessage int64
}

// dialOptions returns the part of the options that is rpc's.
func (o Options) dialOptions() rpc.DialOptions {
	return rpc.DialOptions{
		Name:         "JIMM",
		RootCAs:      o.RootCAs,
		ServerName:   o.ServerName,
		Proxy:        o.Proxy,
		DialContext:  o.DialContext,
		MaxMessage:   o.MaxMessage,
		CallTimeout:  o.CallTimeout,
		PingInterval: o.PingInterval,
		DialTimeout:  o.DialTimeout,
	}
}

// Client is a connection to JIMM's own API, logged in. Its methods may be
// called by several goroutines at once; a slow call does not hold up others.
//
// Close it only when no [Client.MigrateModel] waits: JIMM gives the call up
// when its client goes away, and newer JIMM is then left believing that the
// model migrates, whether it does or not.
type Client struct {
	opts    Options
	addr    Address
	conn    *rpc.Conn
	session session
	// spelling is the dialect of MigrateModel that this JIMM was found to
	// speak, 0 while the guess of its generation was not refused.
	spelling atomic.Int32
}

// Connect dials JIMM and logs in as the service account of opts. The context
// limits connecting, not the life of the client; end that with [Client.Close].
//
// An error that matches rpc.ErrConnection means that JIMM was not reached or
// was lost. A refused login is an *rpc.Error: with rpc.CodeUnauthorized the
// secret may be wrong, but JIMM answers just the same while its identity
// provider or OpenFGA is down (2024, recorded); with rpc.CodeNotImplemented
// this is not JIMM, or JIMM before v3.1.0. The error never contains the secret.
func Connect(ctx context.Context, opts Options) (*Client, error) {
	addr, err := ParseAddress(opts.URL)
	if err != nil {
		return nil, err
	}
	credentials, err := opts.credentials()
	if err != nil {
		return nil, fmt.Errorf("cannot log in to JIMM at %s: %w", addr, err)
	}
	conn, err := rpc.Dial(ctx, addr.API(), opts.dialOptions())
	if err != nil {
		return nil, fmt.Errorf("cannot connect to JIMM at %s: %w", addr, unconnectedError{err})
	}
	session, err := logInToJIMM(ctx, conn, credentials)
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("cannot log in to JIMM at %s as %q: %w", addr, credentials.id, err)
	}
	return &Client{opts: opts, addr: addr, conn: conn, session: session}, nil
}

// ErrNotConnected matches, with errors.Is, an error of [Connect] that came before the
// login: no secret was sent.
var ErrNotConnected = errors.New("not connected")

// unconnectedError is the reason of such an error.
type unconnectedError struct{ error }

// Unwrap returns the reason.
func (e unconnectedError) Unwrap() error { return e.error }

// Is reports whether target is [ErrNotConnected].
func (e unconnectedError) Is(target error) bool { return target == ErrNotConnected }

// Address returns where the client is connected.
func (c *Client) Address() Address { return c.addr }

// Identity returns the name by which JIMM knows us, such as
// 1f0c2d34-aa55@serviceaccount, without "user-". Grants in JIMM are made to
// this name.
func (c *Client) Identity() string { return c.session.identity }

// Administrator reports whether we were a JIMM administrator when we logged in.
// JIMM checks once, at the login: a grant counts from the next.
func (c *Client) Administrator() bool { return c.session.administrator }

// ControllerUUID returns the uuid of JIMM itself, which poses as a controller.
// As long as masking is not disabled it is the controller of every model.
func (c *Client) ControllerUUID() string { return c.session.controllerUUID }

// Facades returns the facades that JIMM offers on its own API.
func (c *Client) Facades() juju.FacadeVersions { return c.session.facades }

// Generation returns the generation of JIMM, guessed from its facades.
func (c *Client) Generation() Generation { return generationOf(c.session.facades) }

// Done is closed when the connection is lost or closed.
func (c *Client) Done() <-chan struct{} { return c.conn.Done() }

// Err returns nil while the connection is usable, and after that the
// *rpc.ConnectionError that says why it is not.
func (c *Client) Err() error { return c.conn.Err() }

// Close ends the connection. Pending calls fail.
func (c *Client) Close() error { return c.conn.Close() }

// call calls a method of the facade JIMM, which is version 4 everywhere. A
// params of nil is sent as {}.
func (c *Client) call(ctx context.Context, method string, atLeast time.Duration, params, reply any) error {
	if params == nil {
		params = struct{}{}
	}
	return c.conn.Call(ctx, rpc.Request{
		Facade:  "JIMM",
		Version: 4,
		Method:  method,
		Timeout: c.opts.timeLimit(atLeast),
	}, params, reply)
}

// timeLimit returns the time limit of a call that needs at least that long.
func (o Options) timeLimit(atLeast time.Duration) time.Duration {
	limit := o.CallTimeout
	if limit <= 0 {
		limit = rpc.DefaultCallTimeout
	}
	return max(limit, atLeast)
}

// Generation distinguishes what JIMM does with migrations by itself. It is
// guessed from the facades of the login; to find out whether a method exists,
// call it: the answer is rpc.CodeNotImplemented if it does not.
type Generation int

const (
	// Generation2024 is JIMM v3.1.x, to spring 2025: ListModelSummaries is
	// answered from the database, and only UpdateMigratedModel moves a record.
	Generation2024 Generation = iota + 1
	// Generation2025 is JIMM of mid-2025 and newer, known by the facades
	// MigrationTarget or ModelConfig: JIMM follows migrations that it started
	// and moves the record itself; it may delete the record of a model that
	// its controller denies.
	Generation2025
)

// String returns the name of the generation.
func (g Generation) String() string {
	switch g {
	case Generation2024:
		return "JIMM of 2024"
	case Generation2025:
		return "JIMM of mid-2025 or newer"
	}
	return "unknown JIMM"
}

func generationOf(facades juju.FacadeVersions) Generation {
	for _, name := range []string{"MigrationTarget", "ModelConfig"} {
		if len(facades[name]) > 0 {
			return Generation2025
		}
	}
	return Generation2024
}

// credentials are what a login sends.
type credentials struct {
	id     string
	secret Secret
}

// credentials returns the client id without its suffix, and the secret.
func (o Options) credentials() (credentials, error) {
	id := strings.TrimSuffix(o.ClientID, "@serviceaccount")
	switch {
	case id == "":
		return credentials{}, &argumentError{reason: "the client ID is empty"}
	case hasSpace(id):
		return credentials{}, &argumentError{reason: "the client ID contains a space"}
	case o.ClientSecret.IsZero():
		return credentials{}, &argumentError{reason: "the client secret is empty"}
	}
	return credentials{id: id, secret: o.ClientSecret}, nil
}
