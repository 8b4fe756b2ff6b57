package migration

// CheckID names a check. The ids are stable: scripts and ignore-checks use them.
type CheckID string

// The checks.
const (
	// CheckModel: JIMM knows the model.
	CheckModel CheckID = "model"
	// CheckOwnModel: the model is not the one that hosts this charm. Its own
	// agent would wait for the action to end, and the migration for the agent.
	CheckOwnModel CheckID = "own-model"
	// CheckControllerModel: the model is not a controller's own.
	CheckControllerModel CheckID = "controller-model"
	// CheckModelLife: the model is alive.
	CheckModelLife CheckID = "model-life"
	// CheckTarget: JIMM knows the target controller.
	CheckTarget CheckID = "target"
	// CheckTargetAvailable: JIMM calls the target available.
	CheckTargetAvailable CheckID = "target-available"
	// CheckTargetCopy: the target has no copy of the model yet.
	CheckTargetCopy CheckID = "target-copy"
	// CheckSource: the source has the model, as far as it can be asked.
	CheckSource CheckID = "source"
	// CheckOtherMigration: no other migration of the model runs.
	CheckOtherMigration CheckID = "other-migration"
	// CheckConflict: not more than one controller has the model in use.
	CheckConflict CheckID = "conflict"
	// CheckVersions: the target is not older than the source's minor version,
	// nor than the model.
	CheckVersions CheckID = "versions"
	// CheckEarlierAttempt: the last migration of the model was not a failure.
	CheckEarlierAttempt CheckID = "earlier-attempt"
	// CheckFreeze reminds that changes made while a model moves may be lost.
	CheckFreeze CheckID = "freeze-changes"
)

// Level is the verdict of a check.
type Level string

// The levels. Only a fail blocks; a skip tells what could not be known.
const (
	Pass Level = "pass"
	Warn Level = "warn"
	Fail Level = "fail"
	Skip Level = "skip"
)

// Finding is what one check found.
type Finding struct {
	Check CheckID
	Level Level
	// Evidence says what was seen, in one sentence without its full stop.
	Evidence string
	// Remedy is the command or act that helps, or "".
	Remedy string
	// Ignored tells that the operator accepted this failure.
	Ignored bool
}

// Blocks reports whether the finding forbids to start.
func (f Finding) Blocks() bool { return f.Level == Fail && !f.Ignored }
