package controller_test

import (
	"encoding/json"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/controller"
)

// After the migration: which users are redirected, and which are not.
func TestRedirects(t *testing.T) {
	redirect := "redirect to controller-" + uuidB + " (ctl-b)"
	const badLogin = "invalid entity name or password / unauthorized access"
	tests := []struct{ name, tag, password, want, switched string }{
		{"anonymous", "user-jujuanonymous", "", redirect, redirect},
		{"user of the model, wrong password", "user-bob", "wrong", redirect, redirect},
		{"external user of the model, no macaroon", "user-alice@external", "", redirect, redirect},
		{"superuser who was no user of the model", "user-admin", "pw", badLogin, redirect},
		{"stranger", "user-carol", "carol-pw", badLogin, redirect},
		{"unknown user", "user-nobody", "x", badLogin, redirect},
		{"machine", "machine-0", "x", badLogin, badLogin},
	}
	for _, anyUser := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			b := start(t, func(a, _ *controller.Config) { a.RedirectAnyUser = anyUser })
			b.admin(t, addressA).migrate(b.toB())
			b.a.AwaitPhase(t.Context(), prod, controller.Done)
			for _, test := range tests {
				want := test.want
				if anyUser {
					want = test.switched
				}
				conn := b.dial(t, addressA, "/model/"+prod+"/api")
				_, err := loginOn(t, conn, map[string]any{"auth-tag": test.tag, "credentials": test.password})
				if got := verdict(t, err); got != want {
					t.Errorf("%s (anyUser %v): %s, want %s", test.name, anyUser, got, want)
				}
			}
		})
	}
}

func TestRedirectCarriesExactlyTheTargetInfo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		target := b.toB()
		target["addrs"] = []string{addressB, "juju.example.com:443", "127.0.0.1:17070"}
		delete(target, "controller-alias")
		b.admin(t, addressA).migrate(target)
		b.a.AwaitPhase(t.Context(), prod, controller.Done)
		conn := b.dial(t, addressA, "/model/"+prod+"/api")
		_, err := loginOn(t, conn, map[string]any{"auth-tag": "user-bob", "credentials": ""})
		answer := answerOf(err)
		if answer == nil || answer.Message != "redirection to alternative server required" || answer.Code != rpc.CodeRedirect {
			t.Fatalf("Login = %v", err)
		}
		pem, _ := json.Marshal(b.ca.PEM())
		want := `{"ca-cert":` + string(pem) + `,"controller-tag":"controller-` + uuidB + `","servers":[[` +
			`{"port":17070,"scope":"local-cloud","type":"ipv4","value":"10.0.1.5"},` +
			`{"port":443,"scope":"","type":"hostname","value":"juju.example.com"},` +
			`{"port":17070,"scope":"local-machine","type":"ipv4","value":"127.0.0.1"}]]}`
		if diff := cmp.Diff(want, string(answer.Info)); diff != "" {
			t.Errorf("error-info (-want +got):\n%s", diff)
		}
		if _, err := call(t.Context(), conn, "Admin", 3, "RedirectInfo", nil); verdict(t, err) != "not redirected / " {
			t.Errorf("RedirectInfo: %v", err)
		}
	})
}

// ModelInfo on the source after the migration: users of the model get the redirect, without a controller tag.
func TestModelInfoAfterTheMigration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		admin := b.admin(t, addressA)
		admin.migrate(b.toB())
		b.a.AwaitPhase(t.Context(), prod, controller.Done)
		bob, _ := b.login(t, addressA, "/api", "user-bob", "bob-pw")
		_, err := bob.modelInfo()
		if err == nil || verdict(t, err) != "redirect to  (ctl-b)" {
			t.Errorf("user of the model: %v", err)
		}
		if _, err := admin.modelInfo(); err == nil || verdict(t, err) != "permission denied / unauthorized access" {
			t.Errorf("superuser: %v", err)
		}
	})
}
