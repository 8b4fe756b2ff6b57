package juju_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

const (
	modelUUID      = "6f0e1c5e-3f0a-4d7e-8a57-8b6f3a1f0001"
	otherModel     = "6f0e1c5e-3f0a-4d7e-8a57-8b6f3a1f0002"
	controllerUUID = "a1a1a1a1-0000-4000-8000-0000000000a1"
	targetUUID     = "b2b2b2b2-0000-4000-8000-0000000000b2"
)

// network is a network in memory: what is not in it refuses connections.
type network struct {
	mu     sync.Mutex
	hosts  map[string]*fake
	dialed []string
}

// DialContext connects to the fake of that address.
func (n *network) DialContext(ctx context.Context, _, addr string) (net.Conn, error) {
	n.mu.Lock()
	n.dialed = append(n.dialed, addr)
	host := n.hosts[addr]
	n.mu.Unlock()
	if host == nil {
		return nil, fmt.Errorf("dial tcp %s: connection refused", addr)
	}
	if host.silent {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if host.delay > 0 {
		select {
		case <-time.After(host.delay):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if host.refuses {
		return nil, fmt.Errorf("dial tcp %s: connection refused", addr)
	}
	near, far := net.Pipe()
	select {
	case host.conns <- newEager(far):
		return near, nil
	case <-host.closed:
		return nil, net.ErrClosed
	}
}

// eager is a connection whose writes do not wait for the reader, as on a real
// network. Two ends of a net.Pipe that both write, as in a TLS handshake that
// one of them refuses, would wait for each other.
type eager struct {
	net.Conn
	mu     sync.Mutex
	more   *sync.Cond
	queue  []byte
	closed bool
}

func newEager(conn net.Conn) *eager {
	e := &eager{Conn: conn}
	e.more = sync.NewCond(&e.mu)
	go e.drain()
	return e
}

func (e *eager) Write(p []byte) (int, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return 0, net.ErrClosed
	}
	e.queue = append(e.queue, p...)
	e.more.Signal()
	return len(p), nil
}

// Close closes the connection once everything is written.
func (e *eager) Close() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	e.more.Signal()
	return e.SetReadDeadline(time.Unix(1, 0))
}

func (e *eager) drain() {
	defer e.Conn.Close()
	for {
		e.mu.Lock()
		for len(e.queue) == 0 && !e.closed {
			e.more.Wait()
		}
		p := e.queue
		e.queue = nil
		e.mu.Unlock()
		if len(p) == 0 {
			return
		}
		if _, err := e.Conn.Write(p); err != nil {
			return
		}
	}
}

// request is a request as a server sees it.
type request struct {
	Path    string          `json:"-"`
	Conn    int             `json:"-"` // the number of its connection, from 1
	ID      uint64          `json:"request-id"`
	Type    string          `json:"type"`
	Version int             `json:"version"`
	Method  string          `json:"request"`
	Params  json.RawMessage `json:"params"`
}

// fake is a controller. Its answer gets each request and returns the rest of
// the envelope as JSON members; "" hangs up, "silence" says nothing.
type fake struct {
	cert   tls.Certificate
	answer func(request) string
	delay  time.Duration // of a connection
	silent bool          // no connection ever comes about
	refuse int           // HTTP status instead of an upgrade

	refuses bool // connections, after the delay

	conns  chan net.Conn
	closed chan struct{}
	ended  chan struct{} // gets one value for each websocket that has ended

	mu       sync.Mutex
	accepted int
	open     int
	requests []string
}

// Accept, Close and Addr make the fake a listener.
func (f *fake) Accept() (net.Conn, error) {
	select {
	case c := <-f.conns:
		return c, nil
	case <-f.closed:
		return nil, net.ErrClosed
	}
}

func (f *fake) Close() error   { return nil }
func (f *fake) Addr() net.Addr { return &net.TCPAddr{} }

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.refuse != 0 {
		http.Error(w, "no", f.refuse)
		return
	}
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer ws.CloseNow()
	f.mu.Lock()
	f.accepted++
	f.open++
	conn := f.accepted
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.open--
		f.ended <- struct{}{}
	}()
	ctx := context.Background()
	for {
		_, data, err := ws.Read(ctx)
		if err != nil {
			return
		}
		req := request{Path: r.URL.Path, Conn: conn}
		if json.Unmarshal(data, &req) != nil {
			return
		}
		f.mu.Lock()
		f.requests = append(f.requests, string(data))
		f.mu.Unlock()
		switch rest := f.answer(req); rest {
		case "":
			return
		case "silence":
		default:
			_ = ws.Write(ctx, websocket.MessageText, fmt.Appendf(nil, `{"request-id":%d,%s}`+"\n", req.ID, rest))
		}
	}
}

// connections returns how many websockets are open, and how many ever were.
func (f *fake) connections() (open, accepted int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.open, f.accepted
}

// start serves the fakes until the test ends.
func start(t *testing.T, hosts map[string]*fake) *network {
	t.Helper()
	var running sync.WaitGroup
	var servers []*http.Server
	started := map[*fake]bool{}
	for _, host := range hosts {
		if started[host] {
			continue
		}
		started[host] = true
		host.conns, host.closed = make(chan net.Conn), make(chan struct{})
		host.ended = make(chan struct{}, 1000)
		server := &http.Server{
			ReadHeaderTimeout: time.Minute,
			ErrorLog:          log.New(io.Discard, "", 0), // handshakes that fail on purpose
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				running.Add(1)
				defer running.Done()
				host.ServeHTTP(w, r)
			}),
		}
		servers = append(servers, server)
		listener := tls.NewListener(host, &tls.Config{Certificates: []tls.Certificate{host.cert}})
		running.Go(func() { _ = server.Serve(listener) })
	}
	t.Cleanup(func() {
		for host := range started {
			close(host.closed)
		}
		for _, server := range servers {
			_ = server.Close()
		}
		running.Wait()
	})
	return &network{hosts: hosts}
}

// authority is a CA for one test.
type authority struct {
	pem  string
	pool *x509.CertPool
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "test CA"},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		IsCA:                  true,
		KeyUsage:              x509.KeyUsageCertSign,
		BasicConstraintsValid: true,
	}
	der, createErr := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	cert, parseErr := x509.ParseCertificate(der)
	if err := errors.Join(err, createErr, parseErr); err != nil {
		t.Fatal(err)
	}
	a := &authority{
		pem:  string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		pool: x509.NewCertPool(),
		cert: cert,
		key:  key,
	}
	a.pool.AddCert(cert)
	return a
}

// leaf returns a certificate for one DNS name and nothing else.
func (a *authority) leaf(t *testing.T, name string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2),
		DNSNames:     []string{name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, createErr := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err := errors.Join(err, createErr); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// controller returns a fake with the certificate of a Juju controller.
func (a *authority) controller(t *testing.T, answer func(request) string) *fake {
	t.Helper()
	return &fake{cert: a.leaf(t, "juju-apiserver"), answer: answer}
}
