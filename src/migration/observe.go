package migration

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
)

// observe asks the witnesses once and counts the calls to JIMM.
func (w *watcher) observe(ctx context.Context) facts.Observation {
	witness := w.Jaas.Witness
	model := w.base.Model.UUID
	o := facts.Observation{Destinations: w.destinations()}
	if w.opts.Probe {
		o.Copies = survey.NewProber(witness).All(ctx, w.asked(o.Destinations), model)
	}
	w.calls = 1
	switch now := time.Now(); {
	case w.mayAskInfo(ctx, &o):
		o.Info = witness.Info(ctx, model)
	case w.probeSuffices(o) && now.Sub(w.listed) < TimeBetweenLists:
	case w.lists.stillGood(now, w.progress.Attempt, o.CopyOn(w.base.Source).State):
		o.Info = w.lists.last
	default:
		w.listed = now
		o.Info = witness.Summary(ctx, model).Info()
		w.lists.read(now, o.Info, o.CopyOn(w.base.Source).State, w.opts.PollInterval)
	}
	if !o.Info.Described() && o.Record.State == facts.RecordUnknown {
		o.Record = w.askRecord(ctx, o)
	}
	if w.needHost(o) {
		w.login = asked
		o.Host = witness.Host(ctx, model, "")
		w.calls++
		w.noteReport(o)
	}
	if w.needOwnReport(o) {
		w.calls++
		o.Host = witness.Host(ctx, model, cmp.Or(o.RecordedAt(), w.base.Source.UUID))
		w.noteReport(o)
	}
	switch report, ok := o.Host.Report(o.Info); {
	case o.Host.Info.Kind == facts.InfoBroken:
		o.Info = o.Host.Info
	case ok && !judge.ShownByOther(o.Info, w.base.Target, o.Host):
		o.Info = report
	}
	return o
}

// askRecord asks JIMM for its record. One that JIMM has only in its list of models (before January
// 2026) is asked for once a minute while it names the source and the probes say the same.
func (w *watcher) askRecord(ctx context.Context, o facts.Observation) facts.Record {
	now, said := time.Now(), [2]facts.CopyState{o.CopyOn(w.base.Source).State, o.CopyOn(w.base.Target).State}
	if l := &w.lists; l.copies == said && now.Sub(l.recorded) < TimeBetweenLists {
		return facts.Record{State: facts.RecordAt, Controller: w.base.Source.UUID, Listed: true}
	}
	got := w.Jaas.Witness.Record(ctx, w.base.Model.UUID)
	w.calls++
	if got.Controller != w.lists.record {
		w.lists.overtaken()
		w.lists.record = got.Controller
	}
	w.lists.copies, w.lists.recorded = said, time.Time{}
	if got.Listed && got.Controller == w.base.Source.UUID {
		w.lists.recorded = now
	}
	return got
}

// lists spaces the questions for JIMM's list while it shows the same: JIMM of 2026 connects
// to every controller for each. Its zero value has read none.
type lists struct {
	last   facts.Info
	source facts.CopyState // What the source said then.
	record facts.ControllerUUID
	// recorded is when the list last named the source as the record, and copies what source and
	// target said then.
	recorded time.Time
	copies   [2]facts.CopyState
	asked    time.Time
	since    time.Time     // Since when the list shows the same.
	pause    time.Duration // Of a migration that runs; it doubles while the text stays the same.
}

// stillGood reports whether the last list stands for another one: it showed that the
// migration which is followed runs, or has shown the same for a while, and the source has said
// nothing new since.
func (l *lists) stillGood(now time.Time, a facts.Attempt, source facts.CopyState) bool {
	if l.asked.IsZero() || l.last.Kind == facts.InfoUnavailable || l.source != source {
		return false
	}
	running := l.last.Migrating() && a.Running() && l.last.Attempt.Same(a)
	if !running {
		return l.asked.Sub(l.since) >= TimeBetweenLists && now.Sub(l.asked) < TimeBetweenLists
	}
	return now.Sub(l.asked) < l.pause
}

// overtaken says that JIMM's record has changed, or may have: the list is asked for again.
func (l *lists) overtaken() { l.asked, l.recorded = time.Time{}, time.Time{} }

// read notes what a list has shown.
func (l *lists) read(now time.Time, i facts.Info, source facts.CopyState, poll time.Duration) {
	if l.last.Kind != i.Kind || l.last.Controller != i.Controller || l.last.Status != i.Status || l.last.Attempt != i.Attempt {
		l.since, l.pause = now, poll/2
	}
	l.pause = min(2*l.pause, TimeBetweenLists)
	l.last, l.source, l.asked = i, source, now
}

// probeSuffices reports whether the source's own answer does not contradict that
// the migration that is followed is still running: JIMM's list would only add its
// text. A source that says that its copy is active has ended it.
func (w *watcher) probeSuffices(o facts.Observation) bool {
	source := o.CopyOn(w.base.Source).State
	return w.progress.Attempt.Running() && (source == facts.CopyExporting || source == facts.CopyPresent)
}

// mayAskInfo reports whether JIMM may be asked for the model's details. A JIMM
// that completes migrations may delete its record of the model because of the question, unless it
// is known to follow the migration itself, or the source to hold the model. So
// its record is read first: a client that has changed it has ended the following.
func (w *watcher) mayAskInfo(ctx context.Context, o *facts.Observation) bool {
	if !w.base.AutoRecords {
		return true
	}
	if !w.modeSet || !w.progress.Attempt.Running() || o.CopyOn(w.base.Source).Denies() {
		return false
	}
	w.calls++
	o.Record = w.Jaas.Witness.Record(ctx, w.base.Model.UUID)
	w.modeSet = o.Record.State == facts.RecordUnknown || o.Record.Controller == w.base.Source.UUID
	return w.modeSet && o.Record.State == facts.RecordAt
}

// holdsIt reports whether the source is known to have the model.
func (w *watcher) holdsIt(o facts.Observation) bool {
	source := o.CopyOn(w.base.Source)
	serves := w.progress.LogIn(w.base, o).ServedBy == w.base.Source.UUID
	return source.Has() || !source.Denies() && serves
}

// noteReport notes when a login last showed what the controller has, and when one did not.
func (w *watcher) noteReport(o facts.Observation) {
	if _, ok := o.Host.Report(o.Info); ok {
		w.reportedAt, w.unreportedAt = time.Now(), time.Time{}
	} else {
		w.unreportedAt = time.Now()
	}
}

// needOwnReport reports whether the recorded controller has to be asked itself, over a login to
// the model: the list can have the entry of another one, and does not say whether a copy
// is only half imported. ModelInfo would say it too, and make JIMM forget the model if the
// controller refused the answer.
func (w *watcher) needOwnReport(o facts.Observation) bool {
	if !w.base.AutoRecords || o.Host.Kind != facts.HostNotAsked {
		return false
	}
	target := o.CopyOn(w.base.Target).State
	settles := w.plan == PlanRecord || w.plan == PlanVerify
	switch {
	case w.ownReport == due:
		w.ownReport = asked
		return true
	case time.Since(w.unreportedAt) < 2*TimeBetweenLists:
		return false
	case settles && w.Observation.Info.ReapFailed() && w.Observation.Info.Kind != facts.InfoListed:
		return true // The recorded controller keeps its copy, and says so.
	case o.Info.Kind == facts.InfoListed && o.Info.Controller == w.base.Source.UUID && w.progress.Read(w.base, o).Kind == facts.InfoUnlisted:
		return time.Since(w.reportedAt) >= TimeBetweenInventories // The entry is another one's.
	case w.plan != PlanVerify || o.Info.Kind != facts.InfoListed || o.Info.Controller != w.base.Target.UUID:
		return false
	default:
		read := w.progress.Read(w.base, o)
		return target != facts.CopyActive && target != facts.CopyImporting && !read.Migrating() && !read.ReapFailed()
	}
}

// pair returns the controllers that are asked in each observation.
func (w *watcher) pair() []facts.Controller {
	switch {
	case !w.base.Source.Known():
		return []facts.Controller{w.base.Target}
	case !w.base.Target.Known():
		return []facts.Controller{w.base.Source}
	}
	return []facts.Controller{w.base.Source, w.base.Target}
}

// destinations are the controllers that the model may have been migrated to from the recorded one. As soon as a migration
// to the target was accepted or is reported, no earlier request counts: it came to nothing.
func (w *watcher) destinations() []facts.ControllerUUID {
	sent := w.request.made() && !w.request.refused() && !errors.Is(w.request.err, ErrMarked)
	begins := w.plan == PlanStart || w.plan == PlanWait
	switch {
	case w.plan == PlanVerify, begins && !sent && !w.progress.Attempt.Exists():
		return w.Observation.Destinations
	case w.base.Target.Known():
		return []facts.ControllerUUID{w.base.Target.UUID}
	default:
		return nil
	}
}

// asked returns the controllers that are asked in each observation: also those that the model may have been migrated to.
func (w *watcher) asked(destinations []facts.ControllerUUID) []facts.Controller {
	out := w.pair()
	for _, to := range destinations {
		c := w.Controllers.ByUUID(to)
		if !slices.ContainsFunc(out, func(have facts.Controller) bool { return have.UUID == to }) {
			out = append(out, c)
		}
	}
	return out
}

// needHost reports whether only a login to the model, which is made at most
// once, can still say whether the source has released the model.
func (w *watcher) needHost(o facts.Observation) bool {
	unlisted := w.progress.Read(w.base, o).Kind == facts.InfoUnlisted && w.unresolved.noAnswer()
	wanted := o.CopyOn(w.base.Source).State == facts.CopyUnknown && (unlisted || w.login == due)
	return w.login != asked && (wanted || judge.ListedByAny(w.base, w.progress, o.Info, o.CopyOn(w.base.Target)))
}

// sourceHasIt reports whether it is known that the source has the model that it
// seems to describe.
func (w *watcher) sourceHasIt(o facts.Observation) bool {
	a := o.Info.Attempt
	return o.Info.Kind != facts.InfoListed || a.OfSource() || w.base.Old.Same(a) ||
		o.CopyOn(w.base.Source).Has() || o.Host.Has() && o.Host.Controller == w.base.Source.UUID
}

// refreshAudit reads the audit log again where it decides: to know whose migration
// is reported after a start whose answer was an error, and whether another client
// has moved JIMM's record. As long as that is not known, the worse case is assumed.
func (w *watcher) refreshAudit(ctx context.Context, o facts.Observation) {
	whose := w.log.target != asked && !w.base.TargetProved && w.progress.Attempt.Exists()
	unread := w.plan != PlanVerify || w.AuditErr != nil // since JIMM records the target
	hand := w.log.record != asked && unread && w.base.Target.Known() && o.RecordedAt() == w.base.Target.UUID && w.base.RecordedBy != judge.ByThisRun
	if !whose && !hand {
		return
	}
	audit, err := w.Jaas.Auditor.Audit(ctx, w.base.Model)
	w.calls += 3
	if err != nil {
		if hand {
			w.base.RecordedBy = judge.ByHand
		}
		return
	}
	since := w.Audit.Now // JIMM's clock at the survey; zero if it was not read.
	if w.plan != PlanStart && w.plan != PlanWait {
		since = audit.Now.Add(-facts.RememberRequests)
	}
	switch {
	case w.base.RecordedBy == judge.ByThisRun:
	case audit.RecordedByHand(w.base.Target.Name, since):
		w.base.RecordedBy = judge.ByHand
	default:
		w.base.RecordedBy = judge.ByJIMM
	}
	if hand {
		w.log.record = asked
	}
	if !whose {
		return
	}
	w.log.target = asked
	if w.request.foundRunning() {
		// What runs began before our request, which was refused.
		audit = audit.Without(w.Audit.Now)
	}
	name, certain := audit.Target(w.progress.Attempt, w.base.Source.Name)
	if to, known := w.Controllers.ByName(name); known && certain && !w.base.Target.Known() {
		w.base.Target, w.res.Target = to, to
	}
	w.base = w.base.ReadLog(audit, w.progress)
}

// adoptTarget takes the target from the source's own answer, where a migration is
// followed without knowing its target.
func (w *watcher) adoptTarget(o facts.Observation) {
	source := o.CopyOn(w.base.Source)
	if w.base.Target.Known() || source.State != facts.CopyMoved {
		return
	}
	if to := w.Controllers.ByUUID(source.To); source.To != "" && to.Name != "" {
		w.base.Target, w.res.Target = to, to
	}
}
