package sim_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/tests/sim"
)

// fleetWorld has four models on west; of those, shop consumes an offer of db.
const fleetWorld = `
controllers: [{name: west}, {name: east}, {name: north}]
models:
  - {name: db, offers: [{name: pg, application: pg}], applications: [{name: pg}]}
  - {name: shop, saas: [{name: pg, offer-url: "alice@example.com/db.pg"}]}
  - {name: one}
  - {name: two}
`

func TestRulesForManyModels(t *testing.T) {
	type move struct{ model, target string }
	tests := map[string]struct {
		fleet  sim.Fleet
		starts []move
		before func(*sim.JAAS)
		want   []string
	}{
		"nothing promised": {starts: []move{{"db", "east"}, {"shop", "east"}, {"one", "east"}}},
		"cap": {
			fleet: sim.Fleet{Parallel: 2}, starts: []move{{"one", "east"}, {"two", "north"}, {"db", "east"}},
			want: []string{sim.RuleOverCap},
		},
		"cap of a target": {fleet: sim.Fleet{PerTarget: 1}, starts: []move{{"one", "east"}, {"two", "north"}}},
		"cap of a target, reached": {
			fleet: sim.Fleet{PerTarget: 1}, starts: []move{{"one", "east"}, {"two", "east"}}, want: []string{sim.RuleOverCap},
		},
		"cap of a source": {
			fleet: sim.Fleet{PerSource: 1}, starts: []move{{"one", "east"}, {"two", "north"}}, want: []string{sim.RuleOverCap},
		},
		"connected": {
			fleet: sim.Fleet{BothEnds: true}, starts: []move{{"shop", "east"}, {"one", "east"}, {"db", "east"}},
			want: []string{sim.RuleBothEnds},
		},
		"after a stop": {
			starts: []move{{"one", "east"}}, before: func(j *sim.JAAS) { j.StopStarts("a conflict") },
			want: []string{sim.RuleStartAfterStop},
		},
		"twice": {
			fleet: sim.Fleet{Once: true}, starts: []move{{"one", "east"}, {"one", "east"}},
			want: []string{sim.RuleSecondStart, sim.RuleTwoStarts},
		},
		"planned": {
			fleet:  sim.Fleet{Planned: []sim.PlannedStart{{Model: "one", From: "west", To: "east"}, {Model: "alice@example.com/two", To: "north"}}},
			starts: []move{{"one", "east"}, {"two", "north"}},
		},
		"not planned": {
			fleet:  sim.Fleet{Planned: []sim.PlannedStart{{Model: "one", From: "east", To: "west"}, {Model: "two", To: "north"}}},
			starts: []move{{"one", "west"}, {"two", "east"}, {"db", "north"}},
			want:   []string{sim.RuleUnplannedStart, sim.RuleUnplannedStart, sim.RuleUnplannedStart},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				world := load(t, fleetWorld)
				world.Fleet = &test.fleet
				j := start(t, world)
				if test.before != nil {
					test.before(j)
				}
				c := connect(t, j)
				for _, s := range test.starts {
					c.migrate(j, s.model, s.target)
				}
				var rules []string
				for _, v := range j.Violations() {
					rules = append(rules, v.Rule)
				}
				if slices.Sort(rules); !slices.Equal(rules, test.want) {
					t.Errorf("violations %v, want %v", j.Violations(), test.want)
				}
			})
		})
	}
}

// A migration that has ended frees its slot, and one that another client has started takes a slot.
func TestCapsCountWhatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := load(t, fleetWorld+"  - {name: theirs, migrating-to: east}\n")
		world.Fleet = &sim.Fleet{Parallel: 1}
		j := start(t, world)
		c := connect(t, j)
		c.migrate(j, "one", "east")
		if v := j.Violations(); len(v) != 1 || v[0].Rule != sim.RuleOverCap {
			t.Errorf("beside another's: %v", v)
		}
		time.Sleep(time.Hour) //nolint:forbidigo // virtual time
		c = connect(t, j)
		c.migrate(j, "two", "east")
		if v := j.Violations(); len(v) != 1 {
			t.Errorf("after all have ended: %v", v)
		}
	})
}
