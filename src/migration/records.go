package migration

// Records are the lists of JIMM from which a migration can be judged without
// asking a controller.
type Records struct {
	Traits      Traits
	Controllers []Controller
	// Unit, OwnModel and JIMMModel are as in [Options].
	Unit, OwnModel, JIMMModel string
}

// Check runs the checks that the lists alone can answer. Targets are the UUIDs of
// the controllers that JIMM would let the model move to; nil means that JIMM did
// not say. Whether another model has the same name is not looked up.
func (r Records) Check(model Model, target Controller, targets []string) []Finding {
	s := &situation{
		options: surveyOptions{Unit: r.Unit, OwnModel: r.OwnModel, JIMMModel: r.JIMMModel, Model: model.UUID, Target: target.Name},
		traits:  r.Traits, controllers: r.Controllers, model: model, target: target, targetKnown: target.Known(),
		inside: insight{targets: targets, targetsKnown: targets != nil},
	}
	s.source = s.controllers.byUUID(model.Recorded)
	checks := []check{
		{id: CheckOwnModel, run: checkOwnModel},
		{id: CheckControllerModel, run: checkControllerModel},
		{id: CheckModelLife, run: checkModelLife},
		{id: CheckTargetAvailable, run: checkTargetAvailable},
		{id: CheckVersions, run: checkVersions},
		{id: CheckVersionHop, run: checkVersionHop},
		{id: CheckCloud, run: checkCloud},
		{id: CheckHostsJIMM, run: checkHostsJIMM},
		{id: CheckAdvisories, run: checkAdvisories},
	}
	out := make([]Finding, len(checks))
	for i, c := range checks {
		out[i] = c.run(s)
		out[i].Check = c.id
	}
	return out
}
