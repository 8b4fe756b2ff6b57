package migration

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"time"

	"jimm-migrator/src/migration/checks/rules"
)

// note keeps what the observation tells for the result, and reports changes.
func (f *follower) note(v Verdict, o Observation) {
	f.lastErr = nil
	if o.Info.Kind != InfoLive {
		f.lastErr = cmp.Or(o.Info.Err, o.Record.Err)
	}
	if at := o.recordedAt(); at != "" {
		f.res.Recorded = f.controllers.byUUID(at)
	}
	if o.Record.State == RecordLost {
		f.res.Recorded = Controller{}
	}
	if len(o.Info.Users) > 0 {
		f.res.Model.Users = o.Info.Users
	}
	text := ""
	if a := f.progress.Attempt; a.Exists() {
		f.res.Attempt, f.res.Phase = a.redacted(), f.progress.Phase
		text = f.res.Attempt.Text
	}
	f.tell(v, f.base.Source, text, f.lastErr)
}

// act does what the verdict calls for and reports whether the run has ended.
func (f *follower) act(ctx context.Context, v Verdict, o Observation) bool {
	f.res.Running = v.Kind == VerdictRunning || v.Kind == VerdictAborting
	switch v.Kind {
	case VerdictMigrated:
		f.migrated()
	case VerdictMoved, VerdictReapFailed:
		// Somebody else may have recorded it, and be moving it on already.
		if !v.Proof.Valid() || o.recordedAt() == "" {
			return f.unsettled(ctx, v, o)
		}
		return f.record(ctx, v.Proof)
	case VerdictRunning, VerdictAborting:
		return f.running(v, o)
	case VerdictAborted:
		f.aborted(ctx, v, o)
	case VerdictEnded:
		f.res.Detail, f.res.Holder = Redact(v.Text), Controller{}
		f.end(Unknown, CauseAnswer)
	case VerdictSuperseded:
		f.res.Holder = f.base.Source
		f.end(Unknown, CauseOtherMigration)
	case VerdictElsewhere:
		f.elsewhere(v, o)
	case VerdictLost:
		f.res.Holder = f.sourcesWord(o)
		f.end(LostFromJIMM, CauseNone)
	case VerdictConflict:
		f.res.Holder, f.res.Detail = Controller{}, sayings(f.controllers, o.Copies)
		f.end(Conflict, CauseNone)
	default:
		return f.unsettled(ctx, v, o)
	}
	return true
}

// aborted ends the run: the migration was aborted. The target removes its copy
// on the way; one that stays blocks every other attempt, and one that is in use
// is a second model (juju/juju#20361, #21459).
func (f *follower) aborted(ctx context.Context, v Verdict, o Observation) {
	f.res.Detail, f.res.Holder = Redact(v.Reason), f.base.Source
	left := o.copyOn(f.base.Target)
	active := left.State == CopyActive
	for n := 0; n < looksForWord && left.held() && sleep(ctx, f.opts.PollInterval); n++ {
		if again := f.jaas.Witness.Copy(ctx, f.base.Target, f.base.Model.UUID); again.State != CopyUnknown {
			left = again
		}
	}
	f.res.CopyLeft = left.held()
	if active && left.State == CopyActive {
		f.res.Holder = Controller{}
		f.end(Conflict, CauseNone)
		return
	}
	if f.progress.Attempt.Drifts && f.base.Completes {
		// JIMM waits for an end that this source never shows, and refuses every
		// other attempt until the record is made anew.
		f.res.Next = f.traits.UpdateCommand(f.base.Source, f.base.Model.UUID)
	}
	f.end(Aborted, CauseAnswer)
}

// end closes the result.
func (f *follower) end(outcome Outcome, cause Cause) {
	f.res.Outcome, f.res.Cause = outcome, cause
	if outcome == NotStarted || outcome == Aborted {
		facts := f.facts()
		facts.Source, facts.Target = f.base.Source.AgentVersion, f.base.Target.AgentVersion
		reason, known := rules.Explain(f.res.Detail, facts)
		f.res.Hint, f.res.Settled = reason.Hint(), known && !reason.Retry
	}
	f.res.Timing.finish(time.Now(), outcome)
	f.res.TargetProved = f.base.TargetProved && !f.progress.Superseded
}

// running goes on watching, unless nobody wants to.
func (f *follower) running(v Verdict, o Observation) bool {
	f.doubt.settle()
	f.res.Step, f.res.Holder = StepWatch, Controller{}
	if f.base.sourceLive(f.progress.read(f.base, o)) && !o.copyOn(f.base.Source).denies() {
		f.res.Holder = f.base.Source
	}
	refused := errors.Is(f.startErr, ErrMigrating) || errors.Is(f.startErr, ErrMarked)
	f.res.Attached = !f.started || refused
	if f.progress.Phase.PastReturn() {
		f.res.Holder = Controller{}
		if f.base.TargetProved && !f.progress.Superseded {
			f.res.Holder = f.base.Target
		}
	}
	if f.otherTarget != "" {
		if f.otherTarget == f.base.Source.Name {
			f.res.Holder = Controller{} // It is not there yet.
		}
		f.res.Detail = "JIMM's audit log says that it goes to " + strconv.Quote(f.otherTarget)
		f.end(Refused, CauseOtherMigration)
		return true
	}
	begun := f.plan == PlanStart || f.plan == PlanWait
	if begun && f.opts.Detach && v.Kind == VerdictRunning && f.progress.Attempt.Exists() {
		f.end(Started, CauseNone)
		return true
	}
	return false
}

// migrated ends the run: the model is where it shall be, and recorded there.
func (f *follower) migrated() {
	f.res.Step, f.res.Holder, f.res.Recorded = StepVerify, f.base.Target, f.base.Target
	switch {
	case f.progress.Phase == PhaseReapFailed:
		f.end(NeedsAttention, CauseLeftOver)
	case f.plan == PlanVerify:
		f.end(AlreadyThere, CauseNone)
	case f.plan == PlanRecord:
		f.end(Recorded, CauseNone)
	default:
		f.end(Migrated, CauseNone)
	}
}

// record tells JIMM that the target hosts the model. An error proves nothing
// here either: the next look tells whether JIMM has done it.
func (f *follower) record(ctx context.Context, proof Proof) bool {
	f.doubt.settle()
	f.res.Step, f.res.Holder = StepRecord, f.base.Target
	now := time.Now()
	t := &f.telling
	switch {
	case t.first.IsZero():
		t.first = now
	case now.Sub(t.first) >= f.polls(PollsToRecord):
		f.res.Err, f.res.Detail = t.err, errText(t.err)
		if t.err == nil {
			f.res.Detail = "JIMM has accepted it, and its record still names another controller"
		}
		f.res.Next = f.traits.UpdateCommand(f.base.Target, f.base.Model.UUID)
		f.end(Unknown, CauseRecordFailed)
		return true
	case now.Sub(t.last) < f.polls(PollsBetweenRecords):
		return false
	}
	t.last = now
	t.err = f.writer.RecordController(ctx, proof)
	f.modeSet = false
	if t.err == nil {
		f.base.Recorded = true
	}
	f.res.Proof = proof.Ground()
	f.report(RecordEvent{Controller: proof.Controller(), Ground: proof.Ground(), Err: t.err})
	return false
}

// telling is how far telling JIMM has come.
type telling struct {
	first, last time.Time // When JIMM was told first and last; zero: never.
	err         error     // The last answer, if it was an error.
}

// elsewhere ends the run: the model is on a third controller, or recorded there.
func (f *follower) elsewhere(v Verdict, o Observation) {
	f.res.Holder = f.sourcesWord(o)
	if to := f.controllers.byUUID(v.Elsewhere); to.Name != "" && f.res.Recorded.UUID != to.UUID {
		f.res.Next = f.traits.UpdateCommand(to, f.base.Model.UUID)
	}
	outcome := Unknown
	if f.res.Attached && f.telling.first.IsZero() {
		outcome = Refused // Nothing was sent.
	}
	f.end(outcome, CauseElsewhere)
}

// sourcesWord returns the controller that has the model according to the source
// itself, if that tells.
func (f *follower) sourcesWord(o Observation) Controller {
	if source := o.copyOn(f.base.Source); source.State == CopyMoved && source.To != "" {
		return f.controllers.byUUID(source.To)
	}
	return Controller{}
}

// unsettled waits for a verdict that settles something, for a bounded time.
func (f *follower) unsettled(ctx context.Context, v Verdict, o Observation) bool {
	f.res.Holder = Controller{}
	waited := f.doubt.waited(v.Kind, time.Now())
	switch v.Kind {
	case VerdictWaiting:
		return f.nothingOnShow(waited, o)
	case VerdictHeld:
		return f.held(waited, o)
	case VerdictLetGo, VerdictMisrecorded, VerdictReapFailed:
	default:
		return f.nobodyAnswers(waited)
	}
	if waited < f.polls(PollsToSettle) {
		return false
	}
	f.res.Err, f.res.Detail = o.Info.Err, errText(o.Info.Err)
	if v.Kind == VerdictMisrecorded {
		if only := f.onlyHolder(ctx); only.Known() {
			f.res.Holder = only
			f.res.Next = f.traits.UpdateCommand(only, f.base.Model.UUID)
		}
		f.end(Unknown, CauseMisrecorded)
		return true
	}
	if v.Kind == VerdictReapFailed {
		f.res.Err, f.res.Detail = nil, Redact(v.Reason)
	}
	if f.base.TargetProved && !o.copyOn(f.base.Target).denies() {
		f.res.Next = f.traits.UpdateCommand(f.base.Target, f.base.Model.UUID)
	}
	f.end(Unknown, CauseUnproved)
	return true
}

// onlyHolder returns the controller that alone has a copy of the model, if all
// of them tell.
func (f *follower) onlyHolder(ctx context.Context) (only Controller) {
	if !f.opts.Probe {
		return Controller{}
	}
	copies := newAsker(f.jaas.Witness).all(ctx, f.controllers, f.base.Model.UUID)
	for _, c := range f.controllers {
		switch got := copies[c.UUID]; {
		case got.denies():
		case !got.held() || only.Known():
			return Controller{}
		default:
			only = c
		}
	}
	return only
}

// nothingOnShow: the source seems to describe the model and shows no new
// migration.
func (f *follower) nothingOnShow(waited time.Duration, o Observation) bool {
	limit := f.polls(PollsToStart)
	if f.plan == PlanWait && !f.started {
		limit = f.pending()
	}
	known := f.sourceHasIt(o)
	if known {
		f.res.Holder = f.base.Source
	}
	switch {
	case waited < limit:
		return false
	case !known && !f.hostAsked:
		f.hostDue = true
		return false
	case f.progress.Attempt.Exists(), f.plan != PlanStart && f.plan != PlanWait:
		// It was on show, or seemed over, and is neither any more; or somebody has
		// moved the model away from where it was to be. The checks for a start were
		// not made.
		if o.Info.Listed {
			f.res.Holder = Controller{} // Who has listed it, and why, is open.
		}
		f.end(Unknown, CauseChanged)
	case !f.started:
		f.doubt.settle()
		f.startDue = true
		return false
	case !known:
		f.res.Err = cmp.Or(o.Host.Err, f.startErr)
		f.res.Detail = errText(f.res.Err)
		f.end(Unknown, CauseSilent)
	case f.base.Completes && !f.detailed && f.mayBeDetailed(o):
		// The list can have the entry of the target, and hide that of the source.
		f.detailsDue = true
		return false
	case o.copyOn(f.base.Target).held() && !f.seen.copyOn(f.base.Target).held():
		f.res.Holder = Controller{} // Somebody has brought a copy there meanwhile.
		f.end(Unknown, CauseChanged)
	default:
		f.notStarted()
	}
	return true
}

// notStarted ends the run: a migration was asked for, and none has begun.
func (f *follower) notStarted() {
	cause := CauseNone
	if f.startErr != nil {
		cause = CauseAnswer
		f.res.Err, f.res.Detail = f.startErr, errText(f.startErr)
	}
	if errors.Is(f.startErr, ErrMarked) {
		// JIMM believes in a migration that is not there, and refuses every
		// other until the record is made anew.
		f.res.Next = f.traits.UpdateCommand(f.base.Source, f.base.Model.UUID)
	}
	f.end(NotStarted, cause)
}

// nobodyAnswers: as long as a migration is known to run, only the deadline
// ends the wait. One that was never seen is not waited for so long.
func (f *follower) nobodyAnswers(waited time.Duration) bool {
	f.res.Running = f.progress.Attempt.Running()
	if f.progress.Attempt.Exists() || waited < f.polls(PollsToStart) {
		return false
	}
	f.res.Err = cmp.Or(f.lastErr, f.startErr)
	f.res.Detail = errText(f.res.Err)
	f.end(Unknown, CauseSilent)
	return true
}

// held: the target is active and recorded, the source has a copy, or nobody
// knows whether it has.
func (f *follower) held(waited time.Duration, o Observation) bool {
	f.res.Step, f.res.Holder = StepVerify, Controller{}
	if f.targetHasIt(o) {
		f.res.Holder = f.base.Target
	}
	reapFailed := f.progress.Phase == PhaseReapFailed
	nobodyToAsk := !f.base.Source.Known() && (f.auditErr == nil || f.handChecked)
	if waited < f.polls(PollsToSettle) && !reapFailed && !nobodyToAsk {
		return false
	}
	if reapFailed || o.copyOn(f.base.Source).held() {
		f.end(NeedsAttention, CauseLeftOver)
	} else {
		f.end(Unknown, CauseSourceUnknown)
	}
	return true
}

// targetHasIt reports whether it is known that the recorded target has the model:
// others can have made the entry of a list.
func (f *follower) targetHasIt(o Observation) bool {
	succeeded := f.base.TargetProved && f.progress.Phase.PastReturn()
	return !o.Info.Listed || f.base.Recorded || succeeded || o.copyOn(f.base.Target).held() || f.progress.ServedBy == f.base.Target.UUID
}

// stopWatching ends the run at the deadline, or because the caller said so. The
// migration goes on by itself.
func (f *follower) stopWatching(caller context.Context) {
	f.res.Err = cmp.Or(f.lastErr, f.telling.err)
	if f.started && !f.progress.Attempt.Exists() {
		f.res.Err = cmp.Or(f.startErr, f.lastErr)
	}
	if f.res.Err != nil {
		f.res.Detail = errText(f.res.Err)
	}
	f.end(TimedOut, f.whyStopped(caller))
}

func (f *follower) whyStopped(caller context.Context) Cause {
	if caller.Err() != nil {
		return CauseInterrupted
	}
	return CauseDeadline
}
