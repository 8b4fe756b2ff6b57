package actions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/src/config"
	"jimm-migrator/src/jaas"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/report"
	"jimm-migrator/src/status"
)

// migrateParams are the parameters of migrate-model.
type migrateParams struct {
	Model      string     `json:"model"`
	Target     string     `json:"target-controller"`
	DryRun     charm.Flag `json:"dry-run"`
	Detach     charm.Flag `json:"detach"`
	Timeout    string     `json:"timeout"`
	Ignore     string     `json:"ignore-checks"`
	StrictExit charm.Flag `json:"strict-exit"`
	OnStall    string     `json:"on-stall"`
}

// stopOnStall is the value of on-stall that ends the action.
const stopOnStall = "stop"

// migrateModel moves a model to another controller, or looks whether it could.
func migrateModel(ctx context.Context, a *charm.Action) error {
	var p migrateParams
	if err := a.Params(&p); err != nil {
		return err
	}
	return move(ctx, a, p)
}

func move(ctx context.Context, a *charm.Action, p migrateParams) error {
	m := migrator{action: a, params: p, began: time.Now()}
	err := m.run(ctx)
	if err != nil && p.StrictExit {
		return &charm.StrictError{Err: err}
	}
	return err
}

// migrator is one run of migrate-model.
type migrator struct {
	action *charm.Action
	params migrateParams
	began  time.Time
	// before is the unit's status to go back to, if it was changed.
	before *unitStatus
	// settings are those of this run, once read.
	settings config.Settings
	events   *report.EventLog
	// cli is the command that talks to this JIMM.
	cli string
}

type unitStatus struct {
	status  charm.Status
	message string
}

func (m *migrator) run(ctx context.Context) error {
	m.events = report.NoEventLog(m.action.Unit)
	opts, err := m.options()
	if err != nil {
		return m.refuse(ctx, err)
	}
	settings, err := config.Read(ctx, m.action)
	if err != nil {
		return m.refuse(ctx, err)
	}
	m.settings = settings
	if !m.params.DryRun {
		m.events = report.OpenEventLog(ctx, m.action.Unit, report.EventLogOptions{Action: m.action.Name(), Model: m.params.Model, Target: m.params.Target})
		defer m.events.Close(ctx)
	}
	opts.Spread = rand.Float64() //nolint:gosec // Not a secret.
	opts.Probe, opts.PollInterval, opts.JIMMModel = settings.ProbeControllers, settings.PollInterval, settings.JIMMModel()
	if p := settings.ControllersProblem; p != nil {
		opts.AccountsProblem, opts.AccountsRemedy = p.What, p.Remedy
	}
	j, err := m.connect(ctx, opts.Timeout)
	if err != nil {
		return m.refuse(ctx, err)
	}
	defer j.Close()
	m.cli = j.Engine.Traits.CLI
	// The timeout bounds the whole action.
	opts.Timeout = max(opts.Timeout-time.Since(m.began), time.Nanosecond)
	opts.Report = func(e migration.Event) { m.show(ctx, e) }

	var result migration.Result
	if m.params.DryRun {
		result, err = migration.Check(ctx, j.Engine, opts)
	} else {
		result, err = migration.Migrate(ctx, j.Engine, j.Writer(), opts)
	}
	if err != nil {
		return m.refuse(ctx, err)
	}
	return m.finish(ctx, result)
}

// connect logs in to JIMM, within the timeout.
func (m *migrator) connect(ctx context.Context, timeout time.Duration) (*jaas.JAAS, error) {
	ctx, cancel := context.WithDeadline(ctx, m.began.Add(timeout))
	defer cancel()
	return jaas.Connect(ctx, m.settings)
}

// options reads the parameters that need more than their type to be right.
func (m *migrator) options() (migration.Options, error) {
	timeout, err := time.ParseDuration(m.params.Timeout)
	if err != nil || timeout <= 0 {
		return migration.Options{}, fmt.Errorf("cannot use timeout %q: it must be a duration such as 90m or 2h", m.params.Timeout)
	}
	ignore, err := checkIDs(m.params.Ignore)
	if err != nil {
		return migration.Options{}, err
	}
	return migration.Options{
		Model:    m.params.Model,
		Target:   m.params.Target,
		Unit:     m.action.Env().Unit,
		OwnModel: m.action.Env().ModelUUID,
		Ignore:   ignore,
		Timeout:  timeout,
		Detach:   bool(m.params.Detach),

		StopOnStall: m.params.OnStall == stopOnStall,
	}, nil
}

// checkIDs reads the list of checks whose failure the operator accepts.
func checkIDs(list string) ([]checks.ID, error) {
	var out []checks.ID
	for part := range strings.SplitSeq(list, ",") {
		id := checks.ID(strings.TrimSpace(part))
		switch {
		case id == "":
		case !slices.Contains(checks.IDs(), id):
			return nil, fmt.Errorf("cannot ignore check %q: there is no such check; those that can be ignored are %s", id, ignorable())
		case !id.Ignorable():
			return nil, fmt.Errorf("cannot ignore check %q: it can never be ignored; those that can are %s", id, ignorable())
		default:
			out = append(out, id)
		}
	}
	return out, nil
}

func ignorable() string {
	var names []string
	for _, id := range checks.IDs() {
		if id.Ignorable() {
			names = append(names, string(id))
		}
	}
	return strings.Join(names, ", ")
}

// show prints an event, and leaves a mark in the unit's status as soon as the
// model may be moving: it is the one thing that survives the death of this
// process at once.
func (m *migrator) show(ctx context.Context, e migration.Event) {
	if freeze, ok := e.(migration.FreezeEvent); ok {
		m.mark(ctx, freeze.Model)
	}
	m.action.Log(ctx, report.Line(e))
	m.events.Event(e)
}

func (m *migrator) mark(ctx context.Context, model facts.Model) {
	if m.before != nil {
		return
	}
	before, message, err := m.action.Status(ctx)
	if err != nil {
		m.action.Logger().WarnContext(ctx, "cannot read the unit's status", slog.Any("error", err))
		return
	}
	m.before = &unitStatus{before, message}
	if err := status.Begin(ctx, m.action, status.Pending{Model: model.UUID, Target: m.params.Target}); err != nil {
		m.action.Logger().WarnContext(ctx, "cannot set the unit's status", slog.Any("error", err))
	}
}

// unmark takes the mark off, that of an earlier run too which was killed. It
// stays, and says which command follows the migration, where that may still run
// or is not recorded yet.
func (m *migrator) unmark(ctx context.Context, r migration.Result) {
	mark := status.Pending{Model: r.Model.UUID, Target: m.params.Target}
	var err error
	switch {
	case bool(m.params.DryRun), mark.Model == "", r.Outcome == facts.Refused && m.before == nil:
	case r.Outcome == facts.Started, r.Outcome == facts.TimedOut, r.Outcome == facts.Unknown:
		mark.State = status.Detached
		err = status.End(ctx, m.action, m.settings, mark)
	case m.before != nil && m.before.settled():
		err = m.action.SetStatus(ctx, m.before.status, m.before.message)
	default:
		err = status.End(ctx, m.action, m.settings, mark)
	}
	if err != nil {
		m.action.Logger().WarnContext(ctx, "cannot set the unit's status back", slog.Any("error", err))
	}
}

// settled reports whether a status can be gone back to: those of hooks, without
// a mark of whatever run.
func (s unitStatus) settled() bool {
	switch s.status {
	case charm.StatusActive, charm.StatusWaiting, charm.StatusBlocked:
		return status.Settled(s.message)
	default:
		return false
	}
}

// finish sets the results; an outcome that is not a success is an error.
func (m *migrator) finish(ctx context.Context, r migration.Result) error {
	m.unmark(ctx, r)
	m.events.Finish(r)
	out := report.MigrationResults(r, report.Run{Unit: m.action.Env().Unit, CLI: m.cli, Took: time.Since(m.began)})
	if err := m.action.SetResults(ctx, out); err != nil {
		return err
	}
	if !r.Outcome.Succeeded() {
		return errors.New(report.Summary(r))
	}
	m.action.Log(ctx, report.Summary(r))
	return nil
}

// refuse ends an action that could not examine anything.
func (m *migrator) refuse(ctx context.Context, err error) error {
	m.events.Refused(err)
	if setErr := m.action.SetResults(ctx, report.RefusedMigration(err)); setErr != nil {
		return setErr
	}
	return err
}
