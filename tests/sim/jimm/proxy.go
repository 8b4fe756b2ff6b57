package jimm

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/coder/websocket"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/wire"
)

// proxy is one connection to /model/<uuid>/api and the one to the hosting controller behind it.
//
// Not imitated: where a controller answers "access required" and names the rights that the token lacks, JIMM logs in to
// it again with these added (source, internal/rpc/proxy.go). The answer to its client was not recorded. It concerns
// users with less access to a model than they ask for: the token of an administrator of JIMM has the controller's
// superuser (recorded).
type proxy struct {
	ss   *session
	s    *Server
	path string // the model's UUID from the path

	mu      sync.Mutex
	row     Model
	ws      *websocket.Conn         // to the controller; nil before the first message
	stop    context.CancelFunc      // ends the reader of ws
	waiting map[uint64]chan message // receivers of single answers, see ask
	asked   map[uint64]*wire.Request
	readers sync.WaitGroup
}

// message is an answer on its way from the controller to the client. Requests are passed on as they are.
type message struct {
	RequestID uint64          `json:"request-id"`
	Error     string          `json:"error,omitempty"`
	Code      string          `json:"error-code,omitempty"`
	Info      json.RawMessage `json:"error-info,omitempty"`
	Response  json.RawMessage `json:"response,omitempty"`
}

// openModel serves /model/<uuid>/api. The upgrade always succeeds; an error is the answer to the first message.
func (s *Server) openModel(r *http.Request, c *wire.Conn) (wire.Session, error) {
	p := &proxy{
		ss: s.newSession(c), s: s, path: r.PathValue("uuid"),
		waiting: map[uint64]chan message{}, asked: map[uint64]*wire.Request{},
	}
	return wire.Session{Raw: p.raw, Call: p.ask, End: p.end}, nil
}

// raw passes one message on, in order. Login messages of facade Admin are handled by JIMM itself.
func (p *proxy) raw(ctx context.Context, data []byte) bool {
	var req request
	if json.Unmarshal(data, &req) != nil || req.RequestID == 0 {
		return false
	}
	p.handle(ctx, req.wire(data), data)
	return true
}

// request holds the members of a message that the proxy reads.
type request struct {
	RequestID uint64          `json:"request-id"`
	Facade    string          `json:"type"`
	Version   int             `json:"version"`
	ID        string          `json:"id,omitempty"`
	Method    string          `json:"request"`
	Params    json.RawMessage `json:"params,omitempty"`
}

func (r *request) wire(raw []byte) *wire.Request {
	return &wire.Request{
		RequestID: r.RequestID, Facade: r.Facade, Version: r.Version, ID: r.ID, Method: r.Method,
		Params: r.Params, Raw: raw,
	}
}

// ask is for requests that match a scripted fault: it waits for the answer, so that the fault can apply to it.
func (p *proxy) ask(ctx context.Context, req *wire.Request) (any, error) {
	answer := make(chan message, 1)
	p.mu.Lock()
	p.waiting[req.RequestID] = answer
	p.mu.Unlock()
	p.handle(ctx, req, req.Raw)
	select {
	case m := <-answer:
		if m.Error == "" {
			return m.Response, nil
		}
		e := &wire.Error{Message: m.Error, Code: m.Code, NoResponse: m.Response == nil}
		if m.Info != nil {
			e.Info = m.Info
		}
		return nil, e
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (p *proxy) handle(ctx context.Context, req *wire.Request, data []byte) {
	if !p.ready(ctx, req) {
		return
	}
	p.ss.auditRequest(req)
	if login, isLogin := p.login(req); isLogin {
		p.answerLogin(ctx, login, req)
		return
	}
	p.forward(ctx, req, data)
}

// ready looks the model up and dials its controller at the first message, whatever that is. After an error of its own
// the connection is reset.
func (p *proxy) ready(ctx context.Context, req *wire.Request) bool {
	p.mu.Lock()
	dialled := p.ws != nil
	p.mu.Unlock()
	if dialled {
		return true
	}
	if err := p.dial(ctx); err != nil {
		p.fail(ctx, req, err)
		p.ss.conn.Drop()
		return false
	}
	return true
}

func (p *proxy) dial(ctx context.Context) error {
	if !isPathUUID(p.path) {
		return &wire.Error{Message: p.s.gen.BadPath}
	}
	row, ok := p.s.db.model(p.path)
	if !ok {
		return wire.Errorf(codeNotFound, "%s", p.s.gen.UnknownModel)
	}
	limited, cancel := p.s.limited(ctx, rpc.DefaultDialTimeout)
	defer cancel()
	controller := p.s.hosting(row)
	err := error(&wire.Error{Message: "no urls to dial"})
	var ws *websocket.Conn
	for _, address := range controller.addresses() {
		if ws, err = p.s.dialRaw(limited, controller, address, "/model/"+row.UUID+"/api"); err == nil {
			break
		}
		err = p.s.unreachable(err)
	}
	if err != nil {
		return err
	}
	reading, stop := context.WithCancel(context.WithoutCancel(ctx))
	p.mu.Lock()
	p.row, p.ws, p.stop = row, ws, stop
	p.ss.modelName = row.Controller + "/" + row.Name
	p.mu.Unlock()
	p.readers.Go(func() { p.read(reading, ws) })
	return nil
}

// isPathUUID is JIMM's own, loose, idea of a UUID in a path (source of 2024).
func isPathUUID(s string) bool {
	parts := strings.Split(s, "-")
	lengths := []int{8, 4, 4, 4, 12}
	return len(parts) == len(lengths) && !slices.ContainsFunc(lengths, func(n int) bool {
		part := parts[0]
		parts = parts[1:]
		return len(part) != n
	})
}

// dialRaw connects without the RPC layer: the request ids are the client's.
func (s *Server) dialRaw(ctx context.Context, c Controller, address, path string) (*websocket.Conn, error) {
	transport := &http.Transport{
		DialContext: s.opts.DialContext,
		TLSClientConfig: &tls.Config{
			MinVersion: tls.VersionTLS12, RootCAs: c.pool(), ServerName: c.TLSHostname,
		},
	}
	defer transport.CloseIdleConnections()
	target := url.URL{Scheme: "wss", Host: address, Path: path}
	//nolint:bodyclose // a websocket handshake has no body to close
	ws, _, err := websocket.Dial(ctx, target.String(), &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport},
	})
	if err != nil {
		return nil, err
	}
	ws.SetReadLimit(64 << 20)
	return ws, nil
}

// fail answers with an error of JIMM's own: it has no response key.
func (p *proxy) fail(ctx context.Context, req *wire.Request, err error) {
	e := wire.AsError(err)
	m := message{RequestID: req.RequestID, Error: e.Message, Code: e.Code}
	if e.Info != nil {
		m.Info, _ = json.Marshal(e.Info)
	}
	p.answer(ctx, m)
}

func (p *proxy) forward(ctx context.Context, req *wire.Request, data []byte) {
	p.mu.Lock()
	ws := p.ws
	p.asked[req.RequestID] = req
	p.mu.Unlock()
	if ws.Write(ctx, websocket.MessageText, data) != nil {
		p.ss.conn.Drop()
	}
}

// read passes the controller's answers on until either side closes.
func (p *proxy) read(ctx context.Context, ws *websocket.Conn) {
	defer p.ss.conn.Drop()
	for {
		_, data, err := ws.Read(ctx)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(data, &m) != nil {
			return
		}
		if m.Response == nil { // a message that no Juju sends breaks the connection
			p.answer(ctx, message{RequestID: m.RequestID, Error: "unexpected end of JSON input"})
			return
		}
		p.answer(ctx, p.rewrite(m))
	}
}

// rewrite deletes response.servers, and nothing else, from every answer; the controller-tag of a login is therefore
// that of the controller that answered. While a migration mode is set, newer JIMM hides "unauthorized access".
func (p *proxy) rewrite(m message) message {
	var response map[string]json.RawMessage
	if json.Unmarshal(m.Response, &response) == nil && response != nil {
		delete(response, "servers")
		m.Response, _ = json.Marshal(response)
	}
	if !p.s.gen.MigrationModes || m.Code != codeUnauthorized {
		return m
	}
	p.mu.Lock()
	id := p.row.UUID
	p.mu.Unlock()
	if row, ok := p.s.db.model(id); ok && (row.Mode == ModeInternal || row.Mode == ModeExporting) {
		m.Error, m.Code = "model is finishing migration, please retry later", "model migrating"
	}
	return m
}

// answer sends a message to the client, or to the receiver that waits for it.
func (p *proxy) answer(ctx context.Context, m message) {
	p.mu.Lock()
	waiting, req := p.waiting[m.RequestID], p.asked[m.RequestID]
	delete(p.waiting, m.RequestID)
	delete(p.asked, m.RequestID)
	p.mu.Unlock()
	if req != nil {
		var err error
		if m.Error != "" {
			err = wire.Errorf(m.Code, "%s", m.Error)
		}
		p.ss.auditResponse(req, err)
	}
	if waiting != nil {
		waiting <- m
		return
	}
	data, err := json.Marshal(m)
	if err == nil {
		_ = p.ss.conn.Send(ctx, data) // the client is gone if this fails
	}
}

// end drops the controller connection without a close frame (recorded: 1006).
func (p *proxy) end() {
	p.mu.Lock()
	ws, stop := p.ws, p.stop
	p.mu.Unlock()
	if ws == nil {
		return
	}
	stop()
	_ = ws.CloseNow()
	p.readers.Wait()
}
