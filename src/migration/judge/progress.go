package judge

import (
	"cmp"
	"strings"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
)

// Progress is what all observations so far have shown. Its zero value has no observations.
type Progress struct {
	// Phase is the highest phase seen, Attempt the last observation of the migration.
	Phase   facts.Phase
	Attempt facts.Attempt
	// Listed: the last observation of the migration was an entry of JIMM's list, which does not name the controller
	// that made it.
	Listed bool
	// Failure is the text of a failure that was seen before an abort. The abort itself may no longer have the reason.
	Failure redact.Raw
	// Superseded: the source has shown another migration since. The one that is watched is over, and the target of the
	// other one is not known.
	Superseded bool
	// Redirected: the source has reported that the model was migrated.
	Redirected bool
	// RefusedBy is the UUID of the recorded controller that refused a login to the model through JIMM; "" if none did.
	RefusedBy facts.ControllerUUID
	// ServedBy is the UUID of the recorded controller that served one; "" if none did.
	ServedBy facts.ControllerUUID
	// Mislisted is the UUID of the one that refused a login while JIMM's list had the model: the entry is then another
	// controller's.
	Mislisted facts.ControllerUUID
	// Denials counts how often in a row the source denied the model, or JIMM could not use its answer.
	Denials int
	// Absences counts how often in a row the source itself reported that it does not have the model.
	Absences int
	// Losses counts how often in a row JIMM did not know the model.
	Losses int
	// Vanished counts how often in a row the source described the model as idle, after it had shown a migration with an
	// unstable start.
	Vanished int
	// Doubles counts how often in a row two controllers had an active copy while no migration was running.
	Doubles int
}

// Observe returns the progress including one more observation.
func (p Progress) Observe(b Baseline, o facts.Observation) Progress {
	p = p.LogIn(b, o)
	info := p.Read(b, o)
	if own := o.CopyOn(b.Source).Info; own.Kind == facts.InfoLive && !b.SourceLive(info) {
		p = p.follow(b, own)
	}
	if b.SourceLive(info) {
		p = p.follow(b, info)
		p = p.miss(info, o.CopyOn(b.Source))
		if o.Host.Kind != facts.HostRefused && p.RefusedBy == b.Source.UUID {
			p.RefusedBy = ""
		}
	}
	source := o.CopyOn(b.Source).State
	fromSource := b.fromSource(o, info)
	p.Redirected = p.Redirected || fromSource && info.Kind == facts.InfoRedirected || source == facts.CopyMoved
	if fromSource {
		p.Denials = inRow(p.Denials, info.Kind == facts.InfoDenied || info.Kind == facts.InfoBroken)
	}
	if source != facts.CopyUnknown {
		p.Absences = inRow(p.Absences, source == facts.CopyAbsent)
	}
	if o.Record.State != facts.RecordUnknown {
		p.Losses = inRow(p.Losses, lost(o))
	}
	p.Doubles = inRow(p.Doubles, twoActive(b, o))
	return p
}

// LogIn adds the result of a login to the model.
func (p Progress) LogIn(b Baseline, o facts.Observation) Progress {
	if o.Host.Kind == facts.HostServes {
		p.ServedBy = ""
	}
	if o.Host.Has() {
		p.ServedBy = o.Host.Controller
	}
	if o.Host.Kind != facts.HostRefused {
		return p
	}
	p.RefusedBy, p.ServedBy = onRecord(b, o), ""
	if o.Info.Kind == facts.InfoListed {
		p.Mislisted = p.RefusedBy
	}
	return p
}

// onRecord returns the UUID of the recorded controller: that of the source as long as no other one was reported.
func onRecord(b Baseline, o facts.Observation) facts.ControllerUUID {
	return cmp.Or(o.RecordedAt(), b.Source.UUID)
}

// follow takes the attempt that the source shows, if it is the one that is watched.
func (p Progress) follow(b Baseline, i facts.Info) Progress {
	a := i.Attempt
	switch {
	case !b.ours(a):
	case a.Unshown() && p.Attempt.Exists() && !p.Attempt.Unshown():
		// It reports that a migration is running, with a text that was seen before.
	case p.Superseded, p.Attempt.Exists() && !p.Attempt.Unshown() && !p.Attempt.Same(a):
		p.Superseded = true
	default:
		if a.StartUnstable && p.Attempt.StartUnstable {
			a.Start = p.Attempt.Start // the earliest one seen
		}
		p.Attempt, p.Listed = a, i.Kind == facts.InfoListed
		p.Phase = max(p.Phase, facts.ParseText(a.Text))
		if facts.AnnouncesAbort(a.Text) {
			p.Failure = a.Text
		}
	}
	return p
}

// miss counts how often a migration with an unstable start is not shown any more. Where the source never shows
// migrations, only what it reports about its own copy counts.
// The model's status may still show how it ended. Otherwise only a failed removal leaves the model there after the
// point of no return.
func (p Progress) miss(i facts.Info, source facts.Copy) Progress {
	silent := p.Attempt.Unshown() && source.State != facts.CopyActive
	p.Vanished = inRow(p.Vanished, p.Attempt.StartUnstable && !i.Attempt.Exists() && i.Status != "busy" && !silent)
	phase := facts.ParseText(i.StatusText)
	switch {
	case p.Vanished == 0:
	case phase == facts.PhaseAbort, phase == facts.PhaseReapFailed:
		p.Attempt.Text, p.Phase = redact.Raw(strings.TrimPrefix(string(i.StatusText), facts.TextPrefix)), phase
	case p.Vanished >= vanishedToBelieve && p.Phase.PastReturn():
		p.Phase = facts.PhaseReapFailed
	}
	return p
}

// SourceLive reports whether the source describes the model.
func (b Baseline) SourceLive(i facts.Info) bool {
	byList := i.Kind == facts.InfoListed && i.Attempt.OfSource()
	return i.Described() && (byList || i.Controller == "" || i.Controller == b.Source.UUID)
}

// fromSource reports whether the answer through JIMM is the source's. An error is the answer of whichever controller
// JIMM records.
func (b Baseline) fromSource(o facts.Observation, i facts.Info) bool {
	switch i.Kind {
	case facts.InfoNotAsked, facts.InfoUnavailable, facts.InfoUnlisted:
		return false
	case facts.InfoLive, facts.InfoListed:
		return b.SourceLive(i)
	default:
		return o.RecordedAt() == b.Source.UUID && b.Source.Known()
	}
}

// Read returns what JIMM's answer means for the controllers that matter. An entry of JIMM's list that a controller
// other than the recorded one made counts as no entry. A missing entry is a denial only once a login to the model has
// been refused too, because JIMM also leaves out models that it could not ask for.
func (p Progress) Read(b Baseline, o facts.Observation) facts.Info {
	i := o.Info
	if own, ok := b.Own(o); ok {
		return own
	}
	if i.Kind == facts.InfoListed && !p.listedThere(b, o) {
		i = facts.Info{Kind: facts.InfoUnlisted}
	}
	if i.Kind == facts.InfoUnlisted && p.RefusedBy != "" && p.RefusedBy == onRecord(b, o) {
		i.Kind = facts.InfoDenied
	}
	return i
}

// listedThere reports whether the entry of JIMM's list is that of the source, or of the target if JIMM records it, as
// far as is known.
func (p Progress) listedThere(b Baseline, o facts.Observation) bool {
	a, at := o.Info.Attempt, o.Info.Controller
	// The recorded controller itself reports that it does not have the model.
	denied := o.Copies[at].Denies() || p.Mislisted == at
	switch {
	case at != b.Source.UUID:
		// Then the attempt is the source's.
		return a.OfSource() || !denied
	case denied:
		return false
	case a.OfSource(), b.Old.Same(a):
		return true
	default:
		// The source would show the migration.
		return !p.Attempt.Exists() && !b.Old.OfSource() && p.RefusedBy != at
	}
}

// Own returns what the recorded source itself reports, if JIMM got no answer from it, only an entry of a list, or an
// answer without the migration. That the source redirects is newer: the controllers are asked first.
func (b Baseline) Own(o facts.Observation) (i facts.Info, ok bool) {
	source := o.CopyOn(b.Source)
	elsewhere := o.RecordedAt() != "" && o.RecordedAt() != b.Source.UUID
	direct := o.Info.Kind == facts.InfoLive
	switch {
	case elsewhere, o.Info.Kind == facts.InfoRedirected:
		return facts.Info{}, false
	case direct:
		i = o.Info
		ok = b.exports(source) && !i.Attempt.Exists()
	case source.Info.Kind == facts.InfoLive:
		i, ok = source.Info, true
		i.Users = nil // JIMM's answers have other states.
	default:
		i, ok = b.fromCopy(o.Info, source)
	}
	if b.exports(source) && !i.Attempt.Exists() {
		i.Attempt = facts.Unshown()
	}
	return i, ok
}

// fromCopy returns what the source reports about its own copy, if it has not described the model: that no migration is
// running or, if it never shows migrations, that one is.
func (b Baseline) fromCopy(i facts.Info, source facts.Copy) (facts.Info, bool) {
	exports, idle := b.exports(source), source.State == facts.CopyActive
	out := facts.Info{Kind: facts.InfoLive, Controller: b.Source.UUID}
	switch i.Kind {
	case facts.InfoNotAsked, facts.InfoUnavailable:
		return out, exports || idle
	case facts.InfoListed: // An entry of the list: any controller can have made it.
		out.Life, out.AgentVersion, out.Credential = i.Life, i.AgentVersion, i.Credential
		return out, (exports || idle) && !i.Attempt.Exists()
	default:
		return out, exports
	}
}

// exports reports whether a source that never shows its migrations reports that one is running. Up to Juju 3.6 a copy
// that could not be removed is reported in the same way, but there the source shows which of the two it is.
func (b Baseline) exports(source facts.Copy) bool {
	return source.State == facts.CopyExporting && !b.Source.ShowsMigrations()
}

// inRow counts how often in a row something was seen.
func inRow(n int, again bool) int {
	if again {
		return n + 1
	}
	return 0
}

// twoActive reports whether two controllers have an active copy although no migration explains it.
func twoActive(b Baseline, o facts.Observation) bool {
	i := o.Info
	if own := o.CopyOn(b.Source).Info; own.Kind == facts.InfoLive {
		i = own
	}
	explained := b.SourceLive(i) && b.ours(i.Attempt)
	return InUse(o, onRecord(b, o)) > 1 && !explained
}

// InUse counts the controllers that report that they host the model: those that report it to one of their
// administrators, and the recorded one if it reports it through JIMM.
func InUse(o facts.Observation, recorded facts.ControllerUUID) int {
	n := 0
	for _, c := range o.Copies {
		if c.State == facts.CopyActive {
			n++
		}
	}
	i := o.Info
	at := cmp.Or(i.Controller, recorded)
	anonymous := o.Copies[at].State == facts.CopyPresent || o.Copies[at].State == facts.CopyUnknown
	// Every other status hides the state of a migration.
	describes := i.Kind == facts.InfoLive && i.Status == "available" && !i.Migrating() && !i.ReapFailed()
	if n > 0 && anonymous && describes {
		n++
	}
	return n
}

// lost reports whether JIMM no longer knows the model. If only its list lacks the model, that counts only if no
// controller that was asked has it.
func lost(o facts.Observation) bool {
	for _, c := range o.Copies {
		if o.Record.State == facts.RecordUnlisted && c.Has() {
			return false
		}
	}
	return o.Record.State == facts.RecordLost || o.Record.State == facts.RecordUnlisted
}
