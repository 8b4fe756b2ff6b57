package migration

import (
	"strings"
	"time"
	"unicode"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
)

// pace knows when a migration has come further last: to a higher phase, or, while
// it transfers, to other numbers. Its zero value has seen nothing.
type pace struct {
	phase  facts.Phase
	digits string
	since  time.Time
}

// further takes a look and reports whether the migration has come further.
func (p *pace) further(phase facts.Phase, text string, now time.Time) bool {
	digits := strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return r
		}
		return -1
	}, text)
	switch {
	case p.since.IsZero(), phase > p.phase:
	case phase == p.phase && phase.Transfers() && digits != p.digits:
	default:
		return false
	}
	p.phase, p.digits, p.since = phase, digits, now
	return true
}

// watchPace reports once that a migration does not go on: Juju gives agents 15
// minutes for each phase (migration-agent-wait-time), and a source that fails on
// the way begins the same phase again and again. It claims no failure. Looks that
// brought no answer count for nothing.
func (t *reporter) watchPace(phase facts.Phase, text string, answered bool) {
	now := time.Now()
	if t.pace.further(phase, text, now) {
		if t.stalled && phase > facts.PhaseUnknown {
			t.stalled, t.texts = false, map[string]int{t.text: 1}
		}
		return
	}
	limit := t.wait(TimeToStall)
	if t.pace.phase.Transfers() {
		limit = t.wait(TimeToStallTransfer)
	}
	if still := now.Sub(t.pace.since); answered && still >= limit && !t.stalled {
		t.stalled = true
		t.report(StallEvent{Phase: phase, Text: text, Elapsed: t.elapsed(), Still: still.Round(time.Second)})
	}
}

// stalledNow ends the watching of a migration that does not go on, if that is
// wanted.
func (f *watcher) stalledNow(v judge.Verdict) bool {
	if !f.opts.StopOnStall || !f.stalled || v.Kind != judge.Running || !f.progress.Attempt.Running() {
		return false
	}
	f.res.Detail = "no progress: " + f.progress.Phase.String() + ": " + f.res.Attempt.Text
	if f.progress.Phase == facts.PhaseSuccess {
		f.res.Detail += " (see " + IssueStuckInSuccess + ")"
	}
	f.end(facts.TimedOut, facts.CauseStalled)
	return true
}

// IssueStuckInSuccess is Juju's issue about migrations that stay in SUCCESS.
const IssueStuckInSuccess = "juju/juju#20286"
