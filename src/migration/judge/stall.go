package judge

import (
	"strings"
	"time"
	"unicode"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
)

// IssueStuckInSuccess is Juju's issue about migrations that stay in SUCCESS.
const IssueStuckInSuccess = "juju/juju#20286"

// Stall detects that a running migration makes no progress: no new phase for too long, or a source that keeps retrying
// the same step. Juju itself sets no limit to either, so this is not a failure. The zero value has no observations and
// no limits.
type Stall struct {
	// Limit is how long a phase may last. LimitTransfer is how long a phase that moves data may last while its numbers
	// do not change. Zero: no limit.
	Limit, LimitTransfer time.Duration

	phase   facts.Phase // The highest phase.
	digits  string      // The numbers in its text.
	since   time.Time   // The time of the last progress.
	text    string      // The last text, without its numbers.
	repeats map[string]int
	stalled bool
}

// The number of times a text must return before its source counts as retrying the step.
const (
	repeatsToStall = 3
	// A source that has begun VALIDATION a third time retries it forever (Juju 3.5.4 to 3.6.28: the target refuses the
	// credential or lacks an instance).
	repeatsToStallValidation = 2
)

// Judge turns the verdict [Running] into [Stalled] if the migration makes no progress. answered reports whether the
// source answered this poll; a poll without an answer changes nothing.
func (s *Stall) Judge(v Verdict, text redact.Raw, answered bool, now time.Time) Verdict {
	if text == "" {
		return v
	}
	phase := facts.ParseText(text)
	repeated := s.repeated(phase, text)
	if v.Kind != Running {
		return v
	}
	v.Repeats = repeated
	switch {
	case s.progressed(phase, text, now):
		if s.stalled && phase > facts.PhaseUnknown {
			s.stalled, s.repeats = false, nil
		}
	case repeated, answered && s.expired(now):
		s.stalled = true
	}
	if s.stalled {
		v.Kind, v.Still = Stalled, now.Sub(s.since).Round(time.Second)
	}
	return v
}

// repeated counts the texts and reports whether this one has returned too often. Juju's texts count agents and log
// lines; the comparison ignores the numbers.
func (s *Stall) repeated(phase facts.Phase, text redact.Raw) bool {
	words := WithoutNumbers(text)
	limit := repeatsToStall
	if phase == facts.PhaseValidation {
		limit = repeatsToStallValidation
	}
	if words != s.text {
		if s.repeats == nil {
			s.repeats = map[string]int{}
		}
		s.text = words
		s.repeats[words]++
	}
	return s.repeats[words] > limit
}

// WithoutNumbers returns a text of a migration without its numbers.
func WithoutNumbers(text redact.Raw) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return -1
		}
		return r
	}, string(text))
}

// progressed reports whether the migration has reached a higher phase or, while it moves data, whether its numbers have
// changed.
func (s *Stall) progressed(phase facts.Phase, text redact.Raw, now time.Time) bool {
	digits := strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return r
		}
		return -1
	}, string(text))
	switch {
	case s.since.IsZero(), phase > s.phase:
	case phase == s.phase && phase.Transfers() && digits != s.digits:
	default:
		return false
	}
	s.phase, s.digits, s.since = phase, digits, now
	return true
}

// expired reports whether the phase has lasted too long.
func (s *Stall) expired(now time.Time) bool {
	limit := s.Limit
	if s.phase.Transfers() || s.phase == facts.PhaseUnknown { // One that is not shown may be one that moves data.
		limit = s.LimitTransfer
	}
	return limit > 0 && now.Sub(s.since) >= limit
}
