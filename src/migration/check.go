package migration

import (
	"context"
	"slices"

	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
)

// Check examines a migration and changes nothing. The outcome is
// [facts.ChecksPassed], [facts.AlreadyThere] or [facts.Refused]; all findings are in the result.
// An error means that JIMM did not list its controllers or models.
func Check(ctx context.Context, jaas survey.JAAS, opts Options) (Result, error) {
	r := newRun(jaas, opts)
	r.Inspection = survey.InspectNow
	ctx, cancel := context.WithTimeout(ctx, r.opts.Timeout)
	defer cancel()
	s, res, err := r.examine(ctx)
	if err != nil || res.Outcome != "" {
		return res, err
	}
	res.Outcome = facts.ChecksPassed
	if b := s.Baseline(); res.Plan == PlanVerify && judge.Judge(b, judge.Progress{}.Observe(b, s.Observation), s.Observation).Kind == judge.Migrated {
		res.Outcome = facts.AlreadyThere
	}
	return res, nil
}

// examine surveys the model, runs the checks, and begins the result with them. The result
// has an outcome if the run ends with that.
func (r *run) examine(ctx context.Context) (*survey.Survey, Result, error) {
	s, err := r.Survey(ctx)
	if err != nil {
		return nil, Result{Outcome: facts.Refused, Step: facts.StepCheck}, err
	}
	contested := r.contested(ctx, s)
	r.dryRun(ctx, s, contested)
	res := r.checked(s)
	switch {
	case contested:
		conflict(s, &res)
	case startedByDryRun(s, &res), res.Plan != PlanNone:
	case s.Lost():
		lost(s, &res)
	default:
		res.Outcome, res.Cause = facts.Refused, facts.CauseChecks
		res.LeftImport = blockedByImport(s, res.Findings)
	}
	return s, res, nil
}

// dryRun asks the source for a dry run, if the user has requested one and nothing else forbids the
// start: the source gets a password that it needs for nothing else.
func (r *run) dryRun(ctx context.Context, s *survey.Survey, contested bool) {
	if r.Jaas.DryRunner == nil {
		return
	}
	s.Reports.DryRun = &facts.DryRun{}
	if !contested && plan(s, checks.Run(s, r.opts.Ignore)) == PlanStart {
		r.AskDryRun(ctx, s)
	}
}

// startedByDryRun ends a run in which the source has started a migration that was not requested.
func startedByDryRun(s *survey.Survey, res *Result) bool {
	if d := s.Reports.DryRun; d == nil || d.State != facts.DryRunStarted {
		return false
	}
	res.Outcome, res.Cause, res.Plan = facts.Unknown, facts.CauseDryRunStarted, PlanNone
	res.MigrationID, res.Running, res.Holder = s.Reports.DryRun.MigrationID, true, facts.Controller{}
	res.Reason, res.Next = ReasonStays, followCommand(s)
	return true
}

// checked reports all findings and begins the result with them.
func (r *run) checked(s *survey.Survey) Result {
	res := Result{Step: facts.StepCheck, Model: s.Model, Source: s.Source, Target: s.Target, Recorded: s.Source}
	if res.Target.Name == "" {
		res.Target.Name = r.opts.Target
	}
	if s.ModelKnown() {
		res.Attempt, res.Phase = s.Observation.Info.Attempt.Redacted(), facts.ParseText(s.Observation.Info.Attempt.Text)
		res.Running = s.Observation.Info.Migrating()
		res.Holder = s.Holder()
		if s.OnTarget() {
			res.Source = s.Baseline().Source
		}
	}
	res.Reason, res.Next = lasting(!s.ModelKnown() || !s.TargetKnown()), listIfUnknown(s)
	res.Findings = checks.Run(s, r.opts.Ignore)
	for _, f := range res.Findings {
		r.report(FindingEvent{f})
	}
	res.Plan = plan(s, res.Findings)
	if res.Plan == PlanNone && slices.ContainsFunc(res.Findings, checks.Finding.Settled) {
		res.Reason = ReasonStays
	}
	if to := s.PointsTo(); res.Plan == PlanNone && s.TargetKnown() && to.Name != "" {
		res.Next = facts.RecordCommand(s.Options.Unit, s.Model.UUID, to.Name, "")
		res.Reason = lasting(!s.Traits.AutoRecords) // Such a JIMM may still record it by itself.
	}
	return res
}

// listIfUnknown is the command that lists JIMM's models, if the one that was given is not
// among them; "" otherwise.
func listIfUnknown(s *survey.Survey) string {
	if s.ModelKnown() || s.ModelErr.Ambiguous() || s.Lost() {
		return ""
	}
	return facts.ModelsCommand(s.Options.Unit)
}

// contested observes a second time if more than one controller hosts the model,
// and reports whether that stays so.
func (r *run) contested(ctx context.Context, s *survey.Survey) bool {
	if !s.InUseTwice() || !sleep(ctx, r.opts.PollInterval) {
		return false
	}
	if !s.ModelKnown() {
		r.FindLost(ctx, s)
		return s.InUseTwice()
	}
	s.Model.Entry = facts.Entry{} // The list is read again.
	s.Observation = r.Observe(ctx, s)
	return s.InUseTwice()
}

// conflict ends a run in which nothing was done.
func conflict(s *survey.Survey, res *Result) {
	res.Outcome, res.Cause, res.Plan = facts.Conflict, facts.CauseNone, PlanNone
	res.Holder, res.Detail = facts.Controller{}, facts.DescribeCopies(s.Controllers, s.Observation.Copies)
}

// lost ends a run in which nothing was done: JIMM does not know the model that was named by
// its UUID, and a controller has it. If there are two copies, JIMM cannot decide which one to
// import.
func lost(s *survey.Survey, res *Result) {
	if s.InUseTwice() {
		conflict(s, res)
		return
	}
	res.Outcome, res.Cause, res.Plan = facts.LostFromJIMM, facts.CauseNone, PlanNone
	res.Holder, res.Recorded = s.LostHolder(), facts.Controller{}
	res.Detail = facts.DescribeCopies(s.Controllers, s.Observation.Copies)
}
