package checks

import (
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// Records are the lists of JIMM from which a migration can be judged without
// asking a controller.
type Records struct {
	Traits      facts.Traits
	Controllers []facts.Controller
	// Models are those that JIMM records; one of each controller is enough.
	Models []facts.Model
	// Unit, OwnModel and JIMMModel are as in [survey.Options].
	Unit, OwnModel, JIMMModel string
}

// Check runs the checks that the lists alone can answer. Targets are the UUIDs of
// the controllers that JIMM would let the model move to; nil means that JIMM did
// not say. Whether another model has the same name is not looked up.
func (r Records) Check(model facts.Model, target facts.Controller, targets []facts.ControllerUUID) []Finding {
	s := &survey.Survey{
		Options: survey.Options{Unit: r.Unit, OwnModel: r.OwnModel, JIMMModel: r.JIMMModel, Model: model.UUID, Target: target.Name},
		Traits:  r.Traits, Controllers: r.Controllers, Models: r.Models, Model: model, Target: target,
		Contents: survey.Contents{Targets: targets},
	}
	s.Source = s.Controllers.ByUUID(model.Recorded)
	checks := []check{
		{id: OwnModel, run: checkOwnModel},
		{id: ControllerModel, run: checkControllerModel},
		{id: ModelLife, run: checkModelLife},
		{id: TargetAvailable, run: checkTargetAvailable},
		{id: Versions, run: checkVersions},
		{id: VersionHop, run: checkVersionHop},
		{id: Cloud, run: checkCloud},
		{id: JIMMRecords, run: checkJIMMRecords},
		{id: HostsJIMM, run: checkHostsJIMM},
		{id: Advisories, run: checkAdvisories},
	}
	out := make([]Finding, len(checks))
	for i, c := range checks {
		out[i] = c.run(s)
		out[i].Check = c.id
	}
	return out
}
