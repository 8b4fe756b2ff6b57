package report

import (
	"fmt"

	"jimm-migrator/src/migration/facts"
)

// ControllersResults are the results of list-controllers.
func ControllersResults(controllers []facts.Controller, models []facts.Model) map[string]any {
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
