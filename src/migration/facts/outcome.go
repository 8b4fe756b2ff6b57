package facts

// Outcome reports how a migration ended, as far as this run could determine.
// The list is closed; docs/reference/outcomes.md explains each one.
type Outcome string

// The outcomes with which an action completes.
const (
	// Migrated: the model is active on the target and recorded there, and the
	// source has released the model.
	Migrated Outcome = "migrated"
	// AlreadyThere: the same, and nothing had to be done.
	AlreadyThere Outcome = "already-there"
	// Recorded: the model had been moved before; JIMM's record now says so.
	Recorded Outcome = "recorded"
	// Started: the migration runs and is not followed (detach).
	Started Outcome = "started"
	// ChecksPassed: no check failed, nothing was started (dry run).
	ChecksPassed Outcome = "checks-passed"
	// Removed: the controller reports that the left-over copy is gone.
	Removed Outcome = "removed"
	// NothingToRemove: the controller reports that it has no copy.
	NothingToRemove Outcome = "nothing-to-remove"
)

// The outcomes with which an action fails.
const (
	// Refused: at least one check failed; nothing was started.
	Refused Outcome = "refused"
	// NotStarted: a migration was requested and none began; the model is on the
	// source.
	NotStarted Outcome = "not-started"
	// Aborted: the migration was aborted; the model is on the source.
	Aborted Outcome = "aborted"
	// TimedOut: the action stopped watching before the end.
	TimedOut Outcome = "timed-out"
	// Interrupted: the process was stopped (SIGTERM) before the end.
	Interrupted Outcome = "interrupted"
	// NeedsAttention: recorded on the target, but something is left to do.
	NeedsAttention Outcome = "migrated-needs-attention"
	// Conflict: two controllers report that they host the model.
	Conflict Outcome = "conflict"
	// LostFromJIMM: JIMM no longer knows the model.
	LostFromJIMM Outcome = "lost-from-jimm"
	// Unknown: no controller reported how it ended.
	Unknown Outcome = "unknown"
)

// Succeeded reports whether the action completes with this outcome.
func (o Outcome) Succeeded() bool {
	switch o {
	case Migrated, AlreadyThere, Recorded, Started, ChecksPassed, Removed, NothingToRemove:
		return true
	default:
		return false
	}
}

// Moved reports whether the model is on the target, recorded there, and nothing is
// left to do.
func (o Outcome) Moved() bool { return o == Migrated || o == AlreadyThere || o == Recorded }

// RetrySafe reports whether running the same action again is safe and can help.
// It is never harmful: where it cannot help, the answer is false.
func (o Outcome) RetrySafe() bool {
	switch o {
	case Conflict, LostFromJIMM:
		return false
	default:
		return true
	}
}

// Step is a part of the engine's work.
type Step string

// The steps in their order.
const (
	StepCheck  Step = "check"
	StepStart  Step = "start"
	StepWatch  Step = "watch"
	StepRecord Step = "record"
	StepVerify Step = "verify"
)
