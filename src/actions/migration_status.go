package actions

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/src/config"
	"jimm-migrator/src/jaas"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/report"
	"jimm-migrator/src/status"
)

// statusParams are the parameters of migration-status.
type statusParams struct {
	strictExit
	Model   string     `json:"model"`
	Follow  charm.Flag `json:"follow"`
	Timeout string     `json:"timeout"`
	OnStall string     `json:"on-stall"`
}

// migrationStatus shows the status of one migration, or of all running
// migrations.
func migrationStatus(ctx context.Context, a *charm.Action, p statusParams) error {
	began := time.Now()
	timeout, err := parseTimeout(p.Timeout)
	if err != nil {
		return err
	}
	if p.Follow && p.Model == "" {
		return errors.New("cannot follow all models: follow=true needs a model")
	}
	limited, cancel := context.WithDeadline(ctx, began.Add(timeout))
	defer cancel()
	settings, j, err := connect(limited, a)
	if err != nil {
		return err
	}
	defer j.Close()
	opts := withSettings(migration.Options{
		Options:     survey.Options{Model: p.Model, Unit: a.Env().Unit},
		Spread:      rand.Float64(), //nolint:gosec // Not a secret.
		StopOnStall: p.OnStall == stopOnStall,
		Timeout:     max(timeout-time.Since(began), time.Nanosecond),
	}, settings)
	switch {
	case bool(p.Follow):
		run := report.Run{Unit: a.Env().Unit, CLI: j.Engine.Traits.CLI, Timeout: timeout, OnStall: p.OnStall}
		// The engine keeps the timeout: an end of the context is an interruption.
		return followModel(ctx, a, settings, j, opts, run)
	case p.Model == "":
		return allMoving(limited, a, j, opts)
	}
	m, err := migration.Moving(limited, j.Engine, opts)
	if err != nil {
		return err
	}
	return a.SetResults(ctx, report.MovementResults(m, a.Env().Unit))
}

// followModel follows one migration to its end.
func followModel(ctx context.Context, a *charm.Action, settings config.Settings, j *jaas.JAAS, opts migration.Options, run report.Run) error {
	began := time.Now()
	events := report.OpenEventLog(ctx, a.Unit, report.EventLogOptions{Action: a.Name(), Model: opts.Model})
	defer events.Close(ctx)
	progress := &report.Reporter{Print: func(line string) { a.Log(ctx, line) }}
	opts.Report = func(e migration.Event) {
		progress.Event(e)
		events.Event(e)
	}
	r, err := migration.Follow(ctx, j.Engine, j.Recorder(), opts)
	if err != nil {
		events.Refused(err)
		return err
	}
	events.Finish(r, report.FollowSummary(r))
	if r.Outcome.Succeeded() || r.Outcome == facts.Aborted || r.Outcome == facts.NeedsAttention {
		logStatus(ctx, a, status.End(ctx, a, settings, status.Pending{Model: r.Model.UUID}))
	}
	run.Took = time.Since(began)
	if err := a.SetResults(ctx, report.FollowResults(r, run)); err != nil {
		return err
	}
	return conclude(progress, r, report.FollowSummary(r))
}

// allMoving reports which models are migrating.
func allMoving(ctx context.Context, a *charm.Action, j *jaas.JAAS, opts migration.Options) error {
	j.Pace() // Many models may be migrating.
	recent, gap := j.RecentMigrations(ctx)
	all, err := status.PendingMigrations(ctx, a)
	if err != nil {
		return err
	}
	pending := map[string]bool{}
	for _, p := range all {
		pending[p.Model] = true
	}
	named := func(m facts.Model) (facts.Audit, bool) {
		audit := recent.Of(m)
		asked := slices.ContainsFunc(audit.Requests, func(q facts.Request) bool { return q.Kind == facts.RequestMigrate })
		return audit, asked || pending[m.UUID]
	}
	found, err := migration.AllMoving(ctx, j.Engine, opts, named)
	if err != nil {
		return err
	}
	return a.SetResults(ctx, report.MovingResults(found, gap))
}
