package judge

import (
	"cmp"
	"strings"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
)

// Baseline is what was known before the first observation that [Judge] has to judge.
type Baseline struct {
	// Model is the model that migrates.
	Model facts.Model
	// Source is the controller on which the model was recorded.
	Source facts.Controller
	// Target is the controller that the model is to migrate to.
	Target facts.Controller
	// TargetProved reports that the running migration is known to go to Target: this run requested it, or JIMM's audit
	// log names no other target. Otherwise the target is never recorded on a guess.
	TargetProved bool
	// GoesTo is the name of the controller that the migration goes to according to JIMM's
	// audit log, if that is not Target; "" if the log does not say so.
	GoesTo string
	// Old is the attempt that was reported before the run. An attempt with the same start is an old one. The start is
	// never compared with our own clock.
	Old facts.Attempt
	// AutoRecords is that of [facts.Traits].
	AutoRecords bool
	// RecordedBy is who made JIMM record the target.
	RecordedBy RecordedBy
	// Others is what the controllers other than source and target report.
	Others Others
	// PollsForReport is how many polls the source has to report the migration itself, if it has not removed the model yet
	// or does not report yet where it went; zero: 12.
	PollsForReport int
}

// RecordedBy reports who made JIMM record the target since the migration was requested.
type RecordedBy int

// Who made JIMM record the target.
const (
	// ByJIMM: JIMM itself, if its record names the target.
	ByJIMM RecordedBy = iota
	// ByHand: another user asked for it, or the audit log does not say whether one
	// did. JIMM's record then proves nothing about the source.
	ByHand
	// ByThisRun: this run, on a proof.
	ByThisRun
)

// Others is what the controllers other than source and target report about the model.
type Others int

// What the other controllers say.
const (
	// OthersUnknown: no other controller has a copy, as far as they answer.
	OthersUnknown Others = iota
	// OthersDeny: every other controller reports that it does not have the model.
	OthersDeny
	// OthersHave: one has a copy, so the model may be migrating from there.
	OthersHave
)

// ours reports whether the attempt belongs to this migration: it is not the old one, and not an earlier one of a model
// that has come back. One that is running cannot be over.
func (b Baseline) ours(a facts.Attempt) bool {
	return a.Running() || a.Exists() && !b.Old.Same(a) && !a.WentAway()
}

// How often in a row a disappearance must be observed before it is accepted: a single observation can be made at the
// wrong moment.
const (
	lossesToBelieve   = 2
	denialsToBelieve  = 2
	absencesToBelieve = 2
	doublesToBelieve  = 2
	vanishedToBelieve = 2
	// defaultPollsForReport is one minute at the default poll interval.
	defaultPollsForReport = 12
)

// ReadLog returns the baseline with what JIMM's audit log says about the target of the migration that is watched.
func (b Baseline) ReadLog(log facts.Audit, p Progress) Baseline {
	name, certain := log.Target(p.Attempt, b.Source.Name)
	b.TargetProved = certain && name == b.Target.Name
	switch {
	case certain && !b.TargetProved:
		b.GoesTo = name
	case p.Listed && log.MayGoTo(p.Attempt, b.Source.Name):
		b.GoesTo = b.Source.Name // The source is its target: another controller made the entry.
	}
	return b
}

// Judge returns what the latest observation means. It is a pure function. Progress must already include the observation
// (see [Progress.Observe]).
func Judge(b Baseline, p Progress, o facts.Observation) Verdict {
	v := judgeByRecord(b, p, o)
	if b.GoesTo != "" && (v.Kind == Running || v.Kind == Aborting) {
		v.Kind = GoesElsewhere
	}
	return v
}

// judgeByRecord chooses the judge by the controller that JIMM records.
func judgeByRecord(b Baseline, p Progress, o facts.Observation) Verdict {
	v := Verdict{Phase: p.Phase, Text: p.Attempt.Text}
	recorded := o.RecordedAt()
	switch {
	case p.Doubles >= doublesToBelieve:
		v.Kind = Conflict
	case lost(o) && p.Losses >= lossesToBelieve:
		v.Kind = Lost
	case lost(o):
		v.Kind = NoAnswer
	case recorded == "" || recorded == b.Source.UUID:
		return judgeSource(b, p, o, v)
	case recorded == b.Target.UUID:
		return judgeRecorded(b, p, o, v)
	default:
		v.Kind, v.Elsewhere = Elsewhere, recorded
	}
	return v
}

// judgeRecorded judges while JIMM's record names the target.
func judgeRecorded(b Baseline, p Progress, o facts.Observation, v Verdict) Verdict {
	target, source := o.CopyOn(b.Target), o.CopyOn(b.Source)
	info := p.Read(b, o)
	// A copy that a third controller could not remove is from an earlier migration.
	another := b.Old.Same(info.Attempt) || p.Attempt.Exists() && !p.Attempt.Same(info.Attempt)
	history := info.ReapFailed() && another
	bySource := info.Kind == facts.InfoListed && info.Attempt.OfSource() && !history
	switch {
	case info.Importing(), target.State == facts.CopyImporting, bySource && info.Migrating(), source.Info.Migrating(),
		b.exports(source):
		// Another client recorded the target too early: the copy may still be aborted.
		v.Kind = Running
	case info.Kind == facts.InfoDenied, info.Kind == facts.InfoRedirected, target.Denies(), p.RefusedBy == b.Target.UUID && target.State == facts.CopyUnknown:
		v.Kind = Misrecorded
	case info.Kind != facts.InfoListed && info.ReapFailed():
		v.Kind = Misrecorded // The target itself has migrated the model to another controller.
	case bySource && info.ReapFailed() && (target.Has() || b.TargetProved || p.ServedBy == b.Target.UUID):
		v.Kind = SourceRetains
	case bySource && info.ReapFailed():
		v.Kind = SourceReleased
	case bySource && (target.State != facts.CopyActive || !source.Denies() && source.State != facts.CopyImporting):
		// A target that hosts the model, and is the only one to do so, was the source of another migration, which was
		// aborted.
		v.Kind = Misrecorded
	case !info.Described() && target.State != facts.CopyActive, ListedByAny(b, p, info, target):
		v.Kind = NoAnswer
	case len(Open(b.Target, o)) > 0:
		v.Kind = NoAnswer // The model may have left the target since.
	case sourceReleased(b, p, source):
		v.Kind = Migrated
	default:
		v.Kind = SourceRetains
	}
	return v
}

// ListedByAny reports whether the only evidence is an entry of JIMM's list for a model that JIMM records on the target:
// any other controller can have made that entry.
func ListedByAny(b Baseline, p Progress, i facts.Info, target facts.Copy) bool {
	known := b.Source.Known() || b.RecordedBy == ByThisRun || target.Has() || p.ServedBy == b.Target.UUID
	return i.Kind == facts.InfoListed && !i.Attempt.OfSource() && i.Controller == b.Target.UUID && !known
}

// sourceReleased reports whether it is proved that the source has released a model that JIMM
// records on the target.
func sourceReleased(b Baseline, p Progress, source facts.Copy) bool {
	switch {
	case source.Has():
		return false
	case source.State == facts.CopyMoved, p.Redirected, p.Absences >= absencesToBelieve, b.Others == OthersDeny:
		return true
	case b.RecordedBy == ByThisRun && p.Phase != facts.PhaseReapFailed:
		return true
	case p.Denials >= denialsToBelieve && p.Phase.PastReturn():
		return true
	default:
		// A JIMM that records migrations itself updates its record only after the source has redirected, unless a
		// client asked it to.
		return (b.AutoRecords || !b.Source.Known()) && b.RecordedBy != ByHand
	}
}

// judgeSource judges while JIMM's record names the source, or is not known.
func judgeSource(b Baseline, p Progress, o facts.Observation, v Verdict) Verdict {
	source, target := o.CopyOn(b.Source), o.CopyOn(b.Target)
	info := p.Read(b, o)
	kind := info.Kind
	b.TargetProved = b.TargetProved && !p.Superseded
	switch {
	case info.Described():
		// As long as a controller that can be asked reports a migration without an end, nothing is recorded, whatever
		// the others report.
		return judgeLive(b, p, source, target, info, v)
	case source.State == facts.CopyMoved && source.To != "" && source.To != b.Target.UUID:
		v.Kind, v.Elsewhere = Elsewhere, source.To
	case source.State == facts.CopyMoved:
		// Either the source names the target itself, or it answers no more than JIMM does: then the target must be
		// known otherwise.
		return prove(b, target, v, b.TargetProved || source.To != "", "the source controller redirects to it")
	case kind == facts.InfoRedirected:
		return prove(b, target, v, b.TargetProved && p.Redirected, "the source controller redirects")
	case kind == facts.InfoDenied, kind == facts.InfoBroken, source.State == facts.CopyAbsent:
		return judgeGone(b, p, source, target, v)
	case source.Has():
		v.Kind = Running
	default:
		v.Kind = NoAnswer
	}
	return v
}

// judgeLive judges the source's own answer.
func judgeLive(b Baseline, p Progress, source, target facts.Copy, i facts.Info, v Verdict) Verdict {
	a := i.Attempt
	phase := facts.ParseText(a.Text)
	switch {
	case p.Vanished >= vanishedToBelieve && !p.Superseded:
		return judgeVanished(b, p, target, v)
	case !b.ours(a) && source.State != facts.CopyActive && (p.Attempt.Unshown() || !b.Source.ShowsMigrations()):
		v.Kind = NoAnswer // Such a source shows nothing, whether a migration is running or not.
	case !b.ours(a):
		v.Kind = Waiting
	case p.Superseded:
		v.Kind = Superseded
	case i.Migrating() && phase == facts.PhaseAbort:
		v.Kind, v.Reason = Aborting, cmp.Or(facts.AbortReason(a.Text), p.Failure)
	case i.Migrating():
		v.Kind = Running
	case phase == facts.PhaseAbort:
		v.Kind, v.Reason = Aborted, cmp.Or(facts.AbortReason(a.Text), p.Failure)
	case phase == facts.PhaseReapFailed:
		return judgeReapFailed(b, p, target, v)
	default:
		v.Kind = Ended
	}
	return v
}

// judgeVanished judges a migration that the source no longer shows although it still has the model (see
// [Progress].Vanished). Before the point of no return this can only be an abort, if the target does not have the model.
func judgeVanished(b Baseline, p Progress, target facts.Copy, v Verdict) Verdict {
	switch {
	case p.Phase == facts.PhaseReapFailed:
		return judgeReapFailed(b, p, target, v)
	case p.Phase == facts.PhaseAbort, target.Denies(), p.Attempt.Unshown() && target.State == facts.CopyImporting:
		v.Kind, v.Reason = Aborted, cmp.Or(facts.AbortReason(p.Attempt.Text), p.Failure)
	default:
		v.Kind = Waiting
	}
	return v
}

// judgeReapFailed judges a migration after which the source still has a copy.
func judgeReapFailed(b Baseline, p Progress, target facts.Copy, v Verdict) Verdict {
	v = prove(b, target, v, b.TargetProved, "the migration had succeeded when the source controller could not remove its copy")
	v.Kind, v.Reason = ReapFailed, reapReason(p.Attempt.Text)
	return v
}

// reapReason returns why the source could not remove its copy, or "" if the text does not say.
func reapReason(text redact.Raw) redact.Raw {
	rest, ok := strings.CutPrefix(strings.TrimPrefix(string(text), facts.TextPrefix), facts.ReapFailedPrefix)
	if !ok {
		return ""
	}
	return redact.Raw(strings.TrimLeft(rest, ": "))
}

// judgeGone judges a source that denies the model, or one with an answer that JIMM cannot use. This is the usual end of
// a successful migration, but also the answer of a controller that never had the model.
func judgeGone(b Baseline, p Progress, source, target facts.Copy, v Verdict) Verdict {
	needed := denialsToBelieve
	if source.Has() || source.State == facts.CopyAbsent {
		needed = cmp.Or(b.PollsForReport, defaultPollsForReport)
	}
	switch {
	case p.Phase.PastReturn() && max(p.Denials, p.Absences) >= needed:
		return prove(b, target, v, b.TargetProved, "the source controller stopped answering for the model after the migration had succeeded")
	case source.Has():
		v.Kind = Running
		return v
	default:
		active := p.Denials >= denialsToBelieve && target.State == facts.CopyActive && b.Others != OthersHave
		return prove(b, target, v, b.TargetProved && active, "the source controller has stopped answering for the model, and the target holds an active copy")
	}
}

// prove makes the proof if the target of the migration is known, and if the target itself does not deny the model.
func prove(b Baseline, target facts.Copy, v Verdict, known bool, ground string) Verdict {
	v.Kind = SourceReleased
	if known && !target.Denies() && target.State != facts.CopyImporting {
		v.Kind = Moved
		v.Proof = Proof{b.Model, b.Target, ground}
	}
	return v
}
