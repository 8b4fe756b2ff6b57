package migration

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/checks/rules"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

// record keeps what the observation shows for the result, and reports changes.
func (w *watcher) record(v judge.Verdict, o facts.Observation) {
	w.lastErr = w.answered(o)
	w.showRights(w.lastErr)
	if at := o.RecordedAt(); at != "" {
		w.res.Recorded = w.Controllers.ByUUID(at)
	}
	if v.Kind == judge.Lost {
		w.res.Recorded = facts.Controller{}
	}
	if len(o.Info.Users) > 0 {
		w.res.Model.Users = o.Info.Users
	}
	if a := w.progress.Attempt; a.Exists() {
		w.res.Attempt, w.res.Phase = a.Redacted(), w.progress.Phase
	}
	open := over(v.Kind)
	if v.Kind == judge.NoAnswer && o.RecordedAt() == w.base.Target.UUID && w.progress.Redirected {
		open = OverUnanswered
	}
	w.show(v, w.base, open, w.text(), w.refusal.text, w.lastErr)
}

// text is the redacted text of the migration that is followed, "" if there is none.
func (w *watcher) text() redact.Raw {
	if !w.progress.Attempt.Exists() {
		return ""
	}
	return w.progress.Attempt.Redacted().Text
}

// answered returns why a poll got no answer about the model, nil if it did.
func (w *watcher) answered(o facts.Observation) error {
	if o.Info.Described() {
		return nil
	}
	if _, lost := errors.AsType[*survey.RightsError](o.Record.Err); lost {
		return o.Record.Err // It explains the other.
	}
	return cmp.Or(o.Info.Err, o.Record.Err)
}

// transition does what the verdict calls for and reports whether the run has ended.
func (w *watcher) transition(ctx context.Context, v judge.Verdict, o facts.Observation) bool {
	w.res.Running = v.Kind == judge.Running || v.Kind == judge.Stalled || v.Kind == judge.Aborting || v.Kind == judge.GoesElsewhere
	switch v.Kind {
	case judge.Migrated:
		w.migrated()
	case judge.Moved, judge.ReapFailed:
		// Another client may have recorded it, and be moving it on already.
		if !v.Proof.Valid() || o.RecordedAt() == "" {
			return w.unsettled(ctx, v, o)
		}
		ended := w.recordTarget(ctx, v.Proof)
		if ended {
			w.over()
		}
		return ended
	case judge.Running, judge.Aborting:
		return w.running(v, o)
	case judge.Stalled:
		return w.running(v, o) || w.stalled()
	case judge.Aborted:
		w.aborted(ctx, v, o)
	case judge.Ended:
		w.res.Detail, w.res.Holder = v.Text.String(), facts.Controller{}
		w.end(facts.Unknown, facts.CauseAnswer)
	case judge.Superseded:
		w.res.Holder = w.base.Source
		w.end(facts.Unknown, facts.CauseOtherMigration)
	case judge.GoesElsewhere:
		w.goesElsewhere(o)
	case judge.Elsewhere:
		w.endElsewhere(v, o)
	case judge.Lost:
		w.res.Holder = w.redirectOfSource(o)
		w.end(facts.LostFromJIMM, facts.CauseNone)
	case judge.Conflict:
		w.res.Holder, w.res.Detail = facts.Controller{}, facts.DescribeCopies(w.Controllers, o.Copies)
		w.end(facts.Conflict, facts.CauseNone)
	default:
		return w.unsettled(ctx, v, o)
	}
	return true
}

// aborted ends the run: the migration was aborted. The target removes its copy
// on the way; one that stays blocks every other attempt, and one that is in use
// is a second model (juju/juju#20361, #21459).
func (w *watcher) aborted(ctx context.Context, v judge.Verdict, o facts.Observation) {
	w.res.Detail, w.res.Holder = v.Reason.String(), w.base.Source
	left := o.CopyOn(w.base.Target)
	if left.Denies() {
		left = w.copyNow(ctx, w.base.Target, left)
	}
	active := left.State == facts.CopyActive
	for n := 0; n < w.pollsFor(TimeForReport) && left.Has() && sleep(ctx, w.opts.PollInterval); n++ {
		left = w.copyNow(ctx, w.base.Target, left)
	}
	w.res.CopyLeft = left.Has()
	if left.State == facts.CopyImporting {
		w.res.LeftImport = leftImport(left, w.access(ctx, w.base.Target))
	}
	if active && left.State == facts.CopyActive {
		kept := w.copyNow(ctx, w.base.Source, o.CopyOn(w.base.Source))
		both := map[facts.ControllerUUID]facts.Copy{w.base.Source.UUID: kept, w.base.Target.UUID: left}
		w.res.Holder, w.res.Detail = facts.Controller{}, strings.TrimSuffix(facts.DescribeCopies(w.Controllers, both)+"; "+w.res.Detail, "; ")
		w.end(facts.Conflict, facts.CauseNone)
		return
	}
	if w.progress.Attempt.StartUnstable && w.base.AutoRecords {
		// JIMM waits for an end that this source never shows.
		w.res.Next = w.recordCommand(w.base.Source, w.base.Model.UUID)
	}
	w.end(facts.Aborted, facts.CauseAnswer)
}

// copyNow asks a controller again about its copy, and returns what was known before if it does
// not answer. An observation asks several servers at the same time: the answer of one can be
// from before the end that another has reported.
func (w *watcher) copyNow(ctx context.Context, c facts.Controller, before facts.Copy) facts.Copy {
	if again := w.Jaas.Witness.Copy(ctx, c, w.base.Model.UUID); again.State != facts.CopyUnknown {
		return again
	}
	return before
}

// recordCommand is the charm's own command that records a controller: on proof, or with
// the model's UUID as confirm on the user's confirmation.
func (w *watcher) recordCommand(at facts.Controller, confirm string) string {
	return facts.RecordCommand(w.opts.Unit, w.base.Model.UUID, at.Name, confirm)
}

// end closes the result.
func (w *watcher) end(outcome facts.Outcome, cause facts.Cause) {
	w.res.Outcome, w.res.Cause = outcome, cause
	if outcome == facts.NotStarted || outcome == facts.Aborted || cause == facts.CauseRecordFailed {
		w.explain()
	}
	w.res.Timing.finish(time.Now(), outcome)
	if w.base.TargetProved && !w.progress.Superseded {
		w.res.GoesTo = w.base.Target
	}
}

// explain reports what the text of a refusal or an abort means. A command that can only
// be refused again is not suggested.
func (w *watcher) explain() {
	unanswered := w.res.Cause == facts.CauseRecordFailed && !errors.Is(w.res.Err, ErrRecordRefused)
	if unanswered || errors.Is(w.res.Err, ErrNotSent) {
		return // The text is not that of an answer to the request.
	}
	reason, ok := w.reason(w.res.Detail)
	w.res.Hint = reason.Hint()
	switch {
	case ok && !reason.Retry:
		w.res.Reason = ReasonStays
	case (!ok || reason.ID == rules.Hidden) && (w.res.Outcome == facts.Aborted || errors.Is(w.res.Err, ErrStartRefused)):
		w.res.Reason = ReasonUnknown
	default:
		w.res.Reason = ReasonPasses
	}
	if w.res.Reason == ReasonStays && w.res.Cause == facts.CauseRecordFailed {
		w.res.Next = ""
	}
	if w.res.Outcome == facts.Aborted && w.res.Detail == "" {
		w.res.Hint = w.warnedOf()
	}
}

// warnedOf stands for the reason of an abort if the source does not give one, like
// sources that run Juju 4: it is what the checks had warned about.
func (w *watcher) warnedOf() string {
	i := slices.IndexFunc(w.res.Findings, func(f checks.Finding) bool { return f.Check == checks.Advisories && f.Level == checks.Warn })
	if i < 0 {
		return ""
	}
	return "the check advisories warned before the start: " + w.res.Findings[i].Evidence
}

// running keeps watching, unless the run is to end once the migration runs.
func (w *watcher) running(v judge.Verdict, o facts.Observation) bool {
	w.showRunning(o)
	begun := w.plan == PlanStart || w.plan == PlanWait
	if begun && w.opts.Until == UntilRunning && v.Kind != judge.Aborting && w.progress.Attempt.Exists() {
		w.end(facts.Started, facts.CauseNone)
		return true
	}
	return false
}

// showRunning keeps for the result what is known while a migration runs.
func (w *watcher) showRunning(o facts.Observation) {
	w.unresolved.reset()
	w.res.Step, w.res.Holder = facts.StepWatch, facts.Controller{}
	if w.base.SourceLive(w.progress.Read(w.base, o)) && !o.CopyOn(w.base.Source).Denies() {
		w.res.Holder = w.base.Source
	}
	if target := o.CopyOn(w.base.Target); w.progress.Attempt.Unshown() && (!w.base.TargetProved || !target.Denies() && target.State != facts.CopyImporting) {
		w.res.Holder = facts.Controller{} // It may be in use on the target already.
	}
	w.res.Attached = !w.request.made() || w.request.foundRunning()
	if w.progress.Phase.PastReturn() {
		w.res.Holder = facts.Controller{}
		if w.base.TargetProved && !w.progress.Superseded {
			w.res.Holder = w.base.Target
		}
	}
}

// goesElsewhere ends the run: the migration is not the requested one.
func (w *watcher) goesElsewhere(o facts.Observation) {
	w.showRunning(o)
	if w.base.GoesTo == w.base.Source.Name {
		w.res.Holder = facts.Controller{} // It is not there yet.
	}
	w.res.Detail = "according to JIMM's audit log, it goes to " + strconv.Quote(w.base.GoesTo)
	w.end(facts.Refused, facts.CauseOtherMigration)
}

// migrated ends the run: the model is on the target, and recorded there.
func (w *watcher) migrated() {
	w.res.Step, w.res.Holder, w.res.Recorded = facts.StepVerify, w.base.Target, w.base.Target
	switch {
	case w.progress.Phase == facts.PhaseReapFailed:
		w.end(facts.NeedsAttention, facts.CauseLeftOver)
	case w.plan == PlanVerify:
		w.done(facts.AlreadyThere)
	case w.plan == PlanRecord:
		w.done(facts.Recorded)
	default:
		w.done(facts.Migrated)
	}
}

// over notes that the source has released the model, which it does at the end of the last
// phase. The last text that was seen is that of an earlier phase. A source that could not
// remove its copy has not released it.
func (w *watcher) over() {
	if w.progress.Phase == facts.PhaseReapFailed {
		return
	}
	w.res.Attempt, w.res.Phase = w.progress.Attempt.Redacted(), facts.PhaseDone
	w.res.Attempt.Text = ""
}

// done ends the run: the migration is over.
func (w *watcher) done(outcome facts.Outcome) {
	w.over()
	if outcome == facts.AlreadyThere && !w.res.Attempt.Exists() {
		w.res.Phase = facts.PhaseUnknown // This run has seen no migration.
	}
	w.end(outcome, facts.CauseNone)
}

// recordTarget asks JIMM to record the target. An error does not prove that it did
// not: the next poll shows JIMM's record.
func (w *watcher) recordTarget(ctx context.Context, proof judge.Proof) bool {
	w.unresolved.reset()
	w.res.Step, w.res.Holder = facts.StepRecord, w.base.Target
	a := &w.attempts
	if w.refusesPermanently(a.err) || a.exhausted(time.Now(), w.wait(TimeToRecord)) {
		w.res.Err, w.res.Detail = a.err, redact.Error(a.err)
		if a.err == nil {
			w.res.Detail = "JIMM accepted the request, but its record still names another controller"
		}
		w.res.Next = w.recordCommand(w.base.Target, "")
		w.end(facts.Unknown, facts.CauseRecordFailed)
		return true
	}
	if !a.due(time.Now()) {
		return false
	}
	err := w.recorder.RecordController(ctx, proof)
	a.answered(time.Now(), err)
	w.modeSet = false
	w.lists.overtaken()
	if err == nil {
		w.base.RecordedBy = judge.ByThisRun
	}
	w.res.Proof = proof.Ground()
	w.report(RecordEvent{Controller: proof.Controller(), Ground: proof.Ground(), Err: err})
	return false
}

// refusesPermanently reports whether JIMM has answered with a refusal that the same request
// can only get again.
func (w *watcher) refusesPermanently(err error) bool {
	if !errors.Is(err, ErrRecordRefused) {
		return false
	}
	reason, known := w.reason(redact.Error(err))
	return known && !reason.Retry
}

// reason is what a text of JIMM or of a controller means for this migration.
func (w *watcher) reason(text string) (rules.Reason, bool) {
	known := checks.Facts(w.Survey)
	known.Source, known.Target = w.base.Source.AgentVersion, w.base.Target.AgentVersion
	return rules.Explain(text, known)
}

// endElsewhere ends the run: the model is on a third controller, or recorded there.
func (w *watcher) endElsewhere(v judge.Verdict, o facts.Observation) {
	w.res.Holder = w.redirectOfSource(o)
	if to := w.Controllers.ByUUID(v.Elsewhere); to.Name != "" && w.res.Recorded.UUID != to.UUID {
		w.res.Next = w.recordCommand(to, "")
	}
	outcome := facts.Unknown
	if w.res.Attached && !w.attempts.made() {
		outcome = facts.Refused // Nothing was sent.
	}
	w.end(outcome, facts.CauseElsewhere)
}

// redirectOfSource returns the controller that has the model according to the source
// itself, if that names one.
func (w *watcher) redirectOfSource(o facts.Observation) facts.Controller {
	if source := o.CopyOn(w.base.Source); source.State == facts.CopyMoved && source.To != "" {
		return w.Controllers.ByUUID(source.To)
	}
	return facts.Controller{}
}

// answers returns what was answered about the model: JIMM's error, or else what the
// controllers themselves report.
func answers(of []facts.Controller, o facts.Observation) string {
	if o.Info.Err != nil {
		return redact.Error(o.Info.Err)
	}
	var out []string
	for _, c := range of {
		if got := o.CopyOn(c); got.State != facts.CopyUnknown {
			out = append(out, strconv.Quote(c.String())+" "+got.Describe())
		}
	}
	return cmp.Or(strings.Join(out, "; "), o.Info.Answer())
}
