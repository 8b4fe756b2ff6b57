package report

import (
	"fmt"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
)

// ControllersResults are the results of list-controllers.
func ControllersResults(controllers []facts.Controller, models []facts.Model, gaps error) map[string]any {
	recorded := map[string]int{}
	for _, m := range models {
		recorded[m.Recorded]++
	}
	list := map[string]any{}
	for _, c := range controllers {
		entry := controllerResults(c)
		entry["status"] = c.Status
		entry["models"] = recorded[c.UUID]
		set(entry, "cloud", c.Cloud)
		set(entry, "region", c.Region)
		list[resultKey(c.Name, c.UUID)] = entry
	}
	out := map[string]any{"summary": fmt.Sprintf("JIMM has %s and %s", facts.Count(len(controllers), "controller", "controllers"), facts.Count(len(models), "model", "models"))}
	if gaps != nil {
		out["gaps"] = redact.Error(gaps)
	}
	setMap(out, "controllers", list)
	return out
}
