package migration

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

// unresolved is the timer of verdicts that decide nothing. Its zero value does not run.
type unresolved struct {
	kind       judge.Kind
	since      time.Time // Since when the verdict is of this kind; zero: it is not.
	unanswered time.Time // Since when there is no answer; zero: the last observation got one.
}

// duration returns for how long the verdict has been of this kind. An observation that
// got no answer interrupts nothing.
func (u *unresolved) duration(kind judge.Kind, now time.Time) time.Duration {
	if kind == judge.NoAnswer {
		if u.unanswered.IsZero() {
			u.unanswered = now
		}
		return now.Sub(u.unanswered)
	}
	u.unanswered = time.Time{}
	if kind != u.kind || u.since.IsZero() {
		u.kind, u.since = kind, now
	}
	return now.Sub(u.since)
}

// noAnswer reports whether the last observation got no answer.
func (u *unresolved) noAnswer() bool { return !u.unanswered.IsZero() }

// reset stops the timer.
func (u *unresolved) reset() { *u = unresolved{} }

// unsettled waits for a verdict that decides something, for a limited time.
func (w *watcher) unsettled(ctx context.Context, v judge.Verdict, o facts.Observation) bool {
	w.res.Holder = facts.Controller{}
	unresolvedFor := w.unresolved.duration(v.Kind, time.Now())
	switch v.Kind {
	case judge.Waiting:
		return w.nothingReported(ctx, unresolvedFor, o)
	case judge.SourceRetains:
		return w.sourceRetains(unresolvedFor, o)
	case judge.SourceReleased, judge.Misrecorded, judge.ReapFailed:
	default:
		return w.unanswered(unresolvedFor, o)
	}
	if unresolvedFor < w.wait(TimeToResolve) {
		return false
	}
	w.res.Err, w.res.Detail = o.Info.Err, answers(w.pair(), o)
	if v.Kind == judge.Misrecorded {
		if only := w.onlyHolder(ctx); only.Known() {
			w.res.Holder = only
			// JIMM may forget the model at any moment: this command waits for nothing.
			w.res.Next = w.Traits.UpdateCommand(only, w.base.Model.UUID)
		}
		w.end(facts.Unknown, facts.CauseMisrecorded)
		return true
	}
	if v.Kind == judge.ReapFailed {
		w.res.Err, w.res.Detail = nil, v.Reason.String()
	}
	if !w.opts.Probe {
		w.res.Hint = w.unprobed()
	}
	if w.base.TargetProved && !o.CopyOn(w.base.Target).Denies() {
		w.res.Next = w.recordCommand(w.base.Target, "")
	}
	w.end(facts.Unknown, facts.CauseUnproved)
	return true
}

// unprobed returns what would help where the controllers are not asked.
func (w *watcher) unprobed() string {
	return "only the controllers know where the model is, and they are not asked (probe-controllers=false): " + facts.ProbeCommand(w.opts.Unit) + ", then run locate-model"
}

// hidden reports whether JIMM's list has the entry of another controller in place of
// that of the source: it shows no end of the migration, and no other answer does
// without probes.
func (w *watcher) hidden(o facts.Observation) bool {
	return !w.opts.Probe && o.Info.Kind == facts.InfoListed && !o.Info.Attempt.Exists() && w.progress.Attempt.Exists()
}

// onlyHolder returns the controller that alone has a copy of the model, if all
// of them answer.
func (w *watcher) onlyHolder(ctx context.Context) (only facts.Controller) {
	if !w.opts.Probe {
		return facts.Controller{}
	}
	copies := survey.NewProber(w.Jaas.Witness).All(ctx, w.Controllers, w.base.Model.UUID)
	for _, c := range w.Controllers {
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

// mayBeElsewhere reports whether a controller besides the source may host the model: it has
// more than a half-imported copy, or does not say that it has none.
func (w *watcher) mayBeElsewhere(ctx context.Context) bool {
	copies := survey.NewProber(w.Jaas.Witness).All(ctx, w.Controllers, w.base.Model.UUID)
	return slices.ContainsFunc(w.Controllers, func(c facts.Controller) bool {
		got := copies[c.UUID]
		return c.UUID != w.base.Source.UUID && !got.Denies() && got.State != facts.CopyImporting
	})
}

// nothingReported: the source seems to describe the model and shows no new
// migration.
func (w *watcher) nothingReported(ctx context.Context, unresolvedFor time.Duration, o facts.Observation) bool {
	limit := w.wait(TimeToBegin)
	if w.plan == PlanWait && !w.request.made() {
		limit = w.TimeLeftToStart()
	}
	if w.request.refused() && w.opts.Probe {
		limit = min(limit, w.opts.PollInterval)
	}
	known, open := w.sourceHasIt(o), len(judge.Open(w.base.Source, o)) > 0
	if known && !open {
		w.res.Holder = w.base.Source
	}
	switch {
	case unresolvedFor < limit:
		return false
	case !known && w.login != asked:
		w.login.want()
		return false
	case w.progress.Attempt.Unshown():
		w.vanished(o)
	case w.progress.Attempt.Exists(), w.plan != PlanStart && w.plan != PlanWait:
		// It was reported, or seemed over, and now is neither; or another client has
		// moved the model away from where it was to be. The checks for a start were
		// not made.
		if o.Info.Kind == facts.InfoListed {
			w.res.Holder = facts.Controller{} // Who has listed it, and why, is open.
		}
		w.end(facts.Unknown, facts.CauseChanged)
	case !w.request.made():
		w.unresolved.reset()
		w.request.want()
		return false
	case !known:
		w.silent(cmp.Or(o.Host.Err, w.request.err))
	case w.base.AutoRecords && w.ownReport != asked && w.holdsIt(o):
		// The list can have the entry of the target, and hide that of the source.
		w.ownReport.want()
		return false
	case o.CopyOn(w.base.Target).Has() && !w.Observation.CopyOn(w.base.Target).Has():
		w.res.Holder = facts.Controller{} // A copy has been moved there meanwhile.
		w.end(facts.Unknown, facts.CauseChanged)
	case open && !w.request.refused():
		w.vanished(o)
	case w.request.err == nil && !w.base.Source.ShowsMigrations():
		// The source accepted it, and is idle again: an abort leaves no trace there.
		w.aborted(ctx, judge.Verdict{}, o)
	case errors.Is(w.request.err, ErrMarked) && !w.base.Source.ShowsMigrations() && w.opts.Probe && w.mayBeElsewhere(ctx):
		// The migration that JIMM still waits for may have succeeded.
		w.vanished(o)
	default:
		w.notStarted()
	}
	return true
}

// notStarted ends the run: a migration was requested, and none has begun.
func (w *watcher) notStarted() {
	cause := facts.CauseNone
	if w.request.err != nil {
		cause = facts.CauseAnswer
		w.res.Err, w.res.Detail = w.request.err, redact.Error(w.request.err)
	}
	if errors.Is(w.request.err, ErrMarked) {
		w.res.Next = w.recordCommand(w.base.Source, w.base.Model.UUID)
	}
	w.end(facts.NotStarted, cause)
}

// unanswered: as long as a migration is known to run, only the deadline
// ends the wait. One that was never seen is not waited for so long.
func (w *watcher) unanswered(unresolvedFor time.Duration, o facts.Observation) bool {
	w.res.Running = w.progress.Attempt.Running()
	if w.hidden(o) && unresolvedFor >= w.wait(TimeToStall) {
		w.res.Detail, w.res.Hint = "JIMM's list shows another controller's entry for the model, not the source's", w.unprobed()
		w.end(facts.Unknown, facts.CauseUnproved)
		return true
	}
	if w.progress.Attempt.Exists() || unresolvedFor < w.wait(TimeToBegin) {
		return false
	}
	if w.plan == PlanVerify && o.Info.Described() && len(judge.Open(w.base.Target, o)) > 0 {
		w.res.Detail = survey.Undecided{Recorded: w.base.Target, Controllers: w.Controllers, Observation: o, Unread: w.AuditErr}.String()
		w.end(facts.Unknown, facts.CauseSilent)
		return true
	}
	w.silent(cmp.Or(w.lastErr, w.request.err))
	return true
}

// silent ends the run: no controller says whether a migration is running. err is the
// last answer that was an error; nil if JIMM has answered, and its answer does not say it.
func (w *watcher) silent(err error) {
	w.res.Err, w.res.Detail = err, redact.Error(err)
	if err == nil {
		w.res.Detail = w.unreported()
	}
	if err == nil && !w.opts.Probe {
		w.res.Hint = w.unprobed()
	}
	w.end(facts.Unknown, facts.CauseSilent)
}

// vanished ends the run: a source that shows no migrations does not migrate the model any
// more, and it is not known how that ended: see [judge.Open].
func (w *watcher) vanished(o facts.Observation) {
	target, said := strconv.Quote(w.base.Target.String()), "does not answer"
	if !w.base.Target.Known() {
		target, said = "the controller that it was to move to", "is not known"
	}
	if got := o.CopyOn(w.base.Target); got.State != facts.CopyUnknown {
		said = got.Describe()
	}
	w.res.Holder, w.res.Err = facts.Controller{}, nil
	w.res.Detail = strconv.Quote(w.base.Source.String()) + " is no longer migrating the model and still has a copy, which happens after an abort, and after a success if it could not remove its copy; " + target + " " + said
	w.end(facts.Unknown, facts.CauseSilent)
}

// unreported returns why an answer does not say whether a migration is running.
func (w *watcher) unreported() string {
	name := strconv.Quote(w.base.Source.String())
	if !w.base.Source.ShowsMigrations() {
		return name + " (Juju " + w.base.Source.AgentVersion + ") shows no migration to JIMM"
	}
	return "JIMM's list shows another controller's entry for the model, not that of " + name
}

// sourceRetains: the target is active and recorded, the source has a copy, or it is
// not known whether it has.
func (w *watcher) sourceRetains(unresolvedFor time.Duration, o facts.Observation) bool {
	w.res.Step, w.res.Holder = facts.StepVerify, facts.Controller{}
	if w.targetHasIt(o) {
		w.res.Holder = w.base.Target
	}
	reapFailed := w.progress.Phase == facts.PhaseReapFailed
	noneToAsk := !w.base.Source.Known() && (w.AuditErr == nil || w.log.record == asked)
	if unresolvedFor < w.wait(TimeToResolve) && !reapFailed && !noneToAsk {
		return false
	}
	if reapFailed || o.CopyOn(w.base.Source).Has() {
		w.end(facts.NeedsAttention, facts.CauseLeftOver)
	} else {
		w.end(facts.Unknown, facts.CauseSourceUnknown)
	}
	return true
}

// targetHasIt reports whether it is known that the recorded target has the model:
// others can have made the entry of a list.
func (w *watcher) targetHasIt(o facts.Observation) bool {
	succeeded := w.base.TargetProved && w.progress.Phase.PastReturn()
	return o.Info.Kind != facts.InfoListed || w.base.RecordedBy == judge.ByThisRun || succeeded || o.CopyOn(w.base.Target).Has() || w.progress.ServedBy == w.base.Target.UUID
}
