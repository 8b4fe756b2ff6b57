package migration

import (
	"context"
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
)

// observe asks the witnesses once and counts the calls to JIMM.
func (f *watcher) observe(ctx context.Context) facts.Observation {
	w := f.Jaas.Witness
	model := f.base.Model.UUID
	var o facts.Observation
	if f.opts.Probe {
		o.Copies = survey.NewProber(w).All(ctx, f.pair(), model)
	}
	f.calls = 1
	switch now := time.Now(); {
	case f.mayAskInfo(ctx, &o):
		o.Info = w.Info(ctx, model)
	case f.probeSuffices(o) && now.Sub(f.listed) < TimeBetweenLists:
	default:
		f.listed = now
		o.Info = w.Summary(ctx, model)
	}
	if o.Info.Kind != facts.InfoLive && o.Record.State == facts.RecordUnknown {
		o.Record = w.Record(ctx, model)
		f.calls++
	}
	if f.needHost(o) {
		f.login = asked
		o.Host = w.Host(ctx, model)
		f.calls++
	}
	if f.mayAskTarget(o) {
		f.calls++
		o.Info = w.Info(ctx, model)
	}
	return o
}

// probeSuffices reports whether the source's own answer does not contradict that
// the migration that is followed is still running: JIMM's list would only add its
// text. A source that says that its copy is active has ended it.
func (f *watcher) probeSuffices(o facts.Observation) bool {
	source := o.CopyOn(f.base.Source).State
	return f.progress.Attempt.Running() && (source == facts.CopyExporting || source == facts.CopyPresent)
}

// mayAskInfo reports whether JIMM may be asked for the model's details. A JIMM
// that completes migrations may forget the model over the question, unless it
// is known to follow the migration itself, or the source to hold the model. So
// its record is looked at first: whoever has changed it has ended the following.
func (f *watcher) mayAskInfo(ctx context.Context, o *facts.Observation) bool {
	if !f.base.AutoRecords {
		return true
	}
	if (f.plan == PlanRecord || f.plan == PlanVerify) && f.Observation.Info.ReapFailed() && !f.Observation.Info.Listed {
		return true // The recorded controller keeps its copy, and says so.
	}
	if f.details == due {
		f.details = asked
		return f.mayBeDetailed(*o)
	}
	if !f.modeSet || !f.progress.Attempt.Running() || o.CopyOn(f.base.Source).Denies() {
		return false
	}
	f.calls++
	o.Record = f.Jaas.Witness.Record(ctx, f.base.Model.UUID)
	f.modeSet = o.Record.State == facts.RecordUnknown || o.Record.Controller == f.base.Source.UUID
	return f.modeSet && o.Record.State == facts.RecordAt
}

// mayBeDetailed reports whether the source is known to hold the model, as at the
// first look: then JIMM may be asked for its details.
func (f *watcher) mayBeDetailed(o facts.Observation) bool {
	source := o.CopyOn(f.base.Source)
	serves := f.progress.LogIn(f.base, o).ServedBy == f.base.Source.UUID
	return source.Has() || !source.Denies() && serves
}

// mayAskTarget reports whether the recorded target may be asked for details, as
// at the first look: a list does not tell whether its copy is only half imported.
func (f *watcher) mayAskTarget(o facts.Observation) bool {
	target := f.base.Target.UUID
	if f.plan != PlanVerify || !o.Info.Listed || o.Info.Controller != target || o.CopyOn(f.base.Target).State == facts.CopyActive {
		return false
	}
	serves := f.progress.LogIn(f.base, o).ServedBy == target
	return survey.MayAskDetails(f.progress.Read(f.base, o), o.CopyOn(f.base.Target), serves)
}

// pair returns the controllers that are asked in each look.
func (f *watcher) pair() []facts.Controller {
	switch {
	case !f.base.Source.Known():
		return []facts.Controller{f.base.Target}
	case !f.base.Target.Known():
		return []facts.Controller{f.base.Source}
	}
	return []facts.Controller{f.base.Source, f.base.Target}
}

// needHost reports whether only a login to the model, which is made at most
// once, can still tell whether the source has let go.
func (f *watcher) needHost(o facts.Observation) bool {
	unlisted := f.progress.Read(f.base, o).Kind == facts.InfoUnlisted && f.unresolved.blindly()
	wanted := o.CopyOn(f.base.Source).State == facts.CopyUnknown && (unlisted || f.login == due)
	return f.login != asked && (wanted || judge.ListedBySomebody(f.base, f.progress, o.Info, o.CopyOn(f.base.Target)))
}

// sourceHasIt reports whether it is known that the source has the model that it
// seems to describe.
func (f *watcher) sourceHasIt(o facts.Observation) bool {
	a := o.Info.Attempt
	return !o.Info.Listed || a.OfSource() || f.base.Old.Same(a) ||
		o.CopyOn(f.base.Source).Has() || o.Host.Kind == facts.HostServes && o.Host.Controller == f.base.Source.UUID
}

// refreshAudit reads the audit log again where it decides: to know whose migration
// is on show after a start whose answer was an error, and whether somebody else
// has moved JIMM's record. As long as nobody knows, the worse is supposed.
func (f *watcher) refreshAudit(ctx context.Context, o facts.Observation) {
	whose := f.log.target != asked && !f.base.TargetProved && f.progress.Attempt.Exists()
	unread := f.plan != PlanVerify || f.AuditErr != nil // since JIMM records the target
	hand := f.log.record != asked && unread && f.base.Target.Known() && o.RecordedAt() == f.base.Target.UUID && !f.base.Recorded
	if !whose && !hand {
		return
	}
	audit, err := f.Jaas.Auditor.Audit(ctx, f.base.Model)
	f.calls += 3
	if err != nil {
		f.base.RecordedByHand = f.base.RecordedByHand || hand
		return
	}
	since := f.Audit.Now // JIMM's clock at the survey; zero if it was not read.
	if f.plan != PlanStart && f.plan != PlanWait {
		since = audit.Now.Add(-facts.RememberRequests)
	}
	f.base.RecordedByHand = audit.RecordedByHand(f.base.Target.Name, since)
	if hand {
		f.log.record = asked
	}
	if !whose {
		return
	}
	f.log.target = asked
	if f.request.foundRunning() {
		// What runs began before our request, which was refused.
		audit = audit.Without(f.Audit.Now)
	}
	name, certain := audit.Target(f.progress.Attempt, f.base.Source.Name)
	if to, known := f.Controllers.ByName(name); known && certain && !f.base.Target.Known() {
		f.base.Target, f.res.Target = to, to
	}
	f.base.TargetProved = certain && name == f.base.Target.Name
	switch {
	case certain && !f.base.TargetProved:
		f.log.elsewhere = name
	case f.progress.Listed && audit.Brings(f.progress.Attempt, f.base.Source.Name):
		f.log.elsewhere = f.base.Source.Name
	}
}

// adoptTarget takes the source's own word for where the migration went that is
// followed without knowing that.
func (f *watcher) adoptTarget(o facts.Observation) {
	source := o.CopyOn(f.base.Source)
	if f.base.Target.Known() || source.State != facts.CopyMoved {
		return
	}
	if to := f.Controllers.ByUUID(source.To); source.To != "" && to.Name != "" {
		f.base.Target, f.res.Target = to, to
	}
}
