package judge

import (
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
)

// Kind reports what an observation means.
type Kind int

// The verdicts. The zero value judges nothing: no controller answered.
const (
	// NoAnswer: no controller answered.
	NoAnswer Kind = iota
	// Waiting: the model is on the source; no new migration is reported.
	Waiting
	// Running: a migration runs, or may run.
	Running
	// Stalled: a migration is running and makes no progress; only [Stall.Judge]
	// says so.
	Stalled
	// Aborting: the migration will end in an abort.
	Aborting
	// Aborted: the migration ended; the model is on the source.
	Aborted
	// Ended: the migration ended with a text that is not known.
	Ended
	// Superseded: the source has the model and shows a later migration
	// than the one that was followed.
	Superseded
	// SourceReleased: the source has stopped answering, the rest is not proved.
	SourceReleased
	// Moved: the source has released the model, the target may be recorded.
	Moved
	// ReapFailed: the target is active and may be recorded; the source
	// could not remove its copy.
	ReapFailed
	// GoesElsewhere: a migration runs, and according to JIMM's audit log, it goes to a
	// controller other than the target.
	GoesElsewhere
	// Elsewhere: the model is neither recorded on the source nor on the
	// target, or the source reports that it has moved it to a third controller.
	Elsewhere
	// Migrated: the target is active and recorded, the source has released the model.
	Migrated
	// SourceRetains: the target is active and recorded, but the source still has
	// a copy, or it is not known whether it has.
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
	// Phase and Text are of the migration that is followed, as last seen.
	Phase facts.Phase
	Text  redact.Raw
	// Reason is the reason of an abort, "" if the source does not report it.
	Reason redact.Raw
	// Proof allows to record the target; set for [Moved] and
	// [ReapFailed] alone.
	Proof Proof
	// Elsewhere is the UUID of the controller for [Elsewhere].
	Elsewhere facts.ControllerUUID
	// Still is how long a migration that is [Stalled] has made no progress; Repeats
	// reports that its source repeats the same steps.
	Still   time.Duration
	Repeats bool
}

// Proof permits recording in JIMM that a controller hosts a model. Only [Judge]
// makes valid ones, and [JudgeConfirmation] for an operator who confirms it; the zero
// value permits nothing.
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

// Ground returns, in plain words, what proves it.
func (p Proof) Ground() string { return p.ground }
