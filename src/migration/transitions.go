package migration

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"time"

	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/checks/rules"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

// record keeps what the observation tells for the result, and reports changes.
func (f *watcher) record(v judge.Verdict, o facts.Observation) {
	f.lastErr = f.answered(o)
	if at := o.RecordedAt(); at != "" {
		f.res.Recorded = f.Controllers.ByUUID(at)
	}
	if v.Kind == judge.Lost {
		f.res.Recorded = facts.Controller{}
	}
	if len(o.Info.Users) > 0 {
		f.res.Model.Users = o.Info.Users
	}
	if a := f.progress.Attempt; a.Exists() {
		f.res.Attempt, f.res.Phase = a.Redacted(), f.progress.Phase
	}
	f.show(v, f.base.Source, f.text(), f.lastErr)
}

// text is the redacted text of the migration that is followed, "" if there is none.
func (f *watcher) text() string {
	if !f.progress.Attempt.Exists() {
		return ""
	}
	return f.progress.Attempt.Redacted().Text
}

// answered returns why a poll brought no answer about the model, nil if it did.
func (f *watcher) answered(o facts.Observation) error {
	if o.Info.Kind == facts.InfoLive {
		return nil
	}
	return cmp.Or(o.Info.Err, o.Record.Err)
}

// stalled ends the watching of a migration that makes no progress, if that is
// wanted.
func (f *watcher) stalled() bool {
	if !f.opts.StopOnStall || !f.progress.Attempt.Running() {
		return false
	}
	f.res.Detail = "no progress: " + f.progress.Phase.String() + ": " + f.res.Attempt.Text
	if f.progress.Phase == facts.PhaseSuccess {
		f.res.Detail += " (see " + judge.IssueStuckInSuccess + ")"
	}
	f.end(facts.TimedOut, facts.CauseStalled)
	return true
}

// act does what the verdict calls for and reports whether the run has ended.
func (f *watcher) act(ctx context.Context, v judge.Verdict, o facts.Observation) bool {
	f.res.Running = v.Kind == judge.Running || v.Kind == judge.Stalled || v.Kind == judge.Aborting
	switch v.Kind {
	case judge.Migrated:
		f.migrated()
	case judge.Moved, judge.ReapFailed:
		// Somebody else may have recorded it, and be moving it on already.
		if !v.Proof.Valid() || o.RecordedAt() == "" {
			return f.unsettled(ctx, v, o)
		}
		return f.recordTarget(ctx, v.Proof)
	case judge.Running, judge.Aborting:
		return f.running(v, o)
	case judge.Stalled:
		return f.running(v, o) || f.stalled()
	case judge.Aborted:
		f.aborted(ctx, v, o)
	case judge.Ended:
		f.res.Detail, f.res.Holder = redact.String(v.Text), facts.Controller{}
		f.end(facts.Unknown, facts.CauseAnswer)
	case judge.Superseded:
		f.res.Holder = f.base.Source
		f.end(facts.Unknown, facts.CauseOtherMigration)
	case judge.Elsewhere:
		f.elsewhere(v, o)
	case judge.Lost:
		f.res.Holder = f.sourcesWord(o)
		f.end(facts.LostFromJIMM, facts.CauseNone)
	case judge.Conflict:
		f.res.Holder, f.res.Detail = facts.Controller{}, facts.DescribeCopies(f.Controllers, o.Copies)
		f.end(facts.Conflict, facts.CauseNone)
	default:
		return f.unsettled(ctx, v, o)
	}
	return true
}

// aborted ends the run: the migration was aborted. The target removes its copy
// on the way; one that stays blocks every other attempt, and one that is in use
// is a second model (juju/juju#20361, #21459).
func (f *watcher) aborted(ctx context.Context, v judge.Verdict, o facts.Observation) {
	f.res.Detail, f.res.Holder = redact.String(v.Reason), f.base.Source
	left := o.CopyOn(f.base.Target)
	active := left.State == facts.CopyActive
	for n := 0; n < f.pollsFor(TimeForWord) && left.Has() && sleep(ctx, f.opts.PollInterval); n++ {
		if again := f.Jaas.Witness.Copy(ctx, f.base.Target, f.base.Model.UUID); again.State != facts.CopyUnknown {
			left = again
		}
	}
	f.res.CopyLeft = left.Has()
	if active && left.State == facts.CopyActive {
		f.res.Holder = facts.Controller{}
		f.end(facts.Conflict, facts.CauseNone)
		return
	}
	if f.progress.Attempt.StartUnstable && f.base.AutoRecords {
		// JIMM waits for an end that this source never shows, and refuses every
		// other attempt until the record is made anew.
		f.res.Next = f.Traits.UpdateCommand(f.base.Source, f.base.Model.UUID)
	}
	f.end(facts.Aborted, facts.CauseAnswer)
}

// end closes the result.
func (f *watcher) end(outcome facts.Outcome, cause facts.Cause) {
	f.res.Outcome, f.res.Cause = outcome, cause
	if outcome == facts.NotStarted || outcome == facts.Aborted || cause == facts.CauseRecordFailed {
		f.explain()
	}
	f.res.Timing.finish(time.Now(), outcome)
	f.res.TargetProved = f.base.TargetProved && !f.progress.Superseded
}

// explain says what the words of a refusal or an abort mean. A command that can only
// be refused again is not the one to go on with.
func (f *watcher) explain() {
	known := checks.Facts(f.Survey)
	known.Source, known.Target = f.base.Source.AgentVersion, f.base.Target.AgentVersion
	reason, ok := rules.Explain(f.res.Detail, known)
	f.res.Hint, f.res.Settled = reason.Hint(), ok && !reason.Retry
	if f.res.Settled && f.res.Cause == facts.CauseRecordFailed {
		f.res.Next = ""
	}
}

// running goes on watching, unless nobody wants to.
func (f *watcher) running(v judge.Verdict, o facts.Observation) bool {
	f.unresolved.settle()
	f.res.Step, f.res.Holder = facts.StepWatch, facts.Controller{}
	if f.base.SourceLive(f.progress.Read(f.base, o)) && !o.CopyOn(f.base.Source).Denies() {
		f.res.Holder = f.base.Source
	}
	if target := o.CopyOn(f.base.Target); f.progress.Attempt.Unshown() && (!f.base.TargetProved || !target.Denies() && target.State != facts.CopyImporting) {
		f.res.Holder = facts.Controller{} // It may be in use on the target already.
	}
	f.res.Attached = !f.request.made() || f.request.foundRunning()
	if f.progress.Phase.PastReturn() {
		f.res.Holder = facts.Controller{}
		if f.base.TargetProved && !f.progress.Superseded {
			f.res.Holder = f.base.Target
		}
	}
	if f.log.elsewhere != "" {
		if f.log.elsewhere == f.base.Source.Name {
			f.res.Holder = facts.Controller{} // It is not there yet.
		}
		f.res.Detail = "JIMM's audit log says that it goes to " + strconv.Quote(f.log.elsewhere)
		f.end(facts.Refused, facts.CauseOtherMigration)
		return true
	}
	begun := f.plan == PlanStart || f.plan == PlanWait
	if begun && f.opts.Detach && v.Kind != judge.Aborting && f.progress.Attempt.Exists() {
		f.end(facts.Started, facts.CauseNone)
		return true
	}
	return false
}

// migrated ends the run: the model is where it shall be, and recorded there.
func (f *watcher) migrated() {
	f.res.Step, f.res.Holder, f.res.Recorded = facts.StepVerify, f.base.Target, f.base.Target
	switch {
	case f.progress.Phase == facts.PhaseReapFailed:
		f.end(facts.NeedsAttention, facts.CauseLeftOver)
	case f.plan == PlanVerify:
		f.end(facts.AlreadyThere, facts.CauseNone)
	case f.plan == PlanRecord:
		f.end(facts.Recorded, facts.CauseNone)
	default:
		f.end(facts.Migrated, facts.CauseNone)
	}
}

// recordTarget asks JIMM to record the target. An error does not prove that it did
// not: the next poll shows JIMM's record.
func (f *watcher) recordTarget(ctx context.Context, proof judge.Proof) bool {
	f.unresolved.settle()
	f.res.Step, f.res.Holder = facts.StepRecord, f.base.Target
	a := &f.attempts
	if a.exhausted(time.Now(), f.wait(TimeToRecord)) {
		f.res.Err, f.res.Detail = a.err, redact.Error(a.err)
		if a.err == nil {
			f.res.Detail = "JIMM has accepted it, and its record still names another controller"
		}
		f.res.Next = f.Traits.UpdateCommand(f.base.Target, f.base.Model.UUID)
		f.end(facts.Unknown, facts.CauseRecordFailed)
		return true
	}
	if !a.due(time.Now()) {
		return false
	}
	err := f.recorder.RecordController(ctx, proof)
	a.answered(time.Now(), err)
	f.modeSet = false
	if err == nil {
		f.base.Recorded = true
	}
	f.res.Proof = proof.Ground()
	f.report(RecordEvent{Controller: proof.Controller(), Ground: proof.Ground(), Err: err})
	return false
}

// elsewhere ends the run: the model is on a third controller, or recorded there.
func (f *watcher) elsewhere(v judge.Verdict, o facts.Observation) {
	f.res.Holder = f.sourcesWord(o)
	if to := f.Controllers.ByUUID(v.Elsewhere); to.Name != "" && f.res.Recorded.UUID != to.UUID {
		f.res.Next = f.Traits.UpdateCommand(to, f.base.Model.UUID)
	}
	outcome := facts.Unknown
	if f.res.Attached && !f.attempts.made() {
		outcome = facts.Refused // Nothing was sent.
	}
	f.end(outcome, facts.CauseElsewhere)
}

// sourcesWord returns the controller that has the model according to the source
// itself, if that tells.
func (f *watcher) sourcesWord(o facts.Observation) facts.Controller {
	if source := o.CopyOn(f.base.Source); source.State == facts.CopyMoved && source.To != "" {
		return f.Controllers.ByUUID(source.To)
	}
	return facts.Controller{}
}

// unsettled waits for a verdict that settles something, for a bounded time.
func (f *watcher) unsettled(ctx context.Context, v judge.Verdict, o facts.Observation) bool {
	f.res.Holder = facts.Controller{}
	waited := f.unresolved.waited(v.Kind, time.Now())
	switch v.Kind {
	case judge.Waiting:
		return f.nothingOnShow(ctx, waited, o)
	case judge.SourceRetains:
		return f.held(waited, o)
	case judge.SourceReleased, judge.Misrecorded, judge.ReapFailed:
	default:
		return f.nobodyAnswers(waited)
	}
	if waited < f.wait(TimeToResolve) {
		return false
	}
	f.res.Err, f.res.Detail = o.Info.Err, redact.Error(o.Info.Err)
	if v.Kind == judge.Misrecorded {
		if only := f.onlyHolder(ctx); only.Known() {
			f.res.Holder = only
			f.res.Next = f.Traits.UpdateCommand(only, f.base.Model.UUID)
		}
		f.end(facts.Unknown, facts.CauseMisrecorded)
		return true
	}
	if v.Kind == judge.ReapFailed {
		f.res.Err, f.res.Detail = nil, redact.String(v.Reason)
	}
	if f.base.TargetProved && !o.CopyOn(f.base.Target).Denies() {
		f.res.Next = f.Traits.UpdateCommand(f.base.Target, f.base.Model.UUID)
	}
	f.end(facts.Unknown, facts.CauseUnproved)
	return true
}

// onlyHolder returns the controller that alone has a copy of the model, if all
// of them tell.
func (f *watcher) onlyHolder(ctx context.Context) (only facts.Controller) {
	if !f.opts.Probe {
		return facts.Controller{}
	}
	copies := survey.NewProber(f.Jaas.Witness).All(ctx, f.Controllers, f.base.Model.UUID)
	for _, c := range f.Controllers {
		switch got := copies[c.UUID]; {
		case got.Denies():
		case !got.Has() || only.Known():
			return facts.Controller{}
		default:
			only = c
		}
	}
	return only
}

// nothingOnShow: the source seems to describe the model and shows no new
// migration.
func (f *watcher) nothingOnShow(ctx context.Context, waited time.Duration, o facts.Observation) bool {
	limit := f.wait(TimeToBegin)
	if f.plan == PlanWait && !f.request.made() {
		limit = f.TimeLeftToStart()
	}
	if f.request.refused() && f.opts.Probe {
		limit = min(limit, f.opts.PollInterval)
	}
	known := f.sourceHasIt(o)
	if known {
		f.res.Holder = f.base.Source
	}
	switch {
	case waited < limit:
		return false
	case !known && f.login != asked:
		f.login.want()
		return false
	case f.progress.Attempt.Exists(), f.plan != PlanStart && f.plan != PlanWait:
		// It was on show, or seemed over, and is neither any more; or somebody has
		// moved the model away from where it was to be. The checks for a start were
		// not made.
		if o.Info.Listed {
			f.res.Holder = facts.Controller{} // Who has listed it, and why, is open.
		}
		f.end(facts.Unknown, facts.CauseChanged)
	case !f.request.made():
		f.unresolved.settle()
		f.request.want()
		return false
	case !known:
		f.res.Err = cmp.Or(o.Host.Err, f.request.err)
		f.res.Detail = redact.Error(f.res.Err)
		f.end(facts.Unknown, facts.CauseSilent)
	case f.base.AutoRecords && f.details != asked && f.mayBeDetailed(o):
		// The list can have the entry of the target, and hide that of the source.
		f.details.want()
		return false
	case o.CopyOn(f.base.Target).Has() && !f.Observation.CopyOn(f.base.Target).Has():
		f.res.Holder = facts.Controller{} // Somebody has brought a copy there meanwhile.
		f.end(facts.Unknown, facts.CauseChanged)
	case f.request.err == nil && !f.base.Source.ShowsMigrations():
		// The source accepted it, and is idle again: an abort leaves no trace there.
		f.aborted(ctx, judge.Verdict{}, o)
	default:
		f.notStarted()
	}
	return true
}

// notStarted ends the run: a migration was asked for, and none has begun.
func (f *watcher) notStarted() {
	cause := facts.CauseNone
	if f.request.err != nil {
		cause = facts.CauseAnswer
		f.res.Err, f.res.Detail = f.request.err, redact.Error(f.request.err)
	}
	if errors.Is(f.request.err, ErrMarked) {
		// JIMM believes in a migration that is not there, and refuses every
		// other until the record is made anew.
		f.res.Next = f.Traits.UpdateCommand(f.base.Source, f.base.Model.UUID)
	}
	f.end(facts.NotStarted, cause)
}

// nobodyAnswers: as long as a migration is known to run, only the deadline
// ends the wait. One that was never seen is not waited for so long.
func (f *watcher) nobodyAnswers(waited time.Duration) bool {
	f.res.Running = f.progress.Attempt.Running()
	if f.progress.Attempt.Exists() || waited < f.wait(TimeToBegin) {
		return false
	}
	f.res.Err = cmp.Or(f.lastErr, f.request.err)
	f.res.Detail = redact.Error(f.res.Err)
	f.end(facts.Unknown, facts.CauseSilent)
	return true
}

// held: the target is active and recorded, the source has a copy, or nobody
// knows whether it has.
func (f *watcher) held(waited time.Duration, o facts.Observation) bool {
	f.res.Step, f.res.Holder = facts.StepVerify, facts.Controller{}
	if f.targetHasIt(o) {
		f.res.Holder = f.base.Target
	}
	reapFailed := f.progress.Phase == facts.PhaseReapFailed
	nobodyToAsk := !f.base.Source.Known() && (f.AuditErr == nil || f.log.record == asked)
	if waited < f.wait(TimeToResolve) && !reapFailed && !nobodyToAsk {
		return false
	}
	if reapFailed || o.CopyOn(f.base.Source).Has() {
		f.end(facts.NeedsAttention, facts.CauseLeftOver)
	} else {
		f.end(facts.Unknown, facts.CauseSourceUnknown)
	}
	return true
}

// targetHasIt reports whether it is known that the recorded target has the model:
// others can have made the entry of a list.
func (f *watcher) targetHasIt(o facts.Observation) bool {
	succeeded := f.base.TargetProved && f.progress.Phase.PastReturn()
	return !o.Info.Listed || f.base.Recorded || succeeded || o.CopyOn(f.base.Target).Has() || f.progress.ServedBy == f.base.Target.UUID
}

// stopWatching ends the run at the deadline, or because the caller said so. The
// migration goes on by itself.
func (f *watcher) stopWatching(caller context.Context) {
	f.res.Err = cmp.Or(f.lastErr, f.attempts.err)
	if f.request.made() && !f.progress.Attempt.Exists() {
		f.res.Err = cmp.Or(f.request.err, f.lastErr)
	}
	if f.res.Err != nil {
		f.res.Detail = redact.Error(f.res.Err)
	}
	f.askControllers(caller)
	f.end(facts.TimedOut, f.whyStopped(caller))
}

// lastProbe bounds the probes that a run makes after its deadline.
const lastProbe = 10 * time.Second

// askControllers asks source and target themselves, without JIMM, before a run that
// has not seen the end says where the model is: the migration may have ended long
// ago while JIMM refused to answer. A caller that stops the run is not kept waiting.
func (f *watcher) askControllers(caller context.Context) {
	if caller.Err() != nil || !f.opts.Probe || !f.base.Source.Known() || !f.base.Target.Known() {
		return
	}
	ctx, cancel := context.WithTimeout(caller, lastProbe)
	defer cancel()
	copies := survey.NewProber(f.Jaas.Witness).All(ctx, f.pair(), f.base.Model.UUID)
	source, target := copies[f.base.Source.UUID], copies[f.base.Target.UUID]
	switch {
	case source.State == facts.CopyMoved:
		f.res.Running, f.res.Step, f.res.Holder = false, facts.StepRecord, f.Controllers.ByUUID(source.To)
		if source.To == "" && target.Has() && f.base.TargetProved {
			f.res.Holder = f.base.Target
		}
		if f.res.Holder.UUID != f.base.Target.UUID {
			f.res.Step = facts.StepWatch
		}
	case source.State == facts.CopyActive && target.State == facts.CopyAbsent:
		f.res.Running, f.res.Holder = false, f.base.Source
	case source.State == facts.CopyExporting, source.State == facts.CopyImporting, target.State == facts.CopyImporting:
		f.res.Running = true
	}
}

func (f *watcher) whyStopped(caller context.Context) facts.Cause {
	if caller.Err() != nil {
		return facts.CauseInterrupted
	}
	return facts.CauseDeadline
}
