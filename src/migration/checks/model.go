package checks

import (
	"cmp"
	"strconv"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// CheckModel reports whether JIMM has the model.
func CheckModel(s *survey.Survey) Finding {
	if s.ModelErr == nil {
		return Finding{Level: Pass, Evidence: s.Model.FullName() + " is " + s.Model.UUID + ", recorded on " + strconv.Quote(s.Source.String())}
	}
	if s.Lost() {
		f := Finding{Level: Fail, Evidence: "JIMM does not know the model, and " + facts.DescribeCopies(s.Controllers, s.Observation.Copies)}
		holder := s.LostHolder()
		if facts.Alive(s.Model.Life) && !s.InUseTwice() {
			f.Remedy = facts.ImportCommand(s.Traits.CLI, cmp.Or(holder.Name, "CONTROLLER"), s.Model.UUID, s.Model.Owner)
		}
		return f
	}
	f := Finding{Level: Fail, Evidence: s.ModelErr.Error()}
	f.Remedy = facts.ModelsCommand(s.Options.Unit) + " lists all models"
	switch {
	case s.ModelErr.Ambiguous():
		f.Remedy = "use owner/name or the UUID"
	case s.ModelErr.Unasked:
		f.Remedy = facts.ProbeCommand(s.Options.Unit)
	}
	return f
}

func checkOwnModel(s *survey.Survey) Finding {
	switch s.Options.OwnModel {
	case "":
		return Finding{Level: Skip, Evidence: "the model that hosts this charm is not known"}
	case s.Model.UUID:
		return Finding{
			Level:    Fail,
			Evidence: "the model hosts this charm: the migration would wait for its agent, and the agent for this action",
			Remedy:   "migrate this model with a jimm-migrator that is deployed in another model",
		}
	default:
		return Finding{Level: Pass, Evidence: "the model does not host this charm"}
	}
}

func checkControllerModel(s *survey.Survey) Finding {
	if s.Model.IsController {
		return Finding{Level: Fail, Evidence: "the model is the controller's own; Juju cannot migrate it", Remedy: "migrate the workload models of that controller instead"}
	}
	return Finding{Level: Pass, Evidence: "the model is not a controller's own"}
}

func checkModelLife(s *survey.Survey) Finding {
	switch s.Model.Life {
	case "alive":
		return Finding{Level: Pass, Evidence: "the model is alive"}
	case "":
		return Finding{Level: Skip, Evidence: "JIMM does not report whether the model is alive"}
	default:
		return Finding{Level: Fail, Evidence: "the model is " + s.Model.Life + ": it is being destroyed, and Juju migrates only models that are alive"}
	}
}
