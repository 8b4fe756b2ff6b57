package jimm_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/jimm"
	"jimm-migrator/tests/sim/wire"
)

const (
	modelUUID = "9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10"
	modelTag  = "model-" + modelUUID
	admin     = "migrator"
	plain     = "plain"
)

// stub is a scripted controller.
type stub struct {
	name, uuid, address string
	server              *wire.Server
	faults              wire.Faults

	mu      sync.Mutex
	answers map[string]any // by Facade.Method: a result, a *wire.Error, or a func(*wire.Request) (any, error)
	calls   []string       // "user Facade(version).Method"
	logins  []json.RawMessage
}

func (s *stub) answer(method string, answer any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[method] = answer
}

// taken returns the calls since the last time, except logins and pings.
func (s *stub) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := slices.DeleteFunc(s.calls, func(c string) bool {
		return strings.HasSuffix(c, "Ping") || strings.HasSuffix(c, "Login")
	})
	s.calls = nil
	return calls
}

func (s *stub) open(_ *http.Request, _ *wire.Conn) (wire.Session, error) {
	user := ""
	return wire.Session{Call: func(_ context.Context, req *wire.Request) (any, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if req.Method == "Login" {
			var params struct {
				AuthTag string `json:"auth-tag"`
			}
			_ = req.Decode(&params)
			user = strings.TrimPrefix(params.AuthTag, "user-")
			s.logins = append(s.logins, req.Params)
		}
		s.calls = append(s.calls, user+" "+req.String())
		answer, ok := s.answers[req.Facade+"."+req.Method]
		switch a := answer.(type) {
		case func(*wire.Request) (any, error):
			return a(req)
		case *wire.Error:
			return nil, a
		}
		if !ok {
			return nil, wire.Errorf("not implemented", "no such request - method %s is not implemented", req)
		}
		return answer, nil
	}}, nil
}

// world is a JIMM with two scripted controllers and one model, on a network in memory.
type world struct {
	t       *testing.T
	network *wire.Network
	jimm    *jimm.Server
	faults  *wire.Faults
	called  *[]jimm.Call
	a, b    *stub
}

// inWorld runs a test with its own clock. change may set options.
func inWorld(t *testing.T, gen jimm.Generation, change func(*jimm.Options), test func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, network: wire.NewNetwork(), faults: &wire.Faults{}}
		var calls []jimm.Call
		w.called = &calls
		opts := jimm.Options{
			Generation: gen, DialContext: w.network.DialContext, Faults: w.faults, Keys: jimm.NewQuickKeys(),
			Accounts: []jimm.Account{{ID: admin, Secret: "s3cr3t-admin"}, {ID: plain, Secret: "s3cr3t-plain"}},
			Called:   func(c jimm.Call) { calls = append(calls, c) },
		}
		if change != nil {
			change(&opts)
		}
		w.jimm = jimm.New(opts)
		w.jimm.Grant(jimm.Tuple{Object: "user-" + admin + "@serviceaccount", Relation: "administrator", Target: "controller-jimm"})
		ca, err := wire.NewCA("test")
		if err != nil {
			t.Fatal(err)
		}
		w.a = w.addStub(ca, "ctl-a", "aaaaaaaa-0000-4000-8000-000000000001", "10.0.0.1:17070")
		w.b = w.addStub(ca, "ctl-b", "bbbbbbbb-0000-4000-8000-000000000002", "10.0.0.2:17070")
		w.jimm.AddModel(jimm.Model{UUID: modelUUID, Name: "my-model", Owner: "alice@canonical.com", Controller: "ctl-a"})
		w.jimm.Start()
		w.listen()
		defer func() {
			w.jimm.Close()
			w.a.server.Close()
			w.b.server.Close()
		}()
		test(w)
	})
}

func (w *world) listen() {
	l, err := w.network.Listen("jimm:80")
	if err != nil {
		w.t.Fatal(err)
	}
	go w.jimm.Serve(l)
	synctest.Wait()
}

func (w *world) addStub(ca *wire.CA, name, uuid, address string) *stub {
	s := &stub{name: name, uuid: uuid, address: address, answers: map[string]any{}}
	s.server = wire.NewServer(wire.Config{Name: name, Faults: &s.faults})
	s.server.Handle("/api", s.open)
	s.server.Handle("/model/{uuid}/api", s.open)
	s.answer("Pinger.Ping", struct{}{})
	s.answer("Admin.Login", map[string]any{
		"controller-tag": "controller-" + uuid, "server-version": "3.6.14", "servers": []any{},
		"facades": []map[string]any{
			{"name": "Controller", "versions": []int{11, 12}}, {"name": "ModelManager", "versions": []int{9, 10}},
		},
	})
	leaf, err := ca.Leaf()
	if err != nil {
		w.t.Fatal(err)
	}
	l, err := w.network.Listen(address)
	if err != nil {
		w.t.Fatal(err)
	}
	go s.server.ServeTLS(l, leaf)
	w.jimm.SetController(jimm.Controller{
		Name: name, UUID: uuid, PublicAddress: address, Addresses: []string{address}, CACertificate: ca.PEM(),
		TLSHostname: wire.ControllerName, Cloud: "localhost", Region: "localhost", AgentVersion: "3.6.14",
		Username: "admin", Password: "pw",
	})
	return s
}

// dial connects to a path without logging in and without pings.
func (w *world) dial(path string) *rpc.Conn {
	w.t.Helper()
	conn, err := rpc.Dial(w.t.Context(), "ws://jimm"+path, rpc.DialOptions{
		DialContext: w.network.DialContext, PingInterval: -1, CallTimeout: time.Hour,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { conn.Close() })
	return conn
}

// login connects to a path and logs in.
func (w *world) login(path, id string) *rpc.Conn {
	w.t.Helper()
	conn := w.dial(path)
	call(w.t, conn, "Admin", 4, "LoginWithClientCredentials", loginParams(id, "s3cr3t-"+strings.Replace(id, admin, "admin", 1)))
	return conn
}

func loginParams(id, secret string) map[string]string {
	return map[string]string{"client-id": id, "client-secret": secret}
}

// try calls and returns the answer as compact JSON, or the error.
func try(t *testing.T, c *rpc.Conn, facade string, version int, method string, params any) (string, error) {
	t.Helper()
	var raw json.RawMessage
	err := c.Call(t.Context(), rpc.Request{Facade: facade, Version: version, Method: method}, params, &raw)
	return string(raw), err
}

// call is try for calls that must succeed.
func call(t *testing.T, c *rpc.Conn, facade string, version int, method string, params any) string {
	t.Helper()
	answer, err := try(t, c, facade, version, method, params)
	if err != nil {
		t.Fatalf("%s.%s: %v", facade, method, err)
	}
	return answer
}

func entities(tags ...string) map[string]any {
	list := []map[string]string{}
	for _, tag := range tags {
		list = append(list, map[string]string{"tag": tag})
	}
	return map[string]any{"entities": list}
}

func items(list ...any) map[string]any { return map[string]any{"results": list} }

// itemError is a bulk answer with one error.
func itemError(message, code string, info any) map[string]any {
	return items(map[string]any{"error": &wire.Error{Message: message, Code: code, Info: info}})
}

// healthy is an answer of ModelInfo; migration may be nil.
func healthy(migration any) map[string]any {
	result := map[string]any{
		"name": "my-model", "type": "iaas", "uuid": modelUUID, "controller-uuid": "x",
		"cloud-tag": "cloud-localhost", "owner-tag": "user-admin", "life": "alive",
		"status": map[string]any{"status": "available", "info": "", "since": nil}, "agent-version": "3.6.14",
	}
	if migration != nil {
		result["migration"] = migration
	}
	return items(map[string]any{"result": result})
}

func (w *world) mode() string {
	row, ok := w.jimm.Model(modelUUID)
	if !ok {
		return "no row"
	}
	return row.Controller + " " + string(row.Mode)
}

func generations() map[string]jimm.Generation {
	return map[string]jimm.Generation{"2024": jimm.Generation2024(), "2026": jimm.Generation2026()}
}

func migrate(model string) map[string]any {
	return map[string]any{"specs": []map[string]string{{"model-tag": model, "target-controller": "ctl-b"}}}
}
