package migration

import (
	"context"
	"errors"
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

// watcher carries a migration to its end: it is the loop that observes, judges,
// acts, reports and waits.
type watcher struct {
	*run
	*survey.Survey
	*reporter

	starter  Starter // nil: nothing is started.
	recorder Recorder
	res      *Result
	base     judge.Baseline
	plan     Plan
	progress judge.Progress

	request      request  // To start the migration.
	login        question // Whether a controller serves the model.
	ownReport    question // What the source reports over a login to its own copy.
	log          auditLog
	modeSet      bool      // JIMM is known to follow the migration itself.
	listed       time.Time // When JIMM's list was asked last.
	lists        lists
	reportedAt   time.Time // When a login last showed what the controller has.
	unreportedAt time.Time // When one last did not.
	calls        int       // To JIMM, by the last poll.

	stall      judge.Stall
	refusal    targetRefusal
	unresolved unresolved
	attempts   recordAttempts
	lastErr    error // Why the last poll got no answer, if it did not.
}

func newWatcher(r *run, s *survey.Survey, recorder Recorder, res *Result, began time.Time) *watcher {
	w := &watcher{
		run: r, Survey: s, recorder: recorder, res: res, base: s.Baseline(), plan: res.Plan,
		reporter: newReporter(r, began),
	}
	w.base.PollsForReport = r.pollsFor(TimeForReport)
	s.Models = nil // A list of thousands is not kept for as long as a migration takes.
	w.stall = judge.Stall{Limit: r.wait(TimeToStall), LimitTransfer: r.wait(TimeToStallTransfer)}
	if w.plan == PlanFollow && s.AuditErr == nil {
		w.log.target = asked
	}
	if s.Observation.Host.Kind != facts.HostNotAsked && !s.Traits.AutoRecords {
		w.login = asked // Older JIMM stores the secret of each login.
	}
	if s.Observation.Host.Kind != facts.HostNotAsked {
		w.noteReport(s.Observation)
	}
	if w.plan == PlanFollow && s.Traits.AutoRecords && s.Observation.Info.Kind == facts.InfoLive {
		// The list that the next observations read need not have the source's entry.
		w.progress = w.progress.Observe(w.base, s.Observation)
	}
	w.progress = w.progress.LogIn(w.base, facts.Observation{Record: s.Observation.Record, Info: s.Entry.Info(), Host: s.Observation.Host})
	return w
}

// watch does what the plan says. limited is ctx with the deadline.
func (w *watcher) watch(ctx, limited context.Context) {
	if w.base.AutoRecords && w.Jaas.Inspector != nil && w.plan != PlanNone {
		// Once JIMM has forgotten the model it no longer says who had access.
		w.res.Model.Grants, _ = w.Jaas.Inspector.Grants(limited, w.base.Model.UUID)
	}
	switch w.plan {
	case PlanVerify:
		w.res.Step = facts.StepVerify
	case PlanRecord:
		w.res.Step = facts.StepRecord
	case PlanFollow:
		w.res.Step, w.res.Attached = facts.StepWatch, true
		w.report(FreezeEvent{w.base.Model})
		w.report(AttachEvent{Attempt: w.res.Attempt, Target: w.base.Target, TargetProved: w.base.TargetProved})
		if w.opts.Until == UntilRunning {
			w.end(facts.Started, facts.CauseNone)
			return
		}
	case PlanWait:
		w.res.Step = facts.StepWatch
		w.report(WaitEvent{w.TimeLeftToStart(), w.AuditErr != nil})
	case PlanStart:
		w.request.want()
	case PlanNone:
		return
	}
	spread := w.opts.Spread
	for w.poll(ctx, limited) {
		if !sleep(limited, w.pause(spread)) {
			w.stopWatching(ctx)
			return
		}
		spread = 0
	}
	w.report(EndEvent{Outcome: w.res.Outcome, Phase: w.res.Phase, Target: w.base.Target, Elapsed: w.elapsed()})
	w.verify(limited)
}

// pause is the time from one poll to the next: half a poll interval while a migration
// is to begin, or to leave a source that still answers, and never less than a second
// for each call that the poll has cost JIMM. The spread is left out.
func (w *watcher) pause(spread float64) time.Duration {
	d := w.opts.PollInterval
	begins := w.request.made() && !w.progress.Attempt.Exists()
	ends := w.progress.Phase.PastReturn() && w.progress.Denials == 0
	switch {
	case begins || ends:
		d /= 2
	case w.progress.Phase.PastReturn() && w.progress.Denials == 1:
		// The second poll confirms the first; REAP hides a model for some seconds before it
		// removes it.
		d = max(d/2, min(d, DefaultPollInterval))
	}
	d -= time.Duration(spread * float64(d))
	return max(d, time.Duration(w.calls)*time.Second)
}

// poll starts what is due, observes, judges and acts once. It returns false if
// the run has ended.
func (w *watcher) poll(ctx, limited context.Context) bool {
	if w.request.question == due && !w.start(ctx, limited) {
		return false
	}
	obs := w.observe(limited)
	if limited.Err() != nil {
		w.stopWatching(ctx)
		return false
	}
	w.adoptTarget(obs)
	w.progress = w.progress.Observe(w.base, obs)
	w.refreshAudit(limited, obs)
	v := judge.Judge(w.base, w.progress, obs)
	v = w.stall.Judge(v, w.text(), w.answered(obs) == nil, time.Now())
	w.showVerdict(v, obs, w.base)
	w.askTarget(limited, v)
	w.record(v, obs)
	w.res.Timing.observe(time.Now(), w.base, w.progress, v, obs)
	return !w.transition(limited, v, obs)
}

// graceToStart is how long a caller that wants to stop waits for the answer to
// a start that is under way.
const graceToStart = 3 * time.Second

// start asks JIMM to move the model, once. Whatever the answer is, the observations
// that follow say whether a migration runs. It returns false if the run ended.
func (w *watcher) start(ctx, limited context.Context) bool {
	w.res.Step = facts.StepStart
	if w.starter == nil {
		w.end(facts.NotStarted, facts.CauseNothingRuns)
		return false
	}
	if limited.Err() != nil {
		w.end(facts.NotStarted, w.whyStopped(ctx))
		return false
	}
	w.report(FreezeEvent{w.base.Model})
	w.res.Timing.Started = time.Now()
	id, err := w.ask(ctx)
	w.request = request{asked, err}
	if w.base.AutoRecords {
		w.login = unasked
	}
	w.base.TargetProved = err == nil
	// Just after JIMM has set its mode, a request of another client may unset
	// it again, if the source still shows an ended attempt.
	w.modeSet = err == nil && w.base.AutoRecords && !w.base.Old.Exists()
	w.res.MigrationID = redact.String(id)
	w.report(StartEvent{Source: w.base.Source, Target: w.base.Target, MigrationID: w.res.MigrationID, Err: err})
	if errors.Is(err, ErrNotSent) {
		w.res.Detail, w.res.Err, w.res.Holder = redact.Error(err), err, w.base.Source
		w.end(facts.NotStarted, facts.CauseAnswer)
		return false
	}
	return true
}

// ask sends the request. Neither the deadline nor the caller interrupts it: a
// client that goes away in the middle leaves JIMM's migration mode set (JIMM of
// July 2026). The writer has a time limit of its own. If the caller wants to
// stop, the run ends after a short grace period, because the process ends
// anyway.
func (w *watcher) ask(ctx context.Context) (string, error) {
	type answer struct {
		id  string
		err error
	}
	answered := make(chan answer, 1)
	go func() { // ends with the writer's own time limit, or with the process
		id, err := w.starter.StartMigration(context.WithoutCancel(ctx), w.base.Model, w.base.Target)
		answered <- answer{id, err}
	}()
	w.news()
	select {
	case a := <-answered:
		return a.id, a.err
	case <-ctx.Done():
	}
	grace := time.NewTimer(graceToStart)
	defer grace.Stop()
	select {
	case a := <-answered:
		return a.id, a.err
	case <-grace.C:
		return "", ctx.Err()
	}
}

// sleep waits and reports whether the context is still alive.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
