package fleet

import (
	"time"

	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
)

// Snapshot is what is known about a JAAS at one moment. It has no connections.
type Snapshot struct {
	// JAAS is the UUID of JIMM itself.
	JAAS string
	// Now is JIMM's clock.
	Now time.Time
	// Traits are those of this JIMM.
	Traits facts.Traits
	// Unit names the unit for commands; OwnModel and JIMMModel are never migrated.
	Unit, OwnModel, JIMMModel string
	// Controllers and Models are JIMM's lists.
	Controllers facts.Controllers
	Models      []facts.Model
	// Moving are the migrations, of any client, that are running or were requested just now.
	Moving []Flight
	// Edges are the cross-model relations.
	Edges Edges
	// Eligible has, for each class, the UUIDs of the controllers that JIMM would let its models migrate to. A class
	// that JIMM did not report is missing.
	Eligible map[Class][]facts.ControllerUUID
	// Requested is when each model was last requested to migrate, by UUID.
	Requested map[string]time.Time
	// Unlisted are the UUIDs of models with a migration request that JIMM does not list.
	Unlisted []string
	// Jobs has the state of JIMM's own upgrade job of each model that was asked about,
	// "" if there is none.
	Jobs map[string]string
	// Refused has the failed check of each pair of model and controller for which the checks of migrate-model were made
	// and prevent the move, by their UUIDs.
	Refused map[string]map[facts.ControllerUUID]checks.Finding
	// Gaps say why the lists are not complete; empty if they are.
	Gaps []string
}

// List stores JIMM's list of models.
func (s *Snapshot) List(l facts.ModelList) {
	s.Models, s.Gaps = l.Models, append(s.Gaps, gapsOf(l)...)
}

// gapsOf returns why a list of models is not complete.
func gapsOf(l facts.ModelList) []string {
	if l.Gaps == nil {
		return nil
	}
	return []string{redact.Error(l.Gaps)}
}

// Class is what JIMM's list of migration targets depends on (JIMM of July 2026).
type Class struct {
	Source        facts.ControllerUUID
	Cloud, Region string
}

// ClassOf returns the class of a model.
func ClassOf(m facts.Model) Class { return Class{m.Recorded, m.Cloud, m.Region} }

// Flight is a migration that is running, or that was requested just now.
type Flight struct {
	// Model is a UUID.
	Model string
	// Source and Target are names of controllers; the target is "" if it is not known.
	Source, Target string
	// Agents is how many agents migrate with it.
	Agents int
}

// Load is the load of a controller.
type Load struct{ Models, Agents, Machines, Units, Cores, Leaving, Arriving int }

// Loads counts what each controller has, by name. A controller's own model
// counts as a model.
func (s Snapshot) Loads() map[string]Load {
	names := make(map[facts.ControllerUUID]string, len(s.Controllers))
	out := make(map[string]Load, len(s.Controllers))
	for _, c := range s.Controllers {
		names[c.UUID] = c.Name
		out[c.Name] = Load{}
	}
	for _, m := range s.Models {
		name, known := names[m.Recorded]
		if !known {
			continue
		}
		l := out[name]
		l.Models++
		l.Agents += m.Agents()
		l.Machines += m.Machines
		l.Units += m.Units
		l.Cores += m.Cores
		out[name] = l
	}
	for _, f := range s.Moving {
		if l, known := out[f.Source]; known {
			l.Leaving++
			out[f.Source] = l
		}
		if l, known := out[f.Target]; known {
			l.Arriving++
			out[f.Target] = l
		}
	}
	return out
}

// Controller returns the controller of that name.
func (s Snapshot) Controller(name string) (facts.Controller, bool) {
	for _, c := range s.Controllers {
		if c.Name == name {
			return c, true
		}
	}
	return facts.Controller{}, false
}

// nameOf returns JIMM's name of the controller, or the UUID of one that it does not know.
func (s Snapshot) nameOf(uuid facts.ControllerUUID) string {
	for _, c := range s.Controllers {
		if c.UUID == uuid {
			return c.Name
		}
	}
	return string(uuid)
}

// named returns the UUID of a model with its name.
func (s Snapshot) named(uuid string) string {
	for i := range s.Models {
		if m := &s.Models[i]; m.UUID == uuid {
			return uuid + " " + printed(m)
		}
	}
	return uuid
}

// cordoned reports whether JIMM marks the controller as deprecated.
func cordoned(c facts.Controller) bool { return c.Status == "deprecated" }

// away reports whether JIMM cannot reach the controller.
func away(c facts.Controller) bool { return c.Status == "unavailable" }
