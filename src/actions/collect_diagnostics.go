package actions

import (
	"context"

	"jimm-migrator/charm"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/report"
)

// diagnosticsParams are the parameters of collect-diagnostics.
type diagnosticsParams struct {
	Model string `json:"model"`
}

// collectDiagnostics observes a model once and puts everything that it saw into
// the results.
func collectDiagnostics(version string) func(context.Context, *charm.Action, diagnosticsParams) error {
	return func(ctx context.Context, a *charm.Action, p diagnosticsParams) error {
		settings, j, err := connect(ctx, a)
		if err != nil {
			return err
		}
		defer j.Close()
		d, err := migration.Diagnose(ctx, j.Engine, withSettings(migration.Options{
			Options: survey.Options{Model: p.Model, Unit: a.Env().Unit},
		}, settings))
		if err != nil {
			return err
		}
		who := j.Account()
		env := report.Environment{
			CharmVersion: version, JujuVersion: a.Env().JujuVersion,
			Generation: who.Generation.String(), Identity: who.Identity,
			PollInterval: settings.PollInterval, Probe: settings.ProbeControllers,
		}
		if client, err := j.Client(ctx); err == nil {
			if info, err := client.Version(ctx); err == nil {
				env.JIMMVersion, env.JIMMCommit = info.Version, info.Commit
			}
		}
		return a.SetResults(ctx, report.DiagnosisResults(d, env))
	}
}
