package migration

import (
	"context"
	"errors"
	"time"
)

// follower carries a migration to its end: it is the loop that observes, judges,
// acts, reports and waits.
type follower struct {
	*run
	*situation
	*teller

	writer   Writer
	res      *Result
	base     Baseline
	plan     Plan
	progress Progress

	started  bool  // MigrateModel was sent by this run.
	startErr error // The answer to it, if it was an error.
	startDue bool  // What was asked for before this run has not begun.
	modeSet  bool  // JIMM is known to follow the migration itself.

	hostDue     bool // A login to the model is wanted.
	hostAsked   bool
	detailsDue  bool // The details of the model are wanted, once.
	detailed    bool
	whoseKnown  bool   // The audit log was read for the target of the migration.
	otherTarget string // Where else the migration goes, if the log says so.
	handChecked bool   // The audit log was read after JIMM's record moved.
	calls       int    // To JIMM, by the last look.

	doubt   doubt
	telling telling
	lastErr error // Why the last look brought nothing, if it did not.
}

func newFollower(r *run, s *situation, w Writer, res *Result, began time.Time) *follower {
	f := &follower{
		run: r, situation: s, writer: w, res: res, base: s.baseline(), plan: res.Plan,
		teller: newTeller(r, began),
	}
	s.models = nil // A list of thousands is not kept for as long as a migration takes.
	f.whoseKnown = f.plan == PlanFollow && s.auditErr == nil
	f.hostAsked = s.seen.Host.Kind != HostNotAsked && !s.traits.Completes // That keeps no secrets of logins.
	f.progress = f.progress.logIn(f.base, Observation{Record: s.seen.Record, Info: s.listed, Host: s.seen.Host})
	return f
}

// carryOut does what the plan says. limited is ctx with the deadline.
func (f *follower) carryOut(ctx, limited context.Context) {
	switch f.plan {
	case PlanVerify:
		f.res.Step = StepVerify
	case PlanRecord:
		f.res.Step = StepRecord
	case PlanFollow:
		f.res.Step, f.res.Attached = StepWatch, true
		f.report(FreezeEvent{f.base.Model})
		f.report(AttachEvent{Attempt: f.res.Attempt, Target: f.base.Target, TargetProved: f.base.TargetProved})
		if f.opts.Detach {
			f.end(Started, CauseNone)
			return
		}
	case PlanWait:
		f.res.Step = StepWatch
		f.report(WaitEvent{f.pending(), f.auditErr != nil})
	case PlanStart:
		f.startDue = true
	case PlanNone:
		return
	}
	spread := f.opts.Spread
	for f.look(ctx, limited) {
		if !sleep(limited, f.pause(spread)) {
			f.stopWatching(ctx)
			return
		}
		spread = 0
	}
	f.verify(limited)
}

// pause is how long nobody asks after a look: half a poll interval while a migration
// is to begin, or to leave a source that still tells, and never less than a second
// for each call that the look has cost JIMM. The spread is left out.
func (f *follower) pause(spread float64) time.Duration {
	d := f.opts.PollInterval
	begins := f.started && !f.progress.Attempt.Exists()
	ends := f.progress.Phase.PastReturn() && f.progress.Denials == 0
	if begins || ends {
		d /= 2
	}
	d -= time.Duration(spread * float64(d))
	return max(d, time.Duration(f.calls)*time.Second)
}

// look starts what is due, observes, judges and acts once. It returns false if
// the run has ended.
func (f *follower) look(ctx, limited context.Context) bool {
	if f.startDue {
		f.startDue = false
		if !f.start(ctx, limited) {
			return false
		}
	}
	obs := f.observe(limited)
	if limited.Err() != nil {
		f.stopWatching(ctx)
		return false
	}
	f.adopt(obs)
	f.progress = f.progress.Observe(f.base, obs)
	f.reaudit(limited, obs)
	v := Judge(f.base, f.progress, obs)
	if f.opts.Looked != nil {
		f.opts.Looked(obs, v)
	}
	f.note(v, obs)
	f.res.Timing.look(time.Now(), f.base, f.progress, v, obs)
	return !f.act(limited, v, obs) && !f.stalledNow(v)
}

// graceToStart is how long a caller that wants to stop waits for the answer to
// a start that is under way.
const graceToStart = 3 * time.Second

// start asks JIMM to move the model, once. Whatever the answer is, the looks
// that follow tell whether a migration runs. It returns false if the run ended.
func (f *follower) start(ctx, limited context.Context) bool {
	f.res.Step = StepStart
	if limited.Err() != nil {
		f.end(NotStarted, f.whyStopped(ctx))
		return false
	}
	f.report(FreezeEvent{f.base.Model})
	f.res.Timing.Started = time.Now()
	id, err := f.ask(ctx)
	f.started, f.startErr = true, err
	f.hostAsked = f.hostAsked && !f.base.Completes
	f.base.TargetProved = err == nil
	// While JIMM has just set its mode, another's question may have unset it
	// again, if the source still showed an ended attempt.
	f.modeSet = err == nil && f.base.Completes && !f.base.Old.Exists()
	f.res.MigrationID = Redact(id)
	f.report(StartEvent{Source: f.base.Source, Target: f.base.Target, MigrationID: f.res.MigrationID, Err: err})
	if errors.Is(err, ErrNotSent) {
		f.res.Detail, f.res.Err, f.res.Holder = errText(err), err, f.base.Source
		f.end(NotStarted, CauseAnswer)
		return false
	}
	return true
}

// ask sends the request. It is not cut off, neither by the deadline nor by the
// caller: a client that goes away in the middle leaves JIMM's migration mode
// behind (JIMM of July 2026). The writer has a time limit of its own. A caller
// that wants to stop is obeyed after a short grace: its process ends anyway.
func (f *follower) ask(ctx context.Context) (string, error) {
	type answer struct {
		id  string
		err error
	}
	answered := make(chan answer, 1)
	go func() { // ends with the writer's own time limit, or with the process
		id, err := f.writer.StartMigration(context.WithoutCancel(ctx), f.base.Model, f.base.Target)
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
