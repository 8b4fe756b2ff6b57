// Package wire is the server side of Juju's websocket RPC for the simulated JIMM and the simulated controllers.
//
// It implements the transport, the envelope and scripted faults; it knows no facade. A server routes paths to sessions,
// and a session answers the requests of one connection. Everything works on any net.Listener, including in memory
// (Network), and waits only on channels and timers, so that it runs under testing/synctest.
package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Config describes how a server behaves on every connection. The zero value is a Juju controller without faults.
type Config struct {
	Name string // the server's name in the log

	// Log sees every message both ways, in the order of each connection; may be nil. It must not block.
	Log func(Event)

	// Faults is the script of misbehaviour; nil: none. It may be changed while the server runs.
	Faults *Faults

	// BadMessage is the close status for a message that is not a JSON object or has no valid request-id. There is no
	// reply. 0 means 1000 with an empty reason (Juju 4.0-beta8, measured; JIMM of 2026, recorded); JIMM of 2024 closes
	// without a status: websocket.StatusNoStatusRcvd.
	BadMessage websocket.StatusCode

	// Traces repeats the trace of a request in its answer, as Juju 4 does.
	Traces bool

	// FrameSize is the size above which a message is sent in several frames; 0 means 4082 bytes, as Juju does
	// (4.0-beta8, measured). Negative: never split.
	FrameSize int

	// Plain makes ServeTLS also accept clients without TLS.
	Plain bool
}

const defaultFrameSize = 4082

// maxMessage bounds what a client may send.
const maxMessage = 64 << 20

// Session answers the requests of one connection.
type Session struct {
	// Call answers one request; calls run concurrently. The result becomes "response" (nil: {}), an *Error its code
	// and info. The context ends with the connection.
	Call func(ctx context.Context, req *Request) (any, error)

	// Raw, if set, sees each message before it is decoded, one at a time and in order. If it returns true, Call is not
	// called: a proxy passes messages through in this way. A message that matches a scripted fault goes to Call
	// instead.
	Raw func(ctx context.Context, message []byte) bool

	// End, if set, is called once when the connection is over and all its calls have returned.
	End func()
}

// Open makes the session of a connection. It runs before the websocket upgrade: c must not be used for sending yet. An
// *HTTPError refuses the upgrade with its status; any other error with 500.
type Open func(r *http.Request, c *Conn) (Session, error)

// HTTPError refuses a connection before the upgrade.
type HTTPError struct {
	Status  int
	Message string
}

// Error returns the message.
func (e *HTTPError) Error() string { return e.Message }

// Server serves Juju RPC. Make one with NewServer.
type Server struct {
	config Config
	mux    *http.ServeMux

	mu        sync.Mutex
	closed    bool
	next      int
	conns     map[*Conn]struct{}
	listeners map[*http.Server]struct{}
	running   sync.WaitGroup
}

// NewServer returns a server without routes.
func NewServer(config Config) *Server {
	return &Server{
		config: config, mux: http.NewServeMux(),
		conns: map[*Conn]struct{}{}, listeners: map[*http.Server]struct{}{},
	}
}

// HandleHTTP routes a pattern of net/http to a plain handler, e.g. /health.
func (s *Server) HandleHTTP(pattern string, handler http.Handler) {
	s.mux.Handle(pattern, handler)
}

// Handle routes a pattern of net/http, e.g. "/model/{uuid}/api", to sessions. A foreign Origin is not refused here:
// open sees the request and decides.
func (s *Server) Handle(pattern string, open Open) {
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { s.serveRPC(w, r, open) })
}

// ServeHTTP routes a request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Serve accepts connections until the listener or the server is closed; it returns nil then.
func (s *Server) Serve(l net.Listener) error {
	web := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0), // errors of clients that refuse our certificate are expected
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return l.Close()
	}
	s.listeners[web] = struct{}{}
	s.mu.Unlock()
	err := web.Serve(l)
	if errors.Is(err, http.ErrServerClosed) || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// ServeTLS is Serve over TLS 1.2 or newer.
func (s *Server) ServeTLS(l net.Listener, certificate tls.Certificate) error {
	config := &tls.Config{
		Certificates: []tls.Certificate{certificate},
		MinVersion:   tls.VersionTLS12,
		NextProtos:   []string{"http/1.1"},
	}
	if s.config.Plain {
		return s.Serve(&tlsOrPlainListener{l, config})
	}
	return s.Serve(tls.NewListener(l, config))
}

// DropAll breaks all connections without a close frame and keeps serving: what clients see when a server restarts.
func (s *Server) DropAll() {
	for _, c := range s.Conns() {
		c.Drop()
	}
}

// Conns returns the open connections, in any order.
func (s *Server) Conns() []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	conns := make([]*Conn, 0, len(s.conns))
	for c := range s.conns {
		conns = append(conns, c)
	}
	return conns
}

// Close stops listening, breaks all connections and waits until every call has returned.
func (s *Server) Close() error {
	s.mu.Lock()
	s.closed = true
	webs := s.listeners
	s.listeners = map[*http.Server]struct{}{}
	s.mu.Unlock()
	var errs []error
	for web := range webs {
		errs = append(errs, web.Close())
	}
	s.DropAll()
	s.running.Wait()
	return errors.Join(errs...)
}

func (s *Server) serveRPC(w http.ResponseWriter, r *http.Request, open Open) {
	if r.Header.Get("Sec-Websocket-Key") == "" {
		http.Error(w, "Bad Request", http.StatusBadRequest) // a plain GET (Juju 4.0-beta8, measured)
		return
	}
	c := s.newConn(r)
	if c == nil {
		http.Error(w, "closing", http.StatusServiceUnavailable)
		return
	}
	defer s.forget(c)
	session, err := open(r, c)
	if err != nil {
		status := http.StatusInternalServerError
		if refusal, ok := errors.AsType[*HTTPError](err); ok {
			status = refusal.Status
		}
		http.Error(w, err.Error(), status)
		return
	}
	if session.End != nil {
		defer session.End()
	}
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return // Accept has answered
	}
	ws.SetReadLimit(maxMessage)
	c.serve(ws, session)
}

func (s *Server) newConn(r *http.Request) *Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.next++
	c := &Conn{
		name: s.config.Name + "#" + strconv.Itoa(s.next), path: r.URL.Path, config: s.config,
		done: make(chan struct{}), drop: make(chan struct{}), writing: make(chan struct{}, 1),
	}
	s.conns[c] = struct{}{}
	s.running.Add(1)
	return c
}

func (s *Server) forget(c *Conn) {
	c.finish()
	s.mu.Lock()
	delete(s.conns, c)
	s.mu.Unlock()
	s.running.Done()
}
