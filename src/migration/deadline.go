package migration

import (
	"cmp"
	"context"
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

// stopWatching ends the run at the deadline, or because the caller has stopped
// it. The migration continues by itself.
func (w *watcher) stopWatching(caller context.Context) {
	w.res.Err = cmp.Or(w.lastErr, w.attempts.err)
	if w.request.made() && !w.progress.Attempt.Exists() {
		w.res.Err = cmp.Or(w.request.err, w.lastErr)
	}
	if w.res.Err != nil {
		w.res.Detail = redact.Error(w.res.Err)
	}
	w.explainRefusal()
	w.askControllers(caller)
	w.end(stopped(caller))
}

// stopped ends a run that its caller has stopped, or that has reached its deadline.
func stopped(caller context.Context) (facts.Outcome, facts.Cause) {
	if caller.Err() != nil {
		return facts.Interrupted, facts.CauseNone
	}
	return facts.TimedOut, facts.CauseDeadline
}

// lastProbe bounds the probes that a run makes after its deadline.
const lastProbe = 10 * time.Second

// askControllers asks source and target themselves, without JIMM, before a run that
// has not seen the end reports where the model is: the migration may have ended long
// ago while JIMM refused to answer. A caller that stops the run does not have to
// wait for this.
func (w *watcher) askControllers(caller context.Context) {
	if caller.Err() != nil || !w.opts.Probe || !w.base.Source.Known() || !w.base.Target.Known() {
		return
	}
	ctx, cancel := context.WithTimeout(caller, lastProbe)
	defer cancel()
	copies := survey.NewProber(w.Jaas.Witness).All(ctx, w.pair(), w.base.Model.UUID)
	source, target := copies[w.base.Source.UUID], copies[w.base.Target.UUID]
	switch {
	case source.State == facts.CopyMoved:
		w.over()
		w.res.Running, w.res.Step, w.res.Holder = false, facts.StepRecord, w.Controllers.ByUUID(source.To)
		if source.To == "" && target.Has() && w.base.TargetProved {
			w.res.Holder = w.base.Target
		}
		if w.res.Holder.UUID != w.base.Target.UUID {
			w.res.Step = facts.StepWatch
		}
	case source.State == facts.CopyActive && target.State == facts.CopyAbsent:
		w.res.Running, w.res.Holder = false, w.base.Source
	case source.State == facts.CopyExporting && target.State == facts.CopyImporting:
		w.res.Running, w.res.Holder = true, w.base.Source
	case source.State == facts.CopyExporting, source.State == facts.CopyImporting, target.State == facts.CopyImporting:
		w.res.Running = true
	}
}

func (w *watcher) whyStopped(caller context.Context) facts.Cause {
	if caller.Err() != nil {
		return facts.CauseInterrupted
	}
	return facts.CauseDeadline
}
