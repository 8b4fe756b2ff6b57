package migration

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

// RecordModel tells JIMM that the target of the options has the model, and starts
// nothing. It does so on the same proof as [Migrate]; with confirm, the model's UUID, also
// on a user's confirmation, unless one of two observations contradicts it. An error
// means that JIMM did not list its controllers or models, and that nothing was done.
func RecordModel(ctx context.Context, jaas survey.JAAS, recorder Recorder, confirm string, opts Options) (Result, error) {
	r := newRun(jaas, opts)
	r.opts.Timeout = r.wait(TimeForRecordModel)
	began := time.Now()
	limited, cancel := context.WithDeadline(ctx, began.Add(r.opts.Timeout))
	defer cancel()
	s, err := r.Survey(limited)
	if err != nil {
		return Result{Outcome: facts.Refused, Step: facts.StepCheck}, err
	}
	m := recording{run: r, recorder: recorder, confirm: confirm, began: began, first: s, res: r.begun(s)}
	m.record(ctx, limited)
	return *m.res, nil
}

// begun is the result before anything was done.
func (r *run) begun(s *survey.Survey) *Result {
	res := &Result{Step: facts.StepCheck, Model: s.Model, Source: s.Source, Target: s.Target, Recorded: s.Source}
	if !s.TargetKnown() {
		res.Target.Name = r.opts.Target
	}
	if s.ModelKnown() {
		res.Attempt, res.Phase = s.Observation.Info.Attempt.Redacted(), facts.ParseText(s.Observation.Info.Attempt.Text)
		res.Running, res.Holder = s.Observation.Info.Migrating(), s.HolderForSure()
	}
	return res
}

// named reports whether JIMM knows the model and the controller, and the user has
// confirmed this model: confirm is its UUID. Otherwise it ends the run, which cannot help
// if it is repeated.
func (r *Result) named(s *survey.Survey, confirm string) bool {
	refuse := func(cause facts.Cause, detail string) bool {
		r.Outcome, r.Cause, r.Detail, r.Reason = facts.Refused, cause, detail, ReasonStays
		return false
	}
	if s.Lost() {
		lost(s, r)
		return false
	}
	for _, check := range []struct {
		id   checks.ID
		find func(*survey.Survey) checks.Finding
		next string
	}{
		{checks.Model, checks.CheckModel, listIfUnknown(s)},
		{checks.Target, checks.CheckTarget, facts.ControllersCommand(s.Options.Unit)},
	} {
		if f := check.find(s); f.Level == checks.Fail {
			f.Check, r.Next = check.id, check.next
			r.Findings = append(r.Findings, f)
			return refuse(facts.CauseChecks, f.Evidence)
		}
	}
	if confirm != s.Model.UUID {
		return refuse(facts.CauseConfirm, "confirm is "+strconv.Quote(confirm)+", but the UUID of the model is "+s.Model.UUID)
	}
	return true
}

// recording is one call of [RecordModel].
type recording struct {
	*run
	recorder Recorder
	confirm  string
	began    time.Time
	first    *survey.Survey
	res      *Result
}

// record records on the engine's own proof if there is one, and otherwise on
// the user's confirmation.
func (m *recording) record(ctx, limited context.Context) {
	s := m.first
	if !m.res.named(s, cmp.Or(m.confirm, s.Model.UUID)) {
		return
	}
	if !m.mayBeProved() {
		m.fromCopy(ctx, limited)
		return
	}
	m.res.Plan = plan(s, nil)
	w := newWatcher(m.run, s, m.recorder, m.res, m.began)
	w.watch(ctx, limited)
	switch {
	case m.res.Outcome != facts.Unknown || m.res.Cause == facts.CauseMisrecorded:
	case m.confirm != "" && !w.attempts.made():
		m.fromCopy(ctx, limited)
	case m.res.Cause == facts.CauseUnproved:
		m.res.Next = m.confirmCommand()
	}
}

// mayBeProved reports whether the witnesses may prove that the record is right,
// or that the controller has to be recorded.
func (m *recording) mayBeProved() bool {
	s := m.first
	info := s.Observation.Info
	switch {
	case info.Migrating(), info.Importing(), s.InUseTwice():
		return false
	case s.OnTarget():
		// Recording again what is recorded already clears a stuck migration mode. A controller
		// that denies the model proves nothing by itself, however long it is asked.
		return m.confirm == "" && !s.Observation.CopyOn(s.Target).Denies()
	default:
		return s.LeftSource()
	}
}

// fromCopy records on the user's confirmation, which two observations must not contradict.
func (m *recording) fromCopy(ctx, limited context.Context) {
	m.res.Step, m.res.Err, m.res.Detail, m.res.Next = facts.StepRecord, nil, "", ""
	if !m.allowed(guard(m.first)) {
		return
	}
	if m.confirm == "" {
		m.res.Outcome, m.res.Cause = facts.Unknown, facts.CauseUnproved
		m.res.Next = m.confirmCommand()
		return
	}
	// What the first observation has seen counts from its end on. A migration that was requested
	// a moment ago begins within the pause, or not at all.
	pause := max(TimeToConfirm, m.first.TimeLeftToStart())
	m.report(ObserveAgainEvent{After: pause})
	if !sleep(limited, pause) {
		m.res.Outcome, m.res.Cause = stopped(ctx)
		return
	}
	again, err := m.again(limited)
	if err != nil {
		m.res.Outcome, m.res.Cause, m.res.Err, m.res.Detail = facts.Unknown, facts.CauseSilent, err, redact.Error(err)
		if limited.Err() != nil {
			m.res.Outcome, m.res.Cause = stopped(ctx)
		}
		return
	}
	if !again.ModelKnown() {
		lost(again, m.res)
		return
	}
	m.second(again)
	if !m.allowed(guard(again)) || !m.allowed(m.movement(again, pause)) {
		return
	}
	m.recordAndConfirm(ctx, limited, again, judge.JudgeConfirmation(judge.Confirmation{
		Model: again.Model, Controller: again.Target, Confirm: m.confirm, Saw: describeSeen(again),
		First: m.first.WithEntry(), Second: again.WithEntry(), Source: again.Source,
	}))
}

func (m *recording) confirmCommand() string {
	return facts.RecordCommand(m.opts.Unit, m.first.Model.UUID, m.first.Target.Name, m.first.Model.UUID)
}

// second takes over what the second observation has seen.
func (m *recording) second(s *survey.Survey) {
	m.res.Attempt, m.res.Phase = s.Observation.Info.Attempt.Redacted(), facts.ParseText(s.Observation.Info.Attempt.Text)
	m.res.Source, m.res.Recorded, m.res.Running, m.res.Holder = s.Source, s.Source, s.Observation.Info.Migrating(), s.HolderForSure()
}

// allowed ends the run if there is a refusal.
func (m *recording) allowed(o refusal) bool {
	if o.outcome == "" {
		return true
	}
	m.res.Outcome, m.res.Cause, m.res.Detail, m.res.Next = o.outcome, o.cause, o.detail, o.next
	// What a migration has to move first is not a reason to ask again.
	m.res.Reason = lasting(o.cause == facts.CauseRecordCorrect || o.cause == facts.CauseElsewhere)
	return false
}

// recordAndConfirm tells JIMM, and checks whether it has done it.
func (m *recording) recordAndConfirm(ctx, limited context.Context, s *survey.Survey, proof judge.Proof) {
	w := newWatcher(m.run, s, m.recorder, m.res, m.began)
	w.plan = PlanRecord
	for {
		if w.attempts.err == nil && w.attempts.made() {
			if at := m.Jaas.Witness.Record(limited, s.Model.UUID); at.State == facts.RecordAt && at.Controller == s.Target.UUID {
				m.recorded(s)
				return
			}
		}
		if limited.Err() != nil {
			w.stopWatching(ctx)
			return
		}
		if w.recordTarget(limited, proof) {
			return
		}
		if !sleep(limited, max(m.opts.PollInterval, time.Second)) {
			w.stopWatching(ctx)
			return
		}
	}
}

// recorded ends the run: JIMM's record names the controller. Another one may
// still have a copy.
func (m *recording) recorded(s *survey.Survey) {
	m.res.Recorded, m.res.Holder = s.Target, s.Target
	m.res.Outcome, m.res.Cause, m.res.Detail, m.res.Next = facts.Recorded, facts.CauseNone, "", ""
	left := !s.OnTarget() && s.Observation.CopyOn(s.Source).Has() || s.Observation.Info.ReapFailed()
	if left && !m.res.Running {
		m.res.Outcome, m.res.Cause = facts.NeedsAttention, facts.CauseLeftOver
	}
}
