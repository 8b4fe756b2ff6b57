package report

import (
	"fmt"
	"strings"
	"time"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
)

// ControllersResults are the results of list-controllers. Since has when controllers
// were cordoned, by name, as far as it is known. The error says why it is not known
// which models move; nil if it is.
func ControllersResults(s fleet.Snapshot, since map[string]time.Time, unseen error) map[string]any {
	loads := s.Loads()
	list := map[string]any{}
	var marked []string
	for _, c := range s.Controllers {
		l, entry := loads[c.Name], controllerResults(c)
		entry["status"], entry["cordoned"] = c.Status, string(fleet.CordonOf(c))
		if at, known := since[c.Name]; known {
			entry["cordoned-since"] = at.UTC().Format(time.RFC3339)
		}
		entry["models"] = l.Models
		if unseen == nil {
			entry["leaving"], entry["arriving"] = l.Leaving, l.Arriving
		}
		set(entry, "cloud", c.Cloud)
		set(entry, "region", c.Region)
		list[resultKey(c.Name, string(c.UUID))] = entry
		if fleet.CordonOf(c) == fleet.Cordoned {
			marked = append(marked, c.Name)
		}
	}
	summary := fmt.Sprintf("JIMM has %s and %s", facts.Count(len(s.Controllers), "controller", "controllers"), facts.Count(len(s.Models), "model", "models"))
	if len(marked) > 0 {
		summary += "; cordoned: " + strings.Join(marked, ", ")
	}
	out := map[string]any{"summary": summary}
	gaps := s.Gaps
	if unseen != nil {
		gaps = append(gaps, "cannot determine which models are migrating: "+redact.Error(unseen))
	}
	nowhere := 0
	for _, f := range s.Moving {
		if f.Target == "" {
			nowhere++
		}
	}
	if nowhere > 0 {
		gaps = append(gaps, "the target of "+facts.Count(nowhere, "migrating model", "migrating models")+" is not known")
	}
	set(out, "gaps", redact.String(strings.Join(gaps, "; ")))
	setMap(out, "controllers", list)
	return out
}
