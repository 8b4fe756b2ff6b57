package charm_test

import (
	"testing"

	"jimm-migrator/charm"
)

// lookup serves an environment from a map.
func lookup(env map[string]string) charm.Lookup {
	return func(name string) (string, bool) {
		value, ok := env[name]
		return value, ok
	}
}

func TestReadEnvOfAnAction(t *testing.T) {
	env := charm.ReadEnv(lookup(map[string]string{
		"JUJU_DISPATCH_PATH":      "actions/migrate-model",
		"JUJU_HOOK_NAME":          "",
		"JUJU_ACTION_NAME":        "migrate-model",
		"JUJU_ACTION_UUID":        "12",
		"JUJU_ACTION_TAG":         "action-12",
		"JUJU_CONTEXT_ID":         "vault/0-migrate-model-5d41402abc4b2a76b9719d911017c592",
		"JUJU_UNIT_NAME":          "vault/0",
		"JUJU_MODEL_NAME":         "ops",
		"JUJU_MODEL_UUID":         "0b6d4f5e-1a57-4f1c-8c4e-6f0f2b9b7d10",
		"JUJU_CHARM_DIR":          "/var/lib/juju/agents/unit-vault-0/charm",
		"JUJU_VERSION":            "3.6.11",
		"JUJU_API_ADDRESSES":      "10.1.40.12:17070 controller-service:17070",
		"JUJU_MACHINE_ID":         "",
		"CLOUD_API_VERSION":       "1.31.0",
		"KUBERNETES_SERVICE_HOST": "10.152.183.1",
		"JUJU_CHARM_HTTPS_PROXY":  "http://squid:3128",
		"JUJU_CHARM_NO_PROXY":     "127.0.0.1,localhost,::1",
	}))
	equal(t, "environment", env, charm.Env{
		DispatchPath:   "actions/migrate-model",
		ActionName:     "migrate-model",
		TaskID:         "12",
		Unit:           "vault/0",
		ModelName:      "ops",
		ModelUUID:      "0b6d4f5e-1a57-4f1c-8c4e-6f0f2b9b7d10",
		CharmDir:       "/var/lib/juju/agents/unit-vault-0/charm",
		JujuVersion:    "3.6.11",
		KubernetesHost: "10.152.183.1",
		Proxy:          charm.Proxy{HTTPS: "http://squid:3128", NoProxy: "127.0.0.1,localhost,::1"},
	})
	equal(t, "application", env.App(), "vault")
}

func TestReadEnvReadsWhatAHookIsAbout(t *testing.T) {
	env := charm.ReadEnv(lookup(map[string]string{
		"CHARM_DIR":        "/charm",
		"JUJU_RELATION":    "db",
		"JUJU_RELATION_ID": "db:7",
		"JUJU_REMOTE_APP":  "postgresql",
	}))
	equal(t, "environment", env, charm.Env{
		CharmDir: "/charm",
		Relation: charm.RelationEvent{Endpoint: "db", ID: "db:7", RemoteApp: "postgresql"},
	})
}

func TestEventIsClassifiedByPathFirst(t *testing.T) {
	for name, test := range map[string]struct {
		env  charm.Env
		kind charm.EventKind
		name string
	}{
		"hook":               {charm.Env{DispatchPath: "hooks/start", HookName: "start"}, charm.EventHook, "start"},
		"action":             {charm.Env{DispatchPath: "actions/go", ActionName: "go"}, charm.EventAction, "go"},
		"hook by juju-exec":  {charm.Env{DispatchPath: "hooks/poll", ActionName: "juju-exec"}, charm.EventHook, "poll"},
		"neither":            {charm.Env{DispatchPath: "custom/x"}, charm.EventHook, "custom/x"},
		"no path, action":    {charm.Env{ActionName: "go", HookName: ""}, charm.EventAction, "go"},
		"no path, hook":      {charm.Env{HookName: "start"}, charm.EventHook, "start"},
		"run by hand":        {charm.Env{}, charm.EventNone, ""},
		"hook called action": {charm.Env{DispatchPath: "hooks/actions/x"}, charm.EventHook, "actions/x"},
	} {
		t.Run(name, func(t *testing.T) {
			kind, event := test.env.Event()
			if kind != test.kind || event != test.name {
				t.Errorf("got %s %q, want %s %q", kind, event, test.kind, test.name)
			}
		})
	}
}
