package judge

import "jimm-migrator/src/migration/facts"

// Placement is where one observation places the model, from the point of view of the controller that JIMM records.
// Locating, planning, recording on a user's confirmation and the status all use it. It proves nothing: only
// [Judge] does, which uses many observations.
type Placement int

// The placements.
const (
	// Unplaced: no answer shows where the model is.
	Unplaced Placement = iota
	// InUseTwice: two controllers host the model, and no migration explains it.
	InUseTwice
	// Moving: a migration is running. If only JIMM's list reports it, it may be a migration to the recorded controller.
	Moving
	// MovingElsewhere: JIMM's list reports a running migration, and the recorded
	// controller does not have the model.
	MovingElsewhere
	// LeftOver: a migration has succeeded, and its source could not remove its copy.
	LeftOver
	// Departed: the recorded controller itself redirects to another one.
	Departed
	// Redirected: the recorded controller redirects JIMM.
	Redirected
	// HalfImported: the recorded controller has only a half-imported copy, of a running
	// migration or of one that was aborted.
	HalfImported
	// Hosted: the recorded controller hosts the model.
	Hosted
	// Copied: the recorded controller has a copy, and does not report its state.
	Copied
	// Absent: the recorded controller itself reports that it does not have the model.
	Absent
	// Undescribed: the recorded controller denies the model to JIMM, or JIMM cannot use its answer, and it does not
	// report itself that the model is in use.
	Undescribed
	// Listed: JIMM's list has the model, and any controller can have made the entry.
	Listed
	// Undecided: the recorded controller shows no migrations and has a copy, or is said to have one, and the model may
	// have been migrated to a controller that does not say whether it has it: see [Open].
	Undecided
)

// String is the placement in one word, as the results of an action have it.
func (p Placement) String() string {
	return [...]string{
		"unplaced", "in-use-twice", "moving", "moving-elsewhere", "left-over", "departed", "redirected",
		"half-imported", "hosted", "copied", "absent", "undescribed", "listed", "undecided",
	}[p]
}

// Place returns where an observation places the model. Its Info is the result of [Baseline.Own], or else JIMM's answer.
func Place(recorded facts.Controller, o facts.Observation) Placement {
	switch at := place(recorded, o); at {
	case Hosted, Copied, Listed:
		if len(Open(recorded, o)) > 0 {
			return Undecided
		}
		return at
	default:
		return at
	}
}

// Open returns the controllers that the model may be in use on although the recorded one has a copy of it. A controller
// that shows no migrations is idle with its copy after an abort, and also after a success if it could not remove the copy
// (4.0.15 and 4.1-beta2 observed): only the controller that the model was to move to tells the two apart. If the
// recorded one does not say that its copy is idle, the migration may also be running.
func Open(recorded facts.Controller, o facts.Observation) []facts.ControllerUUID {
	if recorded.ShowsMigrations() {
		return nil
	}
	idle := o.CopyOn(recorded).State == facts.CopyActive
	var out []facts.ControllerUUID
	for _, to := range o.Destinations {
		if to != recorded.UUID && (!idle || o.Copies[to].State == facts.CopyUnknown) {
			out = append(out, to)
		}
	}
	return out
}

// place returns where an observation places the model, whatever JIMM was asked to do with it.
func place(recorded facts.Controller, o facts.Observation) Placement {
	i, own := o.Info, o.CopyOn(recorded)
	described, direct := i.Described(), i.Kind == facts.InfoLive
	switch {
	case InUse(o, recorded.UUID) > 1 && !i.Migrating():
		return InUseTwice
	case own.State == facts.CopyMoved && (!direct || !i.Migrating()):
		return Departed
	case i.Migrating() && i.Kind == facts.InfoListed && own.State == facts.CopyAbsent:
		return MovingElsewhere
	case i.Migrating():
		return Moving
	case i.ReapFailed():
		return LeftOver
	case own.State == facts.CopyImporting:
		return HalfImported
	case i.Kind == facts.InfoRedirected: // The redirect is newer: the controllers are asked first.
		return Redirected
	case own.State == facts.CopyActive:
		return Hosted
	case own.State == facts.CopyAbsent:
		return Absent
	case i.Kind == facts.InfoDenied, i.Kind == facts.InfoBroken:
		return Undescribed
	case i.Importing():
		return HalfImported
	case direct:
		return Hosted
	case own.Has():
		return Copied
	case described:
		return Listed
	default:
		return Unplaced
	}
}

// Keeps reports whether the recorded controller is known to host the model: it describes the model without a migration
// that has succeeded, and does not report that it has released it.
func Keeps(recorded facts.Controller, o facts.Observation) bool {
	switch Place(recorded, o) {
	case Hosted:
		return true
	case Copied:
		return o.Info.Described()
	case Listed:
		return o.Info.Attempt.OfSource() || o.Host.Has() && o.Host.Controller == recorded.UUID
	default:
		return false
	}
}

// hops bounds how many redirects are followed.
const hops = 5

// Trail follows the redirects of the controllers, starting with the recorded one. It returns the UUIDs of the
// controllers that they lead to; "" stands for one that is not named. It ends at a controller that has the model, does
// not answer, or was visited before.
func Trail(recorded facts.Controller, o facts.Observation) []facts.ControllerUUID {
	var trail []facts.ControllerUUID
	seen := map[facts.ControllerUUID]bool{recorded.UUID: true}
	for at := o.CopyOn(recorded); at.State == facts.CopyMoved && len(trail) < hops; at = o.Copies[at.To] {
		trail = append(trail, at.To)
		if seen[at.To] {
			break
		}
		seen[at.To] = true
	}
	return trail
}
