package judge

import (
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
)

// Kind reports what an observation means.
type Kind int

// The verdicts. The zero value means that no controller answered.
const (
	// NoAnswer: no controller answered.
	NoAnswer Kind = iota
	// Waiting: the model is on the source; no new migration is reported.
	Waiting
	// Running: a migration runs, or may run.
	Running
	// Stalled: a migration is running and makes no progress. Only [Stall.Judge] returns it.
	Stalled
	// Aborting: the migration will end in an abort.
	Aborting
	// Aborted: the migration ended; the model is on the source.
	Aborted
	// Ended: the migration ended with an unrecognised text.
	Ended
	// Superseded: the source has the model and shows a later migration than the one that is watched.
	Superseded
	// SourceReleased: the source no longer reports the model; the rest is not proved.
	SourceReleased
	// Moved: the source has released the model; the target may be recorded.
	Moved
	// ReapFailed: the copy on the target is active, and the target may be recorded; the source could not remove its
	// copy.
	ReapFailed
	// GoesElsewhere: a migration is running and, according to JIMM's audit log, goes to a controller other than the
	// target.
	GoesElsewhere
	// Elsewhere: JIMM records a controller other than source and target, or the source reports that it has migrated the
	// model to one.
	Elsewhere
	// Migrated: the copy on the target is active and recorded; the source has released the model.
	Migrated
	// SourceRetains: the copy on the target is active and recorded, but the source still has a copy, or may have one.
	SourceRetains
	// Misrecorded: JIMM records the target, which denies the model.
	Misrecorded
	// Lost: JIMM no longer knows the model.
	Lost
	// Conflict: two controllers each have an active copy.
	Conflict
)

// String is the name of the verdict.
func (k Kind) String() string {
	return [...]string{
		"NoAnswer", "Waiting", "Running", "Stalled", "Aborting", "Aborted", "Ended", "Superseded", "SourceReleased", "Moved",
		"ReapFailed", "GoesElsewhere", "Elsewhere", "Migrated", "SourceRetains", "Misrecorded", "Lost", "Conflict",
	}[k]
}

// Verdict is what [Judge] makes of an observation.
type Verdict struct {
	Kind Kind
	// Phase and Text are those of the migration that is watched, as last seen.
	Phase facts.Phase
	Text  redact.Raw
	// Reason is the reason of an abort, "" if the source does not report it.
	Reason redact.Raw
	// Proof permits recording the target; set only for [Moved] and [ReapFailed].
	Proof Proof
	// Elsewhere is the UUID of the controller for [Elsewhere].
	Elsewhere facts.ControllerUUID
	// Still is how long a [Stalled] migration has made no progress. Repeats reports that its source keeps retrying the
	// same step.
	Still   time.Duration
	Repeats bool
}

// Proof permits recording in JIMM that a controller hosts a model. Only [Judge] makes a valid one, and
// [JudgeConfirmation] for a user who confirms it. The zero value permits nothing.
type Proof struct {
	model      facts.Model
	controller facts.Controller
	ground     string
}

// Valid reports whether the proof permits anything.
func (p Proof) Valid() bool { return p.ground != "" }

// Model is the model whose record may change.
func (p Proof) Model() facts.Model { return p.model }

// Controller is the controller that may be recorded.
func (p Proof) Controller() facts.Controller { return p.controller }

// Ground returns, in plain words, what the proof rests on.
func (p Proof) Ground() string { return p.ground }
