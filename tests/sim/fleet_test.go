package sim_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/controller"
)

// These tests show what real JIMMs of 2024 and 2026 over Juju 3.6.28 did in November 2026 with the calls that a fleet
// needs.

// ask is call with the code of an error.
func (c client) ask(facade string, version int, method string, params any) string {
	c.t.Helper()
	var raw json.RawMessage
	err := c.Call(c.t.Context(), rpc.Request{Facade: facade, Version: version, Method: method}, params, &raw)
	if answer, ok := errors.AsType[*rpc.Error](err); ok {
		return answer.Message + " / " + string(answer.Code)
	}
	return string(raw)
}

func (c client) addModel(name string) string {
	c.t.Helper()
	return c.call("ModelManager", 9, "CreateModel", map[string]string{"name": name, "owner-tag": "user-alice@example.com"})
}

func placed(j *sim.JAAS) map[string]int {
	counts := map[string]int{}
	for _, row := range j.JIMM().Models() {
		counts[row.Controller]++
	}
	return counts
}

func TestCordon(t *testing.T) {
	for year, want := range map[string]string{"2024": "map[east:10 west:10]", "2026": "map[west:20]"} {
		synctest.Test(t, func(t *testing.T) {
			j := start(t, load(t, "jimm: {version: "+year+"}\ncontrollers: [{name: west}, {name: east}]\n"))
			c := connect(t, j)
			seen := c.call("JIMM", 4, "SetControllerDeprecated", map[string]any{"name": "east", "deprecated": true})
			if !strings.Contains(seen, `"status":{"status":"deprecated","info":"","since":null}`) {
				t.Errorf("%s: cordon: %s", year, seen)
			}
			for i := range 20 {
				if seen := c.addModel(fmt.Sprintf("m%d", i)); !strings.Contains(seen, `"uuid"`) {
					t.Fatalf("%s: %s", year, seen)
				}
			}
			if got := fmt.Sprint(placed(j)); got != want {
				t.Errorf("%s: placed %s, want %s", year, got, want)
			}
			// Without the field the mark is removed.
			c.call("JIMM", 4, "SetControllerDeprecated", map[string]any{"name": "east"})
			if seen := c.call("JIMM", 4, "ListControllers", nil); strings.Contains(seen, "deprecated") {
				t.Errorf("%s: not lifted: %s", year, seen)
			}
			// Without a name 2024 cordons the first controller of its database.
			seen = c.call("JIMM", 4, "SetControllerDeprecated", map[string]any{"deprecated": true})
			if year == "2026" && !strings.Contains(seen, "controller UUID or name must be provided") ||
				year == "2024" && (!strings.Contains(seen, `"name":"west"`) || !strings.Contains(seen, `"deprecated"`)) {
				t.Errorf("%s: without a name: %s", year, seen)
			}
			if year == "2026" {
				c.call("JIMM", 4, "SetControllerDeprecated", map[string]any{"name": "west", "deprecated": true})
				c.call("JIMM", 4, "SetControllerDeprecated", map[string]any{"name": "east", "deprecated": true})
				if seen := c.addModel("late"); seen != "no available controllers - check permissions to controllers and list of available controllers" {
					t.Errorf("both cordoned: %s", seen)
				}
				seen := c.call("JIMM", 4, "AddModelToController", map[string]string{"name": "late", "owner-tag": "user-alice@example.com", "controller-name": "east"})
				if !strings.Contains(seen, `"uuid"`) {
					t.Errorf("AddModelToController: %s", seen)
				}
			}
			if v := j.Violations(); len(v) > 0 {
				t.Errorf("violations: %v", v)
			}
		})
	}
}

func TestUnavailableHidesDeprecated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := start(t, load(t, "controllers: [{name: west}, {name: east, status: unavailable}]\n"))
		c := connect(t, j)
		if seen := c.call("JIMM", 4, "SetControllerDeprecated", map[string]any{"name": "east", "deprecated": true}); !strings.Contains(seen, `"status":"unavailable"`) {
			t.Errorf("the reply: %s", seen)
		}
		for _, row := range j.JIMM().Controllers() {
			if row.Name == "east" && !row.Deprecated {
				t.Error("the mark is not set")
			}
		}
	})
}

const offersWorld = `
controllers: [{name: west, version: 3.6.27}, {name: east, version: 3.6.27}]
models:
  - name: offm
    owner: alice@example.com
    applications: [{name: db1}]
    offers:
      - {name: o1, application: db1, endpoints: [{name: db, role: provider, interface: mysql}]}
      - {name: raw2, application: db1, unknown-to-jimm: true}
  - {name: offb, controller: east, applications: [{name: db2}], offers: [{name: ob, application: db2}]}
  - {name: conm, controller: east, saas: [{name: o1, offer-url: "alice@example.com/offm.o1"}], relations: [{id: 1, interface: mysql, endpoints: [{application: o1, name: db, role: provider}, {application: app, name: db, role: requirer}]}], applications: [{name: app}]}
  - {name: idle, controller: east, saas: [{name: o1, offer-url: "alice@example.com/offm.o1"}]}
  - {name: same, owner: alice@example.com, applications: [{name: a}], offers: [{name: osa, application: a}]}
  - {name: same, owner: bob@example.com, applications: [{name: b}], offers: [{name: osb, application: b}]}
`

func filters(models ...string) map[string]any {
	list := []map[string]string{}
	for _, m := range models {
		owner, name, found := strings.Cut(m, "/")
		if !found {
			owner, name = "alice@example.com", m
		}
		list = append(list, map[string]string{"owner-name": owner, "model-name": name})
	}
	return map[string]any{"Filters": list}
}

func TestListApplicationOffers(t *testing.T) {
	for year, facade := range map[string]int{"2024": 4, "2026": 5} {
		synctest.Test(t, func(t *testing.T) {
			j := start(t, load(t, "jimm: {version: "+year+"}\n"+offersWorld))
			c := connect(t, j)
			names := func(models ...string) string {
				seen := c.ask("ApplicationOffers", facade, "ListApplicationOffers", filters(models...))
				var found []string
				for _, name := range []string{"o1", "raw2", "ob", "osa", "osb"} {
					if n := strings.Count(seen, `"offer-name":"`+name+`"`); n > 0 {
						found = append(found, fmt.Sprintf("%s %d", name, n))
					}
				}
				if found == nil {
					return seen
				}
				return strings.Join(found, ", ")
			}
			tests := []struct {
				models           []string
				want2024, want26 string
			}{
				{[]string{"offm"}, "o1 1, raw2 1", "o1 1"},
				{[]string{"offb"}, "ob 1", "ob 1"},
				{[]string{"conm"}, `{"results":null}`, `{"results":[]}`},
				{[]string{"offm", "offb"}, "o1 1, raw2 1, ob 1", `{"results":[]}`},
				{[]string{"offm", "conm"}, "o1 1, raw2 1", `{"results":[]}`},
				{[]string{"same", "bob@example.com/same"}, "osa 1, osb 1", "osa 2"},
				{[]string{"bob@example.com/same", "same"}, "osa 1, osb 1", "osb 2"},
				{[]string{"offm", "offm"}, "o1 2, raw2 2", "o1 2"},
				{[]string{"offm", "nothing"}, "model not found / not found", "model not found / not found"},
				{nil, "at least one filter must be specified / bad request", "at least one filter must be specified / bad request"},
			}
			for _, test := range tests {
				want := test.want26
				if year == "2024" {
					want = test.want2024
				}
				if got := names(test.models...); got != want {
					t.Errorf("%s %v: %s, want %s", year, test.models, got, want)
				}
			}
			seen := c.call("ApplicationOffers", facade, "ListApplicationOffers", filters("offm"))
			if !strings.Contains(seen, `"connections":[{"source-model-tag":"model-`+j.UUID("conm")+`"`) || !strings.Contains(seen, `"joined"`) ||
				strings.Contains(seen, j.UUID("idle")) {
				t.Errorf("%s: connections: %s", year, seen)
			}
			if blank := strings.Contains(seen, `"source-model-tag":"","offer-uuid":"","offer-url"`); blank != (year == "2026") {
				t.Errorf("%s: %s", year, seen)
			}
		})
	}
}

// A consumer finds an offer again some time after the old controller starts to redirect.
func TestConnectionsAreJoinedWhenTheConsumerHasFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := start(t, load(t, offersWorld))
		c := connect(t, j)
		joined := func() bool {
			return strings.Contains(c.call("ApplicationOffers", 5, "ListApplicationOffers", filters("offm")), `"joined"`)
		}
		if !joined() {
			t.Error("not joined before")
		}
		c.migrate(j, "offm", "east")
		await(t, j, "west", "offm", controller.Done)
		c.record(j, "offm", "east")
		if joined() {
			t.Error("joined at once")
		}
		time.Sleep(time.Minute) //nolint:forbidigo // virtual time
		if !joined() {
			t.Error("never joined again")
		}
	})
}

func TestUpgradeModel(t *testing.T) {
	const world = `
controllers: [{name: west, version: 3.6.28}, {name: east, version: 3.6.28, change-block: no change please}]
models:
  - {name: old, agent-version: 3.6.27, machines: [{id: "0"}]}
  - {name: new}
  - {name: going, life: dying}
  - {name: blocked, controller: east}
`
	tests := []struct {
		model, target string
		want          string
	}{
		{"new", "3.6.28", `{"chosen-version":"3.6.28"}`},
		{"new", "0.0.0", `{"chosen-version":"3.6.28"}`},
		{"new", "", `invalid version "" / `},
		{"new", "junk", `invalid version "junk" / `},
		{"new", "3.6.29", `cannot upgrade to a version "3.6.29" greater than that of the controller "3.6.28" / `},
		{"new", "3.6.27", `downgrade not supported / not supported`},
		{"new", "3.6.28.1", `cannot find agents from simple streams: no matching agent binaries available / not found`},
		{"going", "3.6.28", `model is not alive / not valid`},
		{"blocked", "3.6.28", `no change please (operation is blocked) / operation is blocked`},
		{"11111111-0000-4000-8000-000000000000", "3.6.28", `model not found / not found`},
	}
	synctest.Test(t, func(t *testing.T) {
		j := start(t, load(t, world))
		c := connect(t, j)
		upgrade := func(model, target string, dry bool) string {
			return c.ask("ModelUpgrader", 1, "UpgradeModel", map[string]any{"model-tag": "model-" + j.UUID(model), "target-version": target, "dry-run": dry})
		}
		for _, test := range tests {
			if got := upgrade(test.model, test.target, true); got != test.want {
				t.Errorf("%s to %q: %s, want %s", test.model, test.target, got, test.want)
			}
		}
		agents := func() string {
			var out string
			err := j.Controller("west").Update(j.UUID("old"), func(m *controller.Model) { out = m.AgentVersion + " " + m.Machines[0].AgentVersion })
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		upgrade("old", "3.6.28", true)
		if got := agents(); got != "3.6.27 3.6.27" {
			t.Errorf("after a dry run: %s", got)
		}
		upgrade("old", "3.6.28", false)
		if got := agents(); got != "3.6.28 3.6.27" {
			t.Errorf("at once: %s", got)
		}
		time.Sleep(time.Minute) //nolint:forbidigo // virtual time
		if got := agents(); got != "3.6.28 3.6.28" {
			t.Errorf("after a minute: %s", got)
		}
		// It does not prevent a migration either.
		c.migrate(j, "new", "east")
		if got := upgrade("new", "3.6.28", false); got != `{"chosen-version":"3.6.28"}` {
			t.Errorf("a model that moves: %s", got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		c := connect(t, start(t, load(t, "jimm: {version: 2024}\n"+world)))
		if got := c.call("ModelUpgrader", 1, "UpgradeModel", nil); !strings.Contains(got, "no such request - method ModelUpgrader(1).UpgradeModel is not implemented") {
			t.Errorf("2024: %s", got)
		}
	})
}

// Agents log in to the target ten at once and then four a second; if there are too many, they do not report in time.
func TestAgentsLogInOneAfterTheOther(t *testing.T) {
	world := func(machines int) string {
		list := []string{}
		for i := range machines {
			list = append(list, fmt.Sprintf("{id: '%d'}", i))
		}
		return "controllers: [{name: west}, {name: east}]\nmodels: [{name: m, machines: [" + strings.Join(list, ", ") + "]}]\n"
	}
	took := map[int]time.Duration{}
	for machines, want := range map[int]controller.Phase{8: controller.Done, 1000: controller.Done, 4000: controller.AbortDone} {
		synctest.Test(t, func(t *testing.T) {
			j := start(t, load(t, world(machines)))
			began := time.Now()
			connect(t, j).migrate(j, "m", "east")
			await(t, j, "west", "m", want)
			took[machines] = time.Since(began)
		})
	}
	if more := took[1000] - took[8]; more < 3*time.Minute || more > 5*time.Minute {
		t.Errorf("it took %v", took)
	}
}

func TestUsersAddModelsMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := start(t, load(t, `
controllers: [{name: west}, {name: east, status: deprecated}]
adds:
  - {after: 30s, name: first}
  - {after: 1m, name: second, owner: bob@example.com}
  - {after: 2m, name: behind, controller: east}
`))
		c := connect(t, j)
		time.Sleep(90 * time.Second) //nolint:forbidigo // virtual time
		if got := fmt.Sprint(placed(j)); got != "map[west:2]" {
			t.Errorf("placed %s", got)
		}
		if seen := c.call("JIMM", 4, "FindAuditEvents", map[string]any{"method": "CreateModel"}); !strings.Contains(seen, `"user-bob@example.com"`) {
			t.Errorf("the log: %s", seen)
		}
		time.Sleep(time.Minute) //nolint:forbidigo // virtual time
		if models := j.Controller("east").Models(); len(models) != 1 || len(j.JIMM().Models()) != 2 {
			t.Errorf("behind JIMM: %+v", models)
		}
	})
}
