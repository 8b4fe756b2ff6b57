package controller_test

import (
	"net"
	"sync"
	"testing"
	"time"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/wire"
)

// The same over the machine's network, in real time: nothing depends on virtual time or on the in-memory network.
func TestMigrationOverTCP(t *testing.T) {
	ca, err := wire.NewCA("test CA")
	if err != nil {
		t.Fatal(err)
	}
	serve := func(name, uuid string) *controller.Controller {
		t.Helper()
		c, err := controller.New(controller.Config{Name: name, UUID: uuid, CA: ca, Speed: 10_000})
		if err != nil {
			t.Fatal(err)
		}
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := listener.Addr().String()
		var serving sync.WaitGroup
		serving.Go(func() {
			if err := c.Serve(listener); err != nil {
				t.Errorf("Serve: %v", err)
			}
		})
		t.Cleanup(func() {
			c.Close()
			serving.Wait()
		})
		conn, err := rpc.Dial(t.Context(), "wss://"+address+"/api", rpc.DialOptions{
			RootCAs: ca.Pool(), ServerName: wire.ControllerName,
		})
		if err != nil {
			t.Fatal(err)
		}
		conn.Close()
		return c
	}
	a, b := serve("ctl-a", uuidA), serve("ctl-b", uuidB)
	if err := a.AddModel(controller.Model{Name: "prod", UUID: prod}); err != nil {
		t.Fatal(err)
	}
	conn, err := rpc.Dial(t.Context(), "wss://"+a.Addresses()[0]+"/api", rpc.DialOptions{
		RootCAs: ca.Pool(), ServerName: wire.ControllerName, CallTimeout: time.Hour,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if _, err := loginOn(t, conn, map[string]any{"auth-tag": "user-admin", "credentials": "password"}); err != nil {
		t.Fatal(err)
	}
	target := map[string]any{
		"controller-tag": "controller-" + uuidB, "addrs": b.Addresses(), "ca-cert": ca.PEM(),
		"auth-tag": "user-admin", "password": "password",
	}
	if _, refused := (&client{t: t, conn: conn}).migrate(target); refused != nil {
		t.Fatal(refused)
	}
	if err := a.AwaitPhase(t.Context(), prod, controller.Done, controller.AbortDone); err != nil {
		t.Fatal(err)
	}
	if m, _ := a.Migration(prod); m.Phase != controller.Done {
		t.Errorf("it ended in %s: %s", m.Phase, m.Text)
	}
}
