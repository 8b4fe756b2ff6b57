package migration

// VerdictKind says what an observation means.
type VerdictKind int

// The verdicts. The zero value judges nothing: nobody who could tell answered.
const (
	// VerdictBlind: nobody who could tell has answered.
	VerdictBlind VerdictKind = iota
	// VerdictWaiting: the model is on the source; no new migration is on show.
	VerdictWaiting
	// VerdictRunning: a migration runs, or may run.
	VerdictRunning
	// VerdictAborting: the migration will end in an abort.
	VerdictAborting
	// VerdictAborted: the migration ended; the model is on the source.
	VerdictAborted
	// VerdictEnded: the migration ended with a text that is not known.
	VerdictEnded
	// VerdictSuperseded: the source has the model and shows a later migration
	// than the one that was followed.
	VerdictSuperseded
	// VerdictLetGo: the source has stopped answering, the rest is not proved.
	VerdictLetGo
	// VerdictMoved: the source has let go, the target may be recorded.
	VerdictMoved
	// VerdictReapFailed: the target is active and may be recorded; the source
	// could not remove its copy.
	VerdictReapFailed
	// VerdictElsewhere: the model is neither recorded on the source nor on the
	// target, or the source says that it has moved it to a third controller.
	VerdictElsewhere
	// VerdictMigrated: the target is active and recorded, the source has let go.
	VerdictMigrated
	// VerdictHeld: the target is active and recorded, but the source still has
	// a copy, or it is not known whether it has.
	VerdictHeld
	// VerdictMisrecorded: JIMM records the target, which denies the model.
	VerdictMisrecorded
	// VerdictLost: JIMM does not know the model any more.
	VerdictLost
	// VerdictConflict: two controllers each hold an active copy.
	VerdictConflict
)

// Verdict is what [Judge] makes of an observation.
type Verdict struct {
	Kind VerdictKind
	// Phase and Text are of the migration that is followed, as last seen.
	Phase Phase
	Text  string
	// Reason is the reason of an abort, "" if the source does not tell.
	Reason string
	// Proof allows to record the target; set for [VerdictMoved] and
	// [VerdictReapFailed] alone.
	Proof Proof
	// Elsewhere is the UUID of the controller for [VerdictElsewhere].
	Elsewhere string
}

// Proof permits to tell JIMM that a controller hosts a model. Only [Judge]
// makes valid ones, and [RecordModel] for an operator who confirms it; the zero
// value permits nothing.
type Proof struct {
	model      Model
	controller Controller
	ground     string
}

// Valid reports whether the proof permits anything.
func (p Proof) Valid() bool { return p.ground != "" }

// Model is the model whose record may change.
func (p Proof) Model() Model { return p.model }

// Controller is the controller that may be recorded.
func (p Proof) Controller() Controller { return p.controller }

// Ground says in plain words what proves it.
func (p Proof) Ground() string { return p.ground }
