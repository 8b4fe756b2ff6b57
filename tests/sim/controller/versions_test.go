package controller_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/controller"
)

// between starts A and B with two releases of Juju.
func between(t *testing.T, source, target string) *pair {
	t.Helper()
	return start(t, func(a, b *controller.Config) { a.Version, b.Version = source, target })
}

// best is the highest version of a facade in a login's answer.
func best(t *testing.T, login json.RawMessage, facade string) int {
	t.Helper()
	var reply struct {
		Facades []struct {
			Name     string
			Versions []int
		}
	}
	if err := json.Unmarshal(login, &reply); err != nil {
		t.Fatal(err)
	}
	for _, f := range reply.Facades {
		if f.Name == facade {
			return slices.Max(f.Versions)
		}
	}
	return 0
}

func TestMigrationsByVersionPair(t *testing.T) {
	const (
		tooOld    = "connect to target controller: controller API version is too old"
		envelope  = "target prechecks failed: target controller does not support the model migration envelope format; upgrade the target controller to Juju 4.1 or later"
		password  = "target controller is too old to support password-authenticated migration; upgrade the target to a version that exposes MigrationTarget v8 or later"
		described = `target prechecks failed: cannot deserialize model "` + prod + `" description during prechecks: version: expected int, got nothing`
	)
	tests := []struct{ source, target, refused string }{
		{"2.9.46", "2.9.51", ""},
		{"2.9.46", "3.0.3", ""},
		{"2.9.46", "3.1.9", ""},
		{"2.9.46", "3.6.14", ""},
		{"2.9.40", "3.6.14", "source prechecks failed: cannot migrate to controller (\"3.6.14\") due to issues:\n" +
			"\"alice/prod\":\n- current model (\"2.9.40\") has to be upgraded to \"2.9.43\" at least"},
		{"2.9.46", "4.0.14", `source prechecks failed: migrate to "4.0.14" is not supported from "2.9.46"`},
		{"3.0.3", "3.1.9", ""},
		{"3.1.9", "3.6.14", ""},
		{"3.3.5", "3.5.5", ""},
		{"3.6.14", "3.6.14", ""},
		{"3.6.14", "3.5.5", "target prechecks failed: model has higher version than target controller (3.6.14 > 3.5.5)"},
		{"3.6.14", "2.9.51", "target prechecks failed: model has higher version than target controller (3.6.14 > 2.9.51)"},
		{"3.6.12", "4.0.14", tooOld},
		{"3.6.14", "4.0.5", described},
		{"3.6.14", "4.0.12", ""},
		{"3.6.14", "4.1.0", ""},
		{"4.0-beta8", "4.0-beta8", "model export not implemented"},
		{"4.0-beta8", "4.1.0", "model export not implemented"},
		{"4.0.5", "4.0.5", described},
		{"4.0.12", "4.0.12", envelope},
		{"4.0.14", "4.0.14", password},
		{"4.0.15", "4.0.15", password},
		{"3.6.28", "4.0.15", ""},
		{"4.0.15", "4.1-beta2", ""},
		{"4.1-beta2", "4.1-beta2", ""},
		{"4.0.14", "4.1.0", ""},
		{"4.1.0", "4.1.0", ""},
		{"4.1.0", "4.0.14", password},
	}
	for _, test := range tests {
		t.Run(test.source+" to "+test.target, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { migrateByVersion(t, test.source, test.target, test.refused) })
		})
	}
}

// migrateByVersion migrates "prod" without its foreign application, which 3.0 refuses.
func migrateByVersion(t *testing.T, source, target, want string) {
	t.Helper()
	both := between(t, source, target)
	err := both.a.Update(prod, func(m *controller.Model) { m.RemoteApplications = nil })
	if err != nil {
		t.Fatal(err)
	}
	conn := both.dial(t, addressA, "/api")
	login, err := loginOn(t, conn, map[string]any{"auth-tag": "user-admin", "credentials": "pw", "client-version": source})
	if err != nil {
		t.Fatal(err)
	}
	reply, err := call(t.Context(), conn, "Controller", best(t, login, "Controller"), "InitiateMigration", map[string]any{
		"specs": []any{map[string]any{"model-tag": "model-" + prod, "target-info": both.toB()}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var answer struct {
		Results []struct {
			ID    string `json:"migration-id"`
			Error *rpc.Error
		}
	}
	if err := json.Unmarshal(reply, &answer); err != nil {
		t.Fatal(err)
	}
	item := answer.Results[0]
	if want != "" {
		if item.Error == nil || item.Error.Message != want {
			t.Fatalf("answer %+v, want the error %q", item, want)
		}
		return
	}
	if item.Error != nil {
		t.Fatal(item.Error)
	}
	if counted := strings.HasSuffix(item.ID, ":0"); counted == strings.HasPrefix(source, "4.") {
		t.Errorf("migration-id %q", item.ID)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	if err := both.a.AwaitPhase(ctx, prod, controller.Done, controller.AbortDone); err != nil {
		t.Fatal(err)
	}
	if m, _ := both.a.Migration(prod); m.Phase != controller.Done {
		t.Fatalf("the migration ended with %s: %s", m.Phase, m.Text)
	}
	if state, ok := both.b.Model(prod); !ok || state.State != controller.StateActive {
		t.Errorf("the model on B is %+v, %v", state, ok)
	}
	if got, want := both.probe(t, addressA), "redirect to controller-"+uuidB+" (ctl-b)"; got != want {
		t.Errorf("A answers %q, want %q", got, want)
	}
}

func TestOldTargetsTakeNoModelsWithForeignApplications(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		both := between(t, "2.9.46", "3.0.3")
		conn := both.dial(t, addressA, "/api")
		_, err := loginOn(t, conn, map[string]any{"auth-tag": "user-admin", "credentials": "pw", "client-version": "2.9.46"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = call(t.Context(), conn, "Controller", 11, "InitiateMigration", map[string]any{
			"specs": []any{map[string]any{"model-tag": "model-" + prod, "target-info": both.toB()}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := both.a.AwaitPhase(t.Context(), prod, controller.AbortDone); err != nil {
			t.Fatal(err)
		}
		if m, _ := both.a.Migration(prod); !strings.Contains(m.Text, "target controller must be upgraded to 2.9.43 or later") {
			t.Errorf("text %q", m.Text)
		}
	})
}

func TestVersionGate(t *testing.T) {
	tests := []struct {
		server, client, method string
		gated                  bool
	}{
		{"2.9.46", "3.6.14", "ModelManager.ListModelSummaries", true},
		{"2.9.46", "3.6.14", "ModelManager.ModelInfo", false},
		{"2.9.46", "3.6.14", "ModelManager.ListModels", false},
		{"2.9.46", "3.6.14", "Controller.ControllerVersion", false},
		{"2.9.46", "3.0.2", "ModelManager.ListModelSummaries", false},
		{"2.9.46", "2.9.46", "ModelManager.ListModelSummaries", false},
		{"2.9.46", "2.8.0", "ModelManager.ListModelSummaries", false},
		{"2.9.46", "4.0.1", "ModelManager.ModelInfo", true},
		{"2.9.46", "", "ModelManager.ListModelSummaries", false},
		{"3.0.3", "2.9.46", "ModelManager.ListModelSummaries", false},
		{"3.0.3", "", "ModelManager.ListModelSummaries", false},
		{"3.0.3", "3.6.14", "ModelManager.ListModelSummaries", false},
		{"3.0.3", "4.1.0", "ModelManager.ListModelSummaries", true},
		{"3.1.9", "2.9.46", "ModelManager.ListModelSummaries", false},
		{"3.6.14", "2.9.46", "ModelManager.ListModelSummaries", false},
		{"4.0-beta8", "junk", "Controller.ControllerVersion", false},
	}
	for _, test := range tests {
		t.Run(test.server+" "+test.client+" "+test.method, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				both := between(t, test.server, "3.6.14")
				conn := both.dial(t, addressA, "/api")
				login, err := loginOn(t, conn, map[string]any{
					"auth-tag": "user-admin", "credentials": "pw", "client-version": test.client,
				})
				if err != nil {
					t.Fatal(err)
				}
				facade, method, _ := strings.Cut(test.method, ".")
				_, err = call(t.Context(), conn, facade, best(t, login, facade), method, map[string]any{
					"user-tag": "user-admin", "tag": "user-admin", "all": true,
				})
				if gated := errors.Is(err, rpc.CodeIncompatibleClient); gated != test.gated || err != nil && !gated {
					t.Errorf("got %v, want gated %v", err, test.gated)
				}
				if answer := answerOf(err); answer != nil && string(answer.Info) != `{"server-version":"`+test.server+`"}` {
					t.Errorf("info %s", answer.Info)
				}
			})
		})
	}
}

func TestTokensAreOlderThan32Unknown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		both := between(t, "3.1.9", "3.6.14")
		reply, err := loginOn(t, both.dial(t, addressA, "/api"), map[string]any{"auth-tag": "user-admin", "token": "YS5iLmM="})
		if err != nil || !strings.Contains(string(reply), "discharge-required") {
			t.Errorf("%s, %v", reply, err)
		}
	})
}

// TestSilentSource follows a migration from a 4.x controller that is aborted: the source shows nothing of it (4.0.15
// and 4.1-beta2, recorded).
func TestSilentSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		both := between(t, "4.0.15", "4.1-beta2")
		both.a.Script(prod, controller.Outcome{AbortAt: controller.Validation, Reason: "because"})
		source := both.admin(t, addressA)
		if _, refused := source.migrate(both.toB()); refused != nil {
			t.Fatal(refused)
		}
		for _, phase := range []controller.Phase{controller.Quiesce, controller.Import, controller.Validation, controller.AbortDone} {
			if err := both.a.AwaitPhase(t.Context(), prod, phase); err != nil {
				t.Fatal(err)
			}
			if got, failed := source.modelInfo(); failed != nil || got.Migration != nil || got.Status.Status != "available" || got.Status.Info != "" {
				t.Errorf("%s: %+v, %v", phase, got, failed)
			}
			if got, listed := source.summary(); !listed || got.Migration != nil {
				t.Errorf("%s: %+v, listed %v", phase, got, listed)
			}
			if phase == controller.Quiesce {
				_, refused := source.migrate(both.toB())
				want := `model "` + prod + `" already has an active migration: model already has an active migration`
				if refused == nil || refused.Message != want || refused.Code != "" {
					t.Errorf("a second migration: %v", refused)
				}
			}
		}
	})
}

func TestAnonymousConnectionsTo4EndWithoutPings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		both := between(t, "4.0-beta8", "3.6.14")
		anonymous := map[string]any{"auth-tag": "user-jujuanonymous", "credentials": ""}
		silent, pinging := both.dial(t, addressA, "/api"), both.dial(t, addressA, "/model/"+prod+"/api")
		older, user := both.dial(t, addressB, "/api"), both.admin(t, addressA).conn
		for _, conn := range []*rpc.Conn{silent, pinging, older} {
			if _, err := loginOn(t, conn, anonymous); err != nil {
				t.Fatal(err)
			}
		}
		ping := func() {
			t.Helper()
			if _, err := call(t.Context(), pinging, "Pinger", 1, "Ping", nil); err != nil {
				t.Error(err)
			}
		}
		time.Sleep(100 * time.Second) //nolint:forbidigo // virtual time
		ping()
		time.Sleep(100 * time.Second) //nolint:forbidigo // virtual time
		ping()
		if silent.Err() == nil || pinging.Err() != nil || older.Err() != nil || user.Err() != nil {
			t.Errorf("after 200 s: silent %v, pinging %v, 3.6 %v, user %v", silent.Err(), pinging.Err(), older.Err(), user.Err())
		}
	})
}

func TestModelStatusOf4Redirects(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		both := between(t, "4.1.0", "4.1.0")
		source := both.admin(t, addressA)
		if _, refused := source.migrate(both.toB()); refused != nil {
			t.Fatal(refused)
		}
		if err := both.a.AwaitPhase(t.Context(), prod, controller.Done); err != nil {
			t.Fatal(err)
		}
		got := string(source.call("ModelManager", 11, "ModelStatus", entities("model-"+prod)))
		if !strings.Contains(got, `"code":"redirection required","info":{"ca-cert":`) ||
			!strings.Contains(got, `"controller-tag":"controller-`+uuidB+`"`) {
			t.Errorf("ModelStatus: %s", got)
		}
		if _, failed := source.modelInfo(); failed == nil || failed.Code != "not found" || failed.Message != "invoking getDB: database not found" {
			t.Errorf("ModelInfo: %v", failed)
		}
		for user, want := range map[string]string{
			"bob": "redirect", "alice@external": "redirect", "nobody@elsewhere": "redirect",
			"nobody": "invalid entity", "carol": "invalid entity",
		} {
			_, err := loginOn(t, both.dial(t, addressA, "/model/"+prod+"/api"), map[string]any{"auth-tag": "user-" + user, "credentials": "x"})
			if got := verdict(t, err); !strings.HasPrefix(got, want) {
				t.Errorf("%s gets %q", user, got)
			}
		}
	})
}

func TestPhasesOf41(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for version, want := range map[string]bool{"4.1.0": false, "3.6.14": true} {
			both := between(t, version, "4.1.0")
			if _, refused := both.admin(t, addressA).migrate(both.toB()); refused != nil {
				t.Fatal(refused)
			}
			seen := false
			err := both.a.Await(t.Context(), func() bool {
				m, _ := both.a.Migration(prod)
				seen = seen || m.Phase == controller.ProcessRelations
				return m.Phase == controller.Done
			})
			if err != nil || seen != want {
				t.Errorf("%s: PROCESSRELATIONS seen %v, %v", version, seen, err)
			}
			_ = both.a.Close()
			_ = both.b.Close()
		}
	})
}

// TestDryRunOf40IsReal tests the worst case for releases between 4.0-beta8, which ignores "dry-run", and 4.0.15, which
// honours it. It also shows that connections to a model outlive the model there.
func TestDryRunOf40IsReal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		both := between(t, "4.0.14", "4.1.0")
		model, _ := both.login(t, addressA, "/model/"+prod+"/api", "user-admin", "pw")
		both.admin(t, addressA).call("Controller", 14, "InitiateMigration", map[string]any{
			"specs": []any{map[string]any{"model-tag": "model-" + prod, "target-info": both.toB()}}, "dry-run": true,
		})
		if err := both.a.AwaitPhase(t.Context(), prod, controller.Done); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if model.conn.Err() != nil {
			t.Errorf("the connection to the model has ended: %v", model.conn.Err())
		}
	})
}

// TestDryRunOf4 requires what was recorded with 4.0-beta8, 4.0.15 and 4.1-beta2, and the worst case
// for other releases. A controller that cannot migrate models starts nothing.
func TestDryRunOf4(t *testing.T) {
	for version, want := range map[string]struct{ honours, starts bool }{
		"4.0-beta8": {}, "4.0.0": {}, "4.0.12": {starts: true}, "4.0.14": {starts: true}, "4.0.15": {honours: true},
		"4.1-beta1": {starts: true}, "4.1-beta2": {honours: true}, "4.1.0": {honours: true},
	} {
		t.Run(version, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				both := between(t, version, "4.1.0")
				admin, login := both.login(t, addressA, "/api", "user-admin", "pw")
				reply, err := call(t.Context(), admin.conn, "Controller", best(t, login, "Controller"), "InitiateMigration", map[string]any{
					"specs": []any{map[string]any{"model-tag": "model-" + prod, "target-info": both.toB()}}, "dry-run": true,
				})
				_, starts := both.a.Migration(prod)
				if err != nil || both.a.HonoursDryRun() != want.honours || starts != want.starts {
					t.Errorf("honours it: %v, starts: %v: %s, %v", both.a.HonoursDryRun(), starts, reply, err)
				}
			})
		})
	}
}

func TestStatusOf40Beta8IsAlwaysNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		since := map[string]string{}
		for _, version := range []string{"4.0-beta8", "4.0.14"} {
			both := between(t, version, "3.6.14")
			c := both.admin(t, addressA)
			first := string(c.call("ModelManager", 11, "ModelInfo", entities("model-"+prod)))
			time.Sleep(time.Second) //nolint:forbidigo // virtual time
			if first == string(c.call("ModelManager", 11, "ModelInfo", entities("model-"+prod))) {
				since[version] = "stays"
			}
			_ = both.a.Close()
			_ = both.b.Close()
		}
		if len(since) != 1 || since["4.0.14"] == "" {
			t.Errorf("the status %v", since)
		}
	})
}

func TestSecretBackendsByVersion(t *testing.T) {
	for version, want := range map[string]bool{"2.9.46": false, "3.0.3": false, "3.1.9": true, "4.0-beta8": true} {
		synctest.Test(t, func(t *testing.T) {
			conn := between(t, version, "3.6.14").dial(t, addressA, "/api")
			login, err := loginOn(t, conn, map[string]any{"auth-tag": "user-admin", "credentials": "pw", "client-version": version})
			if err != nil {
				t.Fatal(err)
			}
			reply, err := call(t.Context(), conn, "ModelManager", best(t, login, "ModelManager"), "ModelInfo", entities("model-"+prod))
			if got := strings.Contains(string(reply), `"secret-backends"`); err != nil || got != want {
				t.Errorf("%s: %s, %v", version, reply, err)
			}
		})
	}
}
