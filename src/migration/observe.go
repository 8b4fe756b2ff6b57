package migration

import (
	"context"
	"errors"
)

// observe asks the witnesses once and counts the calls to JIMM.
func (f *follower) observe(ctx context.Context) Observation {
	w := f.jaas.Witness
	model := f.base.Model.UUID
	var o Observation
	if f.opts.Probe {
		o.Copies = newAsker(w).all(ctx, f.pair(), model)
	}
	f.calls = 1
	if f.mayAskInfo(ctx, &o) {
		o.Info = w.Info(ctx, model)
	} else {
		o.Info = w.Summary(ctx, model)
	}
	if o.Info.Kind != InfoLive && o.Record.State == RecordUnknown {
		o.Record = w.Record(ctx, model)
		f.calls++
	}
	if f.needHost(o) {
		f.hostAsked, f.hostDue = true, false
		o.Host = w.Host(ctx, model)
		f.calls++
	}
	if f.mayAskTarget(o) {
		f.calls++
		o.Info = w.Info(ctx, model)
	}
	return o
}

// mayAskInfo reports whether JIMM may be asked for the model's details. A JIMM
// that completes migrations may forget the model over the question, unless it
// is known to follow the migration itself, or the source to hold the model. So
// its record is looked at first: whoever has changed it has ended the following.
func (f *follower) mayAskInfo(ctx context.Context, o *Observation) bool {
	if !f.base.Completes {
		return true
	}
	if (f.plan == PlanRecord || f.plan == PlanVerify) && f.seen.Info.reapFailed() && !f.seen.Info.Listed {
		return true // The recorded controller keeps its copy, and says so.
	}
	if f.detailsDue {
		f.detailsDue, f.detailed = false, true
		return f.mayBeDetailed(*o)
	}
	if !f.modeSet || !f.progress.Attempt.Running() || o.copyOn(f.base.Source).denies() {
		return false
	}
	f.calls++
	o.Record = f.jaas.Witness.Record(ctx, f.base.Model.UUID)
	f.modeSet = o.Record.State == RecordUnknown || o.Record.Controller == f.base.Source.UUID
	return f.modeSet && o.Record.State == RecordAt
}

// mayBeDetailed reports whether the source is known to hold the model, as at the
// first look: then JIMM may be asked for its details.
func (f *follower) mayBeDetailed(o Observation) bool {
	source := o.copyOn(f.base.Source)
	serves := f.progress.logIn(f.base, o).ServedBy == f.base.Source.UUID
	return source.held() || !source.denies() && serves
}

// mayAskTarget reports whether the recorded target may be asked for details, as
// at the first look: a list does not tell whether its copy is only half imported.
func (f *follower) mayAskTarget(o Observation) bool {
	target := f.base.Target.UUID
	if f.plan != PlanVerify || !o.Info.Listed || o.Info.Controller != target {
		return false
	}
	serves := f.progress.logIn(f.base, o).ServedBy == target
	return mayAskDetails(f.progress.read(f.base, o), o.copyOn(f.base.Target), serves)
}

// pair returns the controllers that are asked in each look.
func (f *follower) pair() []Controller {
	switch {
	case !f.base.Source.Known():
		return []Controller{f.base.Target}
	case !f.base.Target.Known():
		return []Controller{f.base.Source}
	}
	return []Controller{f.base.Source, f.base.Target}
}

// needHost reports whether only a login to the model, which is made at most
// once, can still tell whether the source has let go.
func (f *follower) needHost(o Observation) bool {
	unlisted := f.progress.read(f.base, o).Kind == InfoUnlisted && f.doubt.blindly()
	wanted := o.copyOn(f.base.Source).State == CopyUnknown && (unlisted || f.hostDue)
	return !f.hostAsked && (wanted || listedBySomebody(f.base, f.progress, o.Info, o.copyOn(f.base.Target)))
}

// sourceHasIt reports whether it is known that the source has the model that it
// seems to describe.
func (f *follower) sourceHasIt(o Observation) bool {
	a := o.Info.Attempt
	return !o.Info.Listed || a.ofSource() || f.base.Old.same(a) ||
		o.copyOn(f.base.Source).held() || o.Host.Kind == HostServes && o.Host.Controller == f.base.Source.UUID
}

// reaudit reads the audit log again where it decides: to know whose migration
// is on show after a start whose answer was an error, and whether somebody else
// has moved JIMM's record. As long as nobody knows, the worse is supposed.
func (f *follower) reaudit(ctx context.Context, o Observation) {
	whose := !f.whoseKnown && !f.base.TargetProved && f.progress.Attempt.Exists()
	unread := f.plan != PlanVerify || f.auditErr != nil // since JIMM records the target
	hand := !f.handChecked && unread && f.base.Target.Known() && o.recordedAt() == f.base.Target.UUID && !f.base.Recorded
	if !whose && !hand {
		return
	}
	audit, err := f.jaas.Auditor.Audit(ctx, f.base.Model)
	f.calls += 3
	if err != nil {
		f.base.RecordedByHand = f.base.RecordedByHand || hand
		return
	}
	since := f.audit.Now // JIMM's clock at the survey; zero if it was not read.
	if f.plan != PlanStart && f.plan != PlanWait {
		since = audit.Now.Add(-rememberRequests)
	}
	f.base.RecordedByHand = audit.recordedByHand(f.base.Target.Name, since)
	f.handChecked = f.handChecked || hand
	if !whose {
		return
	}
	f.whoseKnown = true
	if errors.Is(f.startErr, ErrMigrating) || errors.Is(f.startErr, ErrMarked) {
		// What runs began before our request, which was refused.
		audit = audit.without(f.audit.Now)
	}
	name, certain := audit.target(f.progress.Attempt, f.base.Source.Name)
	if to, known := f.controllers.byName(name); known && certain && !f.base.Target.Known() {
		f.base.Target, f.res.Target = to, to
	}
	f.base.TargetProved = certain && name == f.base.Target.Name
	switch {
	case certain && !f.base.TargetProved:
		f.otherTarget = name
	case f.progress.Listed && audit.brings(f.progress.Attempt, f.base.Source.Name):
		f.otherTarget = f.base.Source.Name
	}
}
