package report_test

import (
	"testing"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/report"
)

// The events and the results have the same downtime: until the first agent is connected to the
// target, or until the model is in use again if no agent was seen.
func TestTheDowntimeOfTheEventsIsThatOfTheResults(t *testing.T) {
	began := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	after := func(d time.Duration) time.Time { return began.Add(d) }
	for name, c := range map[string]struct {
		timing  migration.Timing
		results any
		event   any
	}{
		"agents": {
			migration.Timing{Quiesced: began, NoReturn: after(14 * time.Second), Active: after(14 * time.Second), Agents: after(24 * time.Second)}, "24s", 24.0,
		},
		"no agents":         {migration.Timing{Quiesced: began, NoReturn: after(14 * time.Second), Active: after(14 * time.Second)}, "14s", 14.0},
		"never seen frozen": {migration.Timing{Active: began, Agents: after(time.Second)}, nil, nil},
		"the end was not seen": {
			migration.Timing{Quiesced: began}, nil, nil,
		},
	} {
		r := migration.Result{Outcome: facts.Migrated, Timing: c.timing}
		timing, _ := report.MigrationResults(r, report.Run{})["timing"].(map[string]any)
		event := report.EndFields(r, "", time.Minute)
		if timing["downtime"] != c.results || event["downtime_seconds"] != c.event {
			t.Errorf("%s: %v in the results and %v in the event, want %v and %v", name, timing["downtime"], event["downtime_seconds"], c.results, c.event)
		}
	}
}
