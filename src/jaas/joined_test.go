package jaas_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/jaas"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/juju"
	"jimm-migrator/src/migration/facts"
)

// The units that have joined a relation are known if each unit that should join was seen.
func TestWhichUnitsHaveJoined(t *testing.T) {
	principal := func(application string) jimm.RelationEndpoint { return jimm.RelationEndpoint{Application: application} }
	subordinate := func(application string) jimm.RelationEndpoint {
		return jimm.RelationEndpoint{Application: application, Subordinate: true}
	}
	all := map[string]bool{"web/0": true, "web/1": true, "pg/0": true}
	for name, test := range map[string]struct {
		scope string
		ends  []jimm.RelationEndpoint
		sees  []map[string]bool
		want  facts.Relation
	}{
		"all":                  {"global", []jimm.RelationEndpoint{principal("web"), principal("pg")}, []map[string]bool{all}, facts.Relation{JoinedRead: true}},
		"one has not":          {"global", []jimm.RelationEndpoint{principal("web"), principal("pg")}, []map[string]bool{{"web/0": true, "web/1": false}, {"pg/0": true}}, facts.Relation{JoinedRead: true, NotJoined: []string{"web/1"}}},
		"one side was seen":    {"global", []jimm.RelationEndpoint{principal("web"), principal("pg")}, []map[string]bool{{"web/0": true, "web/1": false}}, facts.Relation{}},
		"one unit was not":     {"global", []jimm.RelationEndpoint{principal("web"), principal("pg")}, []map[string]bool{{"web/0": true}, {"pg/0": true}}, facts.Relation{}},
		"nothing was seen":     {"global", []jimm.RelationEndpoint{principal("web"), principal("pg")}, nil, facts.Relation{}},
		"with another model":   {"global", []jimm.RelationEndpoint{principal("web"), principal("remote")}, []map[string]bool{all}, facts.Relation{}},
		"peers":                {"global", []jimm.RelationEndpoint{principal("web")}, []map[string]bool{{"web/0": true, "web/1": false}}, facts.Relation{JoinedRead: true, NotJoined: []string{"web/1"}}},
		"other peers":          {"global", []jimm.RelationEndpoint{principal("pg")}, []map[string]bool{{"pg/0": true}}, facts.Relation{JoinedRead: true}},
		"subordinate of web":   {"container", []jimm.RelationEndpoint{principal("web"), subordinate("sub")}, []map[string]bool{{"web/0": true, "web/1": true}, {"sub/0": true, "sub/1": false}}, facts.Relation{JoinedRead: true, NotJoined: []string{"sub/1"}}},
		"and of pg":            {"container", []jimm.RelationEndpoint{principal("pg"), subordinate("sub")}, []map[string]bool{{"pg/0": true}, {"sub/0": false, "sub/1": false, "sub/2": true}}, facts.Relation{JoinedRead: true}},
		"two subordinates":     {"container", []jimm.RelationEndpoint{subordinate("sub"), subordinate("log")}, []map[string]bool{{"sub/0": true, "sub/1": true, "sub/2": false}, {"log/0": true}}, facts.Relation{JoinedRead: true, NotJoined: []string{"sub/2"}}},
		"not of the container": {"global", []jimm.RelationEndpoint{principal("pg"), subordinate("sub")}, []map[string]bool{{"pg/0": true}, {"sub/0": false, "sub/1": true, "sub/2": true}}, facts.Relation{JoinedRead: true, NotJoined: []string{"sub/0"}}},
	} {
		t.Run(name, func(t *testing.T) {
			status := related()
			status.Relations = []jimm.Relation{{ID: 4, Key: "it", Scope: test.scope, Endpoints: test.ends}}
			inventory := facts.Inventory{
				Applications: map[string]facts.Application{"web": {}, "pg": {}, "sub": {}, "log": {}},
				Units:        map[string]facts.Unit{"web/0": {}, "web/1": {}, "pg/0": {}, "sub/0": {}, "sub/1": {}, "sub/2": {}, "log/0": {}},
				Relations:    map[string]facts.Relation{"it": {}},
			}
			// Another relation shows nothing.
			seen := []juju.Joined{{Relation: 5, Units: map[string]bool{"web/0": false, "web/1": false, "pg/0": false}}}
			for _, units := range test.sees {
				seen = append(seen, juju.Joined{Relation: 4, Units: units})
			}
			jaas.AddJoined(inventory, status, seen)
			if diff := cmp.Diff(test.want, inventory.Relations["it"]); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A principal without a subordinate has not joined their relation, also where nothing else was read.
func TestAPrincipalAloneHasNotJoined(t *testing.T) {
	ends := []jimm.RelationEndpoint{{Application: "pg"}, {Application: "log", Subordinate: true}}
	for name, test := range map[string]struct {
		scope string
		ends  []jimm.RelationEndpoint
		known facts.Relation
		want  []string
	}{
		"none has one":         {"container", []jimm.RelationEndpoint{{Application: "log", Subordinate: true}, {Application: "web"}}, facts.Relation{}, []string{"web/0", "web/1"}},
		"it has one":           {"container", ends, facts.Relation{}, nil},
		"not of the container": {"global", []jimm.RelationEndpoint{{Application: "web"}, {Application: "log", Subordinate: true}}, facts.Relation{}, nil},
		"two subordinates":     {"container", []jimm.RelationEndpoint{{Application: "sub", Subordinate: true}, {Application: "log", Subordinate: true}}, facts.Relation{}, nil},
		"peers":                {"container", []jimm.RelationEndpoint{{Application: "log", Subordinate: true}}, facts.Relation{}, nil},
		"it was read":          {"container", []jimm.RelationEndpoint{{Application: "web"}, {Application: "log", Subordinate: true}}, facts.Relation{JoinedRead: true, NotJoined: []string{"web/1"}}, []string{"web/1"}},
	} {
		t.Run(name, func(t *testing.T) {
			status := related()
			status.Relations = []jimm.Relation{{Key: "it", Scope: test.scope, Endpoints: test.ends}}
			inventory := facts.Inventory{Relations: map[string]facts.Relation{"it": test.known}}
			jaas.AddAlone(inventory, status)
			if diff := cmp.Diff(test.want, inventory.Relations["it"].NotJoined); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// One unit of each application that has a relation is asked, because it sees all units of the other side.
func TestOneUnitOfEachApplicationIsAsked(t *testing.T) {
	status := related()
	status.Relations = []jimm.Relation{{Endpoints: []jimm.RelationEndpoint{{Application: "web"}, {Application: "sub", Subordinate: true}}}}
	units := map[string]facts.Unit{"web/0": {}, "web/1": {}, "pg/0": {}, "sub/0": {}, "sub/1": {}}
	if diff := cmp.Diff([]string{"sub/0", "web/0"}, jaas.UnitsToAsk(status, units)); diff != "" {
		t.Error(diff)
	}
}

// related is a model with two units of web and one of pg. Each has one of sub beside it, and pg/0 one of log.
func related() jimm.Status {
	return jimm.Status{Applications: map[string]jimm.Application{
		"web": {Units: map[string]jimm.Unit{
			"web/0": {Subordinates: map[string]jimm.Unit{"sub/0": {}}},
			"web/1": {Subordinates: map[string]jimm.Unit{"sub/1": {}}},
		}},
		"pg":  {Units: map[string]jimm.Unit{"pg/0": {Subordinates: map[string]jimm.Unit{"sub/2": {}, "log/0": {}}}}},
		"sub": {}, "log": {},
	}}
}

// A subordinate of two applications is beside one of them in each case.
func TestWhatIsElsewhere(t *testing.T) {
	status := related()
	subordinate := jimm.RelationEndpoint{Application: "sub", Subordinate: true}
	status.Relations = []jimm.Relation{
		{Key: "sub:host web:info", Scope: "container", Endpoints: []jimm.RelationEndpoint{subordinate, {Application: "web"}}},
		{Key: "sub:host pg:info", Scope: "container", Endpoints: []jimm.RelationEndpoint{subordinate, {Application: "pg"}}},
		{Key: "sub:db pg:db", Scope: "global", Endpoints: []jimm.RelationEndpoint{subordinate, {Application: "pg"}}},
	}
	inventory := facts.Inventory{
		Units:     map[string]facts.Unit{"web/0": {}, "web/1": {}, "pg/0": {}, "sub/0": {}, "sub/1": {}, "sub/2": {}, "log/0": {}},
		Relations: map[string]facts.Relation{"sub:host web:info": {Status: "joined"}, "sub:host pg:info": {}, "sub:db pg:db": {}},
	}
	jaas.AddElsewhere(inventory, status)
	want := map[string]facts.Relation{
		"sub:host web:info": {Status: "joined", Elsewhere: []string{"sub/2"}},
		"sub:host pg:info":  {Elsewhere: []string{"sub/0", "sub/1"}},
		"sub:db pg:db":      {},
	}
	if diff := cmp.Diff(want, inventory.Relations); diff != "" {
		t.Error(diff)
	}
}
