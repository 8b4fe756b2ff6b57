package judge

import (
	"slices"

	"jimm-migrator/src/migration/facts"
)

// Attribution reports which controller's migration an entry of JIMM's list shows. The list does not name the controller
// that made the entry. It can be the recorded controller, or another one that is migrating the model there and that
// JIMM does not record, or no longer does.
type Attribution int

// The attributions.
const (
	// EntryOpen: no answer decides which controller made the entry.
	EntryOpen Attribution = iota
	// EntryOfRecorded: the recorded controller made it: it reports the migration itself, or no other controller can
	// have made the entry.
	EntryOfRecorded
	// EntryByLog: another controller also has the model, or does not answer. JIMM's audit log decides: if the log has a
	// request to migrate the model to the recorded controller, the entry may show that migration.
	EntryByLog
	// EntryByLogin: the recorded controller does not answer, and no target has a copy yet. If the recorded controller
	// serves a login to the model, it made the entry.
	EntryByLogin
)

// Attribute returns which controller's migration the observation shows.
func Attribute(recorded facts.Controller, list facts.Controllers, o facts.Observation) Attribution {
	own := o.CopyOn(recorded)
	phase := facts.ParseText(o.Info.Attempt.Text)
	switch {
	case o.Info.Kind != facts.InfoListed, own.Has() && Alone(recorded, list, o):
		return EntryOfRecorded
	case own.Has():
		return EntryByLog
	case own.State == facts.CopyUnknown && phase != facts.PhaseUnknown && phase < facts.PhaseImport:
		return EntryByLogin
	default:
		return EntryOpen
	}
}

// ShownByOther reports whether JIMM records the target while the entry of its list shows a migration that another
// controller runs. That proves more than the target's own answer to a login.
func ShownByOther(entry facts.Info, target facts.Controller, login facts.Host) bool {
	return target.Known() && entry.Kind == facts.InfoListed && entry.Controller == target.UUID && entry.Attempt.OfSource() && !login.Shows(entry.Attempt)
}

// Alone reports whether every other controller has said that it does not have the model,
// or only a half-imported copy.
func Alone(c facts.Controller, list facts.Controllers, o facts.Observation) bool {
	return !slices.ContainsFunc(list, func(other facts.Controller) bool {
		got := o.CopyOn(other)
		return other.UUID != c.UUID && !got.Denies() && got.State != facts.CopyImporting
	})
}
