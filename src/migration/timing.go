package migration

import (
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
)

// Timing is when what was seen, by the clock of this process, with the
// precision of the observations. A time that was not seen is zero.
type Timing struct {
	// Started is when this run has requested the migration.
	Started time.Time
	// Quiesced is the first observation at which the model was frozen.
	Quiesced time.Time
	// NoReturn is the first observation after which Juju could no longer abort.
	NoReturn time.Time
	// Active is the first observation at which the model was known to be in use again:
	// on the target, or after an abort on the source.
	Active time.Time
	// Agents is the first observation at which an agent of the model was seen on the
	// target.
	Agents time.Time
	// Recorded is when JIMM's record first named the target.
	Recorded time.Time
	// Finished is when the end was seen.
	Finished time.Time
	// Unserved is for how long JIMM could not serve the model: its recorded
	// controller did not answer for it.
	Unserved time.Duration

	unservedSince time.Time
}

// Downtime is how long the model was frozen: until its first agent was seen on
// the target, or, if agents were not observed, until it was in use again. It is
// zero if the end was not seen.
func (t Timing) Downtime() time.Duration {
	over := t.Agents
	first(&over, t.Active)
	if t.Quiesced.IsZero() || over.IsZero() {
		return 0
	}
	return max(over.Sub(t.Quiesced), 0)
}

// observe takes an observation into account.
func (t *Timing) observe(now time.Time, b judge.Baseline, p judge.Progress, v judge.Verdict, o facts.Observation) {
	if p.Attempt.Exists() && p.Phase >= facts.PhaseQuiesce {
		first(&t.Quiesced, now)
	}
	if p.Phase.PastReturn() {
		first(&t.NoReturn, now)
	}
	switch v.Kind {
	case judge.Moved, judge.ReapFailed, judge.Migrated, judge.Aborted, judge.SourceRetains:
		first(&t.Active, now)
	case judge.Running, judge.Stalled, judge.GoesElsewhere, judge.SourceReleased:
		if p.Phase.PastReturn() {
			first(&t.Active, now)
		}
	default:
	}
	if o.RecordedAt() == b.Target.UUID && b.Source.Known() && b.Source.UUID != b.Target.UUID {
		first(&t.Recorded, now)
	}
	served := o.Info.Described() || o.Info.Kind == facts.InfoNotAsked || !t.Recorded.IsZero()
	switch {
	case served && !t.unservedSince.IsZero():
		t.Unserved += now.Sub(t.unservedSince)
		t.unservedSince = time.Time{}
	case !served:
		first(&t.unservedSince, now)
	}
}

// finish notes the end, if the outcome is one of the migration.
func (t *Timing) finish(now time.Time, outcome facts.Outcome) {
	switch outcome {
	case facts.Migrated, facts.Recorded, facts.NeedsAttention, facts.Aborted:
		first(&t.Finished, now)
	default:
	}
}

func first(at *time.Time, now time.Time) {
	if at.IsZero() {
		*at = now
	}
}
