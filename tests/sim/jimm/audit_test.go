package jimm_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/jimm"
)

type event struct {
	Time     time.Time `json:"time"`
	Method   string    `json:"facade-method"`
	UserTag  string    `json:"user-tag"`
	Model    string    `json:"model"`
	Response bool      `json:"is-response"`
	Params   json.RawMessage
	Errors   json.RawMessage
}

func find(t *testing.T, c *rpc.Conn, query map[string]any) []event {
	t.Helper()
	var answer struct{ Events []event }
	if err := json.Unmarshal([]byte(call(t, c, "JIMM", 4, "FindAuditEvents", query)), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Events
}

func TestAuditLogOfMigrations(t *testing.T) {
	for name, gen := range generations() {
		t.Run(name, func(t *testing.T) {
			inWorld(t, gen, nil, func(w *world) {
				t := w.t
				w.a.answer("Controller.InitiateMigration", itemError("target prechecks failed: no", "", nil))
				client := w.login("/api", admin)
				model := map[string]string{"2024": modelTag, "2026": modelUUID}[name]
				call(t, client, "JIMM", 4, "MigrateModel", migrate(model))
				<-time.After(time.Minute)
				w.b.answer("ModelManager.ModelInfo", itemError("permission denied", "unauthorized access", nil))
				update := map[string]string{"model-tag": modelTag, "target-controller": "ctl-b"}
				if _, err := try(t, client, "JIMM", 4, "UpdateMigratedModel", update); err == nil {
					t.Error("recorded a model that is not there")
				}
				migrations := find(t, client, map[string]any{"method": "MigrateModel"})
				if len(migrations) != 2 || migrations[0].Response || !migrations[1].Response {
					t.Fatalf("events %+v", migrations)
				}
				if !strings.Contains(string(migrations[0].Params), `"target-controller":"ctl-b"`) {
					t.Errorf("params %s", migrations[0].Params)
				}
				if got := string(migrations[1].Errors); got != `{"results":[{"error":{"code":"","message":""}}]}` {
					t.Errorf("an item error was kept: %s", got)
				}
				updates := find(t, client, map[string]any{"method": "UpdateMigratedModel", "sortTime": true})
				reply := map[string]int{"2024": 1, "2026": 0}[name] // of two in one millisecond
				if !updates[reply].Response || !strings.Contains(string(updates[reply].Errors), "permission denied") {
					t.Errorf("newest first: %+v", updates)
				}
				since := migrations[0].Time.Add(time.Second).Format(time.RFC3339)
				if got := find(t, client, map[string]any{"after": since, "method": "MigrateModel"}); len(got) != 0 {
					t.Errorf("after %s: %+v", since, got)
				}
				if got := find(t, client, map[string]any{"offset": 1, "limit": 2}); len(got) != 2 || !got[0].Response {
					t.Errorf("page %+v", got)
				}
			})
		})
	}
}

func TestAuditLogKeepsSecretsOfOldLogins(t *testing.T) {
	want := map[string]string{
		"2024": `{"client-id":"migrator","client-secret":"s3cr3t-admin"}`,
		"2026": `{"params":"redacted"}`,
	}
	for name, gen := range generations() {
		inWorld(t, gen, nil, func(w *world) {
			t := w.t
			client := w.login("/api", admin)
			events := find(t, client, map[string]any{"method": "LoginWithClientCredentials"})
			got := []string{string(events[0].Params), events[0].UserTag, events[1].UserTag}
			if diff := cmp.Diff([]string{want[name], "user-", "user-" + admin + "@serviceaccount"}, got); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
			w.a.answer("Client.FullStatus", map[string]any{})
			call(t, w.login("/model/"+modelUUID+"/api", admin), "Client", 6, "FullStatus", nil)
			proxied := find(t, client, map[string]any{"model": "ctl-a/my-model"})
			if len(proxied) != 4 {
				t.Errorf("%s: %d events of the model, want login and status", name, len(proxied))
			}
		})
	}
}

func TestAuditLogIsForAdministratorsAndViewers(t *testing.T) {
	inWorld(t, jimm.Generation2024(), nil, func(w *world) {
		t := w.t
		client := w.login("/api", plain)
		if _, err := try(t, client, "JIMM", 4, "FindAuditEvents", nil); err == nil {
			t.Error("any user can read the audit log")
		}
		grant := map[string]string{"user-tag": "user-" + plain + "@serviceaccount", "level": "read"}
		call(t, w.login("/api", admin), "JIMM", 4, "GrantAuditLogAccess", grant)
		find(t, client, nil)
	})
}

func TestTheTupleOfTheOldControllerStays(t *testing.T) {
	for name, gen := range generations() {
		inWorld(t, gen, nil, func(w *world) {
			t := w.t
			w.b.answer("ModelManager.ModelInfo", healthy(nil))
			client := w.login("/api", admin)
			update := map[string]string{"model-tag": modelTag, "target-controller": "ctl-b"}
			call(t, client, "JIMM", 4, "UpdateMigratedModel", update)
			query := map[string]any{
				"tuple":     map[string]string{"object": "", "relation": "controller", "target_object": modelTag},
				"page_size": 50, "resolve_uuids": true,
			}
			want := `{"tuples":[{"object":"controller-ctl-a","relation":"controller",` +
				`"target_object":"model-ctl-b:alice@canonical.com/my-model"}]}`
			if got := call(t, client, "JIMM", 4, "ListRelationshipTuples", query); got != want {
				t.Errorf("%s: got %s, want %s", name, got, want)
			}
			owner := map[string]any{"tuple": map[string]string{
				"object": "user-alice@canonical.com", "relation": "reader", "target_object": modelTag,
			}}
			if got := call(t, client, "JIMM", 4, "CheckRelation", owner); got != `{"allowed":true}` {
				t.Errorf("%s: an administrator of the model may not read it: %s", name, got)
			}
		})
	}
}

func TestOpenFGADownLooksLikeAWrongSecret(t *testing.T) {
	inWorld(t, jimm.Generation2024(), nil, func(w *world) {
		t := w.t
		for _, down := range []func(bool){w.jimm.IdentityProviderDown, w.jimm.OpenFGADown} {
			down(true)
			_, err := try(t, w.dial("/api"), "Admin", 4, "LoginWithClientCredentials", loginParams(admin, "s3cr3t-admin"))
			if !errors.Is(err, rpc.CodeUnauthorized) {
				t.Errorf("error %v", err)
			}
			down(false)
		}
		w.login("/api", admin)
	})
}
