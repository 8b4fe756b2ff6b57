package migration

import (
	"context"
	"time"
)

// RecordOptions say which controller JIMM shall be told of.
type RecordOptions struct {
	// Model is a UUID, "owner/name", or a bare name if it is unique.
	Model string
	// Controller is JIMM's name of the controller that has the model.
	Controller string
	// Confirm is the model's UUID, from an operator who knows more than the
	// witnesses can prove; "" records on their proof alone.
	Confirm string
	// Unit names the unit that runs this, for commands in remedies.
	Unit string
	// Probe asks the controllers themselves, without credentials.
	Probe bool
	// PollInterval is as in [Options].
	PollInterval time.Duration
	// Report is called with every event, from one goroutine; may be nil.
	Report func(Event)
}

const (
	// PollsToConfirm lie between the two looks that an operator's word needs
	// (130 s by default), and never less than [LeastToConfirm] where JIMM completes
	// migrations.
	PollsToConfirm = 26
	// PollsToRecordModel bounds [RecordModel] as a whole (15 minutes by default).
	PollsToRecordModel = 180
)

// LeastToConfirm is for how long JIMM can take a model for migrating because of a
// request that is under way: it waits that long for a controller, whatever the poll
// interval (JIMM of July 2026).
const LeastToConfirm = 130 * time.Second

// RecordModel tells JIMM which controller has a model, and starts nothing. It
// does so on the same proof as [Migrate]; with Confirm also on an operator's
// word, if two looks do not speak against it. The writer is only asked to
// record. An error means that JIMM did not list its controllers or models, and
// that nothing was done.
func RecordModel(ctx context.Context, jaas JAAS, w Writer, opts RecordOptions) (Result, error) {
	r := newRun(jaas, Options{
		Model: opts.Model, Target: opts.Controller, Unit: opts.Unit, Probe: opts.Probe,
		PollInterval: opts.PollInterval, Report: opts.Report,
	})
	r.opts.Timeout = max(r.polls(PollsToRecordModel), 2*LeastToConfirm)
	began := time.Now()
	limited, cancel := context.WithDeadline(ctx, began.Add(r.opts.Timeout))
	defer cancel()
	s, err := r.survey(limited)
	if err != nil {
		return Result{Outcome: Refused, Step: StepCheck}, err
	}
	m := recording{run: r, writer: w, confirm: opts.Confirm, began: began, first: s, res: r.begun(s)}
	m.carryOut(ctx, limited)
	return *m.res, nil
}

// begun is the result before anything was done.
func (r *run) begun(s *situation) *Result {
	res := &Result{Step: StepCheck, Model: s.model, Source: s.source, Target: s.target, Recorded: s.source}
	if !s.targetKnown {
		res.Target.Name = r.opts.Target
	}
	if s.modelKnown() {
		res.Attempt, res.Phase = s.seen.Info.Attempt.redacted(), ParseText(s.seen.Info.Attempt.Text)
		res.Running, res.Holder = s.seen.Info.migrating(), s.holderForSure()
	}
	return res
}

// holderForSure is holder, but believes no entry of JIMM's list that any
// controller can have made.
func (s *situation) holderForSure() Controller {
	h := s.holder()
	if h.UUID == s.source.UUID && !s.seen.Info.migrating() && !s.sourceKeepsIt() {
		return Controller{}
	}
	return h
}

// recording is one call of [RecordModel].
type recording struct {
	*run
	writer  Writer
	confirm string
	began   time.Time
	first   *situation
	res     *Result
}

// carryOut records on the engine's own proof if there is one, and otherwise on
// the operator's word.
func (m *recording) carryOut(ctx, limited context.Context) {
	s := m.first
	for _, check := range []struct {
		id   CheckID
		find func(*situation) Finding
	}{{CheckModel, checkModel}, {CheckTarget, checkTarget}} {
		if f := check.find(s); f.Level == Fail {
			f.Check = check.id
			m.res.Findings = append(m.res.Findings, f)
			m.refuse(CauseChecks, f.Evidence, f.Remedy)
			return
		}
	}
	if m.confirm != "" && m.confirm != s.model.UUID {
		m.refuse(CauseConfirm, "confirm is not the UUID of the model", "")
		return
	}
	if !m.mayBeProved() {
		m.byWord(ctx, limited)
		return
	}
	m.res.Plan = s.plan(nil)
	f := newFollower(m.run, s, m.writer, m.res, m.began)
	f.carryOut(ctx, limited)
	switch {
	case m.res.Outcome != Unknown || m.res.Cause == CauseMisrecorded:
	case m.confirm != "" && f.telling.first.IsZero():
		m.byWord(ctx, limited)
	case m.res.Cause == CauseUnproved:
		m.res.Next = m.confirmCommand()
	}
}

// mayBeProved reports whether the witnesses may prove that the record is right,
// or that the controller has to be recorded.
func (m *recording) mayBeProved() bool {
	s := m.first
	info := s.seen.Info
	switch {
	case info.migrating(), info.Importing(), s.usedTwice():
		return false
	case s.onTarget():
		// A confirmed record of what is recorded takes a stuck mode off.
		return m.confirm == ""
	default:
		return s.leftSource()
	}
}

// refuse ends the run before anything was sent.
func (m *recording) refuse(cause Cause, detail, next string) {
	m.res.Outcome, m.res.Cause, m.res.Detail, m.res.Next = Refused, cause, detail, next
}

// byWord records on the operator's word, which two looks must not contradict.
func (m *recording) byWord(ctx, limited context.Context) {
	m.res.Step, m.res.Err, m.res.Detail, m.res.Next = StepRecord, nil, "", ""
	if !m.allowed(objection(m.first)) {
		return
	}
	if m.confirm == "" {
		m.res.Outcome, m.res.Cause = Unknown, CauseUnproved
		m.res.Next = m.confirmCommand()
		return
	}
	// What the first look has seen counts from its end on.
	pause := m.polls(PollsToConfirm)
	if m.jaas.Traits.Completes {
		pause = max(pause, LeastToConfirm)
	}
	m.report(LookAgainEvent{After: pause})
	if !sleep(limited, pause) {
		m.stopped(ctx)
		return
	}
	if m.jaas.Traits.Completes {
		m.host = Host{} // Asking again stores nothing.
	}
	again, err := m.survey(limited)
	if err != nil {
		m.res.Outcome, m.res.Cause, m.res.Err, m.res.Detail = Unknown, CauseSilent, err, errText(err)
		if limited.Err() != nil {
			m.stopped(ctx)
		}
		return
	}
	if !again.modelKnown() {
		m.res.Outcome, m.res.Recorded = LostFromJIMM, Controller{}
		return
	}
	m.second(again)
	if !m.allowed(objection(again)) || !m.allowed(m.movement(again)) {
		return
	}
	m.tell(ctx, limited, again, proveByOperator(again.model, again.target, m.confirm, again.words()))
}

func (m *recording) confirmCommand() string {
	return "juju run " + m.opts.Unit + " record-model model=" + m.first.model.UUID + " controller=" + m.first.target.Name + " confirm=" + m.first.model.UUID
}

// second takes over what the second look has seen.
func (m *recording) second(s *situation) {
	m.res.Attempt, m.res.Phase = s.seen.Info.Attempt.redacted(), ParseText(s.seen.Info.Attempt.Text)
	m.res.Source, m.res.Recorded, m.res.Running, m.res.Holder = s.source, s.source, s.seen.Info.migrating(), s.holderForSure()
}

// allowed ends the run if there is an objection.
func (m *recording) allowed(o against) bool {
	if o.outcome == "" {
		return true
	}
	m.res.Outcome, m.res.Cause, m.res.Detail, m.res.Next = o.outcome, o.cause, o.detail, o.next
	return false
}

func (m *recording) stopped(ctx context.Context) {
	m.res.Outcome, m.res.Cause = TimedOut, CauseDeadline
	if ctx.Err() != nil {
		m.res.Cause = CauseInterrupted
	}
}

// tell tells JIMM, and looks whether it has done it.
func (m *recording) tell(ctx, limited context.Context, s *situation, proof Proof) {
	f := newFollower(m.run, s, m.writer, m.res, m.began)
	f.plan = PlanRecord
	for {
		if f.telling.err == nil && !f.telling.first.IsZero() {
			if at := m.jaas.Witness.Record(limited, s.model.UUID); at.State == RecordAt && at.Controller == s.target.UUID {
				m.recorded(s)
				return
			}
		}
		if limited.Err() != nil {
			f.stopWatching(ctx)
			return
		}
		if f.record(limited, proof) {
			return
		}
		if !sleep(limited, max(m.opts.PollInterval, time.Second)) {
			f.stopWatching(ctx)
			return
		}
	}
}

// recorded ends the run: JIMM's record names the controller. Another one may
// still have a copy.
func (m *recording) recorded(s *situation) {
	m.res.Recorded, m.res.Holder = s.target, s.target
	m.res.Outcome, m.res.Cause, m.res.Detail, m.res.Next = Recorded, CauseNone, "", ""
	left := !s.onTarget() && s.seen.copyOn(s.source).held() || s.seen.Info.reapFailed()
	if left && !m.res.Running {
		m.res.Outcome, m.res.Cause = NeedsAttention, CauseLeftOver
	}
}
