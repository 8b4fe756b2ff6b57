package actions

import (
	"cmp"
	"context"
	"fmt"
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
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/report"
	"jimm-migrator/src/status"
)

// migrateParams are the parameters of migrate-model.
type migrateParams struct {
	strictExit
	Model     string     `json:"model"`
	Target    string     `json:"target-controller"`
	DryRun    charm.Flag `json:"dry-run"`
	Detach    charm.Flag `json:"detach"`
	Timeout   string     `json:"timeout"`
	Ignore    string     `json:"ignore-checks"`
	MoveOut   string     `json:"move-out-of-jimm"`
	OnStall   string     `json:"on-stall"`
	ServerDry charm.Flag `json:"server-dry-run"`
	Verbose   charm.Flag `json:"verbose"`
}

// stopOnStall is the value of on-stall that ends the action.
const stopOnStall = "stop"

// migrateModel moves a model to another controller, or checks whether it could.
func migrateModel(ctx context.Context, a *charm.Action, p migrateParams) error {
	m := migrator{action: a, params: p, began: time.Now()}
	return m.run(ctx)
}

// migrator is one run of migrate-model.
type migrator struct {
	action *charm.Action
	params migrateParams
	began  time.Time
	// begun reports whether the unit's status shows the migration.
	begun bool
	// settings are those of this run, once read.
	settings config.Settings
	events   *report.EventLog
	progress *report.Reporter
	// opts are the options that the parameters ask for.
	opts migration.Options
	// cli is the command that talks to this JIMM.
	cli string
}

func (m *migrator) run(ctx context.Context) error {
	m.events = report.NoEventLog(m.action.Unit)
	m.progress = &report.Reporter{Print: func(line string) { m.action.Log(ctx, line) }, Verbose: bool(m.params.Verbose)}
	opts, err := m.options()
	m.opts = opts
	if err != nil {
		return m.refuse(ctx, err, false)
	}
	settings, err := config.Read(ctx, m.action)
	if err != nil {
		return m.refuse(ctx, err, true)
	}
	m.settings = settings
	if !m.params.DryRun {
		m.events = report.OpenEventLog(ctx, m.action.Unit, report.EventLogOptions{Action: m.action.Name(), Model: m.params.Model, Target: m.params.Target})
		defer m.events.Close(ctx)
	}
	opts.Spread = rand.Float64() //nolint:gosec // Not a secret.
	opts.JIMMModel = settings.JIMMModel()
	opts = withSettings(opts, settings)
	j, err := m.connect(ctx, opts.Timeout)
	if err != nil {
		return m.refuse(ctx, err, true)
	}
	defer j.Close()
	m.cli = j.Engine.Traits.CLI
	if m.params.ServerDry {
		j.Engine.DryRunner = j.DryRunner()
	}
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
		return m.refuse(ctx, err, true)
	}
	return m.finish(ctx, result)
}

// connect logs in to JIMM, within the timeout.
func (m *migrator) connect(ctx context.Context, timeout time.Duration) (*jaas.JAAS, error) {
	ctx, cancel := context.WithDeadline(ctx, m.began.Add(timeout))
	defer cancel()
	j, err := jaas.Connect(ctx, m.settings)
	return j, explained(m.action.Env(), m.settings, err)
}

// options reads the parameters that have to be validated.
func (m *migrator) options() (migration.Options, error) {
	timeout, err := parseTimeout(m.params.Timeout)
	if err != nil {
		return migration.Options{}, err
	}
	ignore, err := checkIDs(m.params.Ignore)
	if err != nil {
		return migration.Options{}, err
	}
	until := migration.UntilVerified
	if m.params.Detach {
		until = migration.UntilRunning
	}
	return migration.Options{
		Options: survey.Options{
			Model:         m.params.Model,
			Target:        m.params.Target,
			Unit:          m.action.Env().Unit,
			OwnModel:      m.action.Env().ModelUUID,
			MoveOutOfJIMM: confirmation(m.params.MoveOut),
		},
		Ignore:      ignore,
		Timeout:     timeout,
		Until:       until,
		StopOnStall: m.params.OnStall == stopOnStall,
	}, nil
}

// The limits of the parameter timeout.
const (
	minTimeout = time.Second
	maxTimeout = 720 * time.Hour
)

// parseTimeout reads the parameter timeout.
func parseTimeout(text string) (time.Duration, error) {
	timeout, err := time.ParseDuration(text)
	if err != nil || timeout < minTimeout || timeout > maxTimeout {
		return 0, fmt.Errorf("cannot use timeout %q: it must be a duration from 1s to 720h, such as 90m or 2h", text)
	}
	return timeout, nil
}

// checkIDs reads the list of checks that may fail.
func checkIDs(list string) ([]checks.ID, error) {
	var out []checks.ID
	for part := range strings.SplitSeq(list, ",") {
		id := checks.ID(strings.TrimSpace(part))
		switch {
		case id == "":
		case !slices.Contains(checks.IDs(), id):
			return nil, fmt.Errorf("cannot ignore check %q: there is no such check; %s", id, nearestCheck(id))
		case !id.Ignorable():
			return nil, fmt.Errorf("cannot ignore check %q: it can never be ignored; these can: %s", id, ignorable())
		default:
			out = append(out, id)
		}
	}
	return out, nil
}

// nearestCheck names the checks that a mistyped id may mean, and otherwise all that can be
// ignored.
func nearestCheck(id checks.ID) string {
	var names []string
	for _, known := range checks.IDs() {
		names = append(names, string(known))
	}
	if near := facts.Nearest(string(id), names); len(near) > 0 {
		return "did you mean " + strings.Join(near, " or ") + "?"
	}
	return "these can be ignored: " + ignorable()
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

// show prints an event. As soon as the model may be migrating, the unit's status
// shows that, because nothing else survives if this process is killed.
func (m *migrator) show(ctx context.Context, e migration.Event) {
	if freeze, ok := e.(migration.FreezeEvent); ok && !m.begun {
		m.begun = true
		pending := status.Pending{Model: freeze.Model.UUID, Target: m.params.Target}
		logStatus(ctx, m.action, status.Begin(ctx, m.action, pending))
	}
	m.progress.Event(e)
	m.events.Event(e)
}

// decideStatus removes the model's pending migration, even that of an earlier run that
// was killed. It stays pending if it may still be running or is not recorded yet.
func (m *migrator) decideStatus(ctx context.Context, r migration.Result) {
	pending := status.Pending{Model: r.Model.UUID, Target: cmp.Or(r.Target.Name, m.params.Target)}
	switch {
	case bool(m.params.DryRun) && r.Cause != facts.CauseDryRunStarted, pending.Model == "", r.Outcome == facts.Refused && !m.begun:
		return
	case r.Outcome == facts.Started, r.Outcome == facts.TimedOut, r.Outcome == facts.Interrupted, r.Outcome == facts.Unknown:
		pending.State = status.Detached
	default:
	}
	logStatus(ctx, m.action, status.End(ctx, m.action, m.settings, pending))
}

// finish sets the results; an outcome that is not a success is an error.
func (m *migrator) finish(ctx context.Context, r migration.Result) error {
	m.decideStatus(ctx, r)
	m.events.Finish(r, report.Summary(r))
	run := report.Run{
		Unit: m.action.Env().Unit, CLI: m.cli, Took: time.Since(m.began), Verbose: bool(m.params.Verbose),
		Ignored: m.opts.Ignore, OnStall: m.params.OnStall, MoveOut: m.params.MoveOut,
	}
	if m.action.Name() == "migrate-model" { // check-migration has a timeout of its own.
		run.Timeout, _ = parseTimeout(m.params.Timeout)
	}
	out := report.MigrationResults(r, run)
	if err := m.action.SetResults(ctx, out); err != nil {
		return err
	}
	return conclude(m.progress, r, report.Summary(r))
}

// refuse ends an action that could not examine anything.
func (m *migrator) refuse(ctx context.Context, err error, again bool) error {
	m.events.Refused(err)
	return refused(ctx, m.action, report.RefusedMigration(err, again), err)
}
