package migration

import (
	"time"

	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
)

// Event is something that the user wants to see while a migration continues.
type Event interface{ event() }

// FindingEvent reports one check.
type FindingEvent struct{ Finding checks.Finding }

// FreezeEvent reports that changes to the model may be lost from now on.
type FreezeEvent struct{ Model facts.Model }

// AttachEvent reports that a running migration is followed, not started.
type AttachEvent struct {
	Attempt facts.Attempt
	Target  facts.Controller
	// TargetProved reports that the target is known to be that of the migration.
	TargetProved bool
}

// StartEvent reports that the migration was requested, and how JIMM answered.
type StartEvent struct {
	Source, Target facts.Controller
	MigrationID    string
	// Err is JIMM's answer if it was an error, which is not conclusive.
	Err error
}

// PhaseEvent reports a new text of the migration.
type PhaseEvent struct {
	Phase   facts.Phase
	Text    string
	Elapsed time.Duration
	// NoReturn is set once: from here on Juju cannot abort.
	NoReturn bool
}

// JudgedEvent reports what was observed and what it was judged to mean. It is reported at each
// poll, for a caller that follows the reasoning.
type JudgedEvent struct {
	Verdict judge.Kind
	// Ground is what proves that the target may be recorded; "" if nothing does.
	Ground string
	// Record is what JIMM's record says, and Recorded the controller that it names.
	Record   facts.RecordState
	Recorded facts.ControllerUUID
	// Info is how the recorded controller answered through JIMM, InfoFrom the controller
	// that described the model. Host is how a login to the model ended.
	Info     facts.InfoKind
	InfoFrom facts.ControllerUUID
	Host     facts.HostKind
	// Source and Target are what these say themselves.
	Source, Target facts.CopyState
}

// StallEvent reports that the migration makes no progress: the source has begun the
// same steps repeatedly, or shows no new phase for too long. That is not
// a failure. It is reported once, until the migration makes progress.
type StallEvent struct {
	Phase   facts.Phase
	Text    string
	Elapsed time.Duration
	// Repeats reports that the same steps came again; Still, otherwise, for how
	// long there was no new phase.
	Repeats bool
	Still   time.Duration
	// Target has the copy; Refusal is why it does not accept it, redacted; "" if that is not
	// known.
	Target  facts.Controller
	Refusal string
}

// HeartbeatEvent reports that nothing has changed.
type HeartbeatEvent struct {
	// Phase and Text are of the migration that is followed; the text is empty
	// if none was seen.
	Phase facts.Phase
	Text  string
	// Over is what the migration waits for once its phases are over; the zero value
	// while they are not. Then Phase and Text are those of the past, and empty.
	Over Over
	// Source and Target are the controllers of the migration.
	Source, Target facts.Controller
	// Still is for how long nothing has changed, Elapsed since the beginning.
	Still, Elapsed time.Duration
	// Stalled: a [StallEvent] was reported, and the migration has made no
	// progress since.
	Stalled bool
	// Err is why the last observation got no answer; nil if it got one.
	Err error
}

// Over reports what is still open although the phases of the migration are
// over.
type Over int

// What is open.
const (
	// NotOver: the migration has not begun, or continues.
	NotOver Over = iota
	// OverUnproved: the source no longer answers for the model, and nothing proves that
	// the target hosts it.
	OverUnproved
	// OverMisrecorded: JIMM records the target, which does not have the model.
	OverMisrecorded
	// OverUnrecorded: the model has moved; JIMM does not record it yet.
	OverUnrecorded
	// OverRetained: JIMM records the target, and it is not known that the source has
	// released the model.
	OverRetained
	// OverUnanswered: the source has moved the model, and JIMM records the target, which
	// does not answer.
	OverUnanswered
)

// over reads a verdict.
func over(k judge.Kind) Over {
	switch k {
	case judge.SourceReleased:
		return OverUnproved
	case judge.Misrecorded:
		return OverMisrecorded
	case judge.Moved:
		return OverUnrecorded
	case judge.SourceRetains:
		return OverRetained
	default:
		return NotOver
	}
}

// RightsEvent reports that JIMM no longer shows its models to the account of the charm. The
// migration continues, and the charm still reads the answers of the controllers themselves.
// It is reported once, until JIMM answers again.
type RightsEvent struct {
	Why     *survey.RightsError
	Elapsed time.Duration
}

func (RightsEvent) event() {}

// EndEvent reports that the migration has ended, and how, before the run waits for
// the model's agents: a model that waits for this slot need not wait for them.
type EndEvent struct {
	Outcome facts.Outcome
	// Phase is the last one: [facts.PhaseDone] of a migration that has moved the
	// model.
	Phase   facts.Phase
	Target  facts.Controller
	Elapsed time.Duration
}

func (EndEvent) event() {}

// SourceReleasedEvent reports that the source has stopped answering for the model.
type SourceReleasedEvent struct {
	Source  facts.Controller
	Elapsed time.Duration
}

// RecordEvent reports that JIMM was asked to record where the model is.
type RecordEvent struct {
	Controller facts.Controller
	Ground     string
	// Err is JIMM's answer if it was an error; the record is read again.
	Err error
}

// WaitEvent reports that a migration was requested a moment ago, before this run,
// and that the run waits for it to begin.
type WaitEvent struct {
	Limit time.Duration
	// Unread reports that it is not known whether one was requested: JIMM's audit log
	// could not be read.
	Unread bool
}

// ObserveAgainEvent reports that a user's confirmation needs a second observation, after a delay.
type ObserveAgainEvent struct{ After time.Duration }

func (ObserveAgainEvent) event() {}

// RereadEvent reports that JIMM has recorded the model by itself, and that the record is read
// again, after a delay.
type RereadEvent struct{ After time.Duration }

func (RereadEvent) event() {}

// RemoveEvent reports that a controller was asked to remove its half-imported copy.
type RemoveEvent struct {
	Controller facts.Controller
	// Err is the answer if it was an error; the controller is asked for the copy again.
	Err error
}

func (RemoveEvent) event() {}

func (FindingEvent) event() {}

func (FreezeEvent) event() {}

func (AttachEvent) event() {}

func (StartEvent) event() {}

func (PhaseEvent) event() {}

func (StallEvent) event() {}

func (JudgedEvent) event() {}

func (HeartbeatEvent) event() {}

func (SourceReleasedEvent) event() {}

func (RecordEvent) event() {}

func (WaitEvent) event() {}

// AgentsEvent has the agents that have not connected to the target yet. If none is missing,
// the agents are connected and the model has not recovered from errors yet.
type AgentsEvent struct {
	Missing []string
	Of      int // How many machines and units there are.
	Elapsed time.Duration
}

// VerifyEvent reports a finding about a model that has moved.
type VerifyEvent struct{ Finding checks.Finding }

func (AgentsEvent) event() {}

func (VerifyEvent) event() {}
