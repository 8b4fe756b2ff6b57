package actions

import (
	"context"

	"jimm-migrator/charm"
	"jimm-migrator/src/config"
	"jimm-migrator/src/migration/locate"
	"jimm-migrator/src/report"
	"jimm-migrator/src/status"
)

// locateParams are the parameters of locate-model.
type locateParams struct {
	Model string       `json:"model"`
	Page  charm.Number `json:"page"`
}

// locateModel shows which controller hosts a model, with proof.
func locateModel(ctx context.Context, a *charm.Action, p locateParams) error {
	settings, j, err := connect(ctx, a)
	if err != nil {
		return err
	}
	defer j.Close()
	j.Engine.Auditor = j.AuditOnce()
	page := max(int(p.Page), 1)
	found, err := locate.Locate(ctx, j.Engine, locate.Options{
		Model: p.Model,
		Probe: settings.ProbeControllers,
		Skip:  (page - 1) * locate.DefaultLimit,
	})
	if err != nil {
		return err
	}
	notice(ctx, a, settings, p.Model, found)
	return a.SetResults(ctx, report.LocatedResults(found, page, a.Env().Unit))
}

// notice reports drift and conflicts to Loki. If a model was located by its UUID and is in
// use where it is recorded, an interrupted migration has been followed up: the unit's status
// no longer needs to show it.
func notice(ctx context.Context, a *charm.Action, settings config.Settings, selector string, found locate.Found) {
	var events *report.EventLog
	for _, l := range found.Locations {
		if l.Drift || l.State == locate.StateConflict {
			if events == nil {
				events = report.OpenEventLog(ctx, a.Unit, report.EventLogOptions{Action: a.Name(), Model: selector})
				defer events.Close(ctx)
			}
			events.Drift(l)
		}
		if l.State == locate.StateActive && l.Complete() && l.Model.UUID == selector {
			logStatus(ctx, a, status.End(ctx, a, settings, status.Pending{Model: selector}))
		}
	}
}
