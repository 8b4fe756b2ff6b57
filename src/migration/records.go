package migration

import "slices"

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
		options: Options{Unit: r.Unit, OwnModel: r.OwnModel, JIMMModel: r.JIMMModel, Model: model.UUID, Target: target.Name},
		traits:  r.Traits, controllers: r.Controllers, model: model, target: target, targetKnown: target.Known(),
		inside: insight{targets: targets, targetsKnown: targets != nil},
	}
	s.source = s.controllers.byUUID(model.Recorded)
	ids := []CheckID{
		CheckOwnModel, CheckControllerModel, CheckModelLife, CheckTargetAvailable, CheckVersions,
		CheckVersionHop, CheckCloud, CheckHostsJIMM, CheckAdvisories,
	}
	out := make([]Finding, 0, len(ids))
	for _, c := range allChecks() {
		if slices.Contains(ids, c.id) {
			f := c.run(s)
			f.Check = c.id
			out = append(out, f)
		}
	}
	return out
}
