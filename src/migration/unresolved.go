package migration

import (
	"time"

	"jimm-migrator/src/migration/judge"
)

// unresolved is the timer of verdicts that settle nothing. Its zero value does not run.
type unresolved struct {
	kind       judge.Kind
	since      time.Time // Since when the verdict is of this kind; zero: it is not.
	unanswered time.Time // Since when there is no answer; zero: the last observation got one.
}

// duration returns for how long the verdict has been of this kind. An observation that
// got no answer interrupts nothing.
func (u *unresolved) duration(kind judge.Kind, now time.Time) time.Duration {
	if kind == judge.NoAnswer {
		if u.unanswered.IsZero() {
			u.unanswered = now
		}
		return now.Sub(u.unanswered)
	}
	u.unanswered = time.Time{}
	if kind != u.kind || u.since.IsZero() {
		u.kind, u.since = kind, now
	}
	return now.Sub(u.since)
}

// noAnswer reports whether the last observation got no answer.
func (u *unresolved) noAnswer() bool { return !u.unanswered.IsZero() }

// reset stops the timer.
func (u *unresolved) reset() { *u = unresolved{} }
