package facts

// Cause is a reason for an outcome that the outcome does not say.
type Cause string

// The causes.
const (
	// CauseNone: the outcome says it all.
	CauseNone Cause = ""
	// CauseChecks: checks failed.
	CauseChecks Cause = "checks-failed"
	// CauseAnswer: the answer of a server explains the outcome; Detail has its
	// message.
	CauseAnswer Cause = "server-answer"
	// CauseDeadline: the timeout of the action ran out.
	CauseDeadline Cause = "deadline"
	// CauseInterrupted: the action was stopped.
	CauseInterrupted Cause = "interrupted"
	// CauseSilent: no controller answered for too long.
	CauseSilent Cause = "no-answer"
	// CauseUnproved: the source has released the model, but not provably to the target.
	CauseUnproved Cause = "unproved"
	// CauseSourceUnknown: the target has the model and is recorded; it could
	// not be determined whether the source has released the model.
	CauseSourceUnknown Cause = "source-unknown"
	// CauseElsewhere: the source has moved the model to a controller other
	// than the target, or JIMM records another.
	CauseElsewhere Cause = "elsewhere"
	// CauseOtherMigration: another migration than the requested one is running.
	CauseOtherMigration Cause = "other-migration"
	// CauseChanged: what was seen at first is no longer true.
	CauseChanged Cause = "changed"
	// CauseRecordFailed: JIMM did not record the target.
	CauseRecordFailed Cause = "record-failed"
	// CauseMisrecorded: JIMM records the target, which denies the model.
	CauseMisrecorded Cause = "misrecorded"
	// CauseLeftOver: the source still has a copy.
	CauseLeftOver Cause = "left-over"
	// CauseAgents: agents of the model have not connected to the target.
	CauseAgents Cause = "agents"
	// CauseDifferences: the contents of the model differ from before.
	CauseDifferences Cause = "differences"
	// CauseRecordCorrect: JIMM's record is right, the recorded controller has the model.
	CauseRecordCorrect Cause = "record-is-right"
	// CauseConfirm: the UUID that the user confirmed is not the model's.
	CauseConfirm Cause = "confirm-differs"
	// CauseNothingRuns: there is no migration to follow.
	CauseNothingRuns Cause = "nothing-runs"
	// CauseStalled: the migration makes no progress.
	CauseStalled Cause = "stalled"
	// CauseDryRunStarted: the source was asked for a dry run and has started a migration.
	CauseDryRunStarted Cause = "dry-run-started"
	// CauseNoAccount: there is no account on the controller that can remove the copy.
	CauseNoAccount Cause = "no-account"
	// CauseNotLeftOver: there is no proof that the copy is left over.
	CauseNotLeftOver Cause = "not-left-over"
	// CauseNotRemoved: the controller still reports the copy that it was asked to remove.
	CauseNotRemoved Cause = "not-removed"
)
