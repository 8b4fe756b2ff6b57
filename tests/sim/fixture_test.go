package sim_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/wire"
)

// start starts a world in memory. It must run in a synctest bubble.
func start(t *testing.T, world sim.World) *sim.JAAS {
	t.Helper()
	j, err := sim.Start(t.Context(), world, sim.Options{Network: wire.NewNetwork()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
	})
	return j
}

func sample(t *testing.T, name string) sim.World {
	t.Helper()
	data, err := sim.Sample(name)
	if err != nil {
		t.Fatal(err)
	}
	return load(t, string(data))
}

func load(t *testing.T, yaml string) sim.World {
	t.Helper()
	w, err := sim.Load([]byte(yaml))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// client is a connection to JIMM.
type client struct {
	t *testing.T
	*rpc.Conn
}

// dial connects to JIMM until the end of the test.
func dial(t *testing.T, url string, options rpc.DialOptions) client {
	t.Helper()
	conn, err := rpc.Dial(t.Context(), url, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return client{t, conn}
}

// login logs in with a service account and returns the answer.
func (c client) login(id, secret string) string {
	c.t.Helper()
	return c.call("Admin", 4, "LoginWithClientCredentials", map[string]string{"client-id": id, "client-secret": secret})
}

func connect(t *testing.T, j *sim.JAAS) client {
	t.Helper()
	c, account := dial(t, j.URL()+"/api", j.Dialling()), j.Account("")
	c.login(account.ID, account.Secret)
	return c
}

// call returns the answer as JSON, or the error's text.
func (c client) call(facade string, version int, method string, params any) string {
	c.t.Helper()
	var raw json.RawMessage
	if err := c.Call(c.t.Context(), rpc.Request{Facade: facade, Version: version, Method: method}, params, &raw); err != nil {
		return err.Error()
	}
	return string(raw)
}

func (c client) migrate(j *sim.JAAS, model, target string) string {
	c.t.Helper()
	name := j.UUID(model)
	if j.World().JIMM.Version == "2024" {
		name = "model-" + name
	}
	return c.call("JIMM", 4, "MigrateModel", map[string]any{
		"specs": []map[string]string{{"model-tag": name, "target-controller": target}},
	})
}

func (c client) info(j *sim.JAAS, model string) string {
	c.t.Helper()
	return c.call("ModelManager", 9, "ModelInfo", map[string]any{
		"entities": []map[string]string{{"tag": "model-" + j.UUID(model)}},
	})
}

func (c client) record(j *sim.JAAS, model, target string) string {
	c.t.Helper()
	return c.call("JIMM", 4, "UpdateMigratedModel", map[string]string{
		"model-tag": "model-" + j.UUID(model), "target-controller": target,
	})
}

func recordedOn(j *sim.JAAS, model string) string {
	row, ok := j.Record(model)
	if !ok {
		return "no row"
	}
	return row.Controller + " " + string(row.Mode)
}

func await(t *testing.T, j *sim.JAAS, source, model string, phase controller.Phase) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	if err := j.Controller(source).AwaitPhase(ctx, j.UUID(model), phase); err != nil {
		t.Fatal(err)
	}
}
