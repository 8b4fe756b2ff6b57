package rpc

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// Defaults of [DialOptions].
const (
	// DefaultMaxMessage is the largest message that is accepted: 64 MiB. The
	// status of a large model is megabytes.
	DefaultMaxMessage = 64 << 20
	// DefaultCallTimeout is how long a call waits for its answer.
	DefaultCallTimeout = time.Minute
	// DefaultPingInterval is the time between two pings.
	DefaultPingInterval = 30 * time.Second
	// DefaultDialTimeout limits connecting, TLS and websocket handshake together.
	DefaultDialTimeout = 30 * time.Second
)

// DialOptions say how to connect. The zero value verifies the server with the
// system's roots and the host name of the URL, uses no proxy, and has the
// defaults above. There is no way to leave a server unverified.
type DialOptions struct {
	// RootCAs are the authorities to trust; nil means those of the system.
	RootCAs *x509.CertPool
	// ServerName is the name that the server's certificate must carry; empty
	// means the host of the URL. Juju controllers have "juju-apiserver".
	ServerName string
	// Name is what the server is called in [Waiting].
	Name string
	// Proxy chooses the proxy of a request, as in http.Transport; nil means
	// none. The environment is not read. The proxy itself is spoken to in
	// plain HTTP (http://…) or SOCKS5.
	Proxy func(*http.Request) (*url.URL, error)
	// DialContext makes the network connection; nil means a net.Dialer.
	DialContext func(ctx context.Context, network, addr string) (net.Conn, error)
	// Header is sent with the handshake; nil means none.
	Header http.Header
	// MaxMessage is the size in bytes of the largest message that is
	// accepted. A larger one ends the connection. 0: [DefaultMaxMessage].
	MaxMessage int64
	// CallTimeout is the time limit of calls whose [Request] has none.
	// 0: [DefaultCallTimeout].
	CallTimeout time.Duration
	// PingInterval is the time between two Pinger.Ping calls, which start
	// with the connection, before any login. JIMM closes a connection without
	// them (after 90 s in 2024, 180 s in 2026), whatever else is called.
	// 0: [DefaultPingInterval]; negative: no pings.
	PingInterval time.Duration
	// DialTimeout limits the whole of [Dial]. 0: [DefaultDialTimeout].
	DialTimeout time.Duration
}

// withDefaults returns the options with every zero limit replaced.
func (o DialOptions) withDefaults() DialOptions {
	if o.MaxMessage == 0 {
		o.MaxMessage = DefaultMaxMessage
	}
	if o.CallTimeout == 0 {
		o.CallTimeout = DefaultCallTimeout
	}
	if o.PingInterval == 0 {
		o.PingInterval = DefaultPingInterval
	}
	if o.DialTimeout == 0 {
		o.DialTimeout = DefaultDialTimeout
	}
	return o
}

// Dial connects to a websocket endpoint, ws:// or wss://. The context and
// DialTimeout limit the dialling, not the connection's life; end that with
// [Conn.Close]. A failure to connect is a [*ConnectionError].
//
// The handshake sends no Origin header, offers no compression, speaks TLS 1.2
// or newer and follows no redirects.
func Dial(ctx context.Context, rawURL string, opts DialOptions) (*Conn, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		if parse, ok := errors.AsType[*url.Error](err); ok {
			err = parse.Err // the whole quotes the URL and any password in it
		}
		return nil, fmt.Errorf("cannot dial: not a URL: %w", err)
	}
	if u.Scheme != "ws" && u.Scheme != "wss" || u.Host == "" {
		return nil, fmt.Errorf("cannot dial %q: need ws://HOST/… or wss://HOST/…", plainURL(u))
	}
	opts = opts.withDefaults()
	lost := func(err error) error { return &ConnectionError{URL: plainURL(u), Err: err} }

	tooSlow := fmt.Errorf("%w: no websocket within %v", context.DeadlineExceeded, opts.DialTimeout)
	ctx, cancel := context.WithTimeoutCause(ctx, opts.DialTimeout, tooSlow)
	defer cancel()
	waits := await(ctx, opts.Name, Request{})
	line := &line{dial: opts.DialContext}
	transport := opts.transport(line)
	defer transport.CloseIdleConnections() // an upgraded connection is no longer the transport's
	//nolint:bodyclose // websocket.Dial closes it
	ws, resp, err := websocket.Dial(ctx, u.String(), &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport, CheckRedirect: refuseRedirect},
		HTTPHeader: opts.Header,
	})
	waits.end(err == nil)
	if err == nil {
		return newConn(ws, line, plainURL(u), opts), nil
	}
	_ = line.Close()
	switch {
	case ctx.Err() != nil:
		return nil, lost(context.Cause(ctx))
	case resp != nil && resp.StatusCode != http.StatusSwitchingProtocols:
		return nil, lost(&HandshakeError{StatusCode: resp.StatusCode, Text: firstLine(resp.Body)})
	}
	if request, ok := errors.AsType[*url.Error](err); ok {
		err = request.Err // the rest says "Get https://…" of what is no such thing
	}
	return nil, lost(err)
}

// transport returns a transport for one handshake over the line.
func (o DialOptions) transport(line *line) *http.Transport {
	return &http.Transport{
		Proxy:       o.Proxy,
		DialContext: line.connect,
		TLSClientConfig: &tls.Config{
			MinVersion: tls.VersionTLS12,
			RootCAs:    o.RootCAs,
			ServerName: o.ServerName,
		},
		// Websockets need HTTP/1.1: a non-nil empty map keeps HTTP/2 out.
		TLSNextProto: map[string]func(string, *tls.Conn) http.RoundTripper{},
	}
}

// refuseRedirect makes the redirect itself the answer.
func refuseRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// plainURL returns the URL without what may be secret.
func plainURL(u *url.URL) string {
	plain := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	return plain.String()
}

// firstLine returns the start of a body that explains a refused handshake.
func firstLine(body io.Reader) string {
	text, err := io.ReadAll(io.LimitReader(body, 200))
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	return line
}
