package jimm_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/jimm"
	"jimm-migrator/tests/sim/wire"
)

func alive(c *rpc.Conn) bool {
	select {
	case <-c.Done():
		return false
	default:
		return true
	}
}

func TestOnlyPingsKeepAConnection(t *testing.T) {
	for name, gen := range generations() {
		t.Run(name, func(t *testing.T) {
			inWorld(t, gen, nil, func(w *world) {
				t := w.t
				client := w.login("/api", admin)
				elapse := func(d time.Duration) {
					t.Helper()
					select {
					case <-client.Done():
						t.Fatalf("closed early: %v", client.Err())
					case <-time.After(d):
					}
				}
				elapse(gen.PingLimit - time.Second)
				call(t, client, "Pinger", 1, "Ping", nil)
				elapse(gen.PingLimit - time.Second)
				call(t, client, "JIMM", 4, "Version", nil)
				select {
				case <-client.Done():
				case <-time.After(2 * time.Second):
					t.Error("still open although only Version was called")
				}
				want := map[string]websocket.StatusCode{"2024": websocket.StatusNoStatusRcvd, "2026": websocket.StatusNormalClosure}
				if got := websocket.CloseStatus(client.Err()); got != want[name] {
					t.Errorf("closed with %v, want %v", got, want[name])
				}
			})
		})
	}
}

func TestRestartBreaksConnectionsAndKeepsTheDatabase(t *testing.T) {
	polling := func(o *jimm.Options) { o.Poller = true }
	inWorld(t, jimm.Generation2026(), polling, func(w *world) {
		t := w.t
		w.a.answer("ModelManager.ModelInfo", healthy(nil))
		w.jimm.UpdateModel(modelUUID, func(m *jimm.Model) { m.Mode = jimm.ModeInternal })
		client, model := w.login("/api", admin), w.login("/model/"+modelUUID+"/api", admin)
		<-time.After(50 * time.Second)
		w.jimm.Restart()
		synctest.Wait()
		if alive(client) || alive(model) {
			t.Error("a connection survived")
		}
		<-time.After(50 * time.Second)
		if calls := w.a.taken(); len(calls) > 0 {
			t.Errorf("polled %q although the start was 50 s ago", calls)
		}
		<-time.After(11 * time.Second)
		want := []string{"jaas-" + jimm.DefaultUUID + "@external ModelManager(10).ModelInfo"}
		if diff := cmp.Diff(want, w.a.taken()); diff != "" {
			t.Error(diff)
		}
		if w.mode() != "ctl-a migrating-internally" {
			t.Errorf("row is %q", w.mode())
		}
		w.login("/api", admin)
	})
}

func TestStoppedJIMMRefusesConnections(t *testing.T) {
	inWorld(t, jimm.Generation2024(), nil, func(w *world) {
		t := w.t
		w.jimm.Stop()
		_, err := rpc.Dial(t.Context(), "ws://jimm/api", rpc.DialOptions{DialContext: w.network.DialContext})
		if !errors.Is(err, rpc.ErrConnection) {
			t.Errorf("error %v", err)
		}
		w.jimm.Start()
		w.listen()
		w.login("/api", admin)
	})
}

func TestSourceThatBreaksTheConnectionRollsTheModeBack(t *testing.T) {
	inWorld(t, jimm.Generation2026(), nil, func(w *world) {
		t := w.t
		w.a.faults.Add(wire.Fault{Method: "InitiateMigration", Action: wire.DropAfter})
		client := w.login("/api", admin)
		seen := call(t, client, "JIMM", 4, "MigrateModel", migrate(modelUUID))
		if !strings.Contains(seen, "unexpected EOF") || w.mode() != "ctl-a " {
			t.Errorf("client sees %s, row %q", seen, w.mode())
		}
		if calls := w.a.taken(); len(calls) != 0 && !strings.Contains(calls[0], "InitiateMigration") {
			t.Errorf("calls %q", calls)
		}
	})
}

func TestClientThatGoesAwayLeavesTheModeSet(t *testing.T) {
	inWorld(t, jimm.Generation2026(), nil, func(w *world) {
		t := w.t
		w.a.faults.Add(wire.Fault{Method: "InitiateMigration", Action: wire.Ignore})
		client := w.login("/api", admin)
		ctx, cancel := context.WithTimeout(t.Context(), 160*time.Second)
		defer cancel()
		err := client.Call(ctx, rpc.Request{Facade: "JIMM", Version: 4, Method: "MigrateModel"}, migrate(modelUUID), nil)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("an answer came: %v", err)
		}
		client.Close()
		synctest.Wait()
		if w.mode() != "ctl-a migrating-internally" {
			t.Errorf("row is %q", w.mode())
		}
		seen := call(t, w.login("/api", admin), "JIMM", 4, "MigrateModel", migrate(modelUUID))
		if !strings.Contains(seen, `already in migration mode \"migrating-internally\"`) {
			t.Errorf("the next one sees %s", seen)
		}
	})
}

func TestOldJIMMKeepsOneConnectionAndPingsItFirst(t *testing.T) {
	inWorld(t, jimm.Generation2024(), nil, func(w *world) {
		t := w.t
		w.a.answer("ModelManager.ModelInfo", healthy(nil))
		client := w.login("/api", admin)
		for range 2 {
			call(t, client, "ModelManager", 9, "ModelInfo", entities(modelTag))
		}
		w.a.server.DropAll()
		synctest.Wait()
		call(t, client, "ModelManager", 9, "ModelInfo", entities(modelTag))
		want := []string{
			"admin Admin(3).Login", "admin ModelManager(9).ModelInfo",
			"admin Pinger(1).Ping", "admin ModelManager(9).ModelInfo",
			"admin Admin(3).Login", "admin ModelManager(9).ModelInfo",
		}
		w.a.mu.Lock()
		defer w.a.mu.Unlock()
		if diff := cmp.Diff(want, w.a.calls); diff != "" {
			t.Error(diff)
		}
	})
}

func TestFaultsHitProxiedCalls(t *testing.T) {
	inWorld(t, jimm.Generation2024(), nil, func(w *world) {
		t := w.t
		w.a.answer("Client.FullStatus", map[string]any{"servers": 1, "model": map[string]any{}})
		w.faults.Add(wire.Fault{Method: "FullStatus", Action: wire.Delay, Delay: 10 * time.Second, Times: 1})
		model := w.login("/model/"+modelUUID+"/api", admin)
		start := time.Now()
		seen := call(t, model, "Client", 6, "FullStatus", map[string]any{"patterns": []string{}})
		if seen != `{"model":{}}` || time.Since(start) != 10*time.Second {
			t.Errorf("got %s after %v", seen, time.Since(start))
		}
		if seen := call(t, model, "Client", 6, "FullStatus", nil); seen != `{"model":{}}` {
			t.Errorf("without the fault: %s", seen)
		}
	})
}

func TestWatchersAreAllThatFindsADeadController(t *testing.T) {
	watching := func(o *jimm.Options) { o.Watchers = true }
	inWorld(t, jimm.Generation2024(), watching, func(w *world) {
		t := w.t
		status := func() string {
			for _, c := range w.jimm.Controllers() {
				if c.Name == "ctl-b" && !c.UnavailableSince.IsZero() {
					return "unavailable"
				}
			}
			return "available"
		}
		synctest.Wait()
		w.b.server.Close()
		synctest.Wait()
		if status() != "available" {
			t.Error("noticed at once")
		}
		<-time.After(11 * time.Minute)
		if status() != "unavailable" {
			t.Error("not noticed after a round")
		}
		client := w.login("/api", admin)
		if seen := call(t, client, "JIMM", 4, "ListControllers", nil); !strings.Contains(seen, `"status":"unavailable"`) {
			t.Errorf("list %s", seen)
		}
	})
}

func TestControllerThatNeverAnswersDoesNotHoldJIMM(t *testing.T) {
	inWorld(t, jimm.Generation2026(), nil, func(w *world) {
		t := w.t
		w.network.Blackhole(w.a.address, true)
		model := w.dial("/model/" + modelUUID + "/api")
		go model.Call(t.Context(), rpc.Request{Facade: "Admin", Version: 4, Method: "LoginWithClientCredentials"},
			loginParams(admin, "s3cr3t-admin"), nil)
		synctest.Wait()
		start := time.Now()
		if err := w.jimm.Stop(); err != nil || time.Since(start) > time.Second {
			t.Errorf("stopped after %v: %v", time.Since(start), err)
		}
	})
}

func TestDeviceLoginGivesASessionToken(t *testing.T) {
	device := func(o *jimm.Options) { o.DeviceUser = "alice@canonical.com" }
	for name, gen := range generations() {
		t.Run(name, func(t *testing.T) {
			inWorld(t, gen, device, func(w *world) {
				t := w.t
				client := w.dial("/api")
				if _, err := try(t, client, "Admin", 4, "GetDeviceSessionToken", nil); err == nil {
					t.Error("a token without LoginDevice")
				}
				call(t, client, "Admin", 4, "LoginDevice", nil)
				var token map[string]string
				if err := json.Unmarshal([]byte(call(t, client, "Admin", 4, "GetDeviceSessionToken", nil)), &token); err != nil {
					t.Fatal(err)
				}
				if seen := call(t, client, "Admin", 4, "LoginWithSessionToken", token); !strings.Contains(seen, `"user-alice@canonical.com"`) {
					t.Errorf("logged in as %s", seen)
				}
				<-time.After(7 * time.Hour)
				// Only this code makes juju start the device flow.
				for _, old := range []map[string]string{token, {"session-token": ""}} {
					_, err := try(t, w.dial("/api"), "Admin", 4, "LoginWithSessionToken", old)
					if !errors.Is(err, rpc.Code("session token invalid")) {
						t.Errorf("token %q: %v", old, err)
					}
				}
			})
		})
	}
}

func TestCallsAreReported(t *testing.T) {
	inWorld(t, jimm.Generation2024(), nil, func(w *world) {
		t := w.t
		client := w.login("/api", admin)
		call(t, client, "JIMM", 4, "CrossModelQuery", map[string]string{"type": "jq", "query": "."})
		w.login("/model/"+modelUUID+"/api", admin)
		var names []string
		for _, c := range *w.called {
			names = append(names, c.User+" "+c.Path+" "+c.Facade+"."+c.Method)
		}
		want := []string{
			" /api Admin.LoginWithClientCredentials", admin + "@serviceaccount /api JIMM.CrossModelQuery",
			" /model/" + modelUUID + "/api Admin.LoginWithClientCredentials",
		}
		if !slices.Equal(names, want) {
			t.Errorf("calls %q", names)
		}
	})
}
