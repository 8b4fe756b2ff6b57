package migration

import (
	"cmp"
	"context"
	"errors"
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
)

// MovementState reports how a model moves.
type MovementState string

// The states of a movement.
const (
	// MovementNone: no migration of the model is reported.
	MovementNone MovementState = "none"
	// MovementRunning: a migration runs, and can still be aborted.
	MovementRunning MovementState = "running"
	// MovementSucceeded: a migration runs that has succeeded: Juju cannot abort
	// it any more, and the target hosts the model.
	MovementSucceeded MovementState = "succeeded"
	// MovementAborting: a migration runs that will end in an abort.
	MovementAborting MovementState = "aborting"
	// MovementEnded: the last migration has ended badly, or is history.
	MovementEnded MovementState = "ended"
	// MovementLeft: the source no longer describes the model.
	MovementLeft MovementState = "left"
	// MovementLost: JIMM does not know the model, and a controller has it.
	MovementLost MovementState = "lost"
	// MovementUnknown: nothing was reported.
	MovementUnknown MovementState = "unknown"
)

// Moves reports whether the model is on its way, or has left its record behind.
func (s MovementState) Moves() bool {
	return s == MovementRunning || s == MovementSucceeded || s == MovementAborting || s == MovementLeft
}

// Movement is how one model moves, as one observation shows it.
type Movement struct {
	Model facts.Model
	State MovementState
	// Source is the controller on JIMM's record, Target where the model goes, as
	// far as that is known; TargetProved reports that it is the only one that
	// JIMM's audit log names, or that the source itself names it.
	Source, Target facts.Controller
	TargetProved   bool
	// Attempt is the reported migration; its text is redacted.
	Attempt facts.Attempt
	Phase   facts.Phase
	// Elapsed is how long it runs, by JIMM's clock; zero if that is not known.
	Elapsed time.Duration
	// Long reports that it runs for longer than any healthy phase.
	Long bool
	// Copies are the controllers that have a model that JIMM does not know.
	Copies string
	// Undecided is why it is not known how the last migration has ended; "" if it is, or nothing was reported.
	Undecided string
	// Err is why nothing was reported.
	Err error
}

// Moving finds out how one model moves. It changes nothing. An error means that
// JIMM did not list its controllers or models, or does not know the model
// ([*facts.SelectError]).
func Moving(ctx context.Context, jaas survey.JAAS, opts Options) (Movement, error) {
	r := newRun(jaas, opts)
	s, err := r.Survey(ctx)
	if err != nil {
		return Movement{}, err
	}
	switch {
	case s.Lost() && s.InUseTwice():
		return Movement{Model: s.Model, State: MovementUnknown, Err: errors.New("more than one controller hosts it: " + facts.DescribeCopies(s.Controllers, s.Observation.Copies))}, nil
	case s.Lost():
		return Movement{Model: s.Model, State: MovementLost, Copies: facts.DescribeCopies(s.Controllers, s.Observation.Copies)}, nil
	case !s.ModelKnown():
		return Movement{}, s.ModelErr
	}
	return r.movementOf(s.Model, s.Controllers, s.WithEntry(), s.Audit, s.AuditErr), nil
}

// movementOf puts one observation of a model into a movement.
func (r *run) movementOf(model facts.Model, list facts.Controllers, o facts.Observation, audit facts.Audit, unread error) Movement {
	m := Movement{Model: model, Source: list.ByUUID(model.Recorded), Attempt: o.Info.Attempt.Redacted(), Err: o.Info.Err}
	m.Phase = facts.ParseText(o.Info.Attempt.Text)
	place := judge.Place(m.Source, o)
	m.State = stateOf(place, o.Info)
	if place == judge.Undecided {
		m.Undecided = survey.Undecided{Recorded: m.Source, Controllers: list, Observation: o, Unread: unread}.String()
	}
	if !m.State.Moves() && m.State != MovementUnknown {
		return m
	}
	name, certain := audit.Target(o.Info.Attempt, m.Source.Name)
	m.Target, _ = list.ByName(name)
	m.TargetProved = certain && m.Target.Known()
	if at := o.CopyOn(m.Source); at.State == facts.CopyMoved && at.To != "" {
		m.Target, m.TargetProved = list.ByUUID(at.To), true
	}
	if o.Info.Migrating() && !audit.Now.IsZero() && !o.Info.Attempt.Start.IsZero() && !o.Info.Attempt.StartUnstable {
		m.Elapsed = max(audit.Now.Sub(o.Info.Attempt.Start), 0).Round(time.Second)
		m.Long = m.Elapsed >= r.wait(TimeToStallTransfer)
	}
	return m
}

func stateOf(place judge.Placement, info facts.Info) MovementState {
	phase := facts.ParseText(info.Attempt.Text)
	switch place {
	case judge.Moving:
		switch {
		case phase == facts.PhaseAbort:
			return MovementAborting
		case phase.PastReturn():
			return MovementSucceeded
		default:
			return MovementRunning
		}
	case judge.Departed, judge.Redirected, judge.Absent, judge.Undescribed, judge.MovingElsewhere:
		return MovementLeft
	case judge.HalfImported, judge.InUseTwice, judge.Undecided:
		return MovementUnknown
	case judge.LeftOver:
		return MovementEnded
	case judge.Hosted, judge.Copied, judge.Listed, judge.Unplaced:
	}
	switch {
	case info.Described() && info.Attempt.Exists():
		return MovementEnded
	case info.Described(), place == judge.Hosted:
		return MovementNone
	default:
		return MovementUnknown
	}
}

// AllMovements is what [AllMoving] found.
type AllMovements struct {
	// Movements are those of the models that move, or that nothing was reported of.
	Movements []Movement
	// Known is the number of models in JIMM's record.
	Known int
	// Unasked is the number of models that may move and were not asked about, because
	// the time was over.
	Unasked int
	// Gaps is why JIMM's list of models is not complete; nil if it is.
	Gaps error
}

// AllMoving finds the models that move. It asks for JIMM's lists only, and for the
// details of the models that named reports true for, where JIMM's list or their source does
// not show migrations: those that are known to have been requested recently. If the time is
// over before all were asked about, it returns what it has found until then.
func AllMoving(ctx context.Context, jaas survey.JAAS, opts Options, named func(facts.Model) (facts.Audit, bool)) (AllMovements, error) {
	r := newRun(jaas, opts)
	list, err := jaas.Fleet.Controllers(ctx)
	if err != nil {
		return AllMovements{}, err
	}
	models, err := jaas.Fleet.Models(ctx)
	if err != nil {
		return AllMovements{}, err
	}
	out := AllMovements{Known: len(models.Models), Gaps: models.Gaps}
	for _, model := range models.Models {
		audit, known := named(model)
		o, source := facts.Observation{Info: model.Entry.Info()}, facts.Controllers(list).ByUUID(model.Recorded)
		o.Destinations = audit.Destinations(source, list)
		silent := o.Info.Kind == facts.InfoUnlisted || !source.ShowsMigrations()
		shown := o.Info.Kind != facts.InfoNotAsked && (!silent || !opts.Probe || !known)
		switch {
		case shown:
		case !known:
			continue
		default:
			if ctx.Err() == nil {
				o = r.ask(ctx, model, source, list, o)
			}
			if ctx.Err() != nil { // What was answered then may be the end of the time.
				out.Unasked++
				continue
			}
		}
		m := r.movementOf(model, list, o, audit, nil)
		if m.State.Moves() || known && m.State == MovementUnknown {
			out.Movements = append(out.Movements, m)
		}
	}
	return out, nil
}

// ask asks about a model whose migration JIMM's list does not show: the source, which does not
// list the model or shows no migration, and where only they know how it has ended, the controllers
// that the model may have moved to; or else JIMM.
func (r *run) ask(ctx context.Context, model facts.Model, source facts.Controller, list facts.Controllers, o facts.Observation) facts.Observation {
	if o.Info.Kind == facts.InfoNotAsked {
		o.Info = r.Jaas.Witness.Info(ctx, model.UUID)
		return o
	}
	said := r.Jaas.Witness.Copy(ctx, source, model.UUID)
	o.Copies = map[facts.ControllerUUID]facts.Copy{source.UUID: said}
	for _, to := range judge.Open(source, o) {
		o.Copies[to] = r.Jaas.Witness.Copy(ctx, list.ByUUID(to), model.UUID)
	}
	if said.State == facts.CopyExporting && !o.Info.Attempt.Exists() {
		o.Info.Attempt = facts.Unshown()
	}
	return o
}

// Follow follows a running migration of the model to its end, and records it on
// the same proof as [Migrate]. It starts nothing. Where JIMM's audit log does not
// say where the migration goes, what the source reports at its end does.
func Follow(ctx context.Context, jaas survey.JAAS, recorder Recorder, opts Options) (Result, error) {
	opts.Target = ""
	if opts.Until == UntilRunning {
		opts.Until = UntilVerified
	}
	r := newRun(jaas, opts)
	began := time.Now()
	limited, cancel := context.WithDeadline(ctx, began.Add(r.opts.Timeout))
	defer cancel()
	s, err := r.Survey(limited)
	if err != nil {
		return Result{Outcome: facts.Refused, Step: facts.StepCheck}, err
	}
	if r.contested(limited, s) {
		res := r.begun(s)
		conflict(s, res)
		return *res, nil
	}
	if s.Lost() {
		res := r.begun(s)
		lost(s, res)
		return *res, nil
	}
	if !s.ModelKnown() {
		return Result{Outcome: facts.Refused, Step: facts.StepCheck, Cause: facts.CauseChecks, Detail: s.ModelErr.Error(), Next: listIfUnknown(s), Obstacles: Obstacles{Reason: ReasonStays}}, nil
	}
	moves := r.movementOf(s.Model, s.Controllers, s.WithEntry(), s.Audit, s.AuditErr)
	if moves.TargetProved && moves.Target.Name != "" {
		s.Target = moves.Target
	}
	res := r.begun(s)
	switch {
	case s.Observation.Info.Migrating():
		res.Plan = PlanFollow
	case s.TargetKnown() && s.LeftSource():
		res.Plan = PlanRecord
	case moves.State == MovementUnknown:
		// That nothing was reported does not prove that nothing runs.
		res.Outcome, res.Cause, res.Step = facts.Refused, facts.CauseSilent, facts.StepCheck
		res.Err, res.Detail, res.Holder = moves.Err, cmp.Or(moves.Undecided, answers([]facts.Controller{s.Source}, s.Observation)), facts.Controller{}
		return *res, nil
	default:
		res.Outcome, res.Cause, res.Step = facts.Refused, facts.CauseNothingRuns, facts.StepCheck
		res.Reason = lasting(s.TimeLeftToStart() == 0) // One that was requested just now may still begin.
		return *res, nil
	}
	newWatcher(r, s, recorder, res, began).watch(ctx, limited)
	return *res, nil
}
