package migration

import (
	"cmp"
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
	// history. It is never compared with a clock of ours.
	Old Attempt
	// Completes is [Traits].Completes.
	Completes bool
	// RecordedByHand tells that somebody else asked JIMM to record the target
	// since the migration was asked for, or that nobody knows whether somebody
	// did. JIMM's record then proves nothing about the source.
	RecordedByHand bool
	// Recorded tells that this run has recorded the target, on a proof.
	Recorded bool
	// Alone tells that every other controller has said that it does not have
	// the model.
	Alone bool
	// Third tells that a controller that is neither the source nor the target
	// has a copy: the model may be moving from there.
	Third bool
}

// ours reports whether the attempt is neither the old one nor the history of a
// model that has been away and is back. What runs cannot have ended before.
func (b Baseline) ours(a Attempt) bool {
	return a.Running() || a.Exists() && !b.Old.same(a) && !a.wentAway()
}

// The numbers of looks in a row after which a disappearance is believed: a
// single look can fall into a gap.
const (
	lossesToBelieve   = 2
	denialsToBelieve  = 2
	absencesToBelieve = 2
	doublesToBelieve  = 2
	vanishedToBelieve = 2
	// looksForWord is how long a source that has not yet removed the model, or
	// not yet said where it went, is waited for to say so itself.
	looksForWord = 12
)

// Judge tells what the latest observation means. It is a pure function:
// progress must already contain the observation (see [Progress.Observe]).
func Judge(b Baseline, p Progress, o Observation) Verdict {
	v := Verdict{Phase: p.Phase, Text: p.Attempt.Text}
	recorded := o.recordedAt()
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

// judgeRecorded judges while JIMM's record names the target.
func judgeRecorded(b Baseline, p Progress, o Observation, v Verdict) Verdict {
	target, source := o.copyOn(b.Target), o.copyOn(b.Source)
	info := p.read(b, o)
	// A third controller's copy that it could not remove is history.
	another := b.Old.same(info.Attempt) || p.Attempt.Exists() && !p.Attempt.same(info.Attempt)
	history := info.reapFailed() && another
	bySource := info.Listed && info.Attempt.ofSource() && !history
	switch {
	case info.Importing(), target.State == CopyImporting, bySource && info.migrating(), source.Info.migrating():
		// Recorded too early, by somebody else: the copy may still be aborted.
		v.Kind = VerdictRunning
	case info.Kind == InfoDenied, info.Kind == InfoRedirected, target.denies(), p.RefusedBy == b.Target.UUID && target.State == CopyUnknown:
		v.Kind = VerdictMisrecorded
	case !info.Listed && info.reapFailed():
		v.Kind = VerdictMisrecorded // The target itself has moved the model away.
	case bySource && info.reapFailed() && (target.held() || b.TargetProved || p.ServedBy == b.Target.UUID):
		v.Kind = VerdictHeld
	case bySource && info.reapFailed():
		v.Kind = VerdictLetGo
	case bySource:
		v.Kind = VerdictMisrecorded
	case info.Kind != InfoLive && target.State != CopyActive, listedBySomebody(b, p, info, target):
		v.Kind = VerdictBlind
	case sourceLetGo(b, p, source):
		v.Kind = VerdictMigrated
	default:
		v.Kind = VerdictHeld
	}
	return v
}

// listedBySomebody reports whether JIMM's list has a model that JIMM records on
// the target, and nothing else: any other controller can have made the entry.
func listedBySomebody(b Baseline, p Progress, i Info, target Copy) bool {
	known := b.Source.Known() || b.Recorded || target.held() || p.ServedBy == b.Target.UUID
	return i.Kind == InfoLive && i.Listed && !i.Attempt.ofSource() && i.Controller == b.Target.UUID && !known
}

// sourceLetGo reports whether it is proved that the source has let go of a
// model that JIMM records on the target.
func sourceLetGo(b Baseline, p Progress, source Copy) bool {
	switch {
	case source.held():
		return false
	case source.State == CopyMoved, p.Redirected, p.Absences >= absencesToBelieve, b.Alone:
		return true
	case b.Recorded && p.Phase != PhaseReapFailed:
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
	info := p.read(b, o)
	kind := info.Kind
	b.TargetProved = b.TargetProved && !p.Superseded
	switch {
	case kind == InfoLive:
		// As long as somebody who can be asked reports a migration without an
		// end, nothing is recorded, whatever the others say.
		return judgeLive(b, p, target, info, v)
	case source.State == CopyMoved && source.To != "" && source.To != b.Target.UUID:
		v.Kind, v.Elsewhere = VerdictElsewhere, source.To
	case source.State == CopyMoved:
		// The source names the target itself, or its answer is as good as
		// JIMM's: then it must be known where the migration went.
		return prove(b, target, v, b.TargetProved || source.To != "", "the source controller redirects to it")
	case kind == InfoRedirected:
		return prove(b, target, v, b.TargetProved && p.Redirected, "the source controller redirects")
	case kind == InfoDenied, kind == InfoBroken, source.State == CopyAbsent:
		return judgeGone(b, p, source, target, v)
	case source.held():
		v.Kind = VerdictRunning
	default:
		v.Kind = VerdictBlind
	}
	return v
}

// judgeLive judges the source's own words.
func judgeLive(b Baseline, p Progress, target Copy, i Info, v Verdict) Verdict {
	a := i.Attempt
	phase := ParseText(a.Text)
	switch {
	case p.Vanished >= vanishedToBelieve && !p.Superseded:
		return judgeVanished(b, p, target, v)
	case !b.ours(a):
		v.Kind = VerdictWaiting
	case p.Superseded:
		v.Kind = VerdictSuperseded
	case i.migrating() && phase == PhaseAbort:
		v.Kind, v.Reason = VerdictAborting, cmp.Or(AbortReason(a.Text), p.Failure)
	case i.migrating():
		v.Kind = VerdictRunning
	case phase == PhaseAbort:
		v.Kind, v.Reason = VerdictAborted, cmp.Or(AbortReason(a.Text), p.Failure)
	case phase == PhaseReapFailed:
		return judgeReapFailed(b, p, target, v)
	default:
		v.Kind = VerdictEnded
	}
	return v
}

// judgeVanished judges a migration that the source has stopped to show and that
// has not taken the model away (see [Progress].Vanished). Before the point of no
// return that can only be an abort, if the target does not have the model.
func judgeVanished(b Baseline, p Progress, target Copy, v Verdict) Verdict {
	switch {
	case p.Phase == PhaseReapFailed:
		return judgeReapFailed(b, p, target, v)
	case p.Phase == PhaseAbort, target.denies():
		v.Kind, v.Reason = VerdictAborted, cmp.Or(AbortReason(p.Attempt.Text), p.Failure)
	default:
		v.Kind = VerdictWaiting
	}
	return v
}

// judgeReapFailed judges a migration that has left a copy on the source.
func judgeReapFailed(b Baseline, p Progress, target Copy, v Verdict) Verdict {
	v = prove(b, target, v, b.TargetProved, "the migration had succeeded when the source controller could not remove its copy")
	v.Kind, v.Reason = VerdictReapFailed, reapReason(p.Attempt.Text)
	return v
}

// reapReason returns why the source could not remove its copy, "" if the text
// does not tell.
func reapReason(text string) string {
	rest, ok := strings.CutPrefix(strings.TrimPrefix(text, textPrefix), reapFailedPrefix)
	if !ok {
		return ""
	}
	return strings.TrimLeft(rest, ": ")
}

// judgeGone judges when the source denies the model, or JIMM cannot use its
// answer: the usual end of a successful migration, and the answer of a
// controller that never had the model.
func judgeGone(b Baseline, p Progress, source, target Copy, v Verdict) Verdict {
	needed := denialsToBelieve
	if source.held() || source.State == CopyAbsent {
		needed = looksForWord
	}
	switch {
	case p.Phase.PastReturn() && max(p.Denials, p.Absences) >= needed:
		return prove(b, target, v, b.TargetProved, "the source controller has stopped answering for the model after the migration had succeeded")
	case source.held():
		v.Kind = VerdictRunning
		return v
	default:
		active := p.Denials >= denialsToBelieve && target.State == CopyActive && !b.Third
		return prove(b, target, v, b.TargetProved && active, "the source controller has stopped answering for the model, and the target holds an active copy")
	}
}

// prove makes the proof if it is known where the migration went, and if the
// target itself does not deny the model.
func prove(b Baseline, target Copy, v Verdict, known bool, ground string) Verdict {
	v.Kind = VerdictLetGo
	if known && !target.denies() && target.State != CopyImporting {
		v.Kind = VerdictMoved
		v.Proof = Proof{b.Model, b.Target, ground}
	}
	return v
}

// proveByOperator makes the proof that rests on the word of an operator, who
// repeats the model's UUID, and on what two looks have seen. Without that UUID
// it proves nothing.
func proveByOperator(m Model, c Controller, confirm, saw string) Proof {
	if m.UUID == "" || confirm != m.UUID || !c.Known() || c.Name == "" || saw == "" {
		return Proof{}
	}
	return Proof{m, c, "an operator has confirmed it with the model's UUID; " + saw}
}
