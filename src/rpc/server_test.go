package rpc_test

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/wire"
)

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

// send sends a message. It is not an error of the server if the client has disconnected.
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

// start serves script on every connection to "controller", in a network in memory,
// until the test ends.
func start(tb testing.TB, script func(*server)) *wire.Network {
	tb.Helper()
	network := wire.NewNetwork()
	listener, err := network.Listen("controller:80")
	if err != nil {
		tb.Fatal(err)
	}
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
	return network
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
