package controller_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/controller"
)

// These tests show what a controller reports about its own copy when an anonymous client of the model asks
// NotifyWatcher.Next for a watcher that does not exist. The restriction is older than 2.9 (Juju's source); the answers
// were recorded with 3.6.28, 4.0.15 and 4.1-beta2.
const (
	idle3     = "unknown watcher id / not found"
	idle4     = `worker "0" not found / not found`
	exporting = "model migration in progress / "
	importing = "migration in progress, model is importing / "
	missing   = `unknown model: "` + prod + `" / model not found`
)

// next logs in to "prod" as the anonymous user and asks for a watcher that does not exist.
func (b *pair) next(t *testing.T, address string) string {
	t.Helper()
	conn := b.dial(t, address, "/model/"+prod+"/api")
	defer conn.Close()
	_, err := loginOn(t, conn, map[string]any{"auth-tag": "user-jujuanonymous", "credentials": ""})
	if err == nil {
		err = conn.Call(t.Context(), rpc.Request{Facade: "NotifyWatcher", Version: 1, Method: "Next", ID: "0"}, nil, nil)
	}
	return verdict(t, err)
}

// begin starts a migration of "prod" from A to B in the highest version of Controller that A offers.
func (b *pair) begin(t *testing.T) {
	t.Helper()
	admin, login := b.login(t, addressA, "/api", "user-admin", "pw")
	reply := admin.call("Controller", best(t, login, "Controller"), "InitiateMigration", map[string]any{
		"specs": []any{map[string]any{"model-tag": "model-" + prod, "target-info": b.toB()}},
	})
	var answer struct{ Results []struct{ Error *rpc.Error } }
	if err := json.Unmarshal(reply, &answer); err != nil {
		t.Fatal(err)
	}
	if refused := answer.Results[0].Error; refused != nil {
		t.Fatal(refused)
	}
}

func TestACopySaysWhetherItMoves(t *testing.T) {
	for _, releases := range [][2]string{
		{"2.9.46", "3.1.9"},
		{"3.1.9", "3.5.4"},
		{"3.5.4", "3.6.28"},
		{"3.6.28", "3.6.28"},
		{"3.6.28", "4.0.15"},
		{"4.0.15", "4.1-beta2"},
		{"4.1-beta2", "4.1-beta2"},
	} {
		t.Run(releases[0]+" to "+releases[1], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := between(t, releases[0], releases[1])
				check := func(at, source, target string) {
					t.Helper()
					if got := b.next(t, addressA); got != source {
						t.Errorf("%s: the source says %q, want %q", at, got, source)
					}
					if got := b.next(t, addressB); got != target {
						t.Errorf("%s: the target says %q, want %q", at, got, target)
					}
				}
				reach := func(phases ...controller.Phase) {
					t.Helper()
					if err := b.a.AwaitPhase(t.Context(), prod, phases...); err != nil {
						t.Fatal(err)
					}
				}
				idleA, idleB := idleOf(releases[0]), idleOf(releases[1])
				check("before", idleA, missing)
				b.begin(t)
				check("QUIESCE", exporting, missing)
				reach(controller.Validation)
				check("VALIDATION", exporting, importing)
				reach(controller.LogTransfer)
				check("LOGTRANSFER", exporting, idleB)
				reach(controller.Done)
				check("DONE", "redirect to controller-"+uuidB+" (ctl-b)", idleB)
			})
		})
	}
}

func idleOf(version string) string {
	if strings.HasPrefix(version, "4.") {
		return idle4
	}
	return idle3
}

// After an abort the source is idle again and the copy is gone. After REAPFAILED a source of 4.x is idle, although the
// model is also on the target (4.1-beta2, recorded); up to 3.6 the model stays the source of a migration (documented).
func TestACopyAfterAMigrationThatFailed(t *testing.T) {
	tests := []struct {
		version        string
		outcome        controller.Outcome
		source, target string
	}{
		{"3.6.28", controller.Outcome{AbortAt: controller.Import}, idle3, missing},
		{"4.1-beta2", controller.Outcome{AbortAt: controller.Import}, idle4, missing},
		{"3.6.28", controller.Outcome{AbortAt: controller.Import, LeaveCopy: true}, idle3, importing},
		{"4.1-beta2", controller.Outcome{AbortAt: controller.Import, LeaveCopy: true}, idle4, importing},
		{"3.6.28", controller.Outcome{ReapFails: "boom"}, exporting, idle3},
		{"4.1-beta2", controller.Outcome{ReapFails: "boom"}, idle4, idle4},
	}
	for _, test := range tests {
		synctest.Test(t, func(t *testing.T) {
			b := between(t, test.version, test.version)
			b.a.Script(prod, test.outcome)
			b.begin(t)
			if err := b.a.AwaitPhase(t.Context(), prod, controller.AbortDone, controller.ReapFailed); err != nil {
				t.Fatal(err)
			}
			if got := b.next(t, addressA); got != test.source {
				t.Errorf("%s: the source says %q, want %q", test.version, got, test.source)
			}
			if got := b.next(t, addressB); got != test.target {
				t.Errorf("%s: the target says %q, want %q", test.version, got, test.target)
			}
		})
	}
}
