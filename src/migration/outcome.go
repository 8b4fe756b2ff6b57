package migration

// Outcome says how a migration ended, as far as this run could find out. The
// list is closed; docs/reference/outcomes.md explains each in a line.
type Outcome string

// The outcomes with which an action completes.
const (
	// Migrated: the model is active on the target and recorded there, and the
	// source has let go.
	Migrated Outcome = "migrated"
	// AlreadyThere: the same, and nothing had to be done.
	AlreadyThere Outcome = "already-there"
	// Recorded: the model had been moved before; JIMM's record now says so.
	Recorded Outcome = "recorded"
	// Started: the migration runs and is not followed (detach).
	Started Outcome = "started"
	// ChecksPassed: no check failed, nothing was started (dry run).
	ChecksPassed Outcome = "checks-passed"
)

// The outcomes with which an action fails.
const (
	// Refused: at least one check failed; nothing was started.
	Refused Outcome = "refused"
	// NotStarted: the start was asked for and no migration began; the model is
	// on the source.
	NotStarted Outcome = "not-started"
	// Aborted: the migration was aborted; the model is on the source.
	Aborted Outcome = "aborted"
	// TimedOut: the action stopped watching before the end.
	TimedOut Outcome = "timed-out"
	// NeedsAttention: recorded on the target, but something is left to do.
	NeedsAttention Outcome = "migrated-needs-attention"
	// Conflict: two controllers say that they have the model in use.
	Conflict Outcome = "conflict"
	// LostFromJIMM: JIMM does not know the model any more.
	LostFromJIMM Outcome = "lost-from-jimm"
	// Unknown: nobody who could be asked told how it ended.
	Unknown Outcome = "unknown"
)

// Succeeded reports whether the action completes with this outcome.
func (o Outcome) Succeeded() bool {
	switch o {
	case Migrated, AlreadyThere, Recorded, Started, ChecksPassed:
		return true
	default:
		return false
	}
}

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

// RetrySafe reports whether running the same action again is safe and can help.
// After a refusal or an abort that the model's contents decide it cannot, nor
// while a copy on the target blocks it.
func (r Result) RetrySafe() bool { return r.Outcome.RetrySafe() && !r.Settled && !r.CopyLeft }

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

// Result is what a run of the engine found and did.
type Result struct {
	Outcome Outcome
	// Step is the step that the run ended in.
	Step Step
	// Cause says why the outcome is what it is, where the outcome alone does
	// not: a server's words (redacted) or what was waited for in vain.
	Cause Cause
	// Detail is the text that goes with the cause, redacted.
	Detail string
	// Hint says what a reason of [NotStarted] or [Aborted] means and what helps,
	// if that is known.
	Hint string
	// Settled tells that the reason is a known one that does not end by itself:
	// the same command can only be refused again until something is done.
	Settled bool
	// CopyLeft tells that the target still says that it has a copy after an
	// abort.
	CopyLeft bool
	// Err is the error that explains the outcome, if one does. Its text has not
	// been redacted.
	Err error
	// Plan is what the situation called for at first.
	Plan Plan

	Model  Model
	Source Controller
	Target Controller
	// Recorded is the controller on JIMM's record at the end; unknown if its
	// UUID is empty.
	Recorded Controller
	// Holder is the controller that has the model in use, as far as it is
	// known; unknown if its UUID is empty.
	Holder Controller
	// Findings are the verdicts of the checks.
	Findings []Finding
	// MigrationID is what the source called the migration, if it told.
	MigrationID string
	// Attempt is the last look at the migration that was followed.
	Attempt Attempt
	Phase   Phase
	// TargetProved tells that the migration is known to go to Target.
	TargetProved bool
	// Attached tells that the migration was not started by this run.
	Attached bool
	// Running tells that a migration was running at the last look.
	Running bool
	// Proof is the ground on which the target was recorded, if this run did.
	Proof string
	// Aftermath is what was found when the model had moved.
	Aftermath Aftermath
	// Next is the command that helps from here, or "".
	Next string
	// Timing is when what was seen.
	Timing Timing
}

// Cause is a reason for an outcome that the outcome does not tell by itself.
type Cause string

// The causes.
const (
	// CauseNone: the outcome says it all.
	CauseNone Cause = ""
	// CauseChecks: checks failed.
	CauseChecks Cause = "checks-failed"
	// CauseAnswer: a server said so; Detail holds its words.
	CauseAnswer Cause = "server-answer"
	// CauseDeadline: the timeout of the action ran out.
	CauseDeadline Cause = "deadline"
	// CauseInterrupted: the action was told to stop.
	CauseInterrupted Cause = "interrupted"
	// CauseSilent: nobody who could tell has answered for too long.
	CauseSilent Cause = "no-answer"
	// CauseUnproved: the source has let go, but not provably to the target.
	CauseUnproved Cause = "unproved"
	// CauseSourceUnknown: the target has the model and is recorded; whether the
	// source has let go could not be found out.
	CauseSourceUnknown Cause = "source-unknown"
	// CauseElsewhere: the source has moved the model to another controller than
	// the target, or JIMM records another.
	CauseElsewhere Cause = "elsewhere"
	// CauseOtherMigration: another migration runs than the one asked for.
	CauseOtherMigration Cause = "other-migration"
	// CauseChanged: what was seen at first is not so any more.
	CauseChanged Cause = "changed"
	// CauseRecordFailed: JIMM did not record the target.
	CauseRecordFailed Cause = "record-failed"
	// CauseMisrecorded: JIMM records the target, which denies the model.
	CauseMisrecorded Cause = "misrecorded"
	// CauseLeftOver: the source still has a copy.
	CauseLeftOver Cause = "left-over"
	// CauseAgents: agents of the model have not come to the target.
	CauseAgents Cause = "agents"
	// CauseDifferences: the model does not hold what it held before.
	CauseDifferences Cause = "differences"
	// CauseHeld: JIMM's record is right, the recorded controller has the model.
	CauseHeld Cause = "record-is-right"
	// CauseConfirm: the UUID that the operator confirmed is not the model's.
	CauseConfirm Cause = "confirm-differs"
	// CauseNothingRuns: there is no migration to follow.
	CauseNothingRuns Cause = "nothing-runs"
	// CauseStalled: the migration does not go on.
	CauseStalled Cause = "stalled"
)
