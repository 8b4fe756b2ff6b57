package rpc_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"jimm-migrator/src/rpc"
)

// pipes is a listener whose connections are net.Pipe pairs, so that client and
// server share no more than memory and run in virtual time.
type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipes() *pipes {
	return &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

func (*pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 17070} }

// DialContext connects to the listener, whatever the address.
func (p *pipes) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.conns <- far:
		return near, nil
	case <-p.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// request is a request as a server sees it.
type request struct {
	ID      uint64          `json:"request-id"`
	Type    string          `json:"type"`
	Version int             `json:"version"`
	Watcher string          `json:"id"`
	Method  string          `json:"request"`
	Params  json.RawMessage `json:"params"`
}

// server is the far end of one connection, for a test to script.
type server struct {
	tb testing.TB
	ws *websocket.Conn
}

// next returns the next request; nil when the connection has ended.
func (s *server) next() *request {
	data := s.nextRaw()
	if data == nil {
		return nil
	}
	var r request
	if err := json.Unmarshal(data, &r); err != nil {
		s.tb.Errorf("client sent %q: %v", data, err)
	}
	return &r
}

// nextRaw returns the next message as it came; nil when the connection has ended.
func (s *server) nextRaw() []byte {
	_, data, err := s.ws.Read(context.Background())
	if err != nil {
		return nil
	}
	return data
}

// send sends a message. That the client has gone is no error of the server.
func (s *server) send(message string) {
	_ = s.ws.Write(context.Background(), websocket.MessageText, []byte(message))
}

// answer answers a request with a response, as JSON.
func (s *server) answer(r *request, response string) {
	s.send(`{"request-id":` + id(r) + `,"response":` + response + "}\n")
}

func id(r *request) string {
	text, _ := json.Marshal(r.ID)
	return string(text)
}

// echo answers every request with its own params.
func echo(s *server) {
	for r := s.next(); r != nil; r = s.next() {
		params := string(r.Params)
		if params == "" {
			params = "{}"
		}
		s.answer(r, params)
	}
}

// start serves script on every connection, over net.Pipe, until the test ends.
func start(tb testing.TB, script func(*server)) *pipes {
	tb.Helper()
	listener := newPipes()
	var running sync.WaitGroup
	httpServer := &http.Server{
		ReadHeaderTimeout: time.Minute,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			running.Add(1)
			defer running.Done()
			ws, err := websocket.Accept(w, r, nil)
			if err != nil {
				tb.Errorf("cannot accept: %v", err)
				return
			}
			defer ws.CloseNow()
			ws.SetReadLimit(1 << 30)
			script(&server{tb: tb, ws: ws})
		}),
	}
	running.Go(func() { _ = httpServer.Serve(listener) })
	tb.Cleanup(func() {
		_ = httpServer.Close()
		running.Wait()
	})
	return listener
}

// connect starts a server and dials it. Pings are off unless opts ask for them.
func connect(tb testing.TB, opts rpc.DialOptions, script func(*server)) *rpc.Conn {
	tb.Helper()
	opts.DialContext = start(tb, script).DialContext
	if opts.PingInterval == 0 {
		opts.PingInterval = -1
	}
	conn, err := rpc.Dial(tb.Context(), "ws://controller/api", opts)
	if err != nil {
		tb.Fatalf("cannot dial: %v", err)
	}
	tb.Cleanup(func() { conn.Close() })
	return conn
}
