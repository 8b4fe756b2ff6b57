package controller_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/wire"
)

// The answers to logins on the controller and on model endpoints before any migration.
func TestLogins(t *testing.T) {
	const controllerPath, modelPath, unknownPath = "/api", "/model/" + prod + "/api", "/model/" + nowhere + "/api"
	const badLogin = "invalid entity name or password / unauthorized access"
	const unknown = `unknown model: "` + nowhere + `" / model not found`
	const notAuthenticated = "failed to authenticate request: unauthorized / unauthorized access"
	tests := []struct {
		name, path, tag, password, want string
	}{
		{"superuser", controllerPath, "user-admin", "pw", "present"},
		{"user", controllerPath, "user-bob", "bob-pw", "present"},
		{"wrong password", controllerPath, "user-bob", "pw", badLogin},
		{"unknown user", controllerPath, "user-nobody", "pw", badLogin},
		{"disabled user", controllerPath, "user-eve", "eve-pw", badLogin},
		{"no access", controllerPath, "user-mallory", "mallory-pw", "permission denied / unauthorized access"},
		{"machine", controllerPath, "machine-0", "x", badLogin},
		{"bad tag", controllerPath, "nonsense", "x", `"nonsense" is not a valid tag / `},
		{"external without macaroon", controllerPath, "user-alice@external", "x", notAuthenticated},
		{"no tag", controllerPath, "", "", notAuthenticated},
		{"anonymous", controllerPath, "user-jujuanonymous", "", "present"},
		{"superuser on a model", modelPath, "user-admin", "pw", "present"},
		{"reader on a model", modelPath, "user-bob", "bob-pw", "present"},
		{"stranger on a model", modelPath, "user-carol", "carol-pw", "permission denied / unauthorized access"},
		{"anonymous on a model", modelPath, "user-jujuanonymous", "", "present"},
		{"superuser on an unknown model", unknownPath, "user-admin", "pw", unknown},
		{"wrong password on an unknown model", unknownPath, "user-admin", "x", unknown},
		{"anonymous on an unknown model", unknownPath, "user-jujuanonymous", "", unknown},
	}
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		for _, test := range tests {
			conn := b.dial(t, addressA, test.path)
			_, err := loginOn(t, conn, map[string]any{"auth-tag": test.tag, "credentials": test.password})
			if got := verdict(t, err); got != test.want {
				t.Errorf("%s: %s, want %s", test.name, got, test.want)
			}
			conn.Close()
		}
	})
}

func TestLoginResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		_, reply := b.login(t, addressA, "/model/"+prod+"/api", "user-bob", "bob-pw")
		var result map[string]any
		json.Unmarshal(reply, &result)
		delete(result, "facades")
		want := map[string]any{
			"servers": []any{[]any{map[string]any{
				"value": "10.0.0.5", "type": "ipv4", "scope": "local-cloud", "port": 17070.0,
			}}},
			"model-tag": "model-" + prod, "controller-tag": "controller-" + uuidA, "server-version": "3.6.14",
			"user-info": map[string]any{
				"display-name": "", "identity": "user-bob", "controller-access": "login", "model-access": "read",
			},
		}
		if diff := cmp.Diff(want, result); diff != "" {
			t.Errorf("login result (-want +got):\n%s", diff)
		}
		_, reply = b.login(t, addressA, "/api", "user-jujuanonymous", "")
		if strings.Contains(string(reply), "user-info") || strings.Contains(string(reply), "model-tag") ||
			strings.Contains(string(reply), "ModelManager") {
			t.Errorf("anonymous on the controller: %s", reply)
		}
	})
}

func TestEmptyPasswordIsAskedForADischarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		_, reply := b.login(t, addressA, "/api", "user-admin", "")
		var result struct {
			Discharge json.RawMessage `json:"bakery-discharge-required"`
			Tag       string          `json:"controller-tag"`
		}
		json.Unmarshal(reply, &result)
		if result.Discharge == nil || result.Tag != "" {
			t.Errorf("login result: %s", reply)
		}
	})
}

func TestUnknownModelAnswersEveryRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		conn := b.dial(t, addressA, "/model/"+nowhere+"/api")
		for _, call := range [][2]string{{"Admin", "Login"}, {"Pinger", "Ping"}, {"Client", "FullStatus"}, {"Admin", "RedirectInfo"}} {
			err := conn.Call(t.Context(), rpc.Request{Facade: call[0], Version: 1, Method: call[1]}, nil, nil)
			if got := verdict(t, err); got != `unknown model: "`+nowhere+`" / model not found` {
				t.Errorf("%v: %s", call, got)
			}
		}
	})
}

func TestMalformedUUIDIsRefusedBeforeTheUpgrade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		_, err := rpc.Dial(t.Context(), "wss://"+addressA+"/model/x/api", rpc.DialOptions{
			RootCAs: b.ca.Pool(), ServerName: wire.ControllerName, DialContext: b.network.DialContext,
		})
		if err == nil {
			t.Error("dialled")
		}
	})
}

func TestUnknownFacadesVersionsAndMethods(t *testing.T) {
	tests := []struct {
		path, facade string
		version      int
		method, want string
	}{
		{"/api", "Nonsense", 1, "M", `facade "Nonsense" not supported for controller API connection / not supported`},
		{"/api", "Client", 8, "FullStatus", `facade "Client" not supported for controller API connection / not supported`},
		{"/api", "Admin", 3, "Login", `facade "Admin" not supported for controller API connection / not supported`},
		{"/api", "ModelManager", 99, "ModelInfo", `unknown version (99) of interface "ModelManager" / not implemented`},
		{"/api", "ModelManager", 0, "ModelInfo", `unknown object type "ModelManager" / not implemented`},
		{"/api", "ModelManager", 10, "Nonsense", `no such request - method ModelManager(10).Nonsense is not implemented / not implemented`},
		{"/model/" + prod + "/api", "Controller", 11, "AllModels", `facade "Controller" not supported for model API connection / not supported`},
		{"/model/" + prod + "/api", "Nonsense", 1, "M", `unknown version (1) of interface "Nonsense" / not implemented`},
	}
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		for _, test := range tests {
			c, _ := b.login(t, addressA, test.path, "user-admin", "pw")
			err := c.conn.Call(t.Context(), rpc.Request{Facade: test.facade, Version: test.version, Method: test.method}, nil, nil)
			if got := verdict(t, err); got != test.want {
				t.Errorf("%s: %s", test.want, got)
			}
		}
		conn := b.dial(t, addressA, "/api")
		for want, req := range map[string]rpc.Request{
			`unknown version (10) of interface "ModelManager" / not implemented`:                           {Facade: "ModelManager", Version: 10, Method: "ModelInfo"},
			`this version of Juju does not support login from old clients (not supported) / not supported`: {Facade: "Admin", Version: 2, Method: "Login"},
			`not redirected / `: {Facade: "Admin", Version: 3, Method: "RedirectInfo"},
			`no such request - method Admin.Nonsense is not implemented / not implemented`: {Facade: "Admin", Version: 3, Method: "Nonsense"},
		} {
			if got := verdict(t, conn.Call(t.Context(), req, nil, nil)); got != want {
				t.Errorf("before login: %s, want %s", got, want)
			}
		}
	})
}

func TestFacadesByVersion(t *testing.T) {
	tests := map[string]string{
		"3.1.9":     "ModelManager 9, Controller 11, Client 6",
		"3.3.5":     "ModelManager 9, Controller 11, Client 6 7",
		"3.5.5":     "ModelManager 9 10, Controller 11, Client 6 7",
		"3.6-rc1":   "ModelManager 9 10, Controller 11 12, Client 6 7 8",
		"3.6.14":    "ModelManager 9 10, Controller 11 12, Client 6 7 8",
		"2.9.46":    "ModelManager 2 3 4 5 6 7 8 9, Controller 3 4 5 6 7 8 9 10 11, Client 1 2 3 4 5 6",
		"3.0.3":     "ModelManager 9, Controller 11, Client 6",
		"4.0-beta8": "ModelManager 10 11, Controller 12 13, Client 8",
		"4.0.14":    "ModelManager 10 11, Controller 12 13 14, Client 8",
		"3.6-beta":  "", "2.8.1": "", "3.7.0": "", "5.0.0": "", "x": "",
	}
	for version, want := range tests {
		c, err := controller.New(controller.Config{Version: version})
		if want == "" {
			if err == nil {
				c.Close()
				t.Errorf("%s: no error", version)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", version, err)
			continue
		}
		got := c.FacadesForTest()
		if got != want {
			t.Errorf("%s: %s, want %s", version, got, want)
		}
		c.Close()
	}
}
