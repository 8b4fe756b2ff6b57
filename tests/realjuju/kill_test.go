package realjuju_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"jimm-migrator/tests/engine"
)

// TestKilled kills the engine at each line that it prints, and runs it again: it never starts a second migration, and
// in the end the model is migrated and recorded. The checks print many lines and change nothing: their first and their
// last are enough. One model is migrated at a time, because Juju gives up on a transaction that too many others
// disturb.
func TestKilled(t *testing.T) {
	t.Parallel()
	for _, f := range fronts() {
		if f.blind {
			continue // its result is only seen by chance
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			if f.long {
				slow(t)
			}
			killed(t, f)
		})
	}
}

func killed(t *testing.T, f front) {
	t.Helper()
	j := start(t, f.generation)
	whole := addModel(t, j, "whole")
	lines := migrate(t, j.Engine(f.accounts), engine.Request{Model: whole.UUID, Target: "east"}).Progress

	for at, line := range lines {
		check := func(n int) bool { return n < len(lines) && strings.HasPrefix(lines[n], "check ") }
		if at > 0 && check(at) && check(at+1) {
			continue
		}
		t.Run(fmt.Sprintf("line %d", at+1), func(t *testing.T) {
			m := addModel(t, j, fmt.Sprintf("m%d", at+1))
			ctx, kill := context.WithCancel(t.Context())
			defer kill()
			seen := 0
			first, err := j.Engine(f.accounts).Migrate(ctx, engine.Request{Model: m.UUID, Target: "east", Timeout: patience, Progress: func(string) {
				if seen++; seen == at+1 {
					kill()
				}
			}})
			if err == nil {
				for _, lie := range lies(first, actualOf(j, m)) {
					t.Errorf("killed at %q: %s", line, lie)
				}
			}
			report := migrate(t, j.Engine(f.accounts), engine.Request{Model: m.UUID, Target: "east"})
			switch report.Outcome {
			case "migrated", "recorded", "already-there":
			default:
				t.Errorf("killed at %q, run again: %s: %s", line, report.Outcome, report.Summary)
			}
			for _, lie := range lies(report, actualOf(j, m)) {
				t.Error(lie)
			}
		})
	}
}
