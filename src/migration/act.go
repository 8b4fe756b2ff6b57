package migration

import (
	"context"
	"time"
)

// act does what the verdict calls for and reports whether the run has ended.
func (f *follower) act(ctx context.Context, v Verdict, o Observation) bool {
	switch v.Kind {
	case VerdictMigrated:
		return f.migrated()
	case VerdictMoved:
		return f.record(ctx, v.Proof)
	case VerdictReapFailed:
		if v.Proof.Valid() {
			return f.record(ctx, v.Proof)
		}
		return f.unsettled(ctx, v, o)
	case VerdictRunning, VerdictAborting:
		f.unclear = time.Time{}
		f.res.Step, f.res.Holder = StepWatch, f.base.Source
		if f.progress.Phase.PastReturn() {
			f.res.Holder = Controller{}
			if f.base.TargetProved {
				f.res.Holder = f.base.Target
			}
		}
		if f.started && f.opts.Detach && f.progress.Attempt.Exists() {
			f.end(Started, CauseNone)
			return true
		}
		return false
	case VerdictAborted:
		f.res.Detail, f.res.Holder = Redact(v.Reason), f.base.Source
		f.end(Aborted, CauseAnswer)
	case VerdictEnded:
		f.res.Detail, f.res.Holder = Redact(v.Text), Controller{}
		f.end(Unknown, CauseAnswer)
	case VerdictElsewhere:
		return f.elsewhere(v)
	case VerdictLost:
		f.end(LostFromJIMM, CauseNone)
	case VerdictConflict:
		f.end(Conflict, CauseNone)
	default:
		return f.unsettled(ctx, v, o)
	}
	return true
}

// end closes the result.
func (f *follower) end(outcome Outcome, cause Cause) {
	f.res.Outcome, f.res.Cause = outcome, cause
}

// migrated ends the run: the model is where it shall be, and recorded there.
func (f *follower) migrated() bool {
	f.res.Step, f.res.Holder, f.res.Recorded = StepVerify, f.base.Target, f.base.Target
	f.res.Err = nil
	switch {
	case f.progress.Phase == PhaseReapFailed:
		f.end(NeedsAttention, CauseLeftOver)
	case f.plan == planVerify:
		f.end(AlreadyThere, CauseNone)
	case f.plan == planSettle && !f.progress.Attempt.Exists():
		f.end(Recorded, CauseNone)
	default:
		f.end(Migrated, CauseNone)
	}
	return true
}

// record tells JIMM that the target hosts the model. An error proves nothing
// here either: the next look tells whether JIMM has done it.
func (f *follower) record(ctx context.Context, proof Proof) bool {
	f.res.Step, f.res.Holder = StepRecord, f.base.Target
	now := time.Now()
	switch {
	case f.recorded.IsZero():
		f.recorded = now
	case now.Sub(f.retold) < f.polls(PollsBetweenRecords):
		return false
	case now.Sub(f.recorded) >= f.polls(PollsToRecord):
		f.res.Detail = errText(f.res.Err)
		f.res.Next = f.traits.UpdateCommand(f.base.Target, f.base.Model.UUID)
		f.end(Unknown, CauseRecordFailed)
		return true
	}
	f.retold = now
	err := f.writer.RecordController(ctx, proof)
	f.modeSet = false
	f.res.Err = err
	if err == nil {
		f.res.Proof = proof.Ground()
	}
	f.unclear = time.Time{}
	f.report(RecordEvent{Controller: proof.Controller(), Ground: proof.Ground(), Err: err})
	return false
}

// elsewhere ends the run: the model is neither on the source nor on the target.
func (f *follower) elsewhere(v Verdict) bool {
	f.res.Holder = f.controllers.byUUID(v.Elsewhere)
	if f.res.Holder.Name != "" && f.res.Recorded.UUID != f.res.Holder.UUID {
		f.res.Next = f.traits.UpdateCommand(f.res.Holder, f.base.Model.UUID)
	}
	outcome := Unknown
	if f.res.Attached {
		outcome = Refused
	}
	f.end(outcome, CauseElsewhere)
	return true
}

// unsettled waits for a verdict that settles something, for a bounded time.
func (f *follower) unsettled(ctx context.Context, v Verdict, o Observation) bool {
	now := time.Now()
	if f.unclear.IsZero() {
		f.unclear = now
	}
	waited := now.Sub(f.unclear)
	f.res.Holder = Controller{}
	switch v.Kind {
	case VerdictWaiting:
		return f.nothingOnShow(ctx, waited)
	case VerdictBlind:
		return f.nobodyAnswers(waited, o)
	case VerdictHeld:
		return f.held(waited, o)
	default:
	}
	if waited < f.polls(PollsToSettle) {
		return false
	}
	f.res.Detail = errText(o.Info.Err)
	f.res.Next = f.traits.UpdateCommand(f.base.Target, f.base.Model.UUID)
	switch v.Kind {
	case VerdictMisrecorded:
		f.res.Next = ""
		if o.copyOn(f.base.Source).held() {
			f.res.Next = f.traits.UpdateCommand(f.base.Source, f.base.Model.UUID)
		}
		f.end(Unknown, CauseMisrecorded)
	case VerdictReapFailed:
		f.res.Detail = Redact(v.Reason)
		f.end(Unknown, CauseUnproved)
	default:
		f.end(Unknown, CauseUnproved)
	}
	return true
}

// nothingOnShow: the source describes the model and shows no new migration.
func (f *follower) nothingOnShow(ctx context.Context, waited time.Duration) bool {
	f.res.Holder = f.base.Source
	if waited < f.polls(PollsToStart) {
		return false
	}
	f.res.Detail = ""
	if f.res.Err != nil {
		f.res.Detail = errText(f.res.Err)
	}
	switch {
	case f.plan == planPending && !f.started:
		// What was asked for a while ago has not begun.
		return !f.start(ctx)
	case f.started && !f.progress.Attempt.Exists():
		f.end(NotStarted, f.answerCause())
	default:
		// It was on show, or seemed over, and is neither any more: not a case
		// to guess about.
		f.end(Unknown, CauseUnproved)
	}
	return true
}

func (f *follower) answerCause() Cause {
	if f.res.Err != nil {
		return CauseAnswer
	}
	return CauseNone
}

// nobodyAnswers: as long as a migration is known to run, only the deadline
// ends the wait. One that was never seen is not waited for so long.
func (f *follower) nobodyAnswers(waited time.Duration, o Observation) bool {
	if f.progress.Attempt.Exists() || waited < f.polls(PollsToStart) {
		return false
	}
	f.res.Detail = errText(firstErr(o.Info.Err, o.Record.Err, f.lastErr))
	f.end(Unknown, CauseSilent)
	return true
}

// held: the target is active and recorded, the source has a copy, or nobody
// knows whether it has.
func (f *follower) held(waited time.Duration, o Observation) bool {
	f.res.Step, f.res.Holder = StepVerify, f.base.Target
	left := o.copyOn(f.base.Source).held()
	if waited < f.polls(PollsToSettle) && f.progress.Phase != PhaseReapFailed {
		return false
	}
	if left || f.progress.Phase == PhaseReapFailed {
		f.end(NeedsAttention, CauseLeftOver)
		return true
	}
	f.end(Unknown, CauseUnproved)
	return true
}

// stopWatching ends the run at the deadline, or because the caller said so. The
// migration goes on by itself.
func (f *follower) stopWatching(caller context.Context) {
	cause := CauseDeadline
	if caller.Err() != nil {
		cause = CauseInterrupted
	}
	if f.lastErr != nil && !f.progress.Attempt.Exists() {
		f.res.Detail = errText(f.lastErr)
	}
	f.end(TimedOut, cause)
}
