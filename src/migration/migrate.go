package migration

import (
	"context"
	"errors"
	"time"
)

// Options say what shall be migrated and how.
type Options struct {
	// Model is a UUID, "owner/name", or a bare name if it is unique.
	Model string
	// Target is JIMM's name of the controller that the model shall move to.
	Target string
	// OwnModel is the UUID of the model that hosts the caller; it is never moved.
	OwnModel string
	// Ignore names the checks whose failure the operator accepts.
	Ignore []CheckID
	// Probe asks the controllers themselves, without credentials.
	Probe bool
	// PollInterval is the time between two looks; 5 s if zero. Every wait of
	// the engine is a multiple of it.
	PollInterval time.Duration
	// Timeout bounds the whole run; 60 min if zero. It ends the watching,
	// never the migration.
	Timeout time.Duration
	// Detach returns as soon as the migration is seen to run.
	Detach bool
	// Report is called with every event, from one goroutine; may be nil.
	Report func(Event)
}

// The defaults of [Options].
const (
	DefaultPollInterval = 5 * time.Second
	DefaultTimeout      = 60 * time.Minute
)

// The waits, in polls.
const (
	// PollsToStart: no new migration on show for so long after the start was
	// asked for means that none has started (three minutes by default).
	PollsToStart = 36
	// PollsToSettle: what is left unclear for so long is reported as it is
	// (two minutes by default).
	PollsToSettle = 24
	// PollsToRecord: JIMM is told again for so long (three minutes by default).
	PollsToRecord = 36
	// PollsBetweenRecords lie between two calls that tell JIMM.
	PollsBetweenRecords = 4
	// PollsToBeat is the first interval of the heartbeat (30 s by default); it
	// doubles up to PollsToBeatLast (10 min).
	PollsToBeat     = 6
	PollsToBeatLast = 120
)

// ErrNotSent matches the error of a [Writer] that has not sent its call: only
// then is it certain that nothing was changed.
var ErrNotSent = errors.New("nothing was sent")

// Writer makes the two calls that change a JAAS.
type Writer interface {
	// StartMigration asks JIMM to move the model and returns the id that the
	// source gave the migration. An error proves nothing: the source may have
	// accepted all the same. It is never repeated.
	StartMigration(ctx context.Context, model Model, target Controller) (id string, err error)
	// RecordController tells JIMM which controller hosts the model. It must
	// refuse a proof that is not valid. It may be repeated.
	RecordController(ctx context.Context, proof Proof) error
}

// run is one call of [Check] or [Migrate].
type run struct {
	jaas JAAS
	opts Options
}

func newRun(jaas JAAS, opts Options) *run {
	if opts.PollInterval <= 0 {
		opts.PollInterval = DefaultPollInterval
	}
	if opts.Timeout <= 0 {
		opts.Timeout = DefaultTimeout
	}
	return &run{jaas: jaas, opts: opts}
}

func (r *run) report(e Event) {
	if r.opts.Report != nil {
		r.opts.Report(e)
	}
}

// polls returns the duration of n poll intervals.
func (r *run) polls(n int) time.Duration { return time.Duration(n) * r.opts.PollInterval }

// Check looks at a migration and changes nothing. The outcome is
// [ChecksPassed], [AlreadyThere] or [Refused]; all findings are in the result.
// An error means that JIMM did not list its controllers or models.
func Check(ctx context.Context, jaas JAAS, opts Options) (Result, error) {
	r := newRun(jaas, opts)
	s, err := r.survey(ctx)
	if err != nil {
		return Result{Outcome: Refused, Step: StepCheck}, err
	}
	res := r.checked(s)
	switch plan := s.plan(res.Findings); plan {
	case planRefuse:
		res.Outcome, res.Cause = Refused, CauseChecks
	case planVerify:
		res.Outcome = ChecksPassed
		b := s.baseline()
		if Judge(b, Progress{}.Observe(b, s.seen), s.seen).Kind == VerdictMigrated {
			res.Outcome = AlreadyThere
		}
	default:
		res.Outcome = ChecksPassed
	}
	return res, nil
}

// Migrate moves a model to the target: it checks, starts, watches, records and
// verifies. What is done already is not done again: a migration that runs to
// the target is followed, one that has ended is recorded. The outcome tells how
// it ended, also when an error is returned: an error means that JIMM did not
// list its controllers or models, and that nothing was done.
func Migrate(ctx context.Context, jaas JAAS, w Writer, opts Options) (Result, error) {
	r := newRun(jaas, opts)
	began := time.Now()
	s, err := r.survey(ctx)
	if err != nil {
		return Result{Outcome: Refused, Step: StepCheck}, err
	}
	res := r.checked(s)
	p := s.plan(res.Findings)
	if p == planRefuse {
		res.Outcome, res.Cause = Refused, CauseChecks
		return res, nil
	}
	f := &follower{run: r, writer: w, began: began, deadline: began.Add(r.opts.Timeout), res: &res, situation: s, base: s.baseline(), plan: p}
	f.carryOut(ctx)
	return res, nil
}

// checked reports all findings and begins the result with them.
func (r *run) checked(s *situation) Result {
	res := Result{Step: StepCheck, Model: s.model, Source: s.source, Target: s.target, Recorded: s.source}
	if res.Target.Name == "" {
		res.Target.Name = r.opts.Target
	}
	if s.modelKnown() {
		res.Attempt, res.Phase = s.seen.Info.Attempt, ParseText(s.seen.Info.Attempt.Text)
		res.Attempt.Text = Redact(res.Attempt.Text)
		res.Holder = s.holder()
	}
	res.Findings = s.findings()
	for _, f := range res.Findings {
		r.report(FindingEvent{f})
	}
	return res
}

// holder returns the controller that has the model in use, if it is known.
func (s *situation) holder() Controller {
	source := s.seen.copyOn(s.source)
	switch {
	case source.State == CopyMoved && source.To != "":
		return s.controllers.byUUID(source.To)
	case s.seen.Info.Kind == InfoLive && !s.seen.Info.Importing():
		return s.source
	default:
		return Controller{}
	}
}

// plan is what the situation calls for.
type plan int

const (
	// planRefuse: a check forbids to go on.
	planRefuse plan = iota
	// planVerify: JIMM records the target already.
	planVerify
	// planSettle: the model has left the source, JIMM does not record it yet.
	planSettle
	// planAttach: a migration runs.
	planAttach
	// planPending: a migration was asked for a moment ago.
	planPending
	// planStart: nothing runs.
	planStart
)

// plan decides what the situation calls for. Checks that ask whether a
// migration can start do not stop one that runs or has ended.
func (s *situation) plan(findings []Finding) plan {
	blocked := map[CheckID]bool{}
	for _, f := range findings {
		blocked[f.Check] = f.Blocks()
	}
	for _, id := range []CheckID{CheckModel, CheckOwnModel, CheckControllerModel, CheckTarget, CheckOtherMigration, CheckConflict} {
		if blocked[id] {
			return planRefuse
		}
	}
	switch {
	case s.target.UUID == s.source.UUID:
		return planVerify
	case s.leftSource():
		return planSettle
	case s.seen.Info.Kind == InfoLive && s.seen.Info.Attempt.Running():
		return planAttach
	}
	for _, f := range findings {
		if f.Blocks() {
			return planRefuse
		}
	}
	if s.pending(PollsToStart * s.interval()) {
		return planPending
	}
	return planStart
}

func (s *situation) interval() time.Duration {
	if s.options.PollInterval <= 0 {
		return DefaultPollInterval
	}
	return s.options.PollInterval
}

// leftSource reports whether the model seems to have left the source for the
// target: the source says so itself, or it does not describe the model any
// more and JIMM's audit log has a request to move it there.
func (s *situation) leftSource() bool {
	source := s.seen.copyOn(s.source)
	if source.State == CopyMoved && source.To != "" {
		return source.To == s.target.UUID
	}
	switch s.seen.Info.Kind {
	case InfoRedirected, InfoDenied, InfoBroken, InfoUnlisted, InfoRefused:
		name, certain := s.requestedTarget(Attempt{})
		return certain && name == s.target.Name
	default:
		return false
	}
}

// baseline is what later looks are compared with.
func (s *situation) baseline() Baseline {
	b := Baseline{
		Model:          s.model,
		Source:         s.source,
		Target:         s.target,
		Completes:      s.traits.Completes,
		RecordedByHand: s.recordedByHand(),
	}
	if s.target.UUID == s.source.UUID {
		// JIMM records the target: the source is whoever else has a copy.
		b.Source = Controller{}
		if others := s.holders(s.target); len(others) > 0 {
			b.Source = others[0]
		}
		return b
	}
	a := s.seen.Info.Attempt
	if !a.Running() {
		b.Old = a
	}
	name, certain := s.requestedTarget(a)
	b.TargetProved = certain && name == s.target.Name && (a.Running() || s.leftSource())
	return b
}
