package cos_test

import (
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/unit"
)

var update = flag.Bool("update", false, "write the golden files again")

// TestOffersAreAsRecorded compares what the leader writes into its relations
// with golden files, in the formats of loki_push_api v1 and grafana_dashboard v0.
func TestOffersAreAsRecorded(t *testing.T) {
	for endpoint, remote := range map[string]string{"logging": "loki", "grafana-dashboard": "grafana"} {
		t.Run(endpoint, func(t *testing.T) {
			agent := unit.Start(t, charmtest.Options{Config: unit.Config(nil), Model: charmtest.Model{Name: "jaas", UUID: unit.OwnModel}})
			id, err := agent.AddRelation(charmtest.Relation{Endpoint: endpoint, RemoteApp: remote})
			if err != nil {
				t.Fatal(err)
			}
			unit.Hook(t, agent, endpoint+"-relation-created", charmtest.HookDetails{Relation: id})
			got := agent.LocalData(id, true)
			if len(agent.LocalData(id, false)) > 0 {
				t.Errorf("the unit has data of its own: %v", agent.LocalData(id, false))
			}
			golden(t, endpoint, got)

			// Published again, it is the same to the byte, so Grafana and Loki need
			// not read it again.
			unit.Hook(t, agent, "upgrade-charm")
			if diff := cmp.Diff(got, agent.LocalData(id, true)); diff != "" {
				t.Errorf("after an upgrade (-before +after):\n%s", diff)
			}
		})
	}
}

// golden compares a databag with a file that people can read.
func golden(t *testing.T, name string, data map[string]string) {
	t.Helper()
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(data)) {
		var value any
		if err := json.Unmarshal([]byte(data[key]), &value); err != nil {
			t.Fatalf("%s is not JSON: %v", key, err)
		}
		if all, ok := value.(map[string]any); ok && key == "dashboards" {
			for _, one := range all["templates"].(map[string]any) {
				one.(map[string]any)["content"] = "(base64 of xz of the file)"
			}
			all["uuid"] = "(of the content)"
		}
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		fmt.Fprintf(&b, "-- %s --\n", key)
		if err := encoder.Encode(value); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(read(t, path)), b.String()); diff != "" {
		t.Errorf("databag of %s (-want +got):\n%s", name, diff)
	}
}

// TestTheDashboardArrivesWhole unpacks what Grafana gets.
func TestTheDashboardArrivesWhole(t *testing.T) {
	agent := unit.Start(t, charmtest.Options{Config: unit.Config(nil)})
	id, err := agent.AddRelation(charmtest.Relation{Endpoint: "grafana-dashboard", RemoteApp: "grafana"})
	if err != nil {
		t.Fatal(err)
	}
	unit.Hook(t, agent, "grafana-dashboard-relation-created", charmtest.HookDetails{Relation: id})
	var bag struct {
		Templates map[string]struct{ Content string }
	}
	if err := json.Unmarshal([]byte(agent.LocalData(id, true)["dashboards"]), &bag); err != nil {
		t.Fatal(err)
	}
	packed, err := base64.StdEncoding.DecodeString(bag.Templates["file:migrations"].Content)
	if err != nil {
		t.Fatal(err)
	}
	var got, want any
	if err := json.Unmarshal(unpack(t, packed), &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(read(t, "../../charm/files/grafana_dashboards/migrations.json"), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("dashboard (-want +got):\n%s", diff)
	}
}

func TestOnlyTheLeaderOffers(t *testing.T) {
	for _, endpoint := range []string{"logging", "grafana-dashboard"} {
		agent := unit.Start(t, charmtest.Options{Config: unit.Config(nil), NotLeader: true})
		id, err := agent.AddRelation(charmtest.Relation{Endpoint: endpoint, RemoteApp: "cos"})
		if err != nil {
			t.Fatal(err)
		}
		unit.Hook(t, agent, endpoint+"-relation-created", charmtest.HookDetails{Relation: id})
		unit.Hook(t, agent, "upgrade-charm")
		if got := agent.LocalData(id, true); len(got) > 0 {
			t.Errorf("%s: a unit that does not lead has written %v", endpoint, got)
		}
		agent.SetLeader(true)
		unit.Hook(t, agent, "leader-elected")
		if got := agent.LocalData(id, true); len(got) == 0 {
			t.Errorf("%s: a new leader has written nothing", endpoint)
		}
	}
}

// TestWhatTheOtherSideRefusesIsLogged has Loki reject our rules.
func TestWhatTheOtherSideRefusesIsLogged(t *testing.T) {
	agent := unit.Start(t, charmtest.Options{Config: unit.Config(nil)})
	id, err := agent.AddRelation(charmtest.Relation{Endpoint: "logging", RemoteApp: "loki", RemoteData: map[string]string{"event": `{"errors": "parse error at line 1"}`}})
	if err != nil {
		t.Fatal(err)
	}
	for _, well := range []string{"", `{"errors": ""}`, `{"errors": []}`, `{"errors": {}}`, `{"valid": true, "errors": null}`, "no JSON"} {
		if err := agent.SetRemoteData(id, "loki", map[string]string{"event": well}); err != nil {
			t.Fatal(err)
		}
		unit.Hook(t, agent, "logging-relation-changed", charmtest.HookDetails{Relation: id})
		if log := agent.Log(); len(log) > 0 {
			t.Errorf("%q is logged: %+v", well, log)
		}
	}
	if err := agent.SetRemoteData(id, "loki", map[string]string{"event": `{"errors": "parse error at line 1"}`}); err != nil {
		t.Fatal(err)
	}
	unit.Hook(t, agent, "logging-relation-changed", charmtest.HookDetails{Relation: id})
	for _, record := range agent.Log() {
		if record.Level == "WARNING" && strings.Contains(record.Message, "loki cannot use the data sent over logging") && strings.Contains(record.Message, "parse error at line 1") {
			return
		}
	}
	t.Errorf("not in the log: %+v", agent.Log())
}
