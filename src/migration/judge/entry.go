package judge

import (
	"slices"

	"jimm-migrator/src/migration/facts"
)

// Attribution reports whose migration an entry of JIMM's list shows. The list does not say
// which controller has made the entry: the recorded one, or another that is bringing the
// model there and that JIMM no longer records, or not yet.
type Attribution int

// The attributions.
const (
	// EntryOpen: no answer says whose migration it is.
	EntryOpen Attribution = iota
	// EntryOfRecorded: it is that of the recorded controller, since it reports it itself or
	// no other controller can have made the entry.
	EntryOfRecorded
	// EntryByLog: another controller has the model too, or does not answer. JIMM's audit log
	// decides: it may be that one's migration if the log has a request that brings the
	// model to the recorded controller.
	EntryByLog
	// EntryByLogin: the recorded controller does not answer, and no target has a copy yet. It is
	// that of the recorded controller if that serves a login to the model.
	EntryByLogin
)

// Attribute returns whose migration the observation shows.
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

// ShownByOther reports whether JIMM records the target, and the entry of its list shows a
// migration that another controller makes. That says more than the target's own answer
// to a login.
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
