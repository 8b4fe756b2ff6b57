package facts

import (
	"time"

	"jimm-migrator/src/redact"
)

// Attempt is a migration as the source controller describes it. Its zero value
// means that there is none.
type Attempt struct {
	// Text is Juju's free text, without the prefix "migrating: ".
	Text redact.Raw
	// Start and End are by the source controller's clock. Start is the only key
	// that distinguishes migrations.
	Start, End time.Time
	// StartUnstable: Start is the time of the text, and changes with it. Builds of
	// Juju 4 that show the model's busy status as a migration do this; once the
	// status is another one they show nothing, and they never show an end.
	StartUnstable bool
}

// TextExporting is what a controller itself reports, to any client, about a model that a
// migration is moving away. It stands for the text of the migration if the source shows
// none, like Juju 4.0.0 and later.
const TextExporting = "model migration in progress"

// Unshown is a migration of which the source reports only that it is running.
func Unshown() Attempt { return Attempt{Text: TextExporting, StartUnstable: true} }

// Unshown reports whether the source shows nothing else about the migration.
func (a Attempt) Unshown() bool { return a.Start.IsZero() && a.Text == TextExporting }

// startSlack is how much two observations of the start of one migration may differ:
// answers may be rounded to seconds. No two migrations begin so close together.
const startSlack = time.Second

// begunAgain reports whether a migration with the second text cannot be the one
// that had the first text: no migration goes back to its beginning.
func begunAgain(first, second redact.Raw) bool {
	before, now := ParseText(first), ParseText(second)
	return now != PhaseUnknown && now < before && (now <= PhaseQuiesce || before == PhaseAbort)
}

// Exists reports whether there is a migration at all.
func (a Attempt) Exists() bool { return !a.Start.IsZero() || a.Text != "" }

// Running reports whether the migration has not ended.
func (a Attempt) Running() bool { return a.Exists() && a.End.IsZero() }

// OfSource reports whether only the source of a migration can show the attempt:
// one that runs, was aborted, or left a copy behind.
func (a Attempt) OfSource() bool { return a.Exists() && !a.WentAway() }

// WentAway reports whether the attempt is the history of a successful migration:
// the controller that shows it was the source, and has the model again.
func (a Attempt) WentAway() bool {
	phase := ParseText(a.Text)
	return !a.End.IsZero() && phase.PastReturn() && phase != PhaseReapFailed
}

// Redacted returns the attempt with a text that may be shown.
func (a Attempt) Redacted() Attempt {
	a.Text = redact.Raw(a.Text.String())
	return a
}

// Same reports whether both, the earlier one first, are observations of one migration.
// If its start drifts or is not known, a running one cannot be distinguished from another,
// unless that has only begun.
func (a Attempt) Same(b Attempt) bool {
	switch {
	case !a.Exists() || !b.Exists():
		return false
	case a.StartUnstable && b.StartUnstable:
		return !begunAgain(a.Text, b.Text)
	case a.Start.IsZero() && b.Start.IsZero() && !a.Running():
		return a.Text == b.Text && a.End.Equal(b.End)
	case a.Start.IsZero() || b.Start.IsZero(): // The status of a model does not say when it began.
		return a.Text == b.Text || a.Running() && !begunAgain(a.Text, b.Text)
	default:
		return a.Start.Sub(b.Start).Abs() < startSlack
	}
}
