package report_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/report"
	"jimm-migrator/src/rpc"
)

// statusKeys are the keys of migration-status with all that it may have.
func statusKeys(r migration.Result) []string {
	m := migration.Movement{
		Model: r.Model, State: migration.MovementRunning, Source: r.Source, Target: r.Target, TargetProved: true,
		Attempt: r.Attempt, Elapsed: time.Minute, Err: &rpc.Error{Message: "no", Code: "x"},
	}
	keys := map[string]bool{}
	follow := report.FollowResults(r, run)
	follow["next"] = "x"
	for _, out := range []map[string]any{report.MovementResults(m, "jimm-migrator/0"), follow, report.FollowResults(lostModel(), run), report.MovingResults(migration.AllMovements{Movements: []migration.Movement{m}, Known: 1}, errors.New("x"))} {
		for _, key := range flat(out, map[string]string{"models": "UUID"}) {
			keys[key] = true
		}
	}
	return slices.Collect(maps.Keys(keys))
}

func TestAllMovementsReportTheirGaps(t *testing.T) {
	found := migration.AllMovements{Known: 99, Unasked: 9, Gaps: errors.New("cannot list 1 of 60 models: password=CANARY")}
	gaps, _ := report.MovingResults(found, errors.New("timeout"))["gaps"].(string)
	for _, part := range []string{"timeout", "cannot list 1 of 60 models", "9 models", "before the timeout"} {
		if !strings.Contains(gaps, part) {
			t.Errorf("gaps are %q, want %q in it", gaps, part)
		}
	}
	if strings.Contains(gaps, "CANARY") {
		t.Errorf("gaps are %q", gaps)
	}
	if _, listed := report.MovingResults(migration.AllMovements{Known: 1}, nil)["gaps"]; listed {
		t.Error("gaps where there are none")
	}
}
