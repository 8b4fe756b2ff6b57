package actions

import (
	"context"

	"jimm-migrator/charm"
	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/report"
)

// targetsParams are the parameters of list-migration-targets.
type targetsParams struct {
	Model string `json:"model"`
}

// listMigrationTargets ranks the controllers as targets of a model, with reasons.
func listMigrationTargets(ctx context.Context, a *charm.Action, p targetsParams) error {
	w, err := open(ctx, a)
	if err != nil {
		return err
	}
	defer w.jaas.Close()
	models, err := w.lists.Models(ctx)
	if err != nil {
		return err
	}
	model, err := models.Select(p.Model)
	if err != nil {
		return err
	}
	s, err := w.survey(ctx, fleet.Question{
		Edges:   true,
		Classes: func(m facts.Model) bool { return m.UUID == model.UUID },
	})
	if err != nil {
		return err
	}
	return a.SetResults(ctx, report.TargetsResults(s, model, fleet.Targets(s, model)))
}
