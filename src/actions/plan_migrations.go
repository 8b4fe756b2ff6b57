package actions

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
	"jimm-migrator/src/report"
)

// capsParams are the parameters that bound a run and say when it stops.
type capsParams struct {
	Parallel     charm.Number `json:"max-parallel"`
	Source       charm.Number `json:"max-per-source"`
	Target       charm.Number `json:"max-per-target"`
	Agents       charm.Number `json:"max-agents"`
	Canary       charm.Flag   `json:"canary"`
	Failures     charm.Count  `json:"max-failures"`
	ModelTimeout string       `json:"model-timeout"`
}

// planParams are the parameters of plan-migrations.
type planParams struct {
	Goal      string       `json:"goal"`
	Models    string       `json:"models"`
	Exclude   string       `json:"exclude"`
	From      string       `json:"from"`
	Targets   string       `json:"targets"`
	By        string       `json:"by"`
	Tolerance charm.Count  `json:"tolerance"`
	MaxMoves  charm.Number `json:"max-moves"`
	Plan      string       `json:"plan"`
	Since     string       `json:"since"`
	ToVersion string       `json:"to-version"`
	WaveSize  charm.Count  `json:"wave-size"`
	MaxModels charm.Number `json:"max-models"`
	Checks    string       `json:"checks"`
	capsParams
}

// planMigrations makes a plan and changes nothing.
func planMigrations(ctx context.Context, a *charm.Action, p planParams) error {
	policy, err := p.policy()
	if err != nil {
		return err
	}
	w, err := open(ctx, a)
	if err != nil {
		return err
	}
	defer w.jaas.Close()
	s, err := w.survey(ctx, fleet.Question{Edges: true, Classes: p.concerns()})
	if err != nil {
		return err
	}
	policy = policy.Named(s)
	out := report.Planned{}
	plan, err := p.planner(ctx, w, &s, policy, &out)
	if err != nil {
		return err
	}
	out.Snapshot = s
	if p.Checks == fleet.ChecksFull {
		out.Full = w.fullChecks(a.Env().Unit, func(line string) { a.Log(ctx, line) })
		out.Plan, err = out.Full.Plan(ctx, s, plan)
	} else {
		out.Plan, err = plan(s)
	}
	if err != nil {
		return err
	}
	out.Unseen = w.unseen(out.Plan)
	if size := len(out.Plan.Text()); size > fleet.MostBytes {
		return fmt.Errorf("cannot show the plan: its text has %d bytes, and a parameter can have at most %d; name fewer models", size, fleet.MostBytes)
	}
	return a.SetResults(ctx, report.PlanResults(out, a.Env().Unit))
}

// planner reads what only this goal needs, and returns the function that plans.
func (p planParams) planner(ctx context.Context, w sharedReads, s *fleet.Snapshot, policy fleet.Policy, out *report.Planned) (func(fleet.Snapshot) (fleet.Plan, error), error) {
	switch policy.Goal {
	case fleet.Reverse:
		departures, old, err := p.departures(ctx, w, *s, policy)
		return func(s fleet.Snapshot) (fleet.Plan, error) { return fleet.MakeReverse(s, policy, departures, old) }, err
	case fleet.Upgrade:
		err := p.readJobs(ctx, w, s, policy)
		return func(s fleet.Snapshot) (fleet.Plan, error) { return fleet.MakeUpgrade(s, policy, p.ToVersion) }, err
	case fleet.Rebalance:
		return func(s fleet.Snapshot) (fleet.Plan, error) {
			balanced, err := fleet.MakeRebalance(s, policy, fleet.Balance{By: fleet.By(p.By), Tolerance: int(p.Tolerance), MaxMoves: int(p.MaxMoves)})
			out.Balanced = &balanced
			return balanced.Plan, err
		}, nil
	default:
		return func(s fleet.Snapshot) (fleet.Plan, error) { return fleet.Make(s, policy) }, nil
	}
}

// unseen returns the targets on which a run sees only the agents of the canaries, because it
// does not log in to other models if JIMM stores the secret of each login.
func (w sharedReads) unseen(p fleet.Plan) []string {
	if !w.base.Traits.LogsSecrets {
		return nil
	}
	out := map[string]bool{}
	for _, e := range p.Moves {
		if _, account := w.settings.Controllers[e.Target()]; !account && e.Target() != e.Source {
			out[e.Target()] = true
		}
	}
	return slices.Sorted(maps.Keys(out))
}

// fullChecks runs the checks of migrate-model for the moves of a plan. It prints its
// progress, at the beginning and then once a minute.
func (w sharedReads) fullChecks(unit string, show func(string)) *fleet.FullChecks {
	var printed time.Time
	return &fleet.FullChecks{
		View: func(model string, quiet bool) (survey.JAAS, func()) {
			return w.jaas.View(w.lists, w.book, model, quiet)
		},
		Model: w.options(unit),
		Report: func(done, all int) {
			if time.Since(printed) < time.Minute && done < all {
				return
			}
			printed = time.Now()
			show(report.FullChecksLine(done, all))
		},
	}
}

// readJobs reads which models of an upgrade JIMM itself upgrades now: the plan leaves
// them. A run observes again.
func (p planParams) readJobs(ctx context.Context, w sharedReads, s *fleet.Snapshot, policy fleet.Policy) error {
	if !w.base.Traits.AutoRecords { // JIMM has upgrade jobs since it records by itself (2026).
		return nil
	}
	plan, err := fleet.MakeUpgrade(*s, policy, p.ToVersion)
	if err != nil {
		return err
	}
	s.Jobs = map[string]string{}
	for _, m := range plan.Moves {
		if s.Jobs[m.Model], err = w.jaas.Many().Job(ctx, m.Model); err != nil {
			s.Gaps = append(s.Gaps, fmt.Sprintf("cannot determine whether JIMM is upgrading %s: %s", m.Name, redact.Error(err)))
		}
	}
	return nil
}

// departures are the models that a reversal moves back: those of a plan, or those that
// JIMM's log and the controllers' own redirects prove to have left.
func (p planParams) departures(ctx context.Context, w sharedReads, s fleet.Snapshot, policy fleet.Policy) ([]fleet.Departure, *fleet.Plan, error) {
	if p.Plan != "" {
		old, err := fleet.Parse(p.Plan)
		if err != nil {
			return nil, nil, err
		}
		return old.Departures(s), &old, nil
	}
	since, err := time.ParseDuration(p.Since)
	if err != nil || since <= 0 {
		return nil, nil, fmt.Errorf("cannot use since %q: it must be a duration such as 24h or 72h", p.Since)
	}
	from, known := s.Controller(policy.From)
	switch {
	case policy.From == "":
		return nil, nil, errors.New("cannot plan the reversal: without a plan, set from= to the controller that the models left; its redirects and JIMM's audit log prove which models those are")
	case !known:
		return nil, nil, fmt.Errorf("cannot plan the reversal: %w", s.Controllers.NotFound(policy.From))
	case !w.settings.ProbeControllers:
		return nil, nil, errors.New("cannot plan the reversal: without a plan, the proof must come from the controllers, which are not asked (probe-controllers=false)")
	}
	book := fleet.NewBook(w.jaas.Many(), since, time.Hour)
	if err := book.Refresh(ctx, time.Now()); err != nil {
		return nil, nil, err
	}
	heard, err := fleet.Testimonies(ctx, s, policy, from, book, w.jaas.Engine.Witness)
	if err != nil {
		return nil, nil, err
	}
	departures := make([]fleet.Departure, len(heard))
	for i, t := range heard {
		departures[i] = t.Departed(s, from)
	}
	return departures, nil, nil
}

// concerns reports which models the plan can be about, so that JIMM is asked only
// about the targets of those.
func (p planParams) concerns() func(facts.Model) bool {
	patterns := list(p.Models)
	if len(patterns) == 0 {
		return func(facts.Model) bool { return true }
	}
	return func(m facts.Model) bool {
		for _, pattern := range patterns {
			if found, err := facts.SelectAll([]facts.Model{m}, pattern); err == nil && len(found) > 0 {
				return true
			}
		}
		return false
	}
}

// policy reads the parameters that have to be validated.
func (p planParams) policy() (fleet.Policy, error) {
	targets, err := weights(p.Targets)
	if err != nil {
		return fleet.Policy{}, err
	}
	caps, rules, err := p.rules()
	if err != nil {
		return fleet.Policy{}, err
	}
	return fleet.Policy{
		Goal: fleet.Goal(p.Goal), From: p.From, Models: list(p.Models), Exclude: list(p.Exclude), Targets: targets,
		WaveSize: int(p.WaveSize), MaxModels: int(p.MaxModels), Caps: caps, Rules: rules,
	}, nil
}

// rules reads the caps and when to stop.
func (p capsParams) rules() (fleet.Caps, fleet.Rules, error) {
	limit, err := time.ParseDuration(p.ModelTimeout)
	if err != nil || limit <= 0 {
		return fleet.Caps{}, fleet.Rules{}, fmt.Errorf("cannot use model-timeout %q: it must be a duration such as 60m or 2h", p.ModelTimeout)
	}
	caps := fleet.Caps{Parallel: int(p.Parallel), Source: int(p.Source), Target: int(p.Target), Agents: int(p.Agents)}
	return caps, fleet.Rules{Failures: int(p.Failures), Canary: bool(p.Canary), ModelTimeout: limit}, nil
}

// list reads names that are separated by commas.
func list(text string) []string {
	var out []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// weights reads targets such as "east=3,north".
func weights(text string) ([]fleet.Weighted, error) {
	var out []fleet.Weighted
	for _, part := range list(text) {
		name, number, given := strings.Cut(part, "=")
		w := fleet.Weighted{Name: name, Weight: 1}
		if given {
			n, err := strconv.Atoi(number)
			if err != nil || n < 0 || n > 1000 {
				return nil, fmt.Errorf("cannot use the target %q: its share must be a whole number from 0 to 1000", part)
			}
			w.Weight = n
		}
		if slices.ContainsFunc(out, func(o fleet.Weighted) bool { return o.Name == name }) {
			return nil, fmt.Errorf("cannot use the targets %q: %s is given twice", text, name)
		}
		out = append(out, w)
	}
	return out, nil
}
