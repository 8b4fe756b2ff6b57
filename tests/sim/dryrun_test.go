package sim_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim"
	jimmsim "jimm-migrator/tests/sim/jimm"
)

// A client that starts a migration without JIMM breaks a rule, whether it meant to or not; so does a dry run that the
// world does not allow.
func TestInitiateMigrationOfAClientIsAViolation(t *testing.T) {
	for name, test := range map[string]struct {
		version, allowed string
		params           map[string]any
		want             []string
	}{
		"no dry run":              {"3.6.28", "[dry-run]", map[string]any{}, []string{sim.RuleRealStart}},
		"dry-run is false":        {"3.6.28", "[dry-run]", map[string]any{"dry-run": false}, []string{sim.RuleRealStart}},
		"ignored by 3.6.12":       {"3.6.12", "[dry-run]", map[string]any{"dry-run": true}, []string{sim.RuleRealStart}},
		"ignored by 4.0.14":       {"4.0.14", "[dry-run]", map[string]any{"dry-run": true}, []string{sim.RuleRealStart}},
		"not asked for":           {"3.6.28", "[]", map[string]any{"dry-run": true}, []string{sim.RuleDryRun}},
		"asked for":               {"3.6.28", "[dry-run]", map[string]any{"dry-run": true}, nil},
		"asked for on 4.0.15":     {"4.0.15", "[dry-run]", map[string]any{"dry-run": true}, nil},
		"as an operator of Juju":  {"3.6.28", "[Controller.InitiateMigration]", map[string]any{}, nil},
		"of no permission at all": {"3.6.12", "[]", map[string]any{"dry-run": true}, []string{sim.RuleRealStart}},
	} {
		t.Run(name, func(t *testing.T) {
			world := load(t, "jimm: {mended: true}\ncontrollers: [{name: west, version: "+test.version+"}, {name: east}]\nallowed: "+test.allowed+"\n")
			synctest.Test(t, func(t *testing.T) {
				j := start(t, world)
				i := slices.IndexFunc(j.JIMM().Controllers(), func(c jimmsim.Controller) bool { return c.Name == "west" })
				conn, err := juju.Dial(t.Context(), juju.Options{
					Addresses: []string{j.JIMM().Controllers()[i].PublicAddress}, CACert: j.CA(), DialContext: j.Dialling().DialContext, PingInterval: -1,
				})
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				login, err := conn.Login(t.Context(), juju.Credentials{User: "admin", Password: juju.NewSecret("password of west")})
				if err != nil {
					t.Fatal(err)
				}
				version, _ := login.Facades.Best("Controller", 11, 12, 13, 14)
				test.params["specs"] = []any{}
				if err := conn.Call(t.Context(), rpc.Request{Facade: "Controller", Version: version, Method: "InitiateMigration"}, test.params, nil); err != nil {
					t.Error(err)
				}
				var rules []string
				for _, v := range j.Violations() {
					rules = append(rules, v.Rule)
				}
				if diff := cmp.Diff(test.want, rules); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}
