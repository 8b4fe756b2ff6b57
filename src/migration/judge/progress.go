package judge

import (
	"cmp"
	"strings"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
)

// Progress is what all observations so far have shown. Its zero value has seen nothing.
type Progress struct {
	// Phase is the highest phase seen, Attempt the last observation of it.
	Phase   facts.Phase
	Attempt facts.Attempt
	// Listed: the last observation of it was an entry of JIMM's list, which does not
	// say which controller has made it.
	Listed bool
	// Failure is the text of a failure that was seen before an abort, which can
	// forget its reason.
	Failure redact.Raw
	// Superseded: the source has shown another migration since: the one that is
	// followed is over, and where the other one goes is not known.
	Superseded bool
	// Redirected: the source has said that the model moved.
	Redirected bool
	// RefusedBy is the UUID of the recorded controller that has refused a login
	// to the model through JIMM, "" if none has.
	RefusedBy facts.ControllerUUID
	// ServedBy is the UUID of the recorded controller that has served one, "" if
	// none has.
	ServedBy facts.ControllerUUID
	// Mislisted is the one that has refused if JIMM's list had the model then: what it lists is
	// the entry of another controller.
	Mislisted facts.ControllerUUID
	// Denials counts the latest observations in a row in which the source denied the
	// model, or JIMM could not use its answer.
	Denials int
	// Absences counts the latest observations in a row in which the source itself said
	// that it does not have the model.
	Absences int
	// Losses counts the latest observations in a row in which JIMM did not know the
	// model.
	Losses int
	// Vanished counts the latest observations in a row in which the source described
	// the model as not busy, after it had shown a migration that drifts.
	Vanished int
	// Doubles counts the latest observations in a row in which two controllers each
	// had an active copy and no migration ran.
	Doubles int
}

// Observe returns the progress after one more observation.
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
	told := b.fromSource(o, info)
	p.Redirected = p.Redirected || told && info.Kind == facts.InfoRedirected || source == facts.CopyMoved
	if told {
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

// LogIn takes over how a login to the model has ended.
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

// onRecord returns the UUID that JIMM's record names: that of the source as long
// as no other was reported.
func onRecord(b Baseline, o facts.Observation) facts.ControllerUUID {
	return cmp.Or(o.RecordedAt(), b.Source.UUID)
}

// follow takes over the attempt that the source shows, if it is the one that is
// followed.
func (p Progress) follow(b Baseline, i facts.Info) Progress {
	a := i.Attempt
	switch {
	case !b.ours(a):
	case a.Unshown() && p.Attempt.Exists() && !p.Attempt.Unshown():
		// It says that a migration runs, and its text was seen before.
	case p.Superseded, p.Attempt.Exists() && !p.Attempt.Unshown() && !p.Attempt.Same(a):
		p.Superseded = true
	default:
		if a.StartUnstable && p.Attempt.StartUnstable {
			a.Start = p.Attempt.Start // the earliest that was seen
		}
		p.Attempt, p.Listed = a, i.Kind == facts.InfoListed
		p.Phase = max(p.Phase, facts.ParseText(a.Text))
		if facts.AnnouncesAbort(a.Text) {
			p.Failure = a.Text
		}
	}
	return p
}

// miss counts the observations since a migration whose start is unstable is not shown any
// more. Where the source shows none of them, only what it says itself counts.
// The model's status may still say how it ended. If not, only a failed removal
// leaves the model there after the point of no return.
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

// fromSource reports whether the answer through JIMM says anything about the
// source. An error is the answer of whatever controller is on JIMM's record.
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

// Read returns what JIMM's answer says about the controllers that matter. An
// entry of JIMM's list that a controller other than the recorded one has made is
// as good as none. A missing one is a denial once a login to the model has been
// refused too: JIMM also leaves out what it could not reach.
func (p Progress) Read(b Baseline, o facts.Observation) facts.Info {
	i := o.Info
	if own, told := b.Own(o); told {
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

// listedThere reports whether the entry of JIMM's list is that of the source, or
// of the target if that is on record, as far as is known.
func (p Progress) listedThere(b Baseline, o facts.Observation) bool {
	a, at := o.Info.Attempt, o.Info.Controller
	// The recorded controller itself reports that it does not have the model.
	denied := o.Copies[at].Denies() || p.Mislisted == at
	switch {
	case at != b.Source.UUID:
		// Then the attempt is that of the source.
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

// Own returns what the recorded source itself says, where JIMM has got no answer
// of it, an entry of a list, or one that leaves the migration out. That it redirects
// is newer: the controllers are asked first.
func (b Baseline) Own(o facts.Observation) (i facts.Info, told bool) {
	source := o.CopyOn(b.Source)
	elsewhere := o.RecordedAt() != "" && o.RecordedAt() != b.Source.UUID
	direct := o.Info.Kind == facts.InfoLive
	switch {
	case elsewhere, o.Info.Kind == facts.InfoRedirected:
		return facts.Info{}, false
	case direct:
		i = o.Info
		told = b.exports(source) && !i.Attempt.Exists()
	case source.Info.Kind == facts.InfoLive:
		i, told = source.Info, true
		i.Users = nil // JIMM has others.
	default:
		i, told = b.fromCopy(o.Info, source)
	}
	if b.exports(source) && !i.Attempt.Exists() {
		i.Attempt = facts.Unshown()
	}
	return i, told
}

// fromCopy returns what the source itself says of its copy, where it has not described the
// model: that no migration moves the model, or, where it shows nothing of migrations,
// that one does.
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

// exports reports whether a source that shows nothing of its migrations says that one
// moves the model away. Up to Juju 3.6 that is said of a copy as well that could not be
// removed, and the source shows which it is.
func (b Baseline) exports(source facts.Copy) bool {
	return source.State == facts.CopyExporting && !b.Source.ShowsMigrations()
}

// inRow counts how often something was seen in a row.
func inRow(n int, again bool) int {
	if again {
		return n + 1
	}
	return 0
}

// twoActive reports whether two controllers each have an active copy although
// no migration explains it.
func twoActive(b Baseline, o facts.Observation) bool {
	i := o.Info
	if own := o.CopyOn(b.Source).Info; own.Kind == facts.InfoLive {
		i = own
	}
	explained := b.SourceLive(i) && b.ours(i.Attempt)
	return InUse(o, onRecord(b, o)) > 1 && !explained
}

// InUse counts the controllers that say that they host the model: those
// that report it to one of their administrators, and then also the recorded one if
// it reports it through JIMM.
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
	// Every other status hides what migrations do.
	describes := i.Kind == facts.InfoLive && i.Status == "available" && !i.Migrating() && !i.ReapFailed()
	if n > 0 && anonymous && describes {
		n++
	}
	return n
}

// lost reports whether JIMM no longer knows the model. That its list does not
// have it counts only if no controller that was asked has it.
func lost(o facts.Observation) bool {
	for _, c := range o.Copies {
		if o.Record.State == facts.RecordUnlisted && c.Has() {
			return false
		}
	}
	return o.Record.State == facts.RecordLost || o.Record.State == facts.RecordUnlisted
}
