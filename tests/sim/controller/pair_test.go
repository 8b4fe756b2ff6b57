package controller_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/wire"
)

const (
	uuidA    = "aaaaaaaa-0000-4000-8000-000000000001"
	uuidB    = "bbbbbbbb-0000-4000-8000-000000000002"
	prod     = "9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10"
	nowhere  = "00000000-1111-4222-8333-444444444444"
	addressA = "10.0.0.5:17070"
	addressB = "10.0.1.5:17070"
)

// pair is two controllers, A and B, on one in-memory network. A hosts alice@external's model "prod".
type pair struct {
	network *wire.Network
	ca      *wire.CA
	a, b    *controller.Controller
	late    sync.WaitGroup // listeners that were added later
}

// start starts a pair; it must run inside synctest.Test. change may alter the two configurations.
func start(t *testing.T, change func(a, b *controller.Config)) *pair {
	t.Helper()
	ca, err := wire.NewCA("test CA")
	if err != nil {
		t.Fatal(err)
	}
	both := &pair{network: wire.NewNetwork(), ca: ca}
	users := []controller.User{
		{Name: "admin", Password: "pw", Access: "superuser"},
		{Name: "bob", Password: "bob-pw"},
		{Name: "carol", Password: "carol-pw"},
		{Name: "eve", Password: "eve-pw", Disabled: true},
		{Name: "mallory", Password: "mallory-pw", Access: "none"},
	}
	a := controller.Config{Name: "ctl-a", UUID: uuidA, CA: ca, Users: users, DialContext: both.network.DialContext}
	b := controller.Config{Name: "ctl-b", UUID: uuidB, CA: ca, Users: users, DialContext: both.network.DialContext}
	if change != nil {
		change(&a, &b)
	}
	both.a = both.serve(t, a, addressA)
	both.b = both.serve(t, b, addressB)
	if err := both.a.AddModel(prodModel()); err != nil {
		t.Fatal(err)
	}
	return both
}

func prodModel() controller.Model {
	return controller.Model{
		Name: "prod", UUID: prod, Owner: "alice@external",
		Users:    []controller.ModelUser{{Name: "bob", DisplayName: "Bob", Access: "read"}},
		Machines: []controller.Machine{{ID: "0", Address: "10.1.0.1"}, {ID: "1"}},
		Applications: []controller.Application{
			{Name: "pg", Charm: "postgresql", Revision: 429, Units: []controller.Unit{{Name: "pg/0", Machine: "0", Leader: true}}},
			{Name: "app", Units: []controller.Unit{{Name: "app/0", Machine: "1"}}},
		},
		Relations: []controller.Relation{{
			ID: 1, Interface: "pgsql",
			Endpoints: []controller.Endpoint{{Application: "app", Name: "db", Role: "requirer"}, {Application: "pg", Name: "database", Role: "provider"}},
		}},
		Offers:             []controller.Offer{{Name: "pg", Application: "pg", UUID: "offer-uuid", Endpoints: []controller.Endpoint{{Name: "database", Role: "provider", Interface: "pgsql"}}}},
		RemoteApplications: []controller.RemoteApplication{{Name: "logs", OfferURL: "admin/infra.loki"}},
		Storage:            []controller.Storage{{ID: "pgdata/0", Unit: "pg/0"}},
	}
}

func (b *pair) serve(t *testing.T, config controller.Config, address string) *controller.Controller {
	t.Helper()
	c, err := controller.New(config)
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	b.listen(t, c, address, &serving)
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		serving.Wait()
	})
	return c
}

func (b *pair) listen(t *testing.T, c *controller.Controller, address string, serving *sync.WaitGroup) {
	t.Helper()
	listener, err := b.network.Listen(address)
	if err != nil {
		t.Fatal(err)
	}
	serving.Go(func() {
		if err := c.Serve(listener); err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
}

// dial connects to a path of the controller at an address.
func (b *pair) dial(t *testing.T, address, path string) *rpc.Conn {
	t.Helper()
	conn, err := rpc.Dial(t.Context(), "wss://"+address+path, rpc.DialOptions{
		RootCAs: b.ca.Pool(), ServerName: wire.ControllerName, DialContext: b.network.DialContext,
		PingInterval: -1, CallTimeout: time.Hour,
	})
	if err != nil {
		t.Fatalf("Dial: %v", err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// client is a logged-in connection.
type client struct {
	t    *testing.T
	conn *rpc.Conn
}

func (b *pair) login(t *testing.T, address, path, tag, password string) (*client, json.RawMessage) {
	t.Helper()
	conn := b.dial(t, address, path)
	reply, err := loginOn(t, conn, map[string]any{"auth-tag": tag, "credentials": password})
	if err != nil {
		t.Fatalf("Login as %s: %v", tag, err)
	}
	return &client{t: t, conn: conn}, reply
}

func (b *pair) admin(t *testing.T, address string) *client {
	t.Helper()
	c, _ := b.login(t, address, "/api", "user-admin", "pw")
	return c
}

func loginOn(t *testing.T, conn *rpc.Conn, params map[string]any) (json.RawMessage, error) {
	t.Helper()
	return call(t.Context(), conn, "Admin", 3, "Login", params)
}

func call(ctx context.Context, conn *rpc.Conn, facade string, version int, method string, params any) (json.RawMessage, error) {
	var reply json.RawMessage
	err := conn.Call(ctx, rpc.Request{Facade: facade, Version: version, Method: method}, params, &reply)
	return reply, err
}

// call makes a call that must succeed and returns the response.
func (c *client) call(facade string, version int, method string, params any) json.RawMessage {
	c.t.Helper()
	reply, err := call(c.t.Context(), c.conn, facade, version, method, params)
	if err != nil {
		c.t.Fatalf("%s.%s: %v", facade, method, err)
	}
	return reply
}

// info holds the members of ModelInfo that tests read.
type info struct {
	Name           string
	ControllerUUID string `json:"controller-uuid"`
	OwnerTag       string `json:"owner-tag"`
	Status         struct{ Status, Info string }
	Migration      *struct {
		Status     string
		Start, End *time.Time
	}
}

// modelInfo asks for the model "prod" and returns the item's error, if any.
func (c *client) modelInfo() (info, *rpc.Error) {
	c.t.Helper()
	var reply struct {
		Results []struct {
			Result info
			Error  *rpc.Error
		}
	}
	c.decode(c.call("ModelManager", 10, "ModelInfo", entities("model-"+prod)), &reply)
	return reply.Results[0].Result, reply.Results[0].Error
}

func (c *client) decode(data json.RawMessage, v any) {
	c.t.Helper()
	if err := json.Unmarshal(data, v); err != nil {
		c.t.Fatalf("cannot decode %s: %v", data, err)
	}
}

func entities(tags ...string) map[string]any {
	list := []map[string]string{}
	for _, tag := range tags {
		list = append(list, map[string]string{"tag": tag})
	}
	return map[string]any{"entities": list}
}

// toB is the target-info of controller B as JIMM of 2026 sends it.
func (b *pair) toB() map[string]any {
	return map[string]any{
		"controller-tag": "controller-" + uuidB, "controller-alias": "ctl-b", "addrs": []string{addressB},
		"ca-cert": b.ca.PEM(), "auth-tag": "user-admin", "password": "pw",
	}
}

// migrate requests a migration of "prod" and returns the item.
func (c *client) migrate(target map[string]any) (id string, refused *rpc.Error) {
	c.t.Helper()
	params := map[string]any{"specs": []any{map[string]any{"model-tag": "model-" + prod, "target-info": target}}}
	var reply struct {
		Results []struct {
			ModelTag    string     `json:"model-tag"`
			MigrationID string     `json:"migration-id"`
			Error       *rpc.Error `json:"error"`
		}
	}
	c.decode(c.call("Controller", 12, "InitiateMigration", params), &reply)
	return reply.Results[0].MigrationID, reply.Results[0].Error
}

// inAllModels reports whether "prod" is in Controller.AllModels.
func (c *client) inAllModels() bool {
	c.t.Helper()
	return c.inUserModels(c.call("Controller", 12, "AllModels", nil))
}

func (c *client) inListModels() bool {
	c.t.Helper()
	return c.inUserModels(c.call("ModelManager", 10, "ListModels", map[string]string{"tag": "user-admin"}))
}

func (c *client) inUserModels(data json.RawMessage) bool {
	c.t.Helper()
	var reply struct {
		UserModels []struct{ Model struct{ UUID string } } `json:"user-models"`
	}
	c.decode(data, &reply)
	for _, m := range reply.UserModels {
		if m.Model.UUID == prod {
			return true
		}
	}
	return false
}

type summary struct {
	UUID      string
	Migration *struct {
		Status string
		End    *time.Time
	}
}

func (c *client) summary() (summary, bool) {
	c.t.Helper()
	var reply struct{ Results []struct{ Result summary } }
	c.decode(c.call("ModelManager", 10, "ListModelSummaries", map[string]any{"user-tag": "user-admin", "all": true}), &reply)
	for _, item := range reply.Results {
		if item.Result.UUID == prod {
			return item.Result, true
		}
	}
	return summary{}, false
}

// probe is the anonymous login on "prod": "present", "redirect to <controller tag> (<alias>)" or the error.
func (b *pair) probe(t *testing.T, address string) string {
	t.Helper()
	conn := b.dial(t, address, "/model/"+prod+"/api")
	defer conn.Close()
	_, err := loginOn(t, conn, map[string]any{"auth-tag": "user-jujuanonymous", "credentials": ""})
	return verdict(t, err)
}

func verdict(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return "present"
	}
	answer := answerOf(err)
	if answer == nil {
		t.Fatalf("no answer: %v", err)
	}
	if answer.Code != rpc.CodeRedirect {
		return answer.Message + " / " + string(answer.Code)
	}
	var info struct {
		Tag   string `json:"controller-tag"`
		Alias string `json:"controller-alias"`
	}
	if err := json.Unmarshal(answer.Info, &info); err != nil {
		t.Fatal(err)
	}
	return "redirect to " + info.Tag + " (" + info.Alias + ")"
}

// answerOf is the server's answer in an error, or nil.
func answerOf(err error) *rpc.Error {
	answer, _ := errors.AsType[*rpc.Error](err)
	return answer
}
