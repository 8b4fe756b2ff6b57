package soak_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
)

// judged counts a row of the judge: the verdict, JIMM's record, and the answer of the recorded controller.
func (s *story) judged(e migration.JudgedEvent) {
	described := e.Info == facts.InfoLive || e.Info == facts.InfoListed
	at, info := "none", e.Info.String()
	switch {
	case e.Record == facts.RecordLost:
		at = "lost"
	case described:
		at, info = s.roleOf(e.InfoFrom), "described"
	case e.Record == facts.RecordAt:
		at = s.roleOf(e.Recorded)
	}
	s.cell("judged %s", e.Verdict)
	s.cell("row: record %s, info %s: %s", at, info, e.Verdict)
	if e.Ground != "" {
		s.cell("proof: %s", e.Ground)
	}
}

func (s *story) roleOf(uuid facts.ControllerUUID) string {
	for _, c := range s.jaas.World().Controllers {
		if c.UUID == string(uuid) {
			return map[string]string{s.source: "source", s.target: "target", s.third: "third"}[c.Name]
		}
	}
	return "none"
}

// coverage counts what the seeds have covered.
type coverage struct {
	mu    sync.Mutex
	cells map[string]int
}

func (c *coverage) add(s *story) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, cell := range s.cells {
		c.cells[cell]++
	}
}

func (c *coverage) print(t *testing.T) {
	t.Helper()
	var table strings.Builder
	table.WriteString("how often what has happened:")
	for _, cell := range slices.Sorted(maps.Keys(c.cells)) {
		fmt.Fprintf(&table, "\n%7d %s", c.cells[cell], cell)
	}
	t.Log(table.String())
}

// wanted are the cells that must not be empty.
func wanted() []string {
	want := []string{
		"JIMM 2024", "JIMM 2025", "JIMM 2026", "probe true, credentials true", "probe true, credentials false", "probe false, credentials false", "lives 1", "lives 2", "lives 3", "lost with its node",
		`operator: "second unit"`, `operator: "second unit elsewhere"`, `operator: "hand-made record"`, `operator: "hand-made start"`,
		`operator: "start elsewhere"`, `operator: "curious"`, "clock skew 50s", "clock skew 20m0s",
	}
	want = append(want, "removal: removed ", "removal: refused not-left-over", "removal: refused other-migration", "removal: nothing-to-remove ", "removed in the end: removed")
	want = append(want, "dry run: accepted", "dry run: refused", "dry run: not-sent", "dry run: no-answer")
	want = append(want, rows()...)
	for _, step := range steps() {
		for _, how := range hows() {
			want = append(want, fmt.Sprintf("killed in %s: %s", step, how))
		}
	}
	for _, role := range []string{"jimm", "the source", "the target"} {
		for _, kind := range outageKinds() {
			want = append(want, role+" "+kind)
		}
	}
	for _, action := range faultActions() {
		want = append(want, fmt.Sprintf("fault %s", action), fmt.Sprintf("fault %s on MigrateModel", action), fmt.Sprintf("fault %s on UpdateMigratedModel", action))
	}
	for kind := judge.NoAnswer; kind <= judge.Conflict; kind++ {
		switch kind {
		case judge.Ended: // no simulated source ends with an unknown text
		case judge.Conflict, judge.Superseded, judge.GoesElsewhere: // only a few in thousands of seeds
		default:
			want = append(want, "judged "+kind.String())
		}
	}
	for _, outcome := range []facts.Outcome{
		facts.Migrated, facts.AlreadyThere, facts.Recorded, facts.Refused, facts.NotStarted,
		facts.Aborted, facts.TimedOut, facts.NeedsAttention, facts.LostFromJIMM, facts.Unknown, facts.Conflict,
	} {
		want = append(want, fmt.Sprintf("outcome: %s", outcome))
	}
	return want
}

// check fails for each cell that must be covered and is not.
func (c *coverage) check(t *testing.T) {
	t.Helper()
	for _, cell := range wanted() {
		if c.cells[cell] == 0 {
			t.Errorf("never: %s", cell)
		}
	}
}
