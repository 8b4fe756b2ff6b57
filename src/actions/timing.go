package actions

import (
	"fmt"

	"jimm-migrator/src/migration"
)

// stopOnStall is the value of on-stall that ends the watching.
const stopOnStall = "stop"

// timingResults are when what was seen, by the unit's clock.
func timingResults(t migration.Timing) map[string]any {
	out := map[string]any{}
	set(out, "started", stamp(t.Started))
	set(out, "no-return", stamp(t.NoReturn))
	set(out, "recorded", stamp(t.Recorded))
	set(out, "finished", stamp(t.Finished))
	if d := t.Downtime(); d > 0 {
		out["downtime"] = span(d)
	}
	if t.Unserved > 0 {
		out["api-unavailable"] = span(t.Unserved)
	}
	return out
}

// stillLine says that a migration shows no new phase.
func stillLine(e migration.StallEvent) string {
	text := fmt.Sprintf("not progressing: no new phase for %s, %s: %s (%s)", span(e.Still), e.Phase, e.Text, span(e.Elapsed))
	if e.Phase == migration.PhaseSuccess {
		text += "; see " + migration.IssueStuckInSuccess
	}
	return text + "; this is no failure, the source's controller log tells why"
}
