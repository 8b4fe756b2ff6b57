package report_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/report"
)

// The chart of a run has the migrations that were started, and nothing else. It is the one
// of the page about moving many models, which a browser draws (make pictures).
func TestChartShowsWhatWasStarted(t *testing.T) {
	began := time.Date(2026, 11, 28, 21, 30, 0, 0, time.UTC)
	sent := map[facts.Outcome]bool{facts.Migrated: true, facts.NeedsAttention: true, facts.Aborted: true, facts.NotStarted: true}
	moved := func(name, target string, from, to time.Duration, state fleet.State, outcome facts.Outcome) fleet.MoveResult {
		m := fleet.MoveResult{
			Entry: fleet.Entry{Wave: 1, Model: name, Source: "west", Route: []fleet.Step{{Controller: target}}, Name: "alice@example.com/" + name},
			State: state, Result: migration.Result{Outcome: outcome}, Began: began.Add(from), Ended: began.Add(to),
		}
		if sent[outcome] {
			m.Result.Timing.Started = m.Began
		}
		return m
	}
	d := fleet.Done{Outcome: fleet.RunPartly, Began: began, Took: 17 * time.Minute, Moves: []fleet.MoveResult{
		moved("lab", "east", 0, 266*time.Second, fleet.Well, facts.Migrated),
		moved("web", "east", 270*time.Second, 560*time.Second, fleet.Well, facts.Migrated),
		moved("prod", "east", 275*time.Second, 900*time.Second, fleet.Failed, facts.NeedsAttention),
		moved("mail", "north", 1*time.Second, 280*time.Second, fleet.Well, facts.Migrated),
		moved("shop", "north", 285*time.Second, 520*time.Second, fleet.Failed, facts.Aborted),
		moved("sick", "north", 290*time.Second, 291*time.Second, fleet.Stayed, facts.Refused),
		moved("small", "north", 290*time.Second, 295*time.Second, fleet.Stayed, facts.NotStarted),
		moved("there", "north", 290*time.Second, 295*time.Second, fleet.Well, facts.AlreadyThere),
	}}
	d.Moves[0].Canary, d.Moves[3].Canary = true, true
	_, chart, found := strings.Cut(report.RunReport(d, fleet.Plan{Goal: fleet.Move}), "## Timeline\n\n")
	if !found {
		t.Fatal("the report has no chart")
	}
	for _, name := range []string{"lab", "web", "prod", "mail", "shop"} {
		if !strings.Contains(chart, "/"+name+" :") {
			t.Errorf("%s is not drawn", name)
		}
	}
	for _, name := range []string{"sick", "small", "there"} {
		if strings.Contains(chart, name) {
			t.Errorf("%s is drawn, and never moved", name)
		}
	}
	page, err := os.ReadFile("../../docs/how-to/move-many-models.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), chart) {
		t.Errorf("docs/how-to/move-many-models.md has another chart than\n%s", chart)
	}
}
