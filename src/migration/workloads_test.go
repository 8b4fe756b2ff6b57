package migration_test

import (
	"cmp"
	"strings"
	"testing"
	"testing/synctest"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// The agents have reconnected, and the move has broken the workload: this is a difference, with its
// name and text. What was broken before is not a difference, nor is what recovers by itself.
func TestWorkloadsThatTheMoveHasBroken(t *testing.T) {
	const hook = "hook failed: config-changed"
	for name, c := range map[string]struct {
		old               bool // JIMM of 2024, which does not read the status before.
		before, after     string
		from              int // The first reading with this state.
		until             int // The last reading with this state; 0: always.
		outcome           facts.Outcome
		says              string
		readingsAfterward int
	}{
		"active, then in error":          {false, "active", "error", 1, 0, facts.NeedsAttention, `unit "web/0" is in error (` + hook + `), previously active`, 0},
		"active, then blocked":           {false, "active", "blocked", 1, 0, facts.NeedsAttention, `unit "web/0" is blocked (` + hook + `), previously active`, 0},
		"in error before":                {false, "error", "error", 1, 0, facts.Migrated, "", 1},
		"waiting, then blocked":          {false, "waiting", "blocked", 1, 0, facts.Migrated, "", 1},
		"waiting, then in error":         {false, "waiting", "error", 1, 0, facts.NeedsAttention, "previously waiting", 0},
		"recovers by itself":             {false, "active", "error", 1, 2, facts.Migrated, "", 3},
		"in error, not known from where": {true, "active", "error", 1, 0, facts.NeedsAttention, `unit "web/0" is in error (` + hook + `)`, 0},
		"waits for ever":                 {false, "active", "maintenance", 1, 0, facts.NeedsAttention, `unit "web/0" is in maintenance (` + hook + `), previously active`, 0},
		"waits for a while":              {false, "active", "waiting", 1, 2, facts.Migrated, "", 3},
		"terminated":                     {false, "active", "terminated", 1, 0, facts.NeedsAttention, `unit "web/0" is terminated`, 0},
		"waits, as before":               {false, "waiting", "maintenance", 1, 0, facts.Migrated, "", 1},
		"blocked, not known from where":  {true, "active", "blocked", 1, 0, facts.Migrated, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(!c.old)
				jaas, g := withInspector(f)
				set := func(i *facts.Inventory, workload string) {
					u := i.Units["web/0"]
					u.Workload, u.Message = workload, hook
					i.Units["web/0"] = u
				}
				g.change["west"] = func(_ int, i *facts.Inventory) { set(i, c.before) }
				g.change["east"] = func(reading int, i *facts.Inventory) {
					if reading >= c.from && (c.until == 0 || reading <= c.until) {
						set(i, c.after)
					}
				}
				res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}})
				said := strings.Join(res.Aftermath.Differences, "; ")
				if err != nil || res.Outcome != c.outcome || !strings.Contains(said, c.says) || c.says == "" && said != "" {
					t.Errorf("%s (%s), differences %q, %v", res.Outcome, res.Cause, said, err)
				}
				if unread := c.old && c.outcome == facts.NeedsAttention; res.Aftermath.Unread != unread {
					t.Errorf("unread %v, want %v", res.Aftermath.Unread, unread)
				}
				evidence := ""
				for _, f := range res.Aftermath.Findings {
					if f.Check == migration.VerifyContents {
						evidence = f.Evidence
					}
				}
				if c.old && (!strings.Contains(evidence, `unit "web/0" is `) || !strings.Contains(evidence, "before the migration")) {
					t.Errorf("the finding is %q", evidence)
				}
				if c.readingsAfterward != 0 && g.readings["east"] != c.readingsAfterward {
					t.Errorf("%d readings, want %d", g.readings["east"], c.readingsAfterward)
				}
			})
		})
	}
}

// Consumed offers and relations can break, too. It is not a difference that Juju 4 upgrades the
// agents.
func TestWhatElseTheMoveChanges(t *testing.T) {
	relation := func(status string) func(*facts.Inventory) {
		return func(i *facts.Inventory) { i.Relations["a:db b:db"] = facts.Relation{Status: status} }
	}
	remote := func(status string) func(*facts.Inventory) {
		return func(i *facts.Inventory) {
			i.Remotes["pg"] = facts.Remote{URL: "bob/db.pg", Status: status, Related: true}
		}
	}
	agents := func(version string) func(*facts.Inventory) {
		return func(i *facts.Inventory) { i.AgentVersion = version }
	}
	for name, c := range map[string]struct {
		before, after  func(*facts.Inventory)
		target, source string
		says           string
	}{
		"a consumed offer is lost (juju/juju#22517)":      {remote("active"), remote("error"), "", "", `remote application "pg" is error, previously active`},
		"a consumed offer was lost before":                {remote("error"), remote("error"), "", "", ""},
		"a suspended relation goes on (juju/juju#23337)":  {relation("suspended"), relation("joined"), "", "", `relation "a:db b:db" is joined, previously suspended`},
		"a relation is still suspended":                   {relation("suspended"), relation("suspended"), "", "", ""},
		"a relation is broken":                            {relation("joined"), relation("error"), "", "", `relation "a:db b:db" is error, previously joined`},
		"a relation is being joined again":                {relation("joined"), relation("joining"), "", "", ""},
		"Juju 4 has upgraded the agents (#21529)":         {agents("3.6.28"), agents("4.0.15"), "4.0.15", "3.6.28", ""},
		"Juju 3 does not":                                 {agents("3.5.7"), agents("3.6.28"), "3.6.28", "3.5.7", "the agents' version is 3.6.28, previously 3.5.7"},
		"agents of another version than Juju 4's own one": {agents("3.6.28"), agents("4.0.14"), "4.0.15", "3.6.28", "the agents' version is 4.0.14"},
	} {
		t.Run(name, func(t *testing.T) {
			before, after := facts.Inventory{Relations: map[string]facts.Relation{}, Remotes: map[string]facts.Remote{}}, facts.Inventory{Relations: map[string]facts.Relation{}, Remotes: map[string]facts.Remote{}}
			c.before(&before)
			c.after(&after)
			said := strings.Join(migration.Differences(before, after, cmp.Or(c.source, "3.6.28"), cmp.Or(c.target, "3.6.28")), "; ")
			if !strings.Contains(said, c.says) || c.says == "" && said != "" {
				t.Errorf("%q, want %q", said, c.says)
			}
		})
	}
}

// The units of a podspec charm get new names with new pods. This is not a difference, but a fault
// of such a unit is. Every other unit keeps its name.
func TestUnitsThatHaveNewNames(t *testing.T) {
	const podspec, sidecar = "kubernetes@kubernetes/stable", "ubuntu@22.04/stable"
	units := func(states ...string) map[string]facts.Unit {
		out := map[string]facts.Unit{}
		for _, s := range states {
			name, workload, _ := strings.Cut(s, " ")
			out[name] = facts.Unit{Agent: "idle", Workload: workload, Message: "why"}
		}
		return out
	}
	for name, c := range map[string]struct {
		base          string
		before, after map[string]facts.Unit
		says          string
	}{
		"new pods":                        {podspec, units("db/0 active", "db/1 active"), units("db/2 active", "db/3 active"), ""},
		"one new pod":                     {podspec, units("db/0 active", "db/1 active"), units("db/1 active", "db/2 active"), ""},
		"a new pod in error":              {podspec, units("db/0 active"), units("db/1 error"), `unit "db/1" is in error (why), previously active`},
		"a new pod is blocked":            {podspec, units("db/0 active"), units("db/1 blocked"), `unit "db/1" is blocked (why), previously active`},
		"a new pod in error, as before":   {podspec, units("db/0 error"), units("db/1 error"), ""},
		"fewer pods":                      {podspec, units("db/0 active", "db/1 active"), units("db/2 active"), `unit "db/1" is gone`},
		"more pods":                       {podspec, units("db/0 active"), units("db/1 active", "db/2 active"), `unit "db/2" is new`},
		"a sidecar keeps its names":       {sidecar, units("db/0 active"), units("db/1 active"), `unit "db/0" is gone; unit "db/1" is new`},
		"a new unit in error":             {sidecar, units("db/0 active"), units("db/0 active", "db/1 error"), `unit "db/1" is new; unit "db/1" is in error (why)`},
		"a new unit":                      {sidecar, units("db/0 active"), units("db/0 active", "db/1 waiting"), `unit "db/1" is new`},
		"a subordinate in error":          {sidecar, units("db/0 active", "nrpe/0 active"), units("db/0 active", "nrpe/0 error"), `unit "nrpe/0" is in error (why), previously active`},
		"terminated before":               {sidecar, units("db/0 terminated"), units("db/0 terminated"), ""},
		"unknown, as the charm leaves it": {sidecar, units("db/0 unknown"), units("db/0 unknown"), ""},
		"unknown, then in error":          {sidecar, units("db/0 unknown"), units("db/0 error"), `unit "db/0" is in error (why), previously unknown`},
	} {
		t.Run(name, func(t *testing.T) {
			applications := map[string]facts.Application{"db": {Base: c.base}}
			before := facts.Inventory{Type: "caas", Applications: applications, Units: c.before}
			after := facts.Inventory{Type: "caas", Applications: applications, Units: c.after}
			if said := strings.Join(migration.Differences(before, after, "3.5.7", "3.6.28"), "; "); said != c.says {
				t.Errorf("%q, want %q", said, c.says)
			}
		})
	}
	t.Run("agents", func(t *testing.T) {
		applications := map[string]facts.Application{"db": {Base: podspec}}
		before := facts.Inventory{Type: "caas", Applications: applications, Units: units("db/0 active")}
		after := facts.Inventory{Type: "caas", Applications: applications, Units: map[string]facts.Unit{"db/1": {Agent: "allocating", Workload: "waiting"}}}
		if got := after.Missing(&before); len(got) != 1 || got[0] != "unit db/1" {
			t.Errorf("a pod that does not come is not missed: %v", got)
		}
	})
}

// Juju 4 makes a storage instance for a volume or filesystem that has none, and names it orphaned/0
// (Juju's guide "Upgrade your Juju deployment from 3.6 to 4.0").
func TestOrphanedStorageIsNoDifference(t *testing.T) {
	before := facts.Inventory{StorageReported: true, Storage: map[string]facts.Storage{"pgdata/0": {Kind: "filesystem"}}}
	for _, c := range []struct{ target, added, says string }{
		{"4.0.15", "orphaned/0", ""},
		{"4.0.15", "pgdata/1", `storage "pgdata/1" is new`},
		{"3.6.28", "orphaned/0", `storage "orphaned/0" is new`}, // Of a charm with such a storage name.
	} {
		after := facts.Inventory{StorageReported: true, Storage: map[string]facts.Storage{"pgdata/0": {Kind: "filesystem"}, c.added: {Kind: "filesystem"}}}
		if got := strings.Join(migration.Differences(before, after, "3.6.14", c.target), "; "); got != c.says {
			t.Errorf("%s to %s: %q, want %q", c.added, c.target, got, c.says)
		}
	}
}

// If an application is gone, its units are not listed one by one.
func TestWhatIsGoneIsListedOnce(t *testing.T) {
	before := facts.Inventory{
		Applications: map[string]facts.Application{"web": {}, "db": {}},
		Units:        map[string]facts.Unit{"web/0": {}, "web/1": {}, "db/0": {Workload: "active"}},
	}
	after := facts.Inventory{
		Applications: map[string]facts.Application{"db": {}, "new": {}},
		Units:        map[string]facts.Unit{"db/0": {Workload: "active"}, "new/0": {Workload: "active"}},
	}
	if got := strings.Join(migration.Differences(before, after, "3.6.14", "3.6.28"), "; "); got != `application "web" is gone; application "new" is new` {
		t.Error(got)
	}
}
