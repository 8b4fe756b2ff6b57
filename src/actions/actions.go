package actions

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"jimm-migrator/charm"
	"jimm-migrator/src/config"
	"jimm-migrator/src/jaas"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
	"jimm-migrator/src/report"
)

// All returns the handlers by the names in actions.yaml, for a charm of that
// version.
func All(version string) map[string]charm.ActionFunc {
	return map[string]charm.ActionFunc{
		"locate-model":     with(locateModel),
		"migrate-model":    strict(migrateModel),
		"check-migration":  strict(checkMigration),
		"record-model":     strict(recordModel),
		"remove-left-over": strict(removeLeftOver),
		"migration-status": strict(migrationStatus),

		"collect-diagnostics": with(collectDiagnostics(version)),

		"list-controllers":       with(listControllers),
		"list-models":            with(listModels),
		"list-migration-targets": with(listMigrationTargets),
		"plan-migrations":        with(planMigrations),
		"apply-plan":             strict(applyPlan),
		"cordon-controller":      with(cordonController),
		"uncordon-controller":    with(uncordonController),
		"drain-controller":       strict(drainController),
		"migration-history":      with(migrationHistory),

		"check-access": with(checkAccess),
	}
}

// none are the parameters of an action that has none.
type none struct{}

// strictExit is the parameter with which an action that fails also exits with 1.
type strictExit struct {
	StrictExit charm.Flag `json:"strict-exit"`
}

// strictly returns the error of an action that has the parameter.
func (s strictExit) strictly(err error) error {
	if err != nil && s.StrictExit {
		return &charm.StrictError{Err: err}
	}
	return err
}

// strict is [with], for an action that has the parameter strict-exit.
func strict[P interface{ strictly(err error) error }](handler func(context.Context, *charm.Action, P) error) charm.ActionFunc {
	return with(func(ctx context.Context, a *charm.Action, p P) error { return p.strictly(handler(ctx, a, p)) })
}

// with begins and ends every handler: it reads the parameters of the action, and an
// error may quote a server, so it is redacted. No action is silent while a server does not
// answer. results.summary always has the reason
// of a failure, because juju run shows nothing else with strict-exit=true.
func with[P any](handler func(context.Context, *charm.Action, P) error) charm.ActionFunc {
	return func(ctx context.Context, a *charm.Action) error {
		var p P
		err := a.Params(&p)
		if err == nil {
			asking, end := report.Patiently(ctx, a)
			err = handler(asking, a, p)
			end()
		}
		if err == nil {
			return nil
		}
		if !a.HasResults() {
			results := map[string]any{"summary": shown(err)}
			setNext(results, a, err)
			if setErr := a.SetResults(ctx, results); setErr != nil {
				return errors.Join(&redactedError{err}, setErr)
			}
		}
		return &redactedError{err}
	}
}

// refused ends an action that has changed nothing, with its results.
func refused(ctx context.Context, a *charm.Action, results map[string]any, err error) error {
	if problem, is := errors.AsType[*config.ProblemError](err); is && !problem.MayPass {
		results["retry-safe"] = false // Only the user can correct it.
	}
	setNext(results, a, err)
	if setErr := a.SetResults(ctx, results); setErr != nil {
		return setErr
	}
	return err
}

// setNext adds the command that helps after an error: the one that lists what a name can be.
func setNext(results map[string]any, a *charm.Action, err error) {
	if _, is := errors.AsType[*facts.UnknownControllerError](err); is {
		results["next"] = facts.ControllersCommand(a.Env().Unit)
	}
	if unknown := facts.NotSelected(err); unknown != nil && !unknown.Ambiguous() {
		results["next"] = facts.ModelsCommand(a.Env().Unit)
		if uuid := unknown.UUID(); uuid != "" && a.Name() != "locate-model" {
			// JIMM may have lost it: the controllers can be asked about a UUID.
			results["next"] = facts.LocateCommand(a.Env().Unit, uuid)
		}
	}
}

// conclude prints the sentence with which the action ends; if it is not a success, the
// sentence is the error.
func conclude(progress *report.Reporter, r migration.Result, summary string) error {
	if !r.Outcome.Succeeded() {
		progress.End("")
		return errors.New(summary)
	}
	progress.End(summary)
	return nil
}

// logStatus logs why the unit's status could not be set: that is no reason to fail.
func logStatus(ctx context.Context, a *charm.Action, err error) {
	if err != nil {
		a.Logger().WarnContext(ctx, "cannot set the unit's status", slog.Any("error", err))
	}
}

// withSettings adds the charm's configuration to options of the engine.
func withSettings(opts migration.Options, s config.Settings) migration.Options {
	opts.Probe, opts.PollInterval = s.ProbeControllers, s.PollInterval
	if p := s.ControllersProblem; p != nil {
		opts.AccountsProblem, opts.AccountsRemedy = p.What, p.Remedy
	}
	return opts
}

// confirmation is the UUID with which a parameter confirms something, as JIMM's list
// has it: in lower case, however it is typed.
func confirmation(uuid string) string { return strings.ToLower(strings.TrimSpace(uuid)) }

// shown returns the text of an error, redacted if necessary.
func shown(err error) string {
	if strict, ok := errors.AsType[*charm.StrictError](err); ok {
		err = strict.Err
	}
	return redact.Error(err)
}

// redactedError is an error with a text that may be shown.
type redactedError struct{ err error }

// Error is the redacted text of the error inside.
func (e *redactedError) Error() string { return shown(e.err) }

// Unwrap returns the error inside. Its text must not be shown.
func (e *redactedError) Unwrap() error { return e.err }

// connect reads the settings and logs in to JIMM, as an administrator.
func connect(ctx context.Context, a *charm.Action) (config.Settings, *jaas.JAAS, error) {
	settings, err := config.Read(ctx, a)
	if err != nil {
		return settings, nil, err
	}
	j, err := jaas.Connect(ctx, settings)
	return settings, j, explained(a.Env(), settings, err)
}

// explained returns the problem that made connecting fail, as the unit's status
// describes it, or the error itself.
func explained(env charm.Env, settings config.Settings, err error) error {
	if lacking, ok := errors.AsType[*jaas.NotAdministratorError](err); ok {
		problem := config.NotAdministrator(env, lacking.Account.Generation, lacking.Account.Identity)
		problem.Err = err
		return problem
	}
	if problem, ok := errors.AsType[*config.ProblemError](settings.Diagnose(env, err)); ok {
		problem.Err = err
		return problem
	}
	return err
}
