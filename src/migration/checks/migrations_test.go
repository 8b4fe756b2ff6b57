package checks_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// Juju 4 reports no start through JIMM, and JIMM's list never does.
func TestAMigrationWithoutTimesHasNone(t *testing.T) {
	start := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	west, east := facts.Controller{Name: "west", UUID: "w"}, facts.Controller{Name: "east", UUID: "e"}
	for name, c := range map[string]struct {
		attempt facts.Attempt
		check   checks.ID
		want    string
	}{
		"running":                  {facts.Attempt{Text: "exporting model", Start: start}, checks.OtherMigration, "a migration has been running since 2026-11-29 12:00:00 UTC (exporting model)"},
		"running, no start":        {facts.Attempt{Text: "exporting model"}, checks.OtherMigration, "a migration is running (exporting model)"},
		"running, nothing is said": {facts.Unshown(), checks.OtherMigration, `"west" reports that a migration of the model is running`},
		"aborted":                  {facts.Attempt{Text: "aborted, because", Start: start, End: start.Add(time.Hour)}, checks.EarlierAttempt, "an earlier attempt ended at 2026-11-29 13:00:00 UTC: aborted, because"},
		"aborted, no end":          {facts.Attempt{Text: "aborted, because", Start: start}, checks.EarlierAttempt, "an earlier attempt began at 2026-11-29 12:00:00 UTC and has ended: aborted, because"},
		"aborted, no times":        {facts.Attempt{Text: "aborted, because"}, checks.EarlierAttempt, "an earlier attempt ended: aborted, because"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &survey.Survey{
				Controllers: facts.Controllers{east, west}, Source: west, Target: east,
				Model:       facts.Model{UUID: "m", Name: "prod", Owner: "alice", Recorded: "w"},
				Observation: facts.Observation{Info: facts.Info{Kind: facts.InfoLive, Status: "available", Attempt: c.attempt}},
			}
			findings := checks.Run(s, nil)
			i := slices.IndexFunc(findings, func(f checks.Finding) bool { return f.Check == c.check })
			if i < 0 || !strings.HasPrefix(findings[i].Evidence, c.want) {
				t.Errorf("findings are %v, want %q", findings, c.want)
			}
		})
	}
}
