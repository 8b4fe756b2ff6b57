package judge

import "jimm-migrator/src/migration/facts"

// Confirmation is a user's confirmation, which repeats the model's UUID, with the two observations that must not
// contradict it.
type Confirmation struct {
	Model      facts.Model
	Controller facts.Controller
	// Confirm is the UUID that the user has given.
	Confirm string
	// First and Second are the two observations, Source the controller on JIMM's record.
	First, Second facts.Observation
	Source        facts.Controller
	// Saw describes what the second observation showed.
	Saw string
}

// JudgeConfirmation makes the proof that a user's confirmation gives. It makes none without the model's UUID, and
// none if either observation contradicts it.
func JudgeConfirmation(c Confirmation) Proof {
	named := c.Model.UUID != "" && c.Confirm == c.Model.UUID && c.Controller.Known() && c.Controller.Name != "" && c.Saw != ""
	for _, o := range []facts.Observation{c.First, c.Second} {
		if !named || Contradict(c.Source, c.Controller, o) != NoContradiction {
			return Proof{}
		}
	}
	return Proof{c.Model, c.Controller, "you have confirmed it with the model's UUID; " + c.Saw}
}

// Contradiction is how an observation contradicts a user's confirmation that a controller has the model.
type Contradiction int

// The contradictions, in the order in which they are checked.
const (
	// NoContradiction: no answer contradicts the confirmation. Missing answers do not, because the confirmation is meant
	// for them.
	NoContradiction Contradiction = iota
	// HostedTwice: more than one controller hosts the model.
	HostedTwice
	// StillMigrating: a migration is running that can be aborted.
	StillMigrating
	// LeavesController: a migration is running that cannot be aborted, and moves the model away from the controller.
	LeavesController
	// StillImporting: a copy of the model is being imported.
	StillImporting
	// RecordCorrect: the recorded controller hosts the model.
	RecordCorrect
	// HostedByThird: a controller that is neither the recorded nor the confirmed one hosts the model.
	HostedByThird
	// MovedToThird: the recorded controller has moved the model to a third one. A controller that has the model may
	// have received it from there since.
	MovedToThird
	// DeniedByController: the controller does not have the model, or has moved it away.
	DeniedByController
)

// Contradict returns how an observation contradicts a user's confirmation that the controller has the model.
func Contradict(recorded, c facts.Controller, o facts.Observation) Contradiction {
	source, at := o.CopyOn(recorded), o.CopyOn(c)
	onRecord := c.UUID == recorded.UUID
	aborts := !facts.ParseText(o.Info.Attempt.Text).PastReturn()
	switch {
	case Place(recorded, o) == InUseTwice:
		return HostedTwice
	case o.Info.Migrating() && aborts:
		return StillMigrating
	case o.Info.Migrating() && onRecord:
		return LeavesController
	case o.Info.Importing(), at.State == facts.CopyImporting:
		return StillImporting
	case !onRecord && Keeps(recorded, o):
		return RecordCorrect
	case at.State != facts.CopyActive && hostedByThird(recorded, c, o):
		return HostedByThird
	case !onRecord && source.State == facts.CopyMoved && source.To != "" && source.To != c.UUID && !at.Has():
		return MovedToThird
	case at.Denies():
		return DeniedByController
	default:
		return NoContradiction
	}
}

// hostedByThird reports whether a controller other than the two reports that it hosts the model.
func hostedByThird(recorded, c facts.Controller, o facts.Observation) bool {
	for uuid, said := range o.Copies {
		if uuid != recorded.UUID && uuid != c.UUID && said.State == facts.CopyActive {
			return true
		}
	}
	return false
}
