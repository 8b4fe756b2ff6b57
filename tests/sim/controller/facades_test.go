package controller_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/tests/sim/controller"
)

// same compares JSON regardless of the order of members. Times in the answer are replaced by TIME.
func same(t *testing.T, what, want string, got json.RawMessage) {
	t.Helper()
	var w, g any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("%s: %v in what is wanted", what, err)
	}
	if err := json.Unmarshal(got, &g); err != nil {
		t.Fatalf("%s: %v in %s", what, err, got)
	}
	if diff := cmp.Diff(w, timeless(g)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func timeless(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name := range v {
			v[name] = timeless(v[name])
		}
	case []any:
		for i := range v {
			v[i] = timeless(v[i])
		}
	case string:
		if _, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return "TIME"
		}
	}
	return v
}

func TestModelInfo(t *testing.T) {
	const machine = `"status":"started","hardware":{"arch":"amd64","cores":2,"mem":2048}`
	const whole = `{"results":[{"result":{"name":"prod","type":"iaas","uuid":"` + prod + `","controller-uuid":"` + uuidA + `",
		"is-controller":false,"provider-type":"lxd","cloud-tag":"cloud-localhost","cloud-region":"localhost",
		"cloud-credential-tag":"cloudcred-localhost_alice@external_default","cloud-credential-validity":true,
		"owner-tag":"user-alice@external","life":"alive","status":{"status":"available","info":"","since":"TIME"},
		"users":[{"model-tag":"","user":"alice@external","display-name":"alice@external","last-connection":null,"access":"admin"},
		         {"model-tag":"","user":"bob","display-name":"Bob","last-connection":null,"access":"read"}],
		"machines":[{"id":"0","instance-id":"juju-2f6a10-0",` + machine + `},{"id":"1","instance-id":"juju-2f6a10-1",` + machine + `}],
		"secret-backends":null,
		"sla":{"level":"unsupported","owner":""},"agent-version":"3.6.14",
		"supported-features":[{"name":"juju","description":"the version of Juju used by the model","version":"3.6.14"}]}}]}`
	const denied = `{"results":[{"error":{"message":"permission denied","code":"unauthorized access"}}]}`
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		admin := b.admin(t, addressA)
		same(t, "version 10", whole, admin.call("ModelManager", 10, "ModelInfo", entities("model-"+prod)))
		old := strings.Replace(whole, `"agent-version"`, `"default-series":"jammy","default-base":"ubuntu@22.04/stable","agent-version"`, 1)
		same(t, "version 9", old, admin.call("ModelManager", 9, "ModelInfo", entities("model-"+prod)))
		same(t, "missing model", denied, admin.call("ModelManager", 10, "ModelInfo", entities("model-"+nowhere)))
		same(t, "bad tags", `{"results":[{"error":{"message":"\"nonsense\" is not a valid tag","code":""}},
			{"error":{"message":"\"user-admin\" is not a valid model tag","code":""}}]}`,
			admin.call("ModelManager", 10, "ModelInfo", entities("nonsense", "user-admin")))

		reader, _ := b.login(t, addressA, "/api", "user-bob", "bob-pw")
		var info struct {
			Results []struct {
				Result struct {
					Users    []struct{ User string }
					Machines []any
				}
			}
		}
		reader.decode(reader.call("ModelManager", 10, "ModelInfo", entities("model-"+prod)), &info)
		if r := info.Results[0].Result; len(r.Users) != 1 || r.Users[0].User != "bob" || r.Machines != nil {
			t.Errorf("a reader sees %+v", r)
		}
		stranger, _ := b.login(t, addressA, "/api", "user-carol", "carol-pw")
		same(t, "stranger", denied, stranger.call("ModelManager", 10, "ModelInfo", entities("model-"+prod)))
	})
}

func TestSuspendedCredentialHidesTheMigrationInTheStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		admin := b.admin(t, addressA)
		admin.migrate(b.toB())
		b.a.Update(prod, func(m *controller.Model) { m.CredentialInvalid = true })
		i, _ := admin.modelInfo()
		if i.Status.Status != "suspended" || i.Status.Info != "suspended since cloud credential is not valid" || i.Migration == nil {
			t.Errorf("ModelInfo = %+v", i)
		}
	})
}

func TestListModelSummaries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		names := func(c *client, params map[string]any) string {
			t.Helper()
			reply, err := call(t.Context(), c.conn, "ModelManager", 10, "ListModelSummaries", params)
			if err != nil {
				return verdict(t, err)
			}
			var list struct {
				Results []struct {
					Result struct {
						Name   string
						Access string `json:"user-access"`
					}
				}
			}
			c.decode(reply, &list)
			var seen []string
			for _, item := range list.Results {
				seen = append(seen, item.Result.Name+":"+item.Result.Access)
			}
			return strings.Join(seen, " ")
		}
		admin := b.admin(t, addressA)
		bob, _ := b.login(t, addressA, "/api", "user-bob", "bob-pw")
		for _, test := range []struct {
			who    *client
			params map[string]any
			want   string
		}{
			{admin, map[string]any{"user-tag": "user-admin", "all": true}, "controller:admin prod:admin"},
			{admin, map[string]any{"user-tag": "user-admin"}, "controller:admin"},
			{admin, map[string]any{"user-tag": "user-bob"}, "prod:read"},
			{admin, map[string]any{"user-tag": "user-user-jaas-3217dbc9-8ea9-4381-9e97-01eab0b3f6bb@external", "all": true}, "controller:admin prod:admin"},
			{admin, map[string]any{}, `"" is not a valid tag / `},
			{bob, map[string]any{"user-tag": "user-bob", "all": true}, "prod:read"},
			{bob, map[string]any{"user-tag": "user-admin", "all": true}, "permission denied / unauthorized access"},
		} {
			if got := names(test.who, test.params); got != test.want {
				t.Errorf("%v: %s, want %s", test.params, got, test.want)
			}
		}
	})
}

func TestModelStatusDistinguishesMissingFromForbidden(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		admin := b.admin(t, addressA)
		same(t, "ModelStatus", `{"models":[
			{"model-tag":"model-`+prod+`","life":"alive","type":"iaas","hosted-machine-count":2,"application-count":2,"unit-count":2,"owner-tag":"user-alice@external",
			 "applications":[{"name":"pg"},{"name":"app"}],"machines":[
			  {"id":"0","instance-id":"juju-2f6a10-0","status":"started","hardware":{"arch":"amd64","cores":2,"mem":2048}},
			  {"id":"1","instance-id":"juju-2f6a10-1","status":"started","hardware":{"arch":"amd64","cores":2,"mem":2048}}]},
			{"model-tag":"","life":"","type":"","hosted-machine-count":0,"application-count":0,"unit-count":0,"owner-tag":"",
			 "error":{"message":"model \"`+nowhere+`\" not found","code":"not found"}}]}`,
			admin.call("ModelManager", 10, "ModelStatus", entities("model-"+prod, "model-"+nowhere)))
	})
}

func TestSmallFacades(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		admin := b.admin(t, addressA)
		same(t, "Pinger.Ping", `{}`, admin.call("Pinger", 1, "Ping", nil))
		same(t, "ControllerVersion", `{"version":"3.6.14","git-commit":""}`, admin.call("Controller", 12, "ControllerVersion", nil))
		same(t, "IdentityProviderURL", `{"result":""}`, admin.call("Controller", 11, "IdentityProviderURL", nil))
		same(t, "Clouds", `{"clouds":{"cloud-localhost":{"type":"lxd","auth-types":["certificate"],"endpoint":"https://10.0.0.1:8443","regions":[{"name":"localhost"}],"is-controller-cloud":true}}}`,
			admin.call("Cloud", 7, "Clouds", nil))
		same(t, "CloudSpec", `{"results":[{"result":{"type":"lxd","name":"localhost","region":"localhost","endpoint":"https://10.0.0.1:8443"}}]}`,
			admin.call("Controller", 12, "CloudSpec", entities("model-"+prod)))
		same(t, "ListApplicationOffers", `{"results":[{"source-model-tag":"model-`+prod+`","offer-uuid":"offer-uuid",
			"offer-url":"alice@external/prod.pg","offer-name":"pg","application-description":"","application-name":"pg",
			"charm-url":"ch:amd64/jammy/postgresql-429","endpoints":[{"name":"database","role":"provider","interface":"pgsql","limit":0}]}]}`,
			admin.call("ApplicationOffers", 5, "ListApplicationOffers", map[string]any{"Filters": []any{map[string]any{"owner-name": "alice@external", "model-name": "prod"}}}))
		same(t, "ControllerAPIInfoForModels", `{"results":[{"addresses":["10.0.0.5:17070"],"cacert":`+quoted(b.a.CACert())+`},
			{"addresses":null,"cacert":"","error":{"message":"migration not found","code":"not found"}}]}`,
			admin.call("Controller", 12, "ControllerAPIInfoForModels", entities("model-"+prod, "model-"+nowhere)))
		var config struct {
			Config map[string]struct{ Value any }
		}
		admin.decode(admin.call("ModelConfig", 3, "ModelGet", nil), &config)
		if config.Config["name"].Value != "controller" || config.Config["type"].Value != "lxd" || config.Config["uuid"].Value == "" {
			t.Errorf("ModelGet = %v", config.Config)
		}
		var users struct {
			Results []struct{ Result struct{ Username string } }
		}
		all := map[string]any{"entities": []any{}, "include-disabled": true}
		admin.decode(admin.call("UserManager", 3, "UserInfo", all), &users)
		if len(users.Results) != 5 {
			t.Errorf("a superuser sees %v", users.Results)
		}
		bob, _ := b.login(t, addressA, "/api", "user-bob", "bob-pw")
		bob.decode(bob.call("UserManager", 3, "UserInfo", all), &users)
		if len(users.Results) != 1 || users.Results[0].Result.Username != "bob" {
			t.Errorf("bob sees %v", users.Results)
		}
		for _, method := range []string{"AllModels", "InitiateMigration", "WatchAllModels", "WatchAllModelSummaries", "CloudSpec"} {
			_, err := call(t.Context(), bob.conn, "Controller", 12, method, nil)
			if got := verdict(t, err); got != "permission denied / unauthorized access" {
				t.Errorf("%s by bob: %s", method, got)
			}
		}
		_, err := call(t.Context(), bob.conn, "MigrationTarget", 3, "CACert", nil)
		if got := verdict(t, err); got != "permission denied / unauthorized access" {
			t.Errorf("CACert by bob: %s", got)
		}
	})
}

func quoted(text string) string {
	data, _ := json.Marshal(text)
	return string(data)
}

func TestFullStatus(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		c, _ := b.login(t, addressA, "/model/"+prod+"/api", "user-bob", "bob-pw")
		var st struct {
			Model struct {
				Name, Version string
				Status        struct{ Status, Info string } `json:"model-status"`
			}
			Machines map[string]struct {
				Base struct{ Name, Channel string }
			}
			Applications map[string]struct {
				Charm     string
				Relations map[string][]string
				Units     map[string]struct {
					Machine string
					Leader  bool
					Agent   struct{ Status, Version string } `json:"agent-status"`
				}
			}
			Relations []struct{ Key string }
			Offers    map[string]struct{ Charm string }
			SAAS      map[string]struct {
				OfferName string `json:"offer-name"`
			} `json:"remote-applications"`
			Storage []any
		}
		c.decode(c.call("Client", 8, "FullStatus", map[string]any{"patterns": []string{}}), &st)
		if st.Model.Name != "prod" || st.Model.Version != "3.6.14" || st.Model.Status.Status != "available" {
			t.Errorf("model: %+v", st.Model)
		}
		unit := st.Applications["pg"].Units["pg/0"]
		if unit.Machine != "0" || !unit.Leader || unit.Agent.Status != "idle" || unit.Agent.Version != "3.6.14" {
			t.Errorf("unit: %+v", unit)
		}
		if st.Applications["pg"].Charm != "ch:amd64/jammy/postgresql-429" || st.Applications["app"].Relations["db"][0] != "pg" {
			t.Errorf("applications: %+v", st.Applications)
		}
		if st.Machines["0"].Base.Channel != "22.04/stable" || len(st.Machines) != 2 {
			t.Errorf("machines: %+v", st.Machines)
		}
		if st.Relations[0].Key != "app:db pg:database" || st.Offers["pg"].Charm == "" || st.SAAS["logs"].OfferName != "loki" || st.Storage != nil {
			t.Errorf("the rest: %+v", st)
		}
		c.decode(c.call("Client", 8, "FullStatus", map[string]any{"patterns": []string{}, "include-storage": true}), &st)
		if len(st.Storage) != 1 {
			t.Errorf("storage: %v", st.Storage)
		}
		b.admin(t, addressA).migrate(b.toB())
		c.decode(c.call("Client", 6, "FullStatus", nil), &st)
		if st.Model.Status.Status != "busy" || !strings.HasPrefix(st.Model.Status.Info, "migrating: ") {
			t.Errorf("while migrating: %+v", st.Model.Status)
		}
	})
}

func TestAnonymousMayDoNothingButWatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		c, _ := b.login(t, addressA, "/model/"+prod+"/api", "user-jujuanonymous", "")
		_, err := call(t.Context(), c.conn, "Client", 8, "FullStatus", nil)
		if got := verdict(t, err); got != "permission denied / unauthorized access" {
			t.Errorf("FullStatus: %s", got)
		}
		_, err = call(t.Context(), c.conn, "NotifyWatcher", 1, "Next", nil)
		if got := verdict(t, err); got != "unknown watcher id / not found" {
			t.Errorf("NotifyWatcher.Next: %s", got)
		}
		c.call("Pinger", 1, "Ping", nil)
		c, _ = b.login(t, addressA, "/api", "user-jujuanonymous", "")
		_, err = call(t.Context(), c.conn, "Controller", 12, "ControllerVersion", nil)
		if got := verdict(t, err); got != "permission denied / unauthorized access" {
			t.Errorf("ControllerVersion: %s", got)
		}
	})
}

func TestGuardReportsForbiddenCallsOfClientsOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var reported []string
		guard := controller.Forbid(func(c controller.Call) {
			reported = append(reported, c.Controller+" "+c.User+" "+c.Facade+"."+c.Method)
		})
		b := start(t, func(a, b *controller.Config) { a.Guard, b.Guard = guard, guard })
		admin := b.admin(t, addressA)
		admin.migrate(b.toB())
		b.a.AwaitPhase(t.Context(), prod, controller.Done)
		call(t.Context(), admin.conn, "MigrationTarget", 3, "Abort", map[string]string{"model-tag": "model-" + prod})
		want := []string{"ctl-a admin Controller.InitiateMigration", "ctl-a admin MigrationTarget.Abort"}
		if diff := cmp.Diff(want, reported); diff != "" {
			t.Errorf("reported (-want +got):\n%s", diff)
		}
	})
}
