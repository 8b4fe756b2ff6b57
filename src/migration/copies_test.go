package migration_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/locate"
	"jimm-migrator/src/migration/survey"
)

// A second copy that may be in use forbids a migration until a user accepts it, and
// locate-model names it too. A copy that its controller reports as half imported is a
// warning.
func TestACopyOnAThirdControllerThatNothingExplains(t *testing.T) {
	for name, c := range map[string]struct {
		north    facts.CopyState
		level    checks.Level
		started  bool
		ignoring bool
	}{
		"has one":             {facts.CopyPresent, checks.Fail, false, true},
		"half imported":       {facts.CopyImporting, checks.Warn, true, true},
		"could not remove it": {facts.CopyExporting, checks.Warn, true, true},
		"none":                {facts.CopyAbsent, checks.Pass, true, true},
	} {
		for _, completes := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					f := newFake(completes)
					jaas := f.jaas()
					jaas.Witness = says{fake: f, copies: func(name string) facts.Copy {
						switch name {
						case "west":
							return facts.Copy{State: facts.CopyPresent}
						case "north":
							return facts.Copy{State: c.north}
						default:
							return facts.Copy{State: facts.CopyAbsent}
						}
					}}
					opts := migration.Options{Options: survey.Options{Model: "prod", Target: "east", Probe: true}}
					for _, ignored := range []bool{false, true} {
						want := c.started
						if ignored {
							opts.Ignore, want = []checks.ID{checks.Conflict}, c.ignoring
						}
						res, err := migration.Check(t.Context(), jaas, opts)
						level := checks.Level("")
						for _, finding := range res.Findings {
							if finding.Check == checks.Conflict {
								level = finding.Level
							}
						}
						if err != nil || (res.Outcome == facts.ChecksPassed) != want || level != c.level {
							t.Errorf("ignored %v: %s, conflict: %s, %v", ignored, res.Outcome, level, err)
						}
					}
					found, err := locate.Locate(t.Context(), jaas, locate.Options{Model: "prod", Probe: true})
					if err != nil {
						t.Fatal(err)
					}
					l := found.Locations[0]
					if has := c.north != facts.CopyAbsent; (len(l.Copies) == 1) != has || strings.Contains(l.Proof, "north") != has {
						t.Errorf("located %s, copies %v: %s", l.State, l.Copies, l.Proof)
					}
				})
			})
		}
	}
}
