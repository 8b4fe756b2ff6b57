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

// Stall finds out that a running migration makes no progress: it shows no new
// phase for too long, or its source repeats the same steps. Juju sets no end to
// either, so that is not a failure. The zero value has seen nothing and has no limits.
type Stall struct {
	// Limit is how long a phase may last, LimitTransfer how long one may that moves
	// data and whose numbers do not change; zero: no limit.
	Limit, LimitTransfer time.Duration

	phase   facts.Phase // The highest phase.
	digits  string      // The numbers in its text.
	since   time.Time   // Since when there is no progress.
	text    string      // The last text, without its numbers.
	repeats map[string]int
	stalled bool
}

// The numbers of times a text must come back until its source repeats the step.
const (
	repeatsToStall = 3
	// A source that has begun VALIDATION a third time does so forever (Juju 3.5.4 to
	// 3.6.28: the target refuses the credential or lacks an instance).
	repeatsToStallValidation = 2
)

// Judge turns the verdict [Running] into [Stalled] where the migration makes no
// progress. answered reports whether the source has answered this poll: a poll
// without an answer changes nothing.
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

// repeated counts the texts and reports whether this one has recurred too often.
// Juju counts agents and log lines in its texts; only the words count here.
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

// progressed reports whether the migration has reached a higher phase, or, while
// it moves data, to other numbers.
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

// expired reports whether the phase lasts for too long.
func (s *Stall) expired(now time.Time) bool {
	limit := s.Limit
	if s.phase.Transfers() || s.phase == facts.PhaseUnknown { // One that is not shown may be one that moves data.
		limit = s.LimitTransfer
	}
	return limit > 0 && now.Sub(s.since) >= limit
}
