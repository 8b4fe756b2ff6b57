package actions

import (
	"context"

	"jimm-migrator/charm"
	"jimm-migrator/src/report"
)

// listControllers lists JIMM's controllers with the number of models that are
// recorded on each.
func listControllers(ctx context.Context, a *charm.Action) error {
	if err := a.Params(&struct{}{}); err != nil {
		return err
	}
	_, j, err := connect(ctx, a)
	if err != nil {
		return err
	}
	defer j.Close()
	controllers, err := j.Engine.Fleet.Controllers(ctx)
	if err != nil {
		return err
	}
	models, err := j.Engine.Fleet.Models(ctx)
	if err != nil && len(models) == 0 {
		return err
	}
	return a.SetResults(ctx, report.ControllersResults(controllers, models, err))
}
