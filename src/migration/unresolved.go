package migration

import (
	"time"

	"jimm-migrator/src/migration/judge"
)

// unresolved measures for how long the verdicts have settled nothing. Its zero value
// has no doubt.
type unresolved struct {
	kind  judge.Kind
	since time.Time // Since when the verdict is of this kind; zero: it is not.
	blind time.Time // Since when no one answers; zero: someone does.
}

// waited returns for how long the verdict has been of this kind. An observation that
// got no answer interrupts nothing.
func (d *unresolved) waited(kind judge.Kind, now time.Time) time.Duration {
	if kind == judge.NoAnswer {
		if d.blind.IsZero() {
			d.blind = now
		}
		return now.Sub(d.blind)
	}
	d.blind = time.Time{}
	if kind != d.kind || d.since.IsZero() {
		d.kind, d.since = kind, now
	}
	return now.Sub(d.since)
}

// blindly reports whether the last observation got no answer.
func (d *unresolved) blindly() bool { return !d.blind.IsZero() }

// reset forgets what was unresolved.
func (d *unresolved) reset() { *d = unresolved{} }
