package operator_test

import (
	"testing"

	"jimm-migrator/charm/charmtest"
)

// TestEachProblemHasItsRemedy provokes what blocks a unit, one by one, does what
// the status says, and wants the unit to be active then.
func TestEachProblemHasItsRemedy(t *testing.T) {
	const active = "configured for wss://jimm.example.com; run the action check-access to try it"
	for name, test := range map[string]struct {
		config  map[string]any
		content map[string]string
		before  func(t *testing.T, a *charmtest.Agent)
		status  string
		remedy  func(t *testing.T, a *charmtest.Agent)
	}{
		"no address": {
			config: config(map[string]any{"jimm-url": nil}),
			status: "JIMM's address is not set: juju integrate jimm-migrator:jimm-info jimm, or juju config jimm-migrator jimm-url=wss://jimm.example.com",
			remedy: set(map[string]any{"jimm-url": "wss://jimm.example.com"}),
		},
		"address that is none": {
			config: config(map[string]any{"jimm-url": "ftp://jimm.example.com"}),
			status: "jimm-url is no address of a JIMM: juju config jimm-migrator jimm-url=wss://jimm.example.com",
			remedy: set(map[string]any{"jimm-url": "wss://jimm.example.com"}),
		},
		"plaintext": {
			config: config(map[string]any{"jimm-url": "ws://jimm.example.com"}),
			status: "the secret would cross the network in clear to ws://jimm.example.com: juju config jimm-migrator jimm-url=wss://jimm.example.com",
			remedy: set(map[string]any{"jimm-url": "wss://jimm.example.com"}),
		},
		"plaintext to a public name that looks like a service": {
			config: config(map[string]any{"jimm-url": "ws://jimm.svc.example.com"}),
			status: "the secret would cross the network in clear to ws://jimm.svc.example.com: juju config jimm-migrator jimm-url=wss://jimm.svc.example.com",
			remedy: set(map[string]any{"jimm-url": "wss://jimm.example.com"}),
		},
		"no credentials": {
			config: config(map[string]any{"jimm-credentials": nil}),
			status: "jimm-credentials is not set: juju config jimm-migrator jimm-credentials=$(juju add-secret jimm-migrator client-id=ID client-secret=SECRET)",
			remedy: set(map[string]any{"jimm-credentials": uri}),
		},
		"credentials that are gone": {
			config: config(map[string]any{"jimm-credentials": "secret:00000000000000000000"}),
			status: "the secret in jimm-credentials does not exist: juju config jimm-migrator jimm-credentials=$(juju add-secret jimm-migrator client-id=ID client-secret=SECRET)",
			remedy: set(map[string]any{"jimm-credentials": uri}),
		},
		"poll-interval that is none": {
			config: config(map[string]any{"poll-interval": "10"}),
			status: `poll-interval "10" is no duration from 1s to 5m: juju config jimm-migrator poll-interval=5s`,
			remedy: set(map[string]any{"poll-interval": "5s"}),
		},
		"authority that is none": {
			config: config(map[string]any{"jimm-ca-certificate": "ca.pem"}),
			status: "jimm-ca-certificate holds no certificate in PEM: juju config jimm-migrator jimm-ca-certificate=@ca.pem",
			remedy: set(map[string]any{"jimm-ca-certificate": nil}),
		},
		"secret without the keys": {
			config:  config(nil),
			content: map[string]string{"username": "migrator", "password": canary},
			status:  "the secret in jimm-credentials lacks client-id or client-secret: juju update-secret " + uri + " client-id=ID client-secret=SECRET",
			remedy: func(t *testing.T, a *charmtest.Agent) {
				t.Helper()
				if _, err := a.UpdateSecret(uri, map[string]string{"client-id": "migrator", "client-secret": canary}); err != nil {
					t.Fatal(err)
				}
				hook(t, a, "secret-changed", charmtest.HookDetails{Secret: uri})
			},
		},
		"secret that was revoked": {
			config: config(nil),
			before: func(t *testing.T, a *charmtest.Agent) {
				t.Helper()
				hook(t, a, "config-changed")
				wantStatus(t, a, "active", active)
				if err := a.RevokeSecret(uri); err != nil {
					t.Fatal(err)
				}
			},
			status: "the secret in jimm-credentials is not granted: juju grant-secret " + uri + " jimm-migrator, then juju run jimm-migrator/0 check-access",
			remedy: func(t *testing.T, a *charmtest.Agent) {
				t.Helper()
				if err := a.GrantSecret(uri); err != nil {
					t.Fatal(err)
				}
				hook(t, a, "config-changed") // a grant fires none; the next hook sees it
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			opts := charmtest.Options{Config: test.config}
			if test.content != nil {
				opts.Secrets = []charmtest.Secret{{ID: secretID, Content: test.content}}
			}
			agent := start(t, opts)
			if test.before != nil {
				test.before(t, agent)
			}
			hook(t, agent, "config-changed")
			wantStatus(t, agent, "blocked", test.status)
			test.remedy(t, agent)
			wantStatus(t, agent, "active", active)
		})
	}
}

func set(values map[string]any) func(t *testing.T, a *charmtest.Agent) {
	return func(t *testing.T, a *charmtest.Agent) {
		t.Helper()
		if err := a.SetConfig(values); err != nil {
			t.Fatal(err)
		}
		hook(t, a, "config-changed")
	}
}

func TestACharmWithoutAnythingIsBlockedAndNotInError(t *testing.T) {
	agent := start(t, charmtest.Options{Secrets: []charmtest.Secret{}})
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

// TestAQuietLife wants what happens to every unit to change nothing.
func TestAQuietLife(t *testing.T) {
	agent := start(t, charmtest.Options{Config: config(nil)})
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
	hook(t, agent, "leader-settings-changed")
	agent.SetLeader(true)
	hook(t, agent, "leader-elected")
	agent.ForgetCalls()
	hook(t, agent, "stop")
	hook(t, agent, "remove")
	if calls := agent.Calls(); len(calls) > 0 {
		t.Errorf("stop and remove have used %v", agent.CallCount())
	}
	if got := agent.Statuses(); len(got) != before {
		t.Errorf("statuses were set: %+v", got[before:])
	}
}

// TestAStatusIsSetOnlyWhenItChanges counts the tools of a hook that has nothing
// to say.
func TestAStatusIsSetOnlyWhenItChanges(t *testing.T) {
	agent := start(t, charmtest.Options{Config: config(nil)})
	hook(t, agent, "config-changed")
	agent.ForgetCalls()
	hook(t, agent, "config-changed")
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
