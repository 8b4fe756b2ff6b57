package jimm_test

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/jimm"
	"jimm-migrator/tests/sim/wire"
)

// fakeJIMM plays recorded conversations: on each path it expects the lines
// marked "C->", in order, and gives the lines marked "<-C" that follow, with
// the request id of the client. Pings are answered and counted beside that.
// Two answers are not JSON: "cut" drops the connection, "silence" answers
// nothing. It listens in memory, so that it runs in virtual time.
type fakeJIMM struct {
	t        *testing.T
	network  *wire.Network
	http     http.HandlerFunc // for paths without a conversation
	mu       sync.Mutex
	scripts  map[string][]exchange
	handlers map[string]func(map[string]any) map[string]any // after the conversation
	pings    int
	dials    []string // paths
	versions []string // of the clients that dialled, from the handshakes
	deviated bool
}

type exchange struct {
	request string
	answers []string
}

// serve starts a fakeJIMM with a conversation per path.
func serve(t *testing.T, conversations map[string]string) *fakeJIMM {
	t.Helper()
	f := &fakeJIMM{
		t:        t,
		network:  wire.NewNetwork(),
		scripts:  make(map[string][]exchange),
		handlers: make(map[string]func(map[string]any) map[string]any),
	}
	for path, text := range conversations {
		f.scripts[path] = parseConversation(t, text)
	}
	listener, err := f.network.Listen("jimm.test:80")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: f}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-done
		f.check()
	})
	return f
}

// handle logs in on /api and then answers requests with a function.
func (f *fakeJIMM) handle(handler func(map[string]any) map[string]any) {
	f.t.Helper()
	f.scripts["/api"] = parseConversation(f.t, login2024)
	f.handlers["/api"] = handler
}

func parseConversation(t *testing.T, text string) []exchange {
	t.Helper()
	var exchanges []exchange
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if request, ok := strings.CutPrefix(line, "C-> "); ok {
			exchanges = append(exchanges, exchange{request: request})
		} else if answer, ok := strings.CutPrefix(line, "<-C "); ok {
			last := &exchanges[len(exchanges)-1]
			last.answers = append(last.answers, answer)
		} else if line != "" {
			t.Fatalf("bad line in a conversation: %q", line)
		}
	}
	return exchanges
}

// check fails the test if the client left out something that was expected.
func (f *fakeJIMM) check() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for path, rest := range f.scripts {
		for _, exchange := range rest {
			if !f.deviated {
				f.t.Errorf("%s: the client did not send %s", path, exchange.request)
			}
		}
	}
}

func (f *fakeJIMM) options() jimm.Options {
	return jimm.Options{
		URL:          "ws://jimm.test",
		ClientID:     adminID,
		ClientSecret: jimm.NewSecret(adminSecret),
		DialContext:  f.network.DialContext,
	}
}

// connect logs in and closes the client at the end of the test.
func (f *fakeJIMM) connect(opts ...func(*jimm.Options)) *jimm.Client {
	f.t.Helper()
	options := f.options()
	for _, opt := range opts {
		opt(&options)
	}
	client, err := jimm.Connect(f.t.Context(), options)
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = client.Close() })
	return client
}

// ServeHTTP plays the conversation of the path.
func (f *fakeJIMM) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.dials = append(f.dials, r.URL.Path)
	f.versions = append(f.versions, r.Header.Get("X-Juju-ClientVersion"))
	_, known := f.scripts[r.URL.Path]
	f.mu.Unlock()
	if !known {
		if f.http != nil {
			f.http(w, r)
			return
		}
		f.t.Errorf("unexpected path %s", r.URL.Path)
		http.NotFound(w, r)
		return
	}
	if origin := r.Header.Get("Origin"); origin != "" {
		f.t.Errorf("the client sent an Origin: %s", origin)
	}
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		f.t.Errorf("cannot accept: %v", err)
		return
	}
	defer ws.CloseNow()
	for {
		_, message, err := ws.Read(context.Background())
		if err != nil {
			return
		}
		if !f.answer(ws, r.URL.Path, message) {
			return
		}
	}
}

// answer handles one request and reports whether to continue.
func (f *fakeJIMM) answer(ws *websocket.Conn, path string, message []byte) bool {
	request := decodeObject(f.t, message)
	id := request["request-id"]
	if request["type"] == "Pinger" {
		f.mu.Lock()
		f.pings++
		f.mu.Unlock()
		return f.send(ws, map[string]any{"request-id": id, "response": map[string]any{}})
	}
	f.mu.Lock()
	if len(f.scripts[path]) == 0 {
		handle := f.handlers[path]
		f.mu.Unlock()
		if handle != nil {
			answer := handle(request)
			answer["request-id"] = id
			return f.send(ws, answer)
		}
		f.t.Errorf("%s: unexpected request %s", path, message)
		return false
	}
	expected := f.scripts[path][0]
	f.scripts[path] = f.scripts[path][1:]
	want := decodeObject(f.t, []byte(expected.request))
	want["request-id"] = id
	if diff := cmp.Diff(want, request); diff != "" {
		f.deviated = true
		f.mu.Unlock()
		f.t.Errorf("%s: the request is not as recorded (-recorded +sent):\n%s", path, diff)
		return false
	}
	f.mu.Unlock()
	for _, text := range expected.answers {
		switch text {
		case "cut":
			return false
		case "silence":
			continue
		}
		answer := decodeObject(f.t, []byte(text))
		answer["request-id"] = id
		if !f.send(ws, answer) {
			return false
		}
	}
	return true
}

func (f *fakeJIMM) send(ws *websocket.Conn, answer map[string]any) bool {
	data, err := json.Marshal(answer)
	if err != nil {
		f.t.Errorf("cannot encode an answer: %v", err)
		return false
	}
	return ws.Write(context.Background(), websocket.MessageText, data) == nil
}

func (f *fakeJIMM) dialled() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]string(nil), f.dials...)
}

func decodeObject(t *testing.T, data []byte) map[string]any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(data, &object); err != nil {
		t.Errorf("no JSON object: %v: %s", err, data)
	}
	return maps.Clone(object)
}
