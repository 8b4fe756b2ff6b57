package jaas_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"jimm-migrator/src/config"
	"jimm-migrator/src/jaas"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration/locate"
	"jimm-migrator/tests/sim/wire"
)

// The size of a JAAS for which the design has a budget: to locate a model in it
// takes less than one second of CPU and 64 MiB.
const (
	manyModels      = 10_000
	manyControllers = 50
)

// crowd is a JIMM with a large JAAS, which prepares its answers once, and its controllers.
type crowd struct {
	summaries, controllers json.RawMessage
	network                *wire.Network
	roots                  *wire.CA
}

func newCrowd(tb testing.TB) *crowd {
	tb.Helper()
	ca, err := authority()
	if err != nil {
		tb.Fatal(err)
	}
	c := &crowd{network: wire.NewNetwork(), roots: ca}
	var controllers, models []any
	for i := range manyControllers {
		controllers = append(controllers, map[string]any{
			"name": fmt.Sprintf("ctl-%02d", i), "uuid": controllerUUID(i), "agent-version": "3.6.14", "ca-certificate": ca.PEM(),
			"api-addresses": []string{fmt.Sprintf("10.0.0.%d:17070", i+1)}, "cloud-tag": "cloud-aws", "cloud-region": "us-west-2",
			"status": map[string]any{"status": "available", "info": "", "since": nil},
		})
		c.serve(tb, fmt.Sprintf("10.0.0.%d:17070", i+1), "juju-apiserver", controllerSession(i))
	}
	for i := range manyModels {
		models = append(models, map[string]any{"result": map[string]any{
			"name": fmt.Sprintf("model-%05d", i), "uuid": modelUUID(i), "type": "iaas", "controller-uuid": controllerUUID(i % manyControllers),
			"is-controller": false, "provider-type": "ec2", "default-series": "jammy", "cloud-tag": "cloud-aws", "cloud-region": "us-west-2",
			"cloud-credential-tag": "cloudcred-aws_alice@example.com_default", "owner-tag": "user-alice@example.com", "life": "alive",
			"status":      map[string]any{"status": "available", "info": "", "since": "2026-07-01T10:05:00Z"},
			"user-access": "admin", "last-connection": nil, "sla": nil, "agent-version": "3.6.14",
			"counts": []any{map[string]any{"entity": "machines", "count": 3}, map[string]any{"entity": "cores", "count": 12}, map[string]any{"entity": "units", "count": 9}},
		}})
	}
	c.controllers, _ = json.Marshal(map[string]any{"controllers": controllers})
	c.summaries, _ = json.Marshal(map[string]any{"results": models})
	c.serve(tb, "jimm.example.com:443", "jimm.example.com", func(_ context.Context, req *wire.Request) (any, error) { return c.answer(req) })
	return c
}

func controllerUUID(i int) string { return fmt.Sprintf("cccccccc-0000-4000-8000-%012d", i) }
func modelUUID(i int) string      { return fmt.Sprintf("aaaaaaaa-0000-4000-8000-%012d", i) }

func (c *crowd) serve(tb testing.TB, address, name string, call func(context.Context, *wire.Request) (any, error)) {
	tb.Helper()
	listener, err := c.network.Listen(address)
	if err != nil {
		tb.Fatal(err)
	}
	leaf, err := c.roots.Leaf(name)
	if err != nil {
		tb.Fatal(err)
	}
	server := wire.NewServer(wire.Config{Name: name})
	open := func(r *http.Request, _ *wire.Conn) (wire.Session, error) {
		model := r.PathValue("uuid")
		return wire.Session{Call: func(ctx context.Context, req *wire.Request) (any, error) {
			return call(context.WithValue(ctx, modelKey{}, model), req)
		}}, nil
	}
	server.Handle("/api", open)
	server.Handle("/model/{uuid}/api", open)
	go server.ServeTLS(listener, leaf) // until Close
	tb.Cleanup(func() { server.Close() })
}

type modelKey struct{}

func (c *crowd) answer(req *wire.Request) (any, error) {
	switch req.Facade + "." + req.Method {
	case "Admin.LoginWithClientCredentials":
		return map[string]any{
			"controller-tag": "controller-dddddddd-0000-4000-8000-000000000000",
			"user-info":      map[string]any{"identity": "user-migrator@serviceaccount", "controller-access": "administrator"},
			"facades": []any{
				map[string]any{"name": "JIMM", "versions": []int{4}},
				map[string]any{"name": "ModelManager", "versions": []int{9, 10}},
				map[string]any{"name": "MigrationTarget", "versions": []int{6}},
			},
		}, nil
	case "JIMM.ListControllers":
		return c.controllers, nil
	case "ModelManager.ListModelSummaries":
		return c.summaries, nil
	case "JIMM.DisableControllerUUIDMasking", "Pinger.Ping":
		return nil, nil
	}
	return nil, wire.Errorf("not implemented", "%s is not implemented", req)
}

// controllerSession answers to the probe that the controller has the model.
func controllerSession(i int) func(context.Context, *wire.Request) (any, error) {
	return func(ctx context.Context, _ *wire.Request) (any, error) {
		model, _ := ctx.Value(modelKey{}).(string)
		return map[string]any{"controller-tag": "controller-" + controllerUUID(i), "model-tag": "model-" + model, "server-version": "3.6.14"}, nil
	}
}

func (c *crowd) settings() config.Settings {
	return config.Settings{JIMM: jimm.Options{
		URL: "wss://jimm.example.com", ClientID: "migrator", ClientSecret: jimm.NewSecret(canary), RootCAs: c.roots.Pool(), DialContext: c.network.DialContext,
	}}
}

// BenchmarkLocate logs in to a JIMM with 10,000 models and locates a page of
// them, each confirmed by its controller, as locate-model does. Its numbers
// include the servers.
func BenchmarkLocate(b *testing.B) {
	c := newCrowd(b)
	for _, model := range []string{"*", "model-00042"} {
		b.Run(model, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.locate(b, model)
			}
		})
	}
}

func (c *crowd) locate(tb testing.TB, model string) locate.Found {
	tb.Helper()
	opened, err := jaas.Connect(tb.Context(), c.settings())
	if err != nil {
		tb.Fatal(err)
	}
	defer opened.Close()
	found, err := locate.Locate(tb.Context(), opened.Engine, locate.Options{Model: model, Probe: true})
	if err != nil {
		tb.Fatal(err)
	}
	return found
}

func TestLocateInALargeJAAS(t *testing.T) {
	c := newCrowd(t)
	found := c.locate(t, "*")
	if found.Matches != manyModels || len(found.Locations) != locate.DefaultLimit {
		t.Fatalf("%d of %d", len(found.Locations), found.Matches)
	}
	for i, l := range found.Locations {
		if l.Model.UUID != modelUUID(i) || l.State != locate.StateActive || l.Asked != 1 || string(l.Holder.UUID) != controllerUUID(i) {
			t.Errorf("%d: %s is %s on %q, %d asked: %s", i, l.Model.Name, l.State, l.Holder, l.Asked, l.Proof)
		}
	}
	if one := c.locate(t, "model-00042"); one.Locations[0].Asked != manyControllers {
		t.Errorf("%d controllers were asked for one model", one.Locations[0].Asked)
	}
}
