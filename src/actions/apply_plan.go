package actions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/src/config"
	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/report"
	"jimm-migrator/src/status"
)

// applyParams are the parameters of apply-plan.
type applyParams struct {
	strictExit
	Plan      string     `json:"plan"`
	Hash      string     `json:"plan-hash"`
	Waves     string     `json:"waves"`
	Timeout   string     `json:"timeout"`
	StopAfter string     `json:"stop-after"`
	Access    charm.Flag `json:"repair-access"`
}

// applyPlan carries out a plan. If it is run again, it continues.
func applyPlan(ctx context.Context, a *charm.Action, p applyParams) error {
	r := &planRun{action: a, began: time.Now(), logs: map[string]*report.EventLog{}}
	return r.apply(ctx, p)
}

// planRun is one run of an action that carries out a plan.
type planRun struct {
	action   *charm.Action
	settings config.Settings
	began    time.Time
	plan     fleet.Plan
	does     status.Run
	lines    report.RunLines
	events   *report.EventLog

	// access reports that JIMM's access rules are corrected at the end.
	access bool

	many  *status.Many
	logs  map[string]*report.EventLog // by model
	moved int
}

// open connects to JIMM for a run that starts migrations.
func (r *planRun) open(ctx context.Context) (sharedReads, error) {
	w, err := open(ctx, r.action)
	if err != nil {
		return w, err
	}
	r.settings = w.settings
	return w, nil
}

func (r *planRun) apply(ctx context.Context, p applyParams) error {
	r.events = report.NoEventLog(r.action.Unit)
	opts, err := r.options(p)
	if err != nil {
		return r.refuse(ctx, err, false)
	}
	w, err := r.open(ctx)
	if err != nil {
		return r.refuse(ctx, err, true)
	}
	defer w.jaas.Close()
	r.events = report.OpenEventLog(ctx, r.action.Unit, report.EventLogOptions{Action: r.action.Name()})
	defer r.events.Close(ctx)
	r.access = bool(p.Access)
	return r.run(ctx, w, opts)
}

// options reads the parameters that have to be validated.
func (r *planRun) options(p applyParams) (fleet.RunOptions, error) {
	timeout, err := runTimeout(p.Timeout)
	if err != nil {
		return fleet.RunOptions{}, err
	}
	waves, err := readWaves(p.Waves)
	if err != nil {
		return fleet.RunOptions{}, err
	}
	r.plan, err = fleet.Parse(p.Plan)
	if err != nil {
		return fleet.RunOptions{}, err
	}
	if r.plan.Hash() != p.Hash {
		return fleet.RunOptions{}, fmt.Errorf("cannot apply the plan: %w: its hash is %s, plan-hash is %q", fleet.ErrHash, r.plan.Hash(), p.Hash)
	}
	return fleet.RunOptions{Plan: r.plan, Timeout: timeout, Waves: waves, StopAfter: fleet.StopAfter(p.StopAfter)}, nil
}

// runTimeout reads the timeout of a run over many models.
func runTimeout(text string) (time.Duration, error) {
	timeout, err := time.ParseDuration(text)
	switch {
	case err != nil || timeout <= 0:
		return 0, fmt.Errorf("cannot use timeout %q: it must be a duration such as 90m or 4h", text)
	case timeout <= fleet.LeastLeft:
		return 0, fmt.Errorf("cannot use timeout %q: a run starts no migration in its last %d minutes; it must be longer, such as 90m or 4h", text, int(fleet.LeastLeft.Minutes()))
	default:
		return timeout, nil
	}
}

// readWaves reads "", "1" or "1-2".
func readWaves(text string) (map[int]bool, error) {
	if text == "" {
		return nil, nil
	}
	first, last, ranged := strings.Cut(text, "-")
	from, err := strconv.Atoi(first)
	to := from
	if err == nil && ranged {
		to, err = strconv.Atoi(last)
	}
	if err != nil || from < 1 || to < from || to > fleet.MostModels {
		return nil, fmt.Errorf("cannot use waves %q: it must be a number such as 1, or a range such as 1-2", text)
	}
	out := map[int]bool{}
	for n := from; n <= to; n++ {
		out[n] = true
	}
	return out, nil
}

// run carries out the plan, and sets the results.
func (r *planRun) run(ctx context.Context, w sharedReads, opts fleet.RunOptions) error {
	done, err := r.runPlan(ctx, w, opts)
	if err != nil {
		return r.refuse(ctx, err, !doesNotFit(err))
	}
	out := report.RunResults(done, r.plan, report.Run{Unit: r.action.Env().Unit, CLI: w.jaas.Engine.Traits.CLI, Took: time.Since(r.began)})
	if r.access {
		s, err := w.survey(ctx, fleet.Question{})
		if err != nil {
			return err
		}
		report.AddAccess(out, r.repairAccess(ctx, w, s, fleet.Stays(s, done.Moves, nil)))
	}
	if err := r.action.SetResults(ctx, out); err != nil {
		return err
	}
	summary := report.RunSummary(done, r.plan)
	if !done.Outcome.Succeeded() {
		return errors.New(summary)
	}
	r.action.Log(ctx, summary)
	return nil
}

// repairAccess corrects JIMM's access rules of the models that are where they should be,
// as time allows; the next run continues.
func (r *planRun) repairAccess(ctx context.Context, w sharedReads, s fleet.Snapshot, stays []fleet.Stay) fleet.Access {
	limited, end := context.WithTimeout(ctx, timeForAccess)
	defer end()
	out := fleet.RepairAccess(limited, w.jaas.Engine, w.jaas.Rehoster(), s, stays)
	r.events.Access(out)
	r.action.Log(ctx, report.AccessLine(out))
	return out
}

// timeForAccess bounds the correction of access rules: five calls a second, about four
// for each model.
const timeForAccess = 15 * time.Minute

// runPlan carries out the plan.
func (r *planRun) runPlan(ctx context.Context, w sharedReads, opts fleet.RunOptions) (fleet.Done, error) {
	r.events.WithPlan(r.plan.Hash())
	r.action.LimitProgress(report.RunLimit)
	many, err := status.FollowMany(ctx, r.action, r.does)
	if err != nil {
		return fleet.Done{}, err
	}
	r.many = many
	opts.JAAS = w.base.JAAS
	opts.Model = w.options(r.action.Env().Unit)
	opts.Report = func(e fleet.Event) { r.show(ctx, e) }
	means := fleet.Means{
		Traffic: w.traffic, Book: w.book, Reader: w.jaas.Many(), Writer: w.jaas.Writer(), Leader: r.action.Leader,
		View: func(model string, quiet bool) (survey.JAAS, func()) {
			return w.jaas.View(w.lists, w.book, model, quiet)
		},
	}
	if r.plan.Goal == fleet.Upgrade {
		means.Upgrader = w.jaas.Upgrader()
	}
	done, err := fleet.Apply(ctx, means, opts)
	if err != nil {
		return done, err
	}
	r.decideStatus(ctx)
	r.events.RunFinish(done, r.plan)
	return done, nil
}

// show prints an event, sends it to Loki, and updates the unit's status, which
// is the only record that survives if this process is killed.
func (r *planRun) show(ctx context.Context, e fleet.Event) {
	changed := false
	switch e := e.(type) {
	case fleet.ModelEvent:
		log := r.logOf(e.Entry)
		log.Event(e.Event)
		if _, freezes := e.Event.(migration.FreezeEvent); freezes {
			r.many.Add(status.Pending{Model: e.Entry.Model, Target: e.Entry.First()})
			changed = true
		}
	case fleet.StepEvent:
		changed = r.finish(e.Move)
	case fleet.EndedEvent:
		if e.Move.State == fleet.Well {
			r.moved++
		}
		changed = r.finish(e.Move)
	default:
	}
	r.events.Run(e)
	if changed {
		r.showProgress(ctx)
	}
	for _, line := range r.lines.Lines(e) {
		r.action.Log(ctx, line)
	}
}

// finish ends the log of a migration, if there was one, and removes the model from
// the unit's status.
func (r *planRun) finish(m fleet.MoveResult) bool {
	if m.Result.Outcome != "" {
		r.logOf(m.Entry).Finish(m.Result, report.Summary(m.Result))
		delete(r.logs, m.Entry.Model)
	}
	return r.unfly(m)
}

func (r *planRun) logOf(e fleet.Entry) *report.EventLog {
	if r.logs[e.Model] == nil {
		r.logs[e.Model] = r.events.Of(e.Model, e.First())
	}
	return r.logs[e.Model]
}

// unfly removes a model from the unit's status, unless it may still move. If it was pending
// before this run, it is removed only once it is on its target. It reports whether the model
// was in the status.
func (r *planRun) unfly(m fleet.MoveResult) bool {
	if !r.many.Has(m.Entry.Model) && (m.State != fleet.Well || !r.many.IsPending(m.Entry.Model)) {
		return false
	}
	if report.MayStillMove(m.Result) {
		r.many.Add(status.Pending{Model: m.Entry.Model, Target: m.Entry.First(), State: status.Detached})
	} else {
		r.many.Remove(m.Entry.Model)
	}
	return true
}

// showProgress shows in the unit's status which models are migrating.
func (r *planRun) showProgress(ctx context.Context) {
	logStatus(ctx, r.action, r.many.Show(ctx, r.moved, len(r.plan.Moves)))
}

// decideStatus decides the unit's status again at the end.
func (r *planRun) decideStatus(ctx context.Context) {
	if err := r.many.Leave(ctx, r.settings); err != nil {
		r.action.Logger().WarnContext(ctx, "cannot restore the unit's status", slog.Any("error", err))
	}
}

// refuse ends an action that started nothing. again reports that the same action may
// succeed later.
func (r *planRun) refuse(ctx context.Context, err error, again bool) error {
	return refused(ctx, r.action, report.RefusedRun(err, again), err)
}

// doesNotFit reports whether a plan was refused because of its contents, or because of
// where it was run.
func doesNotFit(err error) bool {
	_, is := errors.AsType[*fleet.RefusedError](err)
	return is
}
