package migration

import (
	"strings"
)

// Baseline is what was known before the first look that [Judge] has to judge.
type Baseline struct {
	// Model is the model that moves.
	Model Model
	// Source is the controller that held the model on record.
	Source Controller
	// Target is where the model shall go.
	Target Controller
	// TargetProved tells that the running migration goes to Target: this run
	// has asked for it, or JIMM's audit log names no other. Without it the
	// target is never recorded by guess.
	TargetProved bool
	// Old is the attempt that was on show before; an attempt with its start is
	// history. Times of different clocks are never compared.
	Old Attempt
	// Completes is [Traits].Completes.
	Completes bool
	// RecordedByHand tells that somebody else asked JIMM to record a controller
	// since the migration was asked for. JIMM's record then proves nothing
	// about the source.
	RecordedByHand bool
}

// ours reports whether the attempt is the one that is followed.
func (b Baseline) ours(a Attempt) bool {
	return a.Exists() && (b.Old.Start.IsZero() || !a.Start.Equal(b.Old.Start))
}

// Progress is what all looks so far have shown. Its zero value has seen nothing.
type Progress struct {
	// Phase is the highest phase seen, Attempt the last look at it.
	Phase   Phase
	Attempt Attempt
	// Redirected: the source has said that the model moved.
	Redirected bool
	// HostRefused: a login to the model through JIMM was refused by the source.
	HostRefused bool
	// Denials counts the latest looks in a row in which the source denied the
	// model, or JIMM could not use its answer.
	Denials int
	// Absences counts the latest looks in a row in which the source itself said
	// that it does not have the model.
	Absences int
	// Losses counts the latest looks in a row in which JIMM did not know the
	// model.
	Losses int
	// Doubles counts the latest looks in a row in which two controllers each
	// held an active copy and no migration ran.
	Doubles int
}

// Observe returns the progress after one more look.
func (p Progress) Observe(b Baseline, o Observation) Progress {
	if o.Info.Kind == InfoLive && b.ours(o.Info.Attempt) && o.Info.Controller != b.Target.UUID {
		p.Attempt = o.Info.Attempt
		p.Phase = max(p.Phase, ParseText(o.Info.Attempt.Text))
	}
	p.HostRefused = p.HostRefused || o.Host.Kind == HostRefused
	kind := p.infoKind(o)
	source := o.copyOn(b.Source).State
	p.Redirected = p.Redirected || kind == InfoRedirected || source == CopyMoved
	if sourceTold(b, kind, o.Info) {
		p.Denials = inRow(p.Denials, kind == InfoDenied || kind == InfoBroken)
	}
	if source != CopyUnknown {
		p.Absences = inRow(p.Absences, source == CopyAbsent)
	}
	if o.Record.State != RecordUnknown {
		p.Losses = inRow(p.Losses, o.Record.State == RecordLost)
	}
	p.Doubles = inRow(p.Doubles, twoActive(b, o))
	return p
}

// sourceTold reports whether the answer through JIMM says anything about the
// source: what the target says does not.
func sourceTold(b Baseline, kind InfoKind, info Info) bool {
	switch kind {
	case InfoNotAsked, InfoUnavailable, InfoUnlisted:
		return false
	case InfoLive:
		return info.Controller != b.Target.UUID
	default:
		return true
	}
}

// infoKind reads a missing entry in JIMM's list as a denial once a login to the
// model has been refused too: JIMM also leaves out what it could not reach.
func (p Progress) infoKind(o Observation) InfoKind {
	if o.Info.Kind == InfoUnlisted && p.HostRefused {
		return InfoDenied
	}
	return o.Info.Kind
}

// inRow counts how often something was seen in a row.
func inRow(n int, again bool) int {
	if again {
		return n + 1
	}
	return 0
}

// twoActive reports whether two controllers each hold an active copy although
// no migration explains it.
func twoActive(b Baseline, o Observation) bool {
	active := 0
	for _, c := range o.Copies {
		if c.State == CopyActive {
			active++
		}
	}
	explained := o.Info.Kind == InfoLive && b.ours(o.Info.Attempt)
	return active > 1 && !explained
}

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
	// VerdictLetGo: the source has stopped answering, the rest is not proved.
	VerdictLetGo
	// VerdictMoved: the source has let go, the target may be recorded.
	VerdictMoved
	// VerdictReapFailed: the target is active and may be recorded; the source
	// could not remove its copy.
	VerdictReapFailed
	// VerdictElsewhere: the source has moved the model to another controller.
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
// makes valid ones; the zero value permits nothing.
type Proof struct {
	model      Model
	controller Controller
	ground     string
}

// Valid reports whether the proof was made by [Judge].
func (p Proof) Valid() bool { return p.ground != "" }

// Model is the model whose record may change.
func (p Proof) Model() Model { return p.model }

// Controller is the controller that may be recorded.
func (p Proof) Controller() Controller { return p.controller }

// Ground says in plain words what proves it.
func (p Proof) Ground() string { return p.ground }

// lossesToBelieve and the like are the numbers of successive looks that a
// disappearance is believed after: one look can fall into a gap.
const (
	lossesToBelieve   = 2
	denialsToBelieve  = 2
	absencesToBelieve = 2
	doublesToBelieve  = 2
)

// Judge tells what the latest observation means. It is a pure function:
// progress must already contain the observation (see [Progress.Observe]).
func Judge(b Baseline, p Progress, o Observation) Verdict {
	v := Verdict{Phase: p.Phase, Text: p.Attempt.Text}
	recorded := recordedAt(o)
	switch {
	case p.Doubles >= doublesToBelieve:
		v.Kind = VerdictConflict
	case o.Record.State == RecordLost && p.Losses >= lossesToBelieve:
		v.Kind = VerdictLost
	case o.Record.State == RecordLost:
		v.Kind = VerdictBlind
	case recorded == "" || recorded == b.Source.UUID:
		return judgeSource(b, p, o, v)
	case recorded == b.Target.UUID:
		return judgeRecorded(b, p, o, v)
	default:
		v.Kind, v.Elsewhere = VerdictElsewhere, recorded
	}
	return v
}

// recordedAt returns the UUID that JIMM's record names, "" if nobody told. An
// answer of a controller is newer than the record that was read before it.
func recordedAt(o Observation) string {
	if o.Info.Kind == InfoLive && o.Info.Controller != "" {
		return o.Info.Controller
	}
	if o.Record.State == RecordAt {
		return o.Record.Controller
	}
	return ""
}

// judgeRecorded judges while JIMM's record names the target.
func judgeRecorded(b Baseline, p Progress, o Observation, v Verdict) Verdict {
	target, source := o.copyOn(b.Target), o.copyOn(b.Source)
	switch kind := p.infoKind(o); {
	case kind == InfoDenied, kind == InfoRedirected, gone(target):
		v.Kind = VerdictMisrecorded
	case o.Info.Importing(), target.State == CopyImporting:
		// Recorded too early, by somebody else: the copy may still be aborted.
		v.Kind = VerdictRunning
	case kind != InfoLive && target.State != CopyActive:
		v.Kind = VerdictBlind
	case sourceLetGo(b, p, source):
		v.Kind = VerdictMigrated
	default:
		v.Kind = VerdictHeld
	}
	return v
}

// sourceLetGo reports whether it is proved that the source has let go of a
// model that JIMM records on the target.
func sourceLetGo(b Baseline, p Progress, source Copy) bool {
	switch {
	case source.held():
		return false
	case source.State == CopyMoved, p.Redirected, p.Absences >= absencesToBelieve:
		return true
	case p.Denials >= denialsToBelieve && p.Phase.PastReturn():
		return true
	default:
		// A JIMM that completes migrations moves its record only after the
		// source has redirected, unless somebody told it to.
		return (b.Completes || !b.Source.Known()) && !b.RecordedByHand
	}
}

// judgeSource judges while JIMM's record names the source, or is not known.
func judgeSource(b Baseline, p Progress, o Observation, v Verdict) Verdict {
	source, target := o.copyOn(b.Source), o.copyOn(b.Target)
	kind := p.infoKind(o)
	switch {
	case kind == InfoLive:
		// As long as somebody who can be asked reports a migration without an
		// end, nothing is recorded, whatever the others say.
		return judgeLive(b, target, o.Info.Attempt, v)
	case source.State == CopyMoved && source.To != "" && source.To != b.Target.UUID:
		v.Kind, v.Elsewhere = VerdictElsewhere, source.To
	case source.State == CopyMoved:
		// The source names the target itself, or its answer is as good as
		// JIMM's: both need to know where the migration went.
		known := b.TargetProved || source.To != ""
		return prove(b, target, v, known, "the source controller redirects to it")
	case kind == InfoRedirected:
		return prove(b, target, v, b.TargetProved, "the source controller redirects")
	case kind == InfoDenied, kind == InfoBroken:
		return judgeDenied(b, p, source, target, v)
	case source.held():
		v.Kind = VerdictRunning
	case source.State == CopyAbsent:
		v.Kind = VerdictLetGo
	default:
		v.Kind = VerdictBlind
	}
	return v
}

// judgeLive judges the source's own words.
func judgeLive(b Baseline, target Copy, a Attempt, v Verdict) Verdict {
	phase := ParseText(a.Text)
	switch {
	case !b.ours(a):
		v.Kind = VerdictWaiting
	case a.Running() && phase == PhaseAbort:
		v.Kind, v.Reason = VerdictAborting, AbortReason(a.Text)
	case a.Running():
		v.Kind = VerdictRunning
	case phase == PhaseAbort:
		v.Kind, v.Reason = VerdictAborted, AbortReason(a.Text)
	case phase == PhaseReapFailed:
		v = prove(b, target, v, b.TargetProved, "the migration had succeeded when the source controller could not remove its copy")
		v.Kind = VerdictReapFailed
		v.Reason = strings.TrimLeft(strings.TrimPrefix(a.Text, reapFailedPrefix), ": ")
	default:
		v.Kind = VerdictEnded
	}
	return v
}

// judgeDenied judges when the source denies the model, or JIMM cannot use its
// answer: the usual end of a successful migration, and the answer of a
// controller that never had the model.
func judgeDenied(b Baseline, p Progress, source, target Copy, v Verdict) Verdict {
	switch {
	case p.Denials >= denialsToBelieve && p.Phase.PastReturn():
		return prove(b, target, v, b.TargetProved, "the source controller has stopped answering for the model after the migration had succeeded")
	case source.held():
		v.Kind = VerdictRunning
		return v
	default:
		known := b.TargetProved && p.Denials >= denialsToBelieve && target.State == CopyActive
		return prove(b, target, v, known, "the source controller has stopped answering for the model, and the target holds an active copy")
	}
}

// prove makes the proof if it is known where the migration went, and if the
// target itself does not deny the model.
func prove(b Baseline, target Copy, v Verdict, known bool, ground string) Verdict {
	v.Kind = VerdictLetGo
	if known && !gone(target) && target.State != CopyImporting {
		v.Kind = VerdictMoved
		v.Proof = Proof{b.Model, b.Target, ground}
	}
	return v
}

// gone reports whether the controller itself says that it does not hold the model.
func gone(c Copy) bool { return c.State == CopyAbsent || c.State == CopyMoved }
