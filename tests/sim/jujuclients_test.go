package sim_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/controller"
)

// TestJujuAndJimmctlFindWhatTheyAskFor makes the calls that juju 3.5 and 3.6 and jimmctl make, in their order: log in with
// the device flow, list models and controllers, show a model and its status, migrate, and update the record.
func TestJujuAndJimmctlFindWhatTheyAskFor(t *testing.T) {
	for _, year := range []string{"2024", "2025", "2026"} {
		t.Run(year, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				world := sample(t, year)
				world.JIMM.TLS = true
				j := start(t, world)
				token := deviceFlow(t, j)
				c := person(t, j, "/api", token)
				showAll(c, j)
				status(t, j, token)
				if seen := c.migrate(j, "prod", "east"); !strings.Contains(seen, `"migration-id"`) {
					t.Errorf("migrate: %s", seen)
				}
				await(t, j, "west", "prod", controller.Done)
				c = person(t, j, "/api", token)
				if seen := c.record(j, "prod", "east"); seen != "{}" {
					t.Errorf("update-migrated-model: %s", seen)
				}
				if seen := c.info(j, "prod"); !strings.Contains(seen, `"name":"prod"`) {
					t.Errorf("show-model: %s", seen)
				}
			})
		})
	}
}

// deviceFlow is "juju login": a token that JIMM does not know, the flow, which is approved at once, and the new token.
func deviceFlow(t *testing.T, j *sim.JAAS) string {
	t.Helper()
	c := dial(t, j.URL()+"/api", j.Dialling())
	login := func(token string) error {
		return c.Call(t.Context(), rpc.Request{Facade: "Admin", Version: 4, Method: "LoginWithSessionToken"},
			map[string]string{"session-token": token}, nil)
	}
	if err := login(""); !errors.Is(err, rpc.Code("session token invalid")) {
		t.Fatalf("without a token: %v", err)
	}
	var device struct {
		URI  string `json:"verification-uri"`
		Code string `json:"user-code"`
	}
	if err := json.Unmarshal([]byte(c.call("Admin", 4, "LoginDevice", struct{}{})), &device); err != nil || device.URI == "" || device.Code == "" {
		t.Fatalf("LoginDevice: %+v, %v", device, err)
	}
	var reply struct {
		Token string `json:"session-token"`
	}
	if err := json.Unmarshal([]byte(c.call("Admin", 4, "GetDeviceSessionToken", struct{}{})), &reply); err != nil {
		t.Fatal(err)
	}
	if err := login(reply.Token); err != nil {
		t.Fatal(err)
	}
	return reply.Token
}

// person connects with a user's token.
func person(t *testing.T, j *sim.JAAS, path, token string) client {
	t.Helper()
	c := dial(t, j.URL()+path, j.Dialling())
	login := c.call("Admin", 4, "LoginWithSessionToken", map[string]string{"session-token": token})
	if !strings.Contains(login, `"identity":"user-admin@example.com"`) || !strings.Contains(login, `"controller-tag":"controller-`) {
		t.Fatalf("login: %s", login)
	}
	return c
}

func showAll(c client, j *sim.JAAS) {
	c.t.Helper()
	const user = "user-admin@example.com"
	entity := map[string]any{"entities": []map[string]string{{"tag": "model-" + j.UUID("prod")}}}
	self := map[string]any{"entities": []map[string]string{{"tag": user}}}
	calls := []struct {
		facade  string
		version int
		method  string
		params  any
		want    string
	}{
		{"ModelManager", 9, "ListModels", map[string]string{"tag": user}, `"name":"prod"`},
		{"ModelManager", 9, "ListModelSummaries", map[string]any{"user-tag": user, "all": false}, `"name":"prod"`},
		{"ModelManager", 9, "ModelInfo", entity, `"owner-tag":"user-alice@example.com"`},
		{"ModelManager", 9, "ModelStatus", entity, `"application-count":2`},
		{"Controller", 11, "AllModels", nil, `"name":"prod"`},
		{"Controller", 11, "ModelStatus", entity, `"application-count":2`},
		{"Controller", 11, "ControllerVersion", nil, `"version":"3.6.14"`},
		{"Controller", 11, "ControllerConfig", nil, `"config":{}`},
		{"Controller", 11, "IdentityProviderURL", nil, `"result":""`},
		{"Controller", 11, "GetControllerAccess", self, `"access":"superuser"`},
		{"Controller", 11, "MongoVersion", nil, "not supported"},
		{"Controller", 11, "WatchModelSummaries", nil, `"watcher-id":"1"`},
		{"UserManager", 3, "UserInfo", self, `"username":"admin@example.com"`},
		{"Cloud", 7, "Clouds", nil, `"cloud-aws":{"type":"ec2"`},
		{"Cloud", 7, "Cloud", map[string]any{"entities": []map[string]string{{"tag": "cloud-aws"}}}, `"cloud":{"type":"ec2"`},
		{"Cloud", 7, "UserCredentials", map[string]any{
			"user-clouds": []map[string]string{{"user-tag": user, "cloud-tag": "cloud-aws"}},
		}, `"result":[]`},
		{"JIMM", 4, "ListControllers", nil, `"name":"east"`},
	}
	for _, call := range calls {
		if seen := c.call(call.facade, call.version, call.method, call.params); !strings.Contains(seen, call.want) {
			c.t.Errorf("%s.%s: %s, want %s", call.facade, call.method, seen, call.want)
		}
	}
}

func TestOthersSeeOnlyThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := start(t, sample(t, "2026"))
		c, helper := dial(t, j.URL()+"/api", j.Dialling()), j.Account("helper")
		c.login(helper.ID, helper.Secret)
		admin := map[string]any{"entities": []map[string]string{{"tag": "user-admin@example.com"}}}
		for method, want := range map[string]string{
			"Controller.WatchAllModelSummaries": "permission denied",
			"Controller.GetControllerAccess":    `"message":"unauthorized"`,
			"UserManager.UserInfo":              `"code":"unauthorized access"`,
			"Controller.ModelConfig":            "is not implemented",
		} {
			facade, name, _ := strings.Cut(method, ".")
			version := map[string]int{"Controller": 11, "UserManager": 3}[facade]
			if seen := c.call(facade, version, name, admin); !strings.Contains(seen, want) {
				t.Errorf("%s: %s, want %s", method, seen, want)
			}
		}
	})
}

// status is "juju status".
func status(t *testing.T, j *sim.JAAS, token string) {
	t.Helper()
	c := person(t, j, "/model/"+j.UUID("prod")+"/api", token)
	seen := c.call("Client", 8, "FullStatus", map[string]any{"patterns": []string{}, "include-storage": false})
	for _, want := range []string{`"name":"prod"`, `"postgresql":{`, `"web/1":{`} {
		if !strings.Contains(seen, want) {
			t.Errorf("status %s, want %s", seen, want)
		}
	}
}
