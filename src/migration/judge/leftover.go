package judge

import (
	"slices"

	"jimm-migrator/src/migration/facts"
)

// Removal is the permission to remove a copy that an aborted migration left behind. Only [JudgeRemoval] makes a valid
// one.
type Removal struct {
	model facts.Model
	from  facts.Controller
}

// Valid reports whether the copy may be removed.
func (r Removal) Valid() bool { return r.model.UUID != "" && r.from.Known() }

// Model is the model whose copy may be removed.
func (r Removal) Model() facts.Model { return r.model }

// Controller is the controller that has the copy.
func (r Removal) Controller() facts.Controller { return r.from }

// LeftOverCopy is a copy that may be removed if two observations prove that it is left over.
type LeftOverCopy struct {
	Model facts.Model
	// On is the controller that has the copy.
	On facts.Controller
	// Confirm is the UUID of the model, from the user.
	Confirm string
	// Controllers are all controllers of the JAAS: each of them has to answer.
	Controllers facts.Controllers
	// First and Second are two observations. They are far enough apart for a request that was under way at the first to
	// show at the second.
	First, Second CopyObservation
}

// CopyObservation is one observation of a model with an extra copy.
type CopyObservation struct {
	// Recorded is the controller that JIMM records.
	Recorded    facts.Controller
	Observation facts.Observation
	// Quiet reports that JIMM's audit log was read, and has no request to migrate the model that can still begin.
	Quiet bool
}

// JudgeRemoval returns the permission to remove the copy. It is valid only if the user has confirmed the removal
// and both observations prove that the copy is left over.
func JudgeRemoval(c LeftOverCopy) Removal {
	named := c.Model.UUID != "" && c.Confirm == c.Model.UUID && c.On.Known()
	same := c.First.Recorded.UUID == c.Second.Recorded.UUID
	for _, observed := range []CopyObservation{c.First, c.Second} {
		if !named || !same || observed.Refusal(c.On, c.Controllers).Kind != NoRefusal {
			return Removal{}
		}
	}
	return Removal{c.Model, c.On}
}

// Refusal is why an observation does not allow the removal of a copy.
type Refusal struct {
	Kind RefusalKind
	// Controller is the controller that causes the refusal, and Copy its answer.
	Controller facts.Controller
	Copy       facts.Copy
}

// RefusalKind reports why a copy may not be removed.
type RefusalKind int

// The refusals, in the order in which they are checked.
const (
	// NoRefusal: the copy is left over.
	NoRefusal RefusalKind = iota
	// SilentController: the controller did not answer. Any controller that does not answer may be migrating the model.
	SilentController
	// NoCopy: the controller has no copy that could be removed.
	NoCopy
	// NotImporting: the controller does not report its copy as half imported, or describes the copy to its
	// administrator as in use.
	NotImporting
	// RecordedThere: JIMM records the model on the controller with the copy.
	RecordedThere
	// MigrationRuns: the controller reports that it is migrating the model, which explains the copy.
	MigrationRuns
	// MayBegin: a migration was requested just now, or JIMM does not report whether one was.
	MayBegin
	// SecondCopy: a controller other than the recorded one has a copy that may be in use.
	SecondCopy
	// NotInUse: the recorded controller does not report that it hosts the model.
	NotInUse
)

// Refusal returns why the copy on that controller may not be removed.
func (l CopyObservation) Refusal(on facts.Controller, all facts.Controllers) Refusal {
	own, info := l.Observation.CopyOn(on), l.Observation.Info
	refuse := func(kind RefusalKind, c facts.Controller) Refusal {
		return Refusal{kind, c, l.Observation.CopyOn(c)}
	}
	switch {
	case own.State == facts.CopyUnknown:
		return refuse(SilentController, on)
	case own.Denies():
		return refuse(NoCopy, on)
	case own.State != facts.CopyImporting, own.Info.Kind == facts.InfoLive && !own.Info.Importing() && own.Info.Status != suspended:
		return refuse(NotImporting, on)
	case l.Recorded.UUID == on.UUID:
		return refuse(RecordedThere, on)
	case info.Migrating():
		return refuse(MigrationRuns, l.Recorded)
	}
	for _, c := range all {
		if l.Observation.CopyOn(c).State == facts.CopyExporting {
			return refuse(MigrationRuns, c)
		}
	}
	if !l.Quiet {
		return refuse(MayBegin, l.Recorded)
	}
	for _, c := range all {
		switch copied := l.Observation.CopyOn(c); {
		case c.UUID == on.UUID, c.UUID == l.Recorded.UUID:
		case copied.State == facts.CopyUnknown:
			return refuse(SilentController, c)
		case copied.State == facts.CopyActive, copied.State == facts.CopyPresent:
			return refuse(SecondCopy, c)
		}
	}
	switch known := slices.ContainsFunc(all, func(c facts.Controller) bool { return c.UUID == l.Recorded.UUID }); {
	case l.Observation.CopyOn(l.Recorded).State == facts.CopyUnknown:
		return refuse(SilentController, l.Recorded)
	case !known, l.Observation.CopyOn(l.Recorded).State != facts.CopyActive, Place(l.Recorded, l.Observation) != Hosted:
		return refuse(NotInUse, l.Recorded)
	default:
		return Refusal{}
	}
}

// suspended is the status of a model whose cloud credential is not valid; it hides
// that a copy is half imported (Juju 3.5.4).
const suspended = "suspended"
