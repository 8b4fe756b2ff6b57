package migration

import (
	"context"
	"errors"
	"strconv"
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

// Remover makes the call that removes a copy of a model. Only [RemoveLeftOver] gets
// one, and it neither starts nor records a migration.
type Remover interface {
	// RemoveCopy asks the controller to remove its half-imported copy of the model. It
	// must refuse a removal that is not valid. An error proves nothing, unless it is
	// [ErrNotSent]. It is not repeated in a run.
	RemoveCopy(ctx context.Context, removal judge.Removal) error
}

// ErrRemovalRefused means that the controller has answered that it does not remove the
// copy.
var ErrRemovalRefused = errors.New("the controller refuses")

// RemoveLeftOver removes the half-imported copy that an aborted migration has left on the
// target of the options. It does so only if the user has confirmed it with the model's
// UUID, and two observations prove that the copy is left over. The copy is gone only if the
// controller says so twice. An error means that JIMM did not list its controllers or models,
// and that nothing was done.
func RemoveLeftOver(ctx context.Context, jaas survey.JAAS, remover Remover, confirm string, opts Options) (Result, error) {
	r := newRun(jaas, opts)
	r.opts.Timeout = r.wait(TimeForRemoval)
	limited, cancel := context.WithTimeout(ctx, r.opts.Timeout)
	defer cancel()
	s, err := r.Survey(limited)
	if err == nil {
		s, err = r.afterRequest(limited, s)
	}
	if err != nil {
		return Result{Outcome: facts.Refused, Step: facts.StepCheck}, err
	}
	m := removing{run: r, remover: remover, confirm: confirm, res: r.begun(s)}
	m.remove(ctx, limited, s)
	return *m.res, nil
}

// afterRequest waits until a migration that was requested a moment ago would have begun, if
// there is no other reason to refuse the removal, and observes again. A source of
// Juju 4 does not show that the migration was aborted already.
func (r *run) afterRequest(ctx context.Context, s *survey.Survey) (*survey.Survey, error) {
	limit := s.TimeLeftToStart()
	known := s.ModelKnown() && s.TargetKnown() && s.AuditErr == nil
	if !known || copySeen(s).Refusal(s.Target, s.Controllers).Kind != judge.MayBegin {
		return s, nil
	}
	r.report(WaitEvent{Limit: limit})
	if !sleep(ctx, limit) {
		return s, nil
	}
	return r.again(ctx)
}

// again makes another survey.
func (r *run) again(ctx context.Context) (*survey.Survey, error) {
	if r.Jaas.Traits.AutoRecords {
		r.Host = facts.Host{} // Asking again stores nothing.
	}
	return r.Survey(ctx)
}

// removing is one call of [RemoveLeftOver].
type removing struct {
	*run
	remover Remover
	confirm string
	res     *Result
}

// remove observes twice, asks the controller, and then asks it whether the copy is gone.
func (m *removing) remove(ctx, limited context.Context, first *survey.Survey) {
	if !m.res.named(first, m.confirm) || !m.mayRemove(limited, first) {
		return
	}
	m.report(ObserveAgainEvent{After: TimeToConfirm})
	if !sleep(limited, TimeToConfirm) {
		m.res.Outcome, m.res.Cause = stopped(ctx)
		return
	}
	second, err := m.again(limited)
	switch {
	case limited.Err() != nil:
		m.res.Outcome, m.res.Cause = stopped(ctx)
		return
	case err != nil:
		m.end(facts.Refused, facts.CauseSilent, redact.Error(err))
		m.res.Err = err
		return
	}
	m.observed(second)
	if second.Source.UUID != first.Source.UUID {
		m.end(facts.Refused, facts.CauseChanged, "JIMM's record has changed; it is now "+strconv.Quote(second.Source.String()))
		return
	}
	if !m.res.named(second, m.confirm) || !m.mayRemove(limited, second) {
		return
	}
	removal := judge.JudgeRemoval(judge.LeftOverCopy{
		Model: second.Model, On: second.Target, Confirm: m.confirm, Controllers: second.Controllers,
		First: copySeen(first), Second: copySeen(second),
	})
	err = m.remover.RemoveCopy(limited, removal)
	m.report(RemoveEvent{Controller: second.Target, Err: err})
	if errors.Is(err, ErrNotSent) {
		m.res.Err = err
		m.end(facts.Refused, facts.CauseSilent, "the request could not be sent: "+redact.Error(err))
		return
	}
	m.awaitRemoval(ctx, limited, second, err)
}

// copySeen is what the survey shows of the copy.
func copySeen(s *survey.Survey) judge.CopyObservation {
	return judge.CopyObservation{Recorded: s.Source, Observation: s.WithEntry(), Quiet: s.AuditErr == nil && s.TimeLeftToStart() == 0}
}

// observed takes over what an observation has shown.
func (m *removing) observed(s *survey.Survey) {
	m.res.Model, m.res.Source, m.res.Recorded = s.Model, s.Source, s.Source
	m.res.Running, m.res.Holder = s.Observation.Info.Migrating(), s.HolderForSure()
}

// mayRemove reports whether nothing forbids the removal; otherwise it ends the run.
func (m *removing) mayRemove(ctx context.Context, s *survey.Survey) bool {
	if !s.Options.Probe {
		m.res.Reason = ReasonStays
		m.end(facts.Refused, facts.CauseNotLeftOver, "only the answers of the controllers prove that a copy is left over, and the charm does not ask them (probe-controllers=false)")
		return false
	}
	refusal := copySeen(s).Refusal(s.Target, s.Controllers)
	if refusal.Kind == judge.NoCopy {
		return m.nothingThere(ctx, s)
	}
	if refusal.Kind != judge.NoRefusal {
		m.refuse(s, refusal)
		return false
	}
	return m.hasAccount(ctx, s)
}

// nothingThere ends the run if the controller says once more that it has no copy.
func (m *removing) nothingThere(ctx context.Context, s *survey.Survey) bool {
	if sleep(ctx, m.opts.PollInterval) && m.Jaas.Witness.Copy(ctx, s.Target, s.Model.UUID).Denies() {
		m.end(facts.NothingToRemove, facts.CauseNone, "")
		return false
	}
	m.end(facts.Unknown, facts.CauseSilent, strconv.Quote(s.Target.Name)+" reported that it has no copy, but did not confirm it when asked again")
	return false
}

// hasAccount reports whether the account on the controller works; otherwise it ends the
// run.
func (m *removing) hasAccount(ctx context.Context, s *survey.Survey) bool {
	account := m.access(ctx, s.Target)
	at, user := strconv.Quote(s.Target.Name), strconv.Quote(account.User)
	detail := ""
	switch account.State {
	case facts.AccountWorks:
		return true
	case facts.AccountNone:
		detail = "controller-credentials has no account on " + at + "; give it one that is a superuser there"
		if s.Options.AccountsProblem != "" {
			detail = "the accounts in controller-credentials cannot be used: " + s.Options.AccountsProblem + "; " + s.Options.AccountsRemedy
		}
	case facts.AccountWeak:
		detail = "the account " + user + " is not a superuser of " + at
	case facts.AccountRefused:
		detail = at + " refuses the account " + user + ": " + redact.Error(account.Err)
	default:
		m.res.Err = account.Err
		m.end(facts.Refused, facts.CauseSilent, at+" did not answer a login with the account "+user+": "+redact.Error(account.Err))
		return false
	}
	m.res.Reason = ReasonStays
	m.end(facts.Refused, facts.CauseNoAccount, detail)
	m.res.Next = "juju run " + s.Options.Unit + " check-access"
	return false
}

// access reports whether the controller can be asked as one of its administrators.
func (r *run) access(ctx context.Context, c facts.Controller) facts.Account {
	if r.Jaas.Controllers == nil {
		return facts.Account{State: facts.AccountNone}
	}
	return r.Jaas.Controllers.Access(ctx, c)
}

// refuse ends the run with the reason of a refusal.
func (m *removing) refuse(s *survey.Survey, o judge.Refusal) {
	at, source, on := strconv.Quote(o.Controller.String()), strconv.Quote(s.Source.String()), strconv.Quote(s.Target.Name)
	cause, detail := facts.CauseNotLeftOver, ""
	switch o.Kind {
	case judge.SilentController:
		cause, detail = facts.CauseSilent, at+" did not answer, and may be migrating the model: "+redact.Error(o.Copy.Err)
		m.res.Err = o.Copy.Err
	case judge.MigrationRuns:
		cause, detail = facts.CauseOtherMigration, at+" reports that a migration is moving the model, which explains the copy on "+on
		m.res.Next = followCommand(s)
	case judge.MayBegin:
		cause, detail = facts.CauseOtherMigration, "a migration of the model was requested a moment ago and may still begin"
		if s.AuditErr != nil {
			detail = "JIMM's audit log, which shows recent requests to migrate, cannot be read: " + redact.Error(s.AuditErr)
		}
		m.res.Next = followCommand(s)
	case judge.NotImporting:
		detail = on + " " + o.Copy.Describe() + "; only a copy that is reported as half-imported is removed"
		if o.Copy.State == facts.CopyImporting {
			detail = on + " reports a half-imported copy to anonymous clients, but an active copy to its administrator"
		}
	case judge.RecordedThere:
		detail = "JIMM records the model on " + on + "; correct that record first"
	case judge.SecondCopy:
		detail = at + " " + o.Copy.Describe() + ", and JIMM records the model on " + source
	default:
		detail = "there is no proof that the model is in use on " + source + ", where JIMM records it"
		if o.Copy.State != facts.CopyActive {
			detail += ": " + source + " " + o.Copy.Describe()
		}
	}
	// What does not end by itself is not a reason to try again.
	m.res.Reason = lasting(cause == facts.CauseNotLeftOver)
	m.end(facts.Refused, cause, detail)
}

// end closes the result.
func (m *removing) end(outcome facts.Outcome, cause facts.Cause, detail string) {
	m.res.Outcome, m.res.Cause, m.res.Detail = outcome, cause, detail
}

// denialsToBelieve is how many times in a row a controller has to say that it has no copy,
// or still has it.
const denialsToBelieve = 2

// awaitRemoval asks the controller whether the copy is gone, whatever it has answered to the
// request: an answer can be lost, and an error can come from a request that was carried
// out.
func (m *removing) awaitRemoval(ctx, limited context.Context, s *survey.Survey, answer error) {
	on := strconv.Quote(s.Target.Name)
	refused := errors.Is(answer, ErrRemovalRefused)
	m.res.Err = answer
	var gone, there int
	last := facts.Copy{}
	for until := time.Now().Add(m.wait(TimeToRemove)); time.Now().Before(until); {
		last = m.Jaas.Witness.Copy(limited, s.Target, s.Model.UUID)
		switch {
		case last.Denies():
			gone, there = gone+1, 0
		case last.State == facts.CopyImporting:
			gone, there = 0, there+1
		default:
			gone, there = 0, 0
		}
		switch {
		case gone >= denialsToBelieve:
			m.removed(limited, s)
			return
		case refused && there >= denialsToBelieve:
			m.end(facts.Refused, facts.CauseAnswer, on+" still has the copy; the request returned an error: "+redact.Error(answer))
			return
		}
		if !sleep(limited, m.opts.PollInterval) {
			m.res.Outcome, m.res.Cause = stopped(ctx)
			return
		}
	}
	if last.State == facts.CopyUnknown {
		m.end(facts.Unknown, facts.CauseSilent, on+" no longer answers: "+redact.Error(last.Err))
		return
	}
	m.end(facts.Unknown, facts.CauseNotRemoved, "after "+m.wait(TimeToRemove).String()+", "+on+" "+last.Describe())
	if answer != nil {
		m.res.Detail += "; the request returned an error: " + redact.Error(answer)
	}
}

// removed ends the run: the copy is gone. The controller that hosts the model is named only if
// it still confirms that.
func (m *removing) removed(ctx context.Context, s *survey.Survey) {
	m.res.Err = nil
	m.res.Holder = facts.Controller{}
	if m.Jaas.Witness.Copy(ctx, s.Source, s.Model.UUID).State == facts.CopyActive {
		m.res.Holder = s.Source
	}
	m.end(facts.Removed, facts.CauseNone, "")
}
