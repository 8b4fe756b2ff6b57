package controller_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/controller"
)

func TestWatchers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		admin := b.admin(t, addressA)
		for _, kind := range []struct{ start, facade string }{{"WatchAllModels", "AllModelWatcher"}, {"WatchAllModelSummaries", "ModelSummaryWatcher"}} {
			var started struct {
				ID string `json:"watcher-id"`
			}
			admin.decode(admin.call("Controller", 12, kind.start, nil), &started)
			version := map[string]int{"AllModelWatcher": 4, "ModelSummaryWatcher": 1}[kind.facade]
			ask := func(method string) (string, error) {
				var reply json.RawMessage
				err := admin.conn.Call(t.Context(), rpc.Request{Facade: kind.facade, Version: version, ID: started.ID, Method: method}, nil, &reply)
				return string(reply), err
			}
			if first, err := ask("Next"); err != nil || !strings.Contains(first, `"prod"`) || !strings.Contains(first, `"controller"`) {
				t.Errorf("%s: first Next = %s, %v", kind.facade, first, err)
			}
			began := time.Now()
			go func() {
				<-time.After(time.Minute)
				b.a.AddModel(controller.Model{Name: "late-" + kind.facade})
			}()
			next, err := ask("Next")
			if err != nil || time.Since(began) != time.Minute || !strings.Contains(next, "late-"+kind.facade) || strings.Contains(next, `"prod"`) {
				t.Errorf("%s: second Next after %v = %s, %v", kind.facade, time.Since(began), next, err)
			}
			stopped := make(chan struct{})
			go func() {
				defer close(stopped)
				<-time.After(time.Minute)
				ask("Stop")
			}()
			if _, err := ask("Next"); verdict(t, err) != "watcher has been stopped / stopped" {
				t.Errorf("%s: Next of a stopped watcher: %v", kind.facade, err)
			}
			<-stopped // Juju ends Next before it forgets the watcher.
			if _, err := ask("Next"); verdict(t, err) != "unknown watcher id / not found" {
				t.Errorf("%s: Next after Stop: %v", kind.facade, err)
			}
		}
	})
}

func TestTwoNextsOfOneWatcherWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		admin := b.admin(t, addressA)
		admin.call("Controller", 12, "WatchAllModels", nil)
		next := rpc.Request{Facade: "AllModelWatcher", Version: 4, ID: "1", Method: "Next"}
		admin.conn.Call(t.Context(), next, nil, nil)
		answers := make(chan string, 2)
		for range 2 {
			go func() {
				var reply json.RawMessage
				if err := admin.conn.Call(t.Context(), next, nil, &reply); err != nil {
					t.Error(err)
				}
				answers <- string(reply)
			}()
		}
		for _, name := range []string{"first", "second"} {
			<-time.After(time.Minute)
			b.a.AddModel(controller.Model{Name: name})
			if got := <-answers; !strings.Contains(got, name) {
				t.Errorf("after model %q: %s", name, got)
			}
		}
	})
}

func TestAllModelWatcherReportsRemoval(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		onModel, _ := b.login(t, addressA, "/model/"+prod+"/api", "user-admin", "pw")
		onModel.call("Client", 6, "WatchAll", nil)
		admin := b.admin(t, addressA)
		admin.call("Controller", 12, "WatchAllModels", nil)
		next := func(c *client, facade string, version int) (reply json.RawMessage) {
			t.Helper()
			if err := c.conn.Call(t.Context(), rpc.Request{Facade: facade, Version: version, ID: "1", Method: "Next"}, nil, &reply); err != nil {
				t.Fatal(err)
			}
			return reply
		}
		if all := string(next(onModel, "AllWatcher", 3)); !strings.Contains(all, `["unit","change",`) || strings.Contains(all, `"controller",`) {
			t.Errorf("AllWatcher: %s", all)
		}
		next(admin, "AllModelWatcher", 4)
		b.a.RemoveModel(prod)
		if gone := string(next(admin, "AllModelWatcher", 4)); !strings.Contains(gone, `["model","remove",{"model-uuid":"`+prod+`"`) {
			t.Errorf("after the removal: %s", gone)
		}
	})
}
