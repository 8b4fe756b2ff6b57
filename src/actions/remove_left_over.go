package actions

import (
	"context"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/report"
)

// removeParams are the parameters of remove-left-over.
type removeParams struct {
	strictExit
	Model      string `json:"model"`
	Controller string `json:"controller"`
	Confirm    string `json:"confirm"`
}

// removeLeftOver removes the copy that an aborted migration has left on a controller.
func removeLeftOver(ctx context.Context, a *charm.Action, p removeParams) error {
	began := time.Now()
	settings, j, err := connect(ctx, a)
	if err != nil {
		return refused(ctx, a, report.RefusedRemoval(err), err)
	}
	defer j.Close()
	events := report.OpenEventLog(ctx, a.Unit, report.EventLogOptions{Action: a.Name(), Model: p.Model, Target: p.Controller})
	defer events.Close(ctx)
	progress := &report.Reporter{Print: func(line string) { a.Log(ctx, line) }}
	opts := withSettings(migration.Options{
		Options: survey.Options{Model: p.Model, Target: p.Controller, Unit: a.Env().Unit},
		Report: func(e migration.Event) {
			progress.Event(e)
			events.Event(e)
		},
	}, settings)
	r, err := migration.RemoveLeftOver(ctx, j.Engine, j.Remover(), confirmation(p.Confirm), opts)
	if err != nil {
		events.Refused(err)
		return refused(ctx, a, report.RefusedRemoval(err), err)
	}
	events.Finish(r, report.RemoveSummary(r))
	if err := a.SetResults(ctx, report.RemoveResults(r, report.Run{Unit: a.Env().Unit, CLI: j.Engine.Traits.CLI, Took: time.Since(began)})); err != nil {
		return err
	}
	return conclude(progress, r, report.RemoveSummary(r))
}
