package actions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/status"
)

// statusParams are the parameters of migration-status.
type statusParams struct {
	Model      string `json:"model"`
	Follow     flag   `json:"follow"`
	Timeout    string `json:"timeout"`
	StrictExit flag   `json:"strict-exit"`
	OnStall    string `json:"on-stall"`
}

// lately is how far back a request to migrate is looked for.
const lately = 24 * time.Hour

// migrationStatus tells how one model moves, or which models do.
func migrationStatus(ctx context.Context, a *charm.Action) error {
	var p statusParams
	if err := a.Params(&p); err != nil {
		return err
	}
	err := runStatus(ctx, a, p)
	if err != nil && p.StrictExit {
		return &charm.StrictError{Err: err}
	}
	return err
}

func runStatus(ctx context.Context, a *charm.Action, p statusParams) error {
	began := time.Now()
	timeout, err := time.ParseDuration(p.Timeout)
	if err != nil || timeout <= 0 {
		return fmt.Errorf("cannot use timeout %q: it must be a duration such as 90m or 2h", p.Timeout)
	}
	if p.Follow && p.Model == "" {
		return errors.New("cannot follow all models: follow=true needs a model")
	}
	ctx, cancel := context.WithDeadline(ctx, began.Add(timeout))
	defer cancel()
	j, err := connect(ctx, a)
	if err != nil {
		return err
	}
	defer j.close()
	opts := migration.Options{
		Model: p.Model, Unit: a.Env().Unit, Probe: j.settings.ProbeControllers, PollInterval: j.settings.PollInterval,
		Spread:      rand.Float64(), //nolint:gosec // Not a secret.
		StopOnStall: p.OnStall == stopOnStall, Timeout: max(timeout-time.Since(began), time.Nanosecond),
	}
	switch {
	case bool(p.Follow):
		return followModel(ctx, a, j, opts, began)
	case p.Model == "":
		return allMoving(ctx, a, j, opts)
	}
	m, err := migration.Moving(ctx, j.engine, opts)
	if err != nil {
		return err
	}
	out := movementResults(m)
	out["summary"] = movementSummary(m)
	if m.State.Moves() {
		out["next"] = fmt.Sprintf("juju run %s migration-status model=%s follow=true --wait=65m", a.Env().Unit, m.Model.UUID)
	}
	return a.SetResults(ctx, out)
}

// followModel follows one migration to its end.
func followModel(ctx context.Context, a *charm.Action, j *jaas, opts migration.Options, began time.Time) error {
	f := openFeed(ctx, a.Unit, feedOptions{action: a.Name(), model: opts.Model})
	defer f.close(ctx)
	opts.Report = func(e migration.Event) {
		a.Log(ctx, line(e))
		f.event(e)
	}
	r, err := migration.Follow(ctx, j.engine, recorder{&writer{j.session}}, opts)
	if err != nil {
		f.refused(err)
		return err
	}
	f.finish(r)
	if r.Outcome.Succeeded() || r.Outcome == migration.Aborted || r.Outcome == migration.NeedsAttention {
		if err := status.End(ctx, a, j.settings, status.Pending{Model: r.Model.UUID}); err != nil {
			a.Logger().WarnContext(ctx, "cannot set the unit's status", slog.Any("error", err))
		}
	}
	if err := a.SetResults(ctx, followResults(r, a.Env().Unit, time.Since(began))); err != nil {
		return err
	}
	if !r.Outcome.Succeeded() {
		return errors.New(followSummary(r))
	}
	a.Log(ctx, followSummary(r))
	return nil
}

// followResults are the results of migration-status with follow=true.
func followResults(r migration.Result, unit string, took time.Duration) map[string]any {
	out := recordResults(r, unit, took)
	out["summary"] = followSummary(r)
	setMap(out, "source-controller", controllerResults(r.Source))
	setMap(out, "target-controller", controllerResults(r.Target))
	setMap(out, "timing", timingResults(r.Timing))
	if r.Next == "" && r.Outcome == migration.TimedOut {
		out["next"] = fmt.Sprintf("juju run %s migration-status model=%s follow=true --wait=65m", unit, r.Model.UUID)
	}
	return out
}

func followSummary(r migration.Result) string {
	switch {
	case r.Cause == migration.CauseNothingRuns:
		return fmt.Sprintf("no migration of model %s runs; nothing was started", name(r.Model))
	case r.Outcome == migration.Refused && r.Detail != "":
		return "nothing was followed: " + r.Detail
	default:
		return summary(r)
	}
}

// allMoving tells which models move.
func allMoving(ctx context.Context, a *charm.Action, j *jaas, opts migration.Options) error {
	asked, gap := requestsLately(ctx, j)
	_, message, err := a.Status(ctx)
	if err != nil {
		return err
	}
	marked := map[string]bool{}
	for _, m := range status.ParsePending(message) {
		marked[m.Model] = true
	}
	named := func(m migration.Model) (migration.Audit, bool) {
		audit := migration.Audit{Now: asked.now}
		for _, q := range asked.requests {
			if q.about.Names(m.UUID, m.FullName()) {
				audit.Requests = append(audit.Requests, q.Request)
			}
		}
		return audit, len(audit.Requests) > 0 || marked[m.UUID]
	}
	found, err := migration.AllMoving(ctx, j.engine, opts, named)
	if err != nil {
		return err
	}
	return a.SetResults(ctx, allMovingResults(found, gap))
}

// allMovingResults are the results of migration-status without a model.
func allMovingResults(found migration.Moved, gap error) map[string]any {
	models := map[string]any{}
	for _, m := range found.Movements {
		models[resultKey(m.Model.UUID)] = movementResults(m)
	}
	out := map[string]any{"moving": len(found.Movements), "summary": fmt.Sprintf("%d of %d models move", len(found.Movements), found.Known)}
	setMap(out, "models", models)
	var gaps []string
	if gap != nil {
		gaps = append(gaps, "JIMM's audit log was not read to its end: "+migration.Redact(gap.Error()))
	}
	if found.Gaps != nil {
		gaps = append(gaps, migration.Redact(found.Gaps.Error()))
	}
	if found.Unasked > 0 {
		gaps = append(gaps, fmt.Sprintf("%d more models were asked to move lately, and were not looked at: %d are at most", found.Unasked, migration.DefaultLimit))
	}
	set(out, "gaps", strings.Join(gaps, "; "))
	return out
}

// lateRequests are the requests to migrate of the last day, by JIMM's clock.
type lateRequests struct {
	now      time.Time
	requests []lateRequest // oldest first
}

type lateRequest struct {
	migration.Request
	about jimm.MigrationRequest
}

func requestsLately(ctx context.Context, j *jaas) (lateRequests, error) {
	client, err := j.session.get(ctx)
	if err != nil {
		return lateRequests{}, err
	}
	var out lateRequests
	if out.now, err = newest(ctx, client); err != nil || out.now.IsZero() {
		return out, err
	}
	seen := 0
	for event, err := range client.NewestAuditEvents(ctx, jimm.AuditQuery{Method: "MigrateModel", After: out.now.Add(-lately)}) {
		if err != nil {
			return out, err
		}
		if seen++; seen > maxEvents {
			return out, fmt.Errorf("only its newest %d events were read", maxEvents)
		}
		if event.Response {
			continue
		}
		for _, m := range event.Migrations {
			q := migration.Request{Kind: migration.RequestMigrate, Target: m.TargetController, At: event.Time, User: event.User, Own: event.User == client.Identity()}
			out.requests = append([]lateRequest{{q, m}}, out.requests...)
		}
	}
	return out, nil
}

// movementResults are the results about one model.
func movementResults(m migration.Movement) map[string]any {
	out := map[string]any{"state": string(m.State)}
	setMap(out, "model", modelResults(m.Model))
	setMap(out, "source-controller", controllerResults(m.Source))
	setMap(out, "target-controller", controllerResults(m.Target))
	if m.Target.Known() {
		out["target-proved"] = m.TargetProved
	}
	if m.Attempt.Exists() {
		attempt := map[string]any{"phase": m.Phase.String()}
		set(attempt, "text", m.Attempt.Text)
		set(attempt, "start", stamp(m.Attempt.Start))
		set(attempt, "end", stamp(m.Attempt.End))
		out["migration"] = attempt
	}
	if m.Elapsed > 0 {
		out["elapsed"] = span(m.Elapsed)
		out["long"] = m.Long
	}
	if m.Err != nil {
		setMap(out, "error", errorResults("", m.Err))
	}
	return out
}

// movementSummary says in one sentence how a model moves.
func movementSummary(m migration.Movement) string {
	model, source := m.Model.FullName(), fmt.Sprintf("%q", m.Source.String())
	to := ""
	if m.Target.Known() && m.TargetProved {
		to = fmt.Sprintf(" to %q", m.Target.String())
	}
	switch m.State {
	case migration.MovementRunning, migration.MovementAborting, migration.MovementSucceeded:
		text := fmt.Sprintf("model %s migrates from %s%s: %s: %s", model, source, to, m.Phase, m.Attempt.Text)
		if m.State == migration.MovementSucceeded {
			text += "; Juju cannot abort it any more"
		}
		if m.Long {
			text += "; it runs for longer than it should"
		}
		return text
	case migration.MovementLeft:
		return fmt.Sprintf("model %s has left %s%s, and JIMM does not record it yet", model, source, to)
	case migration.MovementEnded:
		return fmt.Sprintf("no migration of model %s runs; the last one on %s ended with: %s", model, source, m.Attempt.Text)
	case migration.MovementNone:
		return fmt.Sprintf("no migration of model %s runs; it is on %s", model, source)
	default:
		return fmt.Sprintf("it is not known whether a migration of model %s runs", model)
	}
}
