package actions

import (
	"context"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/report"
	"jimm-migrator/src/status"
)

// recordParams are the parameters of record-model.
type recordParams struct {
	strictExit
	Model      string `json:"model"`
	Controller string `json:"controller"`
	Confirm    string `json:"confirm"`
}

// recordModel records in JIMM which controller has a model.
func recordModel(ctx context.Context, a *charm.Action, p recordParams) error {
	began := time.Now()
	settings, j, err := connect(ctx, a)
	if err != nil {
		return refused(ctx, a, report.RefusedRecord(err), err)
	}
	defer j.Close()
	events := report.OpenEventLog(ctx, a.Unit, report.EventLogOptions{Action: a.Name(), Model: p.Model, Target: p.Controller})
	defer events.Close(ctx)
	progress := &report.Reporter{Print: func(line string) { a.Log(ctx, line) }}
	r, err := migration.RecordModel(ctx, j.Engine, j.Recorder(), confirmation(p.Confirm), withSettings(migration.Options{
		Options: survey.Options{Model: p.Model, Target: p.Controller, Unit: a.Env().Unit},
		Report: func(e migration.Event) {
			progress.Event(e)
			events.Event(e)
		},
	}, settings))
	if err != nil {
		events.Refused(err)
		return refused(ctx, a, report.RefusedRecord(err), err)
	}
	events.Finish(r, report.RecordSummary(r))
	if r.Outcome.Succeeded() || r.Outcome == facts.NeedsAttention {
		// A model that is recorded is no longer a pending migration.
		logStatus(ctx, a, status.End(ctx, a, settings, status.Pending{Model: r.Model.UUID}))
	}
	if err := a.SetResults(ctx, report.RecordResults(r, report.Run{Unit: a.Env().Unit, CLI: j.Engine.Traits.CLI, Took: time.Since(began)})); err != nil {
		return err
	}
	return conclude(progress, r, report.RecordSummary(r))
}
