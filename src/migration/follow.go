package migration

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
)

// follower carries a migration to its end: it is the loop that observes, judges,
// acts, reports and waits.
type follower struct {
	*run
	*situation

	writer   Writer
	began    time.Time
	deadline time.Time
	res      *Result
	base     Baseline
	plan     plan
	progress Progress

	started   bool // MigrateModel was sent by this run.
	accepted  bool // MigrateModel was answered without an error.
	modeSet   bool // JIMM is known to follow the migration itself.
	hostAsked bool
	audited   bool // The audit log was read again after JIMM's record moved.

	unclear  time.Time // Since when the verdicts settle nothing; zero: they do.
	recorded time.Time // When JIMM was first told; zero: never.
	retold   time.Time // When JIMM was last told.
	lastErr  error

	shown    string    // The last text on show, without its digits.
	past     bool      // The point of no return was reported.
	letGo    bool      // That the source let go was reported.
	nextBeat time.Time // When to report that nothing has changed.
	beat     time.Duration
}

// carryOut does what the plan says.
func (f *follower) carryOut(ctx context.Context) {
	f.beat = f.polls(PollsToBeat)
	f.nextBeat = f.began.Add(f.beat)
	switch f.plan {
	case planVerify:
		f.res.Step = StepVerify
	case planSettle:
		f.res.Step = StepRecord
	case planAttach:
		f.attach()
		if f.opts.Detach {
			f.end(Started, CauseNone)
			return
		}
	case planPending:
		f.report(WaitEvent{"a migration that JIMM's audit log says was asked for a moment ago", f.polls(PollsToStart)})
		f.res.Step = StepWatch
	case planStart:
		if !f.start(ctx) {
			return
		}
	case planRefuse:
		return
	}
	f.follow(ctx)
}

// attach follows a migration that runs already.
func (f *follower) attach() {
	f.res.Step, f.res.Attached = StepWatch, true
	f.report(FreezeEvent{f.base.Model})
	f.report(AttachEvent{Attempt: f.res.Attempt, Target: f.base.Target, TargetProved: f.base.TargetProved})
}

// start asks JIMM to move the model, once. Whatever the answer is, the looks
// that follow tell whether a migration runs. It returns false if the run ended.
func (f *follower) start(ctx context.Context) bool {
	f.res.Step = StepStart
	if ctx.Err() != nil {
		f.end(NotStarted, CauseInterrupted)
		return false
	}
	f.report(FreezeEvent{f.base.Model})
	// The call is not cut off, neither by the deadline nor by the caller: a
	// client that goes away in the middle leaves JIMM's migration mode behind
	// (JIMM of July 2026). The writer has a time limit of its own.
	id, err := f.writer.StartMigration(context.WithoutCancel(ctx), f.base.Model, f.base.Target)
	f.started, f.accepted, f.lastErr = true, err == nil, err
	f.modeSet = err == nil && f.base.Completes
	f.base.TargetProved = err == nil
	f.res.MigrationID, f.res.Err = id, err
	f.report(StartEvent{Source: f.base.Source, Target: f.base.Target, MigrationID: id, Err: err})
	f.unclear = time.Now()
	if errors.Is(err, ErrNotSent) {
		f.res.Detail, f.res.Holder = errText(err), f.base.Source
		f.end(NotStarted, CauseAnswer)
		return false
	}
	return true
}

// follow looks until a verdict, the deadline or the caller ends it.
func (f *follower) follow(ctx context.Context) {
	limited, cancel := context.WithDeadline(ctx, f.deadline)
	defer cancel()
	for {
		obs, calls := f.observe(limited)
		if limited.Err() != nil {
			f.stopWatching(ctx)
			return
		}
		f.progress = f.progress.Observe(f.base, obs)
		f.reaudit(limited, obs)
		v := Judge(f.base, f.progress, obs)
		f.note(v, obs)
		if f.act(limited, v, obs) {
			return
		}
		// Never more than one call a second to JIMM for one migration.
		pause := max(f.opts.PollInterval, time.Duration(calls)*time.Second)
		if !sleep(limited, pause) {
			f.stopWatching(ctx)
			return
		}
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

// observe asks the witnesses once and counts the calls to JIMM.
func (f *follower) observe(ctx context.Context) (o Observation, calls int) {
	w := f.jaas.Witness
	model := f.base.Model.UUID
	if f.opts.Probe {
		o.Copies = f.askCopies(ctx, f.pair(), model)
	}
	// A JIMM that completes migrations may forget the model when its details
	// are asked for while it does not follow the migration itself.
	if !f.base.Completes || f.modeSet && f.progress.Attempt.Running() {
		o.Info = w.Info(ctx, model)
	} else {
		o.Info = w.Summary(ctx, model)
	}
	calls++
	if o.Info.Kind == InfoLive && !o.Info.Attempt.End.IsZero() {
		// JIMM takes any end for a failure and stops following.
		f.modeSet = false
	}
	if o.Info.Kind != InfoLive {
		o.Record = w.Record(ctx, model)
		calls++
	}
	if f.needHost(o) {
		f.hostAsked = true
		o.Host = w.Host(ctx, model)
		calls++
	}
	return o, calls
}

// pair returns the controllers that are asked in each look.
func (f *follower) pair() []Controller {
	if !f.base.Source.Known() {
		return []Controller{f.base.Target}
	}
	return []Controller{f.base.Source, f.base.Target}
}

// needHost reports whether only a login to the model, which is made at most
// once, can still tell whether the source has let go.
func (f *follower) needHost(o Observation) bool {
	return !f.hostAsked && o.Info.Kind == InfoUnlisted && o.copyOn(f.base.Source).State == CopyUnknown && !f.unclear.IsZero()
}

// reaudit reads the audit log again where it decides: after a start whose
// answer was an error, to know whose migration is on show, and after JIMM's
// record moved by itself while the source could not be asked.
func (f *follower) reaudit(ctx context.Context, o Observation) {
	moved := recordedAt(o) == f.base.Target.UUID && f.recorded.IsZero()
	shown := f.started && !f.accepted && !f.base.TargetProved && f.progress.Attempt.Exists()
	if f.audited || !moved && !shown {
		return
	}
	audit, err := f.jaas.Auditor.Audit(ctx, f.base.Model)
	if err != nil {
		return
	}
	f.audited = true
	f.audit = audit
	f.base.RecordedByHand = f.recordedByHand()
	if shown {
		name, certain := f.requestedTarget(f.progress.Attempt)
		f.base.TargetProved = certain && name == f.base.Target.Name
	}
}

// note keeps what the observation tells for the result, and reports changes.
func (f *follower) note(v Verdict, o Observation) {
	f.lastErr = firstErr(o.Info.Err, o.Record.Err, f.lastErr)
	if at := recordedAt(o); at != "" {
		f.res.Recorded = f.controllers.byUUID(at)
	}
	if o.Record.State == RecordLost {
		f.res.Recorded = Controller{}
	}
	if len(o.Info.Users) > 0 {
		f.res.Model.Users = o.Info.Users
	}
	if a := f.progress.Attempt; a.Exists() {
		f.res.Attempt, f.res.Phase = a, f.progress.Phase
		f.res.Attempt.Text = Redact(a.Text)
		f.showText(ParseText(a.Text), f.res.Attempt.Text)
	}
	if v.Kind == VerdictLetGo && !f.letGo {
		f.letGo = true
		f.report(LetGoEvent{Source: f.base.Source, Elapsed: f.elapsed()})
		f.restartBeat()
	}
	if now := time.Now(); !now.Before(f.nextBeat) {
		f.report(HeartbeatEvent{Verdict: v, Elapsed: f.elapsed(), Err: o.Info.Err})
		f.beat = min(2*f.beat, f.polls(PollsToBeatLast))
		f.nextBeat = now.Add(f.beat)
	}
}

// showText reports a text that differs from the last one in more than its
// numbers: Juju counts agents and log lines in them.
func (f *follower) showText(phase Phase, text string) {
	plain := strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return -1
		}
		return r
	}, text)
	if plain == f.shown {
		return
	}
	f.shown = plain
	e := PhaseEvent{Phase: phase, Text: text, Elapsed: f.elapsed(), NoReturn: phase.PastReturn() && !f.past}
	f.past = f.past || e.NoReturn
	f.report(e)
	f.restartBeat()
}

func (f *follower) restartBeat() {
	f.beat = f.polls(PollsToBeat)
	f.nextBeat = time.Now().Add(f.beat)
}

func (f *follower) elapsed() time.Duration { return time.Since(f.began).Round(time.Second) }

func firstErr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
