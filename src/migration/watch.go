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

	request request  // To start the migration.
	login   question // Whether a controller serves the model.
	details question // What JIMM says of the model in detail.
	log     auditLog
	modeSet bool      // JIMM is known to follow the migration itself.
	listed  time.Time // When JIMM's list was asked last.
	calls   int       // To JIMM, by the last poll.

	stall      judge.Stall
	unresolved unresolved
	attempts   recordAttempts
	lastErr    error // Why the last poll brought no answer, if it did not.
}

func newWatcher(r *run, s *survey.Survey, recorder Recorder, res *Result, began time.Time) *watcher {
	f := &watcher{
		run: r, Survey: s, recorder: recorder, res: res, base: s.Baseline(), plan: res.Plan,
		reporter: newReporter(r, began),
	}
	f.base.PollsForWord = r.pollsFor(TimeForWord)
	s.Models = nil // A list of thousands is not kept for as long as a migration takes.
	f.stall = judge.Stall{Limit: r.wait(TimeToStall), LimitTransfer: r.wait(TimeToStallTransfer)}
	if f.plan == PlanFollow && s.AuditErr == nil {
		f.log.target = asked
	}
	if s.Observation.Host.Kind != facts.HostNotAsked && !s.Traits.AutoRecords {
		f.login = asked // Older JIMM stores the secret of each login.
	}
	f.progress = f.progress.LogIn(f.base, facts.Observation{Record: s.Observation.Record, Info: s.Listed, Host: s.Observation.Host})
	return f
}

// watch does what the plan says. limited is ctx with the deadline.
func (f *watcher) watch(ctx, limited context.Context) {
	switch f.plan {
	case PlanVerify:
		f.res.Step = facts.StepVerify
	case PlanRecord:
		f.res.Step = facts.StepRecord
	case PlanFollow:
		f.res.Step, f.res.Attached = facts.StepWatch, true
		f.report(FreezeEvent{f.base.Model})
		f.report(AttachEvent{Attempt: f.res.Attempt, Target: f.base.Target, TargetProved: f.base.TargetProved})
		if f.opts.Detach {
			f.end(facts.Started, facts.CauseNone)
			return
		}
	case PlanWait:
		f.res.Step = facts.StepWatch
		f.report(WaitEvent{f.TimeLeftToStart(), f.AuditErr != nil})
	case PlanStart:
		f.request.want()
	case PlanNone:
		return
	}
	spread := f.opts.Spread
	for f.poll(ctx, limited) {
		if !sleep(limited, f.pause(spread)) {
			f.stopWatching(ctx)
			return
		}
		spread = 0
	}
	f.report(EndEvent{f.res.Outcome})
	f.verify(limited)
}

// pause is how long nobody asks after a look: half a poll interval while a migration
// is to begin, or to leave a source that still tells, and never less than a second
// for each call that the look has cost JIMM. The spread is left out.
func (f *watcher) pause(spread float64) time.Duration {
	d := f.opts.PollInterval
	begins := f.request.made() && !f.progress.Attempt.Exists()
	ends := f.progress.Phase.PastReturn() && f.progress.Denials == 0
	if begins || ends {
		d /= 2
	}
	d -= time.Duration(spread * float64(d))
	return max(d, time.Duration(f.calls)*time.Second)
}

// poll starts what is due, observes, judges and acts once. It returns false if
// the run has ended.
func (f *watcher) poll(ctx, limited context.Context) bool {
	if f.request.question == due && !f.start(ctx, limited) {
		return false
	}
	obs := f.observe(limited)
	if limited.Err() != nil {
		f.stopWatching(ctx)
		return false
	}
	f.adoptTarget(obs)
	f.progress = f.progress.Observe(f.base, obs)
	f.refreshAudit(limited, obs)
	v := judge.Judge(f.base, f.progress, obs)
	v = f.stall.Judge(v, f.text(), f.answered(obs) == nil, time.Now())
	if f.opts.Observed != nil {
		f.opts.Observed(obs, v)
	}
	f.record(v, obs)
	f.res.Timing.observe(time.Now(), f.base, f.progress, v, obs)
	return !f.act(limited, v, obs)
}

// graceToStart is how long a caller that wants to stop waits for the answer to
// a start that is under way.
const graceToStart = 3 * time.Second

// start asks JIMM to move the model, once. Whatever the answer is, the looks
// that follow tell whether a migration runs. It returns false if the run ended.
func (f *watcher) start(ctx, limited context.Context) bool {
	f.res.Step = facts.StepStart
	if f.starter == nil {
		f.end(facts.NotStarted, facts.CauseNothingRuns)
		return false
	}
	if limited.Err() != nil {
		f.end(facts.NotStarted, f.whyStopped(ctx))
		return false
	}
	f.report(FreezeEvent{f.base.Model})
	f.res.Timing.Started = time.Now()
	id, err := f.ask(ctx)
	f.request = request{asked, err}
	if f.base.AutoRecords {
		f.login = unasked
	}
	f.base.TargetProved = err == nil
	// While JIMM has just set its mode, another's question may have unset it
	// again, if the source still showed an ended attempt.
	f.modeSet = err == nil && f.base.AutoRecords && !f.base.Old.Exists()
	f.res.MigrationID = redact.String(id)
	f.report(StartEvent{Source: f.base.Source, Target: f.base.Target, MigrationID: f.res.MigrationID, Err: err})
	if errors.Is(err, ErrNotSent) {
		f.res.Detail, f.res.Err, f.res.Holder = redact.Error(err), err, f.base.Source
		f.end(facts.NotStarted, facts.CauseAnswer)
		return false
	}
	return true
}

// ask sends the request. It is not cut off, neither by the deadline nor by the
// caller: a client that goes away in the middle leaves JIMM's migration mode
// behind (JIMM of July 2026). The writer has a time limit of its own. A caller
// that wants to stop is obeyed after a short grace: its process ends anyway.
func (f *watcher) ask(ctx context.Context) (string, error) {
	type answer struct {
		id  string
		err error
	}
	answered := make(chan answer, 1)
	go func() { // ends with the writer's own time limit, or with the process
		id, err := f.starter.StartMigration(context.WithoutCancel(ctx), f.base.Model, f.base.Target)
		answered <- answer{id, err}
	}()
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
