package actions

import (
	"context"
	"fmt"

	"jimm-migrator/charm"
	"jimm-migrator/src/migration"
)

// listControllers lists JIMM's controllers with the number of models that are
// recorded on each.
func listControllers(ctx context.Context, a *charm.Action) error {
	if err := a.Params(&struct{}{}); err != nil {
		return err
	}
	j, err := connect(ctx, a)
	if err != nil {
		return err
	}
	defer j.close()
	controllers, err := j.engine.Fleet.Controllers(ctx)
	if err != nil {
		return err
	}
	models, err := j.engine.Fleet.Models(ctx)
	if err != nil {
		return err
	}
	return a.SetResults(ctx, controllersResults(controllers, models))
}

// controllersResults are the results of list-controllers.
func controllersResults(controllers []migration.Controller, models []migration.Model) map[string]any {
	count := map[string]int{}
	for _, m := range models {
		count[m.Recorded]++
	}
	list := map[string]any{}
	for _, c := range controllers {
		entry := controllerResults(c)
		entry["status"] = c.Status
		entry["models"] = count[c.UUID]
		set(entry, "cloud", c.Cloud)
		set(entry, "region", c.Region)
		list[resultKey(c.Name, c.UUID)] = entry
	}
	out := map[string]any{"summary": fmt.Sprintf("JIMM knows %d controllers and %d models", len(controllers), len(models))}
	setMap(out, "controllers", list)
	return out
}
