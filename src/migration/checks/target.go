package checks

import (
	"cmp"
	"slices"
	"strconv"

	"jimm-migrator/src/migration/checks/rules"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

// CheckTarget reports whether JIMM has the target controller.
func CheckTarget(s *survey.Survey) Finding {
	switch {
	case !s.TargetKnown():
		return Finding{Level: Fail, Evidence: s.Controllers.Unknown(s.Options.Target)}
	case s.ModelKnown() && s.OnTarget():
		return Finding{Level: Pass, Evidence: "JIMM already records the model on " + strconv.Quote(s.Target.Name)}
	default:
		return Finding{Level: Pass, Evidence: strconv.Quote(s.Target.Name) + " is controller " + string(s.Target.UUID)}
	}
}

func checkTargetAvailable(s *survey.Survey) Finding {
	switch s.Target.Status {
	case "available", "":
		return Finding{Level: Pass, Evidence: "JIMM reports " + strconv.Quote(s.Target.Name) + " as available"}
	case "deprecated":
		return Finding{
			Level:    Warn,
			Evidence: "JIMM reports " + strconv.Quote(s.Target.Name) + " as deprecated: it should get no new models",
			Remedy:   "choose another target if this one is being drained",
		}
	default:
		return Finding{
			Level:    Fail,
			Evidence: "JIMM reports " + strconv.Quote(s.Target.Name) + " as " + s.Target.Status + ", and can take ten minutes to notice a change",
			Remedy:   "restore the controller, or, if it is back, pass ignore-checks=" + string(TargetAvailable),
		}
	}
}

// checkTargetAnswers reports whether the target can be reached from here. Whether
// the source and the agents can reach it is another question, which cannot be
// answered before the migration.
func checkTargetAnswers(s *survey.Survey) Finding {
	target := s.Observation.CopyOn(s.Target)
	name := strconv.Quote(s.Target.Name)
	switch {
	case !s.Options.Probe:
		return Finding{Level: Skip, Evidence: "controllers are not asked (probe-controllers=false)"}
	case target.State != facts.CopyUnknown:
		return Finding{Level: Pass, Evidence: name + " answers"}
	case target.Unreachable:
		return Finding{
			Level:    Warn,
			Evidence: name + " cannot be reached from here: " + redact.Error(target.Err),
			Remedy:   "if the source and the model's agents can reach it, continue; otherwise repair the network or the controller first",
		}
	default:
		return Finding{Level: Warn, Evidence: name + " gave an unexpected answer: " + redact.Error(target.Err), Remedy: "examine that controller first"}
	}
}

// knownCloud reports whether the target, which has listed its clouds, has that of
// the model.
func knownCloud(s *survey.Survey, where string) Finding {
	target := strconv.Quote(s.Target.Name)
	regions, ok := s.Reports.Clouds[s.Model.Cloud]
	if ok && (s.Model.Region == "" || slices.Contains(regions, s.Model.Region)) {
		return Finding{Level: Pass, Evidence: target + " reports that it has cloud " + where}
	}
	return Finding{
		Level:    Fail,
		Evidence: target + " reports that it does not have cloud " + where + "; Juju notices only when it imports the model",
		Remedy:   "add the cloud to " + s.Target.Name + " under the same name, with that region (juju add-cloud, juju update-cloud), or choose another target",
	}
}

// knownName reports whether the target, which has listed its models, has another one
// of that name. A half-imported one counts too (juju/juju#20361). Juju compares the
// owner that the source has, which need not be JIMM's: imported models have another.
func knownName(s *survey.Survey, target, name string) Finding {
	owner, ok := s.OwnerOnSource()
	owner = cmp.Or(owner, s.Model.Owner)
	if facts.Qualifier(owner) != facts.Qualifier(s.Model.Owner) {
		name = strconv.Quote(owner + "/" + s.Model.Name)
	}
	namesake := ""
	for _, h := range s.Reports.Holdings {
		if h.UUID == s.Model.UUID || h.Name != s.Model.Name {
			continue
		}
		if facts.Qualifier(h.Owner) != facts.Qualifier(owner) {
			namesake = h.Owner + "/" + h.Name
			continue
		}
		what := "another model "
		if h.Importing {
			what = "a half-imported copy of another model "
		}
		return Finding{
			Level:    Fail,
			Evidence: target + " reports that it has " + what + name + ", " + h.UUID,
			Remedy:   "choose another target, or have the other model moved or removed",
		}
	}
	if namesake != "" && !ok {
		return Finding{
			Level:    Skip,
			Evidence: target + " reports that it has " + strconv.Quote(namesake) + "; whether " + name + " has another owner on its source can only be determined with an account there; Juju checks this before it starts",
		}
	}
	return Finding{Level: Pass, Evidence: target + " lists no other model " + name}
}

// checkCloud checks whether the target has the model's cloud and region. JIMM
// reports it in a list of targets (2025 and newer); a controller's entry names the
// cloud that it runs in itself.
func checkCloud(s *survey.Survey) Finding {
	where := strconv.Quote(s.Model.Cloud)
	if s.Model.Region != "" {
		where += " region " + strconv.Quote(s.Model.Region)
	}
	target := strconv.Quote(s.Target.Name)
	same := s.Model.Cloud == s.Target.Cloud && (s.Model.Region == "" || s.Model.Region == s.Target.Region)
	switch {
	case s.OnTarget():
		return arrived()
	case s.Reports.Clouds != nil && s.Model.Cloud != "":
		return knownCloud(s, where)
	case s.Contents.Targets != nil && slices.Contains(s.Contents.Targets, s.Target.UUID):
		return Finding{Level: Pass, Evidence: "JIMM reports that " + target + " has cloud " + where}
	case s.Contents.Targets != nil && targetIsOlder(s):
		return Finding{Level: Skip, Evidence: "JIMM does not report the clouds of " + target + ": it reports them only for targets that are not older than the source"}
	case s.Contents.Targets != nil:
		return Finding{
			Level:    Fail,
			Evidence: "JIMM reports that " + target + " does not have cloud " + where + "; Juju notices only when it imports the model",
			Remedy:   "add the cloud to " + s.Target.Name + " under the same name (juju add-cloud), and to JIMM; or choose one that list-migration-targets shows",
		}
	case s.Model.Cloud == "":
		return Finding{Level: Skip, Evidence: "JIMM does not report the cloud of the model"}
	case same:
		return Finding{Level: Pass, Evidence: target + " runs in cloud " + where + " itself"}
	default:
		return Finding{
			Level:    Warn,
			Evidence: "the model is in cloud " + where + ", " + target + " runs in " + strconv.Quote(s.Target.Cloud) + " " + strconv.Quote(s.Target.Region) + ", and this JIMM does not report which other clouds it has; without this cloud, the import fails",
			Remedy:   "juju clouds --controller " + s.Target.Name + " shows them",
		}
	}
}

// targetIsOlder reports whether the target runs an older Juju than the source.
func targetIsOlder(s *survey.Survey) bool {
	source, okS := rules.ParseVersion(s.Source.AgentVersion)
	target, okT := rules.ParseVersion(s.Target.AgentVersion)
	return !okS || !okT || target.Less(source)
}

func checkTargetName(s *survey.Survey) Finding {
	target, name := strconv.Quote(s.Target.Name), strconv.Quote(s.Model.FullName())
	for _, m := range s.Models {
		if m.UUID != s.Model.UUID && m.FullName() == s.Model.FullName() && m.Recorded == s.Target.UUID {
			return Finding{
				Level:    Fail,
				Evidence: target + " has another model " + name + ", " + m.UUID,
				Remedy:   "choose another target, or have the other model moved or removed",
			}
		}
	}
	if lacksTargetAccount(s) == "" && s.Reports.HoldingsErr == nil {
		return knownName(s, target, name)
	}
	return Finding{Level: Skip, Evidence: "JIMM knows no other " + name + " on the target; whether there is one that JIMM does not know can only be determined with an account there; Juju checks this before it starts"}
}
