package checks

import (
	"fmt"
	"strconv"
	"strings"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// CheckModel says whether JIMM knows the model.
func CheckModel(s *survey.Survey) Finding {
	if s.ModelErr == nil {
		return Finding{Level: Pass, Evidence: s.Model.FullName() + " is " + s.Model.UUID + ", recorded on " + strconv.Quote(s.Source.String())}
	}
	f := Finding{Level: Fail, Evidence: "JIMM does not know the model " + strconv.Quote(s.ModelErr.Selector)}
	f.Remedy = "juju run --string-args " + s.Options.Unit + " locate-model model='*' lists the models that JIMM knows"
	if n := len(s.ModelErr.Candidates); n > 0 {
		f.Evidence = fmt.Sprintf("%d models are called %q: %s", n, s.ModelErr.Selector, candidates(s.ModelErr.Candidates))
		f.Remedy = "name the model by owner/name or by its UUID"
	}
	return f
}

func candidates(models []facts.Model) string {
	names := make([]string, len(models))
	for i, m := range models {
		names[i] = m.FullName() + " (" + m.UUID + ")"
	}
	return strings.Join(names, ", ")
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
	return Finding{Level: Pass, Evidence: "not a controller's own model"}
}

func checkModelLife(s *survey.Survey) Finding {
	switch s.Model.Life {
	case "alive":
		return Finding{Level: Pass, Evidence: "the model is alive"}
	case "":
		return Finding{Level: Skip, Evidence: "JIMM does not tell whether the model is alive"}
	default:
		return Finding{Level: Fail, Evidence: "the model is " + s.Model.Life + ": it is being destroyed, and Juju migrates only models that are alive"}
	}
}
