package juju_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"jimm-migrator/tests/sim/wire"
)

const (
	modelUUID      = "6f0e1c5e-3f0a-4d7e-8a57-8b6f3a1f0001"
	otherModel     = "6f0e1c5e-3f0a-4d7e-8a57-8b6f3a1f0002"
	controllerUUID = "a1a1a1a1-0000-4000-8000-0000000000a1"
	targetUUID     = "b2b2b2b2-0000-4000-8000-0000000000b2"
)

// network is a network in memory: addresses that are not in it refuse
// connections.
type network struct {
	memory *wire.Network
	hosts  map[string]*fake

	mu     sync.Mutex
	dialed []string
}

// DialContext connects to the fake of that address.
func (n *network) DialContext(ctx context.Context, kind, addr string) (net.Conn, error) {
	n.mu.Lock()
	n.dialed = append(n.dialed, addr)
	n.mu.Unlock()
	if host := n.hosts[addr]; host != nil && host.delay > 0 {
		select {
		case <-time.After(host.delay):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return n.memory.DialContext(ctx, kind, addr)
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

// fake is a controller. Its answer gets each request and returns the rest of the envelope as JSON
// members; "" hangs up, "silence" sends nothing.
type fake struct {
	cert   tls.Certificate
	answer func(request) string
	delay  time.Duration // of a connection
	silent bool          // no connection is ever made
	refuse int           // HTTP status instead of an upgrade

	refuses bool // connections, after the delay

	ended chan struct{} // gets one value for each websocket that has ended

	mu       sync.Mutex
	accepted int
	open     int
	requests []string
}

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
	memory := wire.NewNetwork()
	var running sync.WaitGroup
	var servers []*http.Server
	for addr, host := range hosts {
		memory.Blackhole(addr, host.silent)
		if host.refuses {
			continue
		}
		listener, err := memory.Listen(addr)
		if err != nil {
			t.Fatal(err)
		}
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
		running.Go(func() {
			_ = server.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{host.cert}}))
		})
	}
	t.Cleanup(func() {
		for _, server := range servers {
			_ = server.Close()
		}
		running.Wait()
	})
	return &network{memory: memory, hosts: hosts}
}

// newAuthority makes a CA for one test.
func newAuthority(t *testing.T) *wire.CA {
	t.Helper()
	ca, err := wire.NewCA("test CA")
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// leaf returns a certificate for one DNS name and nothing else.
func leaf(t *testing.T, ca *wire.CA, name string) tls.Certificate {
	t.Helper()
	certificate, err := ca.Leaf(name)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// controller returns a fake with the certificate of a Juju controller.
func controller(t *testing.T, ca *wire.CA, answer func(request) string) *fake {
	t.Helper()
	return &fake{cert: leaf(t, ca, wire.ControllerName), answer: answer}
}
