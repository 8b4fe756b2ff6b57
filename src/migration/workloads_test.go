package migration_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
)

// The agents have come, and the workload is broken by the move: that is a
// difference, by name and text. What was broken before is none, and what recovers
// by itself is not either.
func TestWorkloadsThatTheMoveHasBroken(t *testing.T) {
	const hook = "hook failed: config-changed"
	for name, c := range map[string]struct {
		old            bool // JIMM of 2024, which does not look before.
		before, after  string
		from           int // The look from which on it is so.
		until          int // The look until which it is so; 0: for good.
		outcome        facts.Outcome
		says           string
		looksAfterward int
	}{
		"active, then in error":          {false, "active", "error", 1, 0, facts.NeedsAttention, `unit "web/0" is in error (` + hook + `), it was active`, 0},
		"active, then blocked":           {false, "active", "blocked", 1, 0, facts.NeedsAttention, `unit "web/0" is blocked (` + hook + `), it was active`, 0},
		"in error before":                {false, "error", "error", 1, 0, facts.Migrated, "", 1},
		"waiting, then blocked":          {false, "waiting", "blocked", 1, 0, facts.Migrated, "", 1},
		"waiting, then in error":         {false, "waiting", "error", 1, 0, facts.NeedsAttention, "it was waiting", 0},
		"recovers by itself":             {false, "active", "error", 1, 2, facts.Migrated, "", 3},
		"in error, not known from where": {true, "active", "error", 1, 0, facts.NeedsAttention, "how the model was before is not known", 0},
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
				g.change["east"] = func(look int, i *facts.Inventory) {
					if look >= c.from && (c.until == 0 || look <= c.until) {
						set(i, c.after)
					}
				}
				res, err := migration.Migrate(t.Context(), jaas, f, migration.Options{Model: "prod", Target: "east", Probe: true})
				said := strings.Join(res.Aftermath.Differences, "; ")
				if err != nil || res.Outcome != c.outcome || !strings.Contains(said, c.says) || c.says == "" && said != "" {
					t.Errorf("%s (%s), differences %q, %v", res.Outcome, res.Cause, said, err)
				}
				if c.looksAfterward != 0 && g.looks["east"] != c.looksAfterward {
					t.Errorf("%d looks, want %d", g.looks["east"], c.looksAfterward)
				}
			})
		})
	}
}
