package status_test

import (
	"testing"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/unit"
)

// TestEachProblemHasItsRemedy causes each problem that blocks a unit, runs the command in the
// status, and requires that the unit is active then.
func TestEachProblemHasItsRemedy(t *testing.T) {
	const active = "configured for wss://jimm.example.com; run check-access to test it"
	for name, test := range map[string]struct {
		config  map[string]any
		content map[string]string
		before  func(t *testing.T, a *charmtest.Agent)
		status  string
		remedy  func(t *testing.T, a *charmtest.Agent)
	}{
		"no address": {
			config: unit.Config(map[string]any{"jimm-url": nil}),
			status: "JIMM's address is not set: juju integrate jimm-migrator:jimm-info jimm, or juju config jimm-migrator jimm-url=wss://jimm.example.com",
			remedy: unit.Set(map[string]any{"jimm-url": "wss://jimm.example.com"}),
		},
		"address that is none": {
			config: unit.Config(map[string]any{"jimm-url": "ftp://jimm.example.com"}),
			status: "jimm-url is not the address of a JIMM: juju config jimm-migrator jimm-url=wss://jimm.example.com",
			remedy: unit.Set(map[string]any{"jimm-url": "wss://jimm.example.com"}),
		},
		"plaintext": {
			config: unit.Config(map[string]any{"jimm-url": "ws://jimm.example.com"}),
			status: "the secret would be sent unencrypted to ws://jimm.example.com: juju config jimm-migrator jimm-url=wss://jimm.example.com",
			remedy: unit.Set(map[string]any{"jimm-url": "wss://jimm.example.com"}),
		},
		"plaintext to a public name that looks like a service": {
			config: unit.Config(map[string]any{"jimm-url": "ws://jimm.svc.example.com"}),
			status: "the secret would be sent unencrypted to ws://jimm.svc.example.com: juju config jimm-migrator jimm-url=wss://jimm.svc.example.com",
			remedy: unit.Set(map[string]any{"jimm-url": "wss://jimm.example.com"}),
		},
		"no credentials": {
			config: unit.Config(map[string]any{"jimm-credentials": nil}),
			status: "jimm-credentials is not set: juju config jimm-migrator jimm-credentials=$(juju add-secret jimm-migrator client-id=ID client-secret=SECRET)",
			remedy: unit.Set(map[string]any{"jimm-credentials": unit.URI}),
		},
		"credentials that are gone": {
			config: unit.Config(map[string]any{"jimm-credentials": "secret:00000000000000000000"}),
			status: "the secret in jimm-credentials does not exist: juju config jimm-migrator jimm-credentials=$(juju add-secret jimm-migrator client-id=ID client-secret=SECRET)",
			remedy: unit.Set(map[string]any{"jimm-credentials": unit.URI}),
		},
		"poll-interval that is none": {
			config: unit.Config(map[string]any{"poll-interval": "10"}),
			status: `poll-interval "10" must be a duration between 1s and 5m: juju config jimm-migrator poll-interval=5s`,
			remedy: unit.Set(map[string]any{"poll-interval": "5s"}),
		},
		"authority that is none": {
			config: unit.Config(map[string]any{"jimm-ca-certificate": "ca.pem"}),
			status: "jimm-ca-certificate has no certificate in PEM format: juju config jimm-migrator jimm-ca-certificate=@ca.pem",
			remedy: unit.Set(map[string]any{"jimm-ca-certificate": nil}),
		},
		"secret without the keys": {
			config:  unit.Config(nil),
			content: map[string]string{"username": "migrator", "password": unit.Canary},
			status:  "the secret in jimm-credentials lacks client-id or client-secret: juju update-secret " + unit.URI + " client-id=ID client-secret=SECRET",
			remedy: func(t *testing.T, a *charmtest.Agent) {
				t.Helper()
				if _, err := a.UpdateSecret(unit.URI, map[string]string{"client-id": "migrator", "client-secret": unit.Canary}); err != nil {
					t.Fatal(err)
				}
				unit.Hook(t, a, "secret-changed", charmtest.HookDetails{Secret: unit.URI})
			},
		},
		"client ID with a space": {
			config:  unit.Config(nil),
			content: map[string]string{"client-id": "the migrator", "client-secret": unit.Canary},
			status:  "the client-id in jimm-credentials contains a space: juju update-secret " + unit.URI + " client-id=ID client-secret=SECRET",
			remedy: func(t *testing.T, a *charmtest.Agent) {
				t.Helper()
				if _, err := a.UpdateSecret(unit.URI, map[string]string{"client-id": "migrator", "client-secret": unit.Canary}); err != nil {
					t.Fatal(err)
				}
				unit.Hook(t, a, "secret-changed", charmtest.HookDetails{Secret: unit.URI})
			},
		},
		"secret that was revoked": {
			config: unit.Config(nil),
			before: func(t *testing.T, a *charmtest.Agent) {
				t.Helper()
				unit.Hook(t, a, "config-changed")
				unit.WantStatus(t, a, "active", active)
				if err := a.RevokeSecret(unit.URI); err != nil {
					t.Fatal(err)
				}
			},
			status: "the secret in jimm-credentials is not granted: juju grant-secret " + unit.URI + " jimm-migrator, then juju run jimm-migrator/0 check-access",
			remedy: func(t *testing.T, a *charmtest.Agent) {
				t.Helper()
				if err := a.GrantSecret(unit.URI); err != nil {
					t.Fatal(err)
				}
				unit.Hook(t, a, "config-changed") // a grant fires none; the next hook sees it
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			opts := charmtest.Options{Config: test.config}
			if test.content != nil {
				opts.Secrets = []charmtest.Secret{{ID: unit.SecretID, Content: test.content}}
			}
			agent := unit.Start(t, opts)
			if test.before != nil {
				test.before(t, agent)
			}
			unit.Hook(t, agent, "config-changed")
			unit.WantStatus(t, agent, "blocked", test.status)
			test.remedy(t, agent)
			unit.WantStatus(t, agent, "active", active)
		})
	}
}

func TestACharmWithoutAnythingIsBlockedAndNotInError(t *testing.T) {
	agent := unit.Start(t, charmtest.Options{Secrets: []charmtest.Secret{}})
	if err := agent.Install(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := agent.Status(); got.Status != "blocked" {
		t.Errorf("status is %+v", got)
	}
	if got := agent.WorkloadVersion(); got != "1.2.3" {
		t.Errorf("version is %q", got)
	}
}

// TestAQuietLife requires that the events of every unit change nothing.
func TestAQuietLife(t *testing.T) {
	agent := unit.Start(t, charmtest.Options{Config: unit.Config(nil)})
	if err := agent.Install(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := len(agent.Statuses())
	if err := agent.Upgrade(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := agent.Churn(t.Context()); err != nil {
		t.Fatal(err)
	}
	agent.SetLeader(false)
	unit.Hook(t, agent, "leader-settings-changed")
	agent.SetLeader(true)
	unit.Hook(t, agent, "leader-elected")
	agent.ForgetCalls()
	unit.Hook(t, agent, "stop")
	unit.Hook(t, agent, "remove")
	if calls := agent.Calls(); len(calls) > 0 {
		t.Errorf("stop and remove have used %v", agent.CallCount())
	}
	for _, change := range agent.Statuses()[before:] {
		if change.Event != "" { // else it is Juju's own
			t.Errorf("the charm has set %+v", change)
		}
	}
}

// TestAStatusIsSetOnlyWhenItChanges counts the tools of a hook that has nothing to report.
func TestAStatusIsSetOnlyWhenItChanges(t *testing.T) {
	agent := unit.Start(t, charmtest.Options{Config: unit.Config(nil)})
	unit.Hook(t, agent, "config-changed")
	agent.ForgetCalls()
	unit.Hook(t, agent, "config-changed")
	got := agent.CallCount()
	for tool, want := range map[string]int{"config-get": 1, "secret-get": 1, "state-get": 1, "status-get": 1} {
		if got[tool] != want {
			t.Errorf("%s was used %d times, want %d", tool, got[tool], want)
		}
		delete(got, tool)
	}
	if len(got) > 0 {
		t.Errorf("more tools than wanted: %v", got)
	}
}
