package migration

import (
	"context"
	"strconv"
	"strings"
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/redact"
)

// stalled ends the watching of a migration that makes no progress, if that is
// wanted.
func (w *watcher) stalled() bool {
	if !w.opts.StopOnStall || !w.progress.Attempt.Running() {
		return false
	}
	w.res.Detail = "no progress: " + w.progress.Phase.With(w.res.Attempt.Text.String())
	if w.progress.Phase == facts.PhaseSuccess {
		w.res.Detail += " (see " + judge.IssueStuckInSuccess + ")"
	}
	w.explainRefusal()
	w.end(facts.TimedOut, facts.CauseStalled)
	return true
}

// targetRefusal is why the target of a migration does not accept the copy that it imports.
type targetRefusal struct {
	asked time.Time
	text  redact.Raw
}

// askTarget asks the target why it does not accept the copy if the migration makes no progress
// in VALIDATION: the source has that answer only in its log (Juju 3.5.4 to 3.6.28). It is
// asked again, at times, until it answers.
func (w *watcher) askTarget(ctx context.Context, v judge.Verdict) {
	if v.Kind != judge.Stalled || w.progress.Phase != facts.PhaseValidation {
		w.refusal = targetRefusal{}
		return
	}
	may := w.Jaas.Imports != nil && w.opts.Probe && w.base.Target.Known() && w.base.TargetProved
	if !may || w.refusal.text != "" || time.Since(w.refusal.asked) < TimeBetweenLists {
		return
	}
	w.refusal.asked = time.Now()
	w.refusal.text, _ = w.Jaas.Imports.Refusal(ctx, w.base.Target, w.base.Model.UUID)
}

// explainRefusal adds why the target does not accept the copy to the end of a run that does
// not see the end of the migration.
func (w *watcher) explainRefusal() {
	if w.refusal.text == "" {
		return
	}
	text := w.refusal.text.String()
	w.res.Detail = strings.TrimPrefix(w.res.Detail+"; "+strconv.Quote(w.base.Target.String())+" does not accept the copy: "+text, "; ")
	reason, _ := w.reason(text)
	w.res.Hint = reason.Hint()
}
