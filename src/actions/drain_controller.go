package actions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/report"
	"jimm-migrator/src/status"
)

// drainParams are the parameters of drain-controller.
type drainParams struct {
	strictExit
	Controller string      `json:"controller"`
	Targets    string      `json:"targets"`
	Exclude    string      `json:"exclude"`
	Plan       string      `json:"plan"`
	Hash       string      `json:"plan-hash"`
	Expect     charm.Count `json:"expect"`
	DryRun     charm.Flag  `json:"dry-run"`
	Cordon     charm.Flag  `json:"cordon"`
	Timeout    string      `json:"timeout"`
	StopAfter  string      `json:"stop-after"`
	Access     charm.Flag  `json:"repair-access"`
	capsParams
}

// again returns the parameters that the next run of the same drain needs: those that
// differ from their defaults.
func (p drainParams) again() []string {
	var out []string
	for _, given := range []struct {
		name           string
		value, initial any
	}{
		{"targets", p.Targets, ""},
		{"exclude", p.Exclude, ""},
		{"expect", p.Expect, 20},
		{"cordon", p.Cordon, true},
		{"timeout", p.Timeout, "2h"},
		{"repair-access", p.Access, false},
		{"max-parallel", p.Parallel, 4},
		{"max-per-source", p.Source, 4},
		{"max-per-target", p.Target, 2},
		{"max-agents", p.Agents, 600},
		{"canary", p.Canary, true},
		{"max-failures", p.Failures, 0},
		{"model-timeout", p.ModelTimeout, "60m"},
	} {
		if value := fmt.Sprint(given.value); value != fmt.Sprint(given.initial) {
			out = append(out, report.Parameter(given.name, value))
		}
	}
	return out
}

// timeToUncordon limits the removal of a mark that is not needed.
const timeToUncordon = 10 * time.Second

// drainRounds is how often a drain plans again what has arrived meanwhile.
const drainRounds = 5

// drainController moves all models away from a controller, and reports what is
// proved at the end.
func drainController(ctx context.Context, a *charm.Action, p drainParams) error {
	r := &planRun{action: a, began: time.Now(), logs: map[string]*report.EventLog{}}
	r.events = report.NoEventLog(a.Unit)
	return r.drain(ctx, p)
}

// drainage is one drain.
type drainage struct {
	*planRun
	params drainParams
	policy fleet.Policy
	shared sharedReads
	out    report.Drained
}

func (r *planRun) drain(ctx context.Context, p drainParams) error {
	d := &drainage{planRun: r, params: p}
	opts, err := d.options()
	if err != nil {
		return r.refuse(ctx, err, false)
	}
	if d.shared, err = r.open(ctx); err != nil {
		return r.refuse(ctx, err, true)
	}
	defer d.shared.jaas.Close()
	if !p.DryRun {
		r.events = report.OpenEventLog(ctx, r.action.Unit, report.EventLogOptions{Action: r.action.Name()})
		defer r.events.Close(ctx)
	}
	return d.run(ctx, opts)
}

// options reads the parameters that have to be validated.
func (d *drainage) options() (fleet.RunOptions, error) {
	p := d.params
	timeout, err := runTimeout(p.Timeout)
	if err != nil {
		return fleet.RunOptions{}, err
	}
	targets, err := weights(p.Targets)
	if err != nil {
		return fleet.RunOptions{}, err
	}
	caps, rules, err := p.rules()
	if err != nil {
		return fleet.RunOptions{}, err
	}
	d.policy = fleet.Policy{Goal: fleet.Drain, From: p.Controller, Exclude: list(p.Exclude), Targets: targets, Caps: caps, Rules: rules}
	if p.Plan != "" {
		d.plan, err = fleet.Parse(p.Plan)
		switch {
		case err != nil:
			return fleet.RunOptions{}, err
		case d.plan.Hash() != p.Hash:
			return fleet.RunOptions{}, fmt.Errorf("cannot apply the plan: %w: its hash is %s, plan-hash is %q", fleet.ErrHash, d.plan.Hash(), p.Hash)
		case d.plan.Goal != fleet.Drain || d.plan.Of != p.Controller:
			return fleet.RunOptions{}, fmt.Errorf("cannot apply the plan: it does not drain %q", p.Controller)
		}
		// What is left at the end is judged by the plan's own targets.
		for _, e := range d.plan.Moves {
			d.policy.Targets = append(d.policy.Targets, fleet.Weighted{Name: e.Target(), Weight: 1})
		}
	}
	return fleet.RunOptions{Timeout: timeout, StopAfter: fleet.StopAfter(p.StopAfter)}, nil
}

// run checks first, then cordons, moves, lists again, and proves.
func (d *drainage) run(ctx context.Context, opts fleet.RunOptions) error {
	s, err := d.observe(ctx)
	if err != nil {
		return d.refuse(ctx, err, true)
	}
	d.policy = d.policy.Named(s)
	d.params.Controller = d.policy.From
	if err := d.check(ctx, s); err != nil {
		return d.refuse(ctx, err, errors.Is(err, fleet.ErrWait))
	}
	c, err := controllerNamed(ctx, d.shared.jaas, d.params.Controller)
	if err != nil {
		return d.refuse(ctx, err, true)
	}
	d.out = report.Drained{Controller: d.params.Controller, Plan: d.plan, Before: fleet.CordonOf(c), Traits: d.shared.base.Traits, DryRun: bool(d.params.DryRun), ByPlan: d.params.Plan != "", Parameters: d.params.again()}
	if d.params.DryRun {
		return d.finish(ctx, s)
	}
	if err := d.cordon(ctx, &opts); err != nil {
		return d.refuse(ctx, err, true)
	}
	d.does = d.status()
	for round := 0; ; round++ {
		opts.Plan = d.plan
		done, err := d.runPlan(ctx, d.shared, opts)
		if err != nil {
			d.uncordon(ctx)
			return d.refuse(ctx, err, !doesNotFit(err))
		}
		d.out.Add(done)
		if s, err = d.observe(ctx); err != nil {
			return d.finish(ctx, fleet.Snapshot{Gaps: []string{err.Error()}})
		}
		opts.Timeout -= done.Took
		if done.Stopped != "" || d.params.Plan != "" || round+1 == drainRounds || opts.Timeout <= 0 || done.Starts == 0 {
			break
		}
		again, err := fleet.Arrived(s, d.policy, d.out.Moves())
		if err != nil || len(again.Moves) == 0 || d.params.Plan == "" && d.out.Starts()+len(again.Moves) > int(d.params.Expect) {
			break
		}
		d.plan = again
	}
	d.uncordon(ctx)
	return d.finish(ctx, s)
}

// status is the drain as the unit's status shows it, with what another run needs.
func (d *drainage) status() status.Run {
	parameters := strings.Join(d.params.again(), " ")
	if d.params.Plan != "" {
		parameters = status.ByPlan
	}
	return status.Run{Controller: d.params.Controller, Parameters: parameters}
}

// observe makes a snapshot for a drain.
func (d *drainage) observe(ctx context.Context) (fleet.Snapshot, error) {
	return d.shared.survey(ctx, fleet.Question{Edges: true, Classes: func(facts.Model) bool { return true }})
}

// check refuses what must not be drained, before anything is changed.
func (d *drainage) check(ctx context.Context, s fleet.Snapshot) error {
	if err := fleet.CheckDrain(s, d.params.Controller); err != nil {
		return err
	}
	if d.params.Plan == "" {
		plan, err := fleet.Make(s, d.policy)
		if err != nil {
			return err
		}
		d.plan = plan
	} else if err := d.plan.Fits(s.JAAS, s.Controllers, s.Now); err != nil {
		return err
	}
	if d.params.DryRun {
		return nil
	}
	leader, err := d.action.Leader(ctx)
	n := len(d.plan.Moves)
	switch {
	case err != nil:
		return err
	case !leader:
		return fmt.Errorf("cannot drain: this unit is not the leader; run the action on %s", facts.LeaderOf(d.action.Env().Unit))
	case d.params.Plan == "" && n > int(d.params.Expect):
		return fmt.Errorf("cannot drain: %s of %q would move, which is more than %d; check the plan with dry-run=true, then set expect=%d", facts.Count(n, "model", "models"), d.params.Controller, d.params.Expect, n)
	}
	return nil
}

// cordon marks the controller, unless that was done before.
func (d *drainage) cordon(ctx context.Context, opts *fleet.RunOptions) error {
	if !d.params.Cordon {
		return nil
	}
	opts.Guard = d.params.Controller
	d.lines.Stop = "uncordon-controller controller=" + d.params.Controller
	if d.out.Before == fleet.Cordoned {
		return nil
	}
	if err := d.shared.jaas.Cordoner().Cordon(ctx, d.params.Controller, true); err != nil {
		// The answer may be lost although the mark is set: the list shows it.
		if c, listErr := controllerNamed(ctx, d.shared.jaas, d.params.Controller); listErr != nil || fleet.CordonOf(c) != fleet.Cordoned {
			return fmt.Errorf("%w; the controller may be cordoned (list-controllers shows it); to drain without a cordon, set cordon=false", err)
		}
	}
	d.out.Set = true
	d.events.Cordon(d.params.Controller, true, "drain-controller")
	return nil
}

// uncordon removes a mark that this run has set and does not need: it has started
// no migration, and followed none to its target.
func (d *drainage) uncordon(ctx context.Context) {
	if !d.out.Set || d.out.Starts() > 0 || d.out.Moved() > 0 || len(d.plan.Moves) == 0 {
		return
	}
	ctx, end := context.WithTimeout(context.WithoutCancel(ctx), timeToUncordon) // This is done even if the action is stopped.
	defer end()
	if err := d.shared.jaas.Cordoner().Cordon(ctx, d.params.Controller, false); err != nil {
		d.action.Logger().WarnContext(ctx, "cannot lift the cordon", slog.Any("error", err))
		return
	}
	d.out.Set = false
}

// finish proves what can be proved, and sets the results.
func (d *drainage) finish(ctx context.Context, s fleet.Snapshot) error {
	left, err := fleet.Remaining(s, d.policy)
	if err != nil {
		// Every model that is there counts as one that cannot move.
		for _, m := range s.Models {
			if !m.IsController && nameOf(s, m) == d.params.Controller {
				left.Left = append(left.Left, fleet.Left{Reason: fleet.LeftNoTarget, Model: m.UUID, Name: m.FullName()})
			}
		}
	}
	moved := d.out.Moves()
	d.out.Left = left.Left
	d.out.Evidence = fleet.Gather(ctx, d.shared.jaas.Engine, s, fleet.End{
		Controller: d.params.Controller, Left: left, Moved: moved, Probe: d.settings.ProbeControllers,
	})
	d.out.Edges = s.Edges
	if d.params.Access && !d.params.DryRun {
		d.out.Access = d.repairAccess(ctx, d.shared, s, fleet.Stays(s, moved, d.out.Evidence.Departed))
	}
	d.out.After = fleet.CordonHidden
	if c, err := controllerNamed(ctx, d.shared.jaas, d.params.Controller); err == nil {
		d.out.After = fleet.CordonOf(c)
	}
	run := report.Run{Unit: d.action.Env().Unit, CLI: d.shared.jaas.Engine.Traits.CLI, Took: time.Since(d.began)}
	if err := d.action.SetResults(ctx, report.DrainResults(d.out, run)); err != nil {
		return err
	}
	summary := report.DrainSummary(d.out)
	if !d.out.Succeeded() {
		return errors.New(summary)
	}
	d.action.Log(ctx, summary)
	return nil
}

// nameOf is JIMM's name of the controller that has the model on record.
func nameOf(s fleet.Snapshot, m facts.Model) string {
	for _, c := range s.Controllers {
		if c.UUID == m.Recorded {
			return c.Name
		}
	}
	return ""
}
