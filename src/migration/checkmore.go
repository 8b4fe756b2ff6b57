package migration

import (
	"fmt"
	"slices"
	"strconv"

	"jimm-migrator/src/migration/checks/rules"
)

func checkCredential(s *situation) Finding {
	suspended := s.seen.Info.Status == "suspended" || s.inside.known && s.inside.Status == "suspended"
	switch valid := s.seen.Info.Credential; {
	case valid == Invalid, suspended:
		return Finding{
			Level:    Fail,
			Evidence: "the cloud credential of the model is not valid: Juju refuses to migrate a model with a revoked credential",
			Remedy:   "its owner runs juju update-credential, or juju set-credential -m " + s.model.FullName() + " with one that is valid",
		}
	case valid == Valid:
		return Finding{Level: Pass, Evidence: "the source calls the cloud credential of the model valid"}
	default:
		return Finding{Level: Skip, Evidence: "the source was not asked, or does not tell whether the cloud credential is valid"}
	}
}

// checkCloud looks whether the target has the model's cloud and region. JIMM
// tells it in a list of targets (2025 and later); a controller's entry names the
// cloud that it runs in itself.
func checkCloud(s *situation) Finding {
	where := strconv.Quote(s.model.Cloud)
	if s.model.Region != "" {
		where += " region " + strconv.Quote(s.model.Region)
	}
	target := strconv.Quote(s.target.Name)
	same := s.model.Cloud == s.target.Cloud && (s.model.Region == "" || s.model.Region == s.target.Region)
	switch {
	case s.onTarget():
		return Finding{Level: Skip, Evidence: "the target is the controller on record"}
	case s.outside.clouds != nil && s.model.Cloud != "":
		return s.knownCloud(where)
	case s.inside.targetsKnown && slices.Contains(s.inside.targets, s.target.UUID):
		return Finding{Level: Pass, Evidence: "JIMM says that " + target + " has cloud " + where}
	case s.inside.targetsKnown && s.oldTarget():
		return Finding{Level: Skip, Evidence: "JIMM leaves " + target + " out of the targets of the model, as it is older; of its clouds it says nothing then"}
	case s.inside.targetsKnown:
		return Finding{
			Level:    Fail,
			Evidence: "JIMM says that " + target + " does not have cloud " + where + "; Juju finds that out only when it imports the model",
			Remedy:   "add the cloud to " + s.target.Name + " under the same name (juju add-cloud), and to JIMM; or choose one that list-migration-targets shows",
		}
	case s.model.Cloud == "":
		return Finding{Level: Skip, Evidence: "JIMM does not tell the cloud of the model"}
	case same:
		return Finding{Level: Pass, Evidence: target + " runs in cloud " + where + " itself"}
	default:
		return Finding{
			Level:    Warn,
			Evidence: "the model is in cloud " + where + ", " + target + " runs in " + strconv.Quote(s.target.Cloud) + " " + strconv.Quote(s.target.Region) + ", and this JIMM does not tell which others it has; without the cloud the import fails",
			Remedy:   "juju clouds --controller " + s.target.Name + " shows them",
		}
	}
}

// oldTarget reports whether the target runs an older Juju than the source.
func (s *situation) oldTarget() bool {
	source, okS := rules.ParseVersion(s.source.AgentVersion)
	target, okT := rules.ParseVersion(s.target.AgentVersion)
	return !okS || !okT || target.Less(source)
}

func checkTargetName(s *situation) Finding {
	target, name := strconv.Quote(s.target.Name), strconv.Quote(s.model.FullName())
	for _, m := range s.models {
		if m.UUID != s.model.UUID && m.FullName() == s.model.FullName() && m.Recorded == s.target.UUID {
			return Finding{
				Level:    Fail,
				Evidence: target + " has another model " + name + ", " + m.UUID,
				Remedy:   "choose another target, or have the other model moved or removed",
			}
		}
	}
	if s.needsTarget() == "" && s.outside.holdingsErr == nil {
		return s.knownName(target, name)
	}
	return Finding{Level: Skip, Evidence: "JIMM knows no other " + name + " on the target; models that JIMM does not know are not to be seen without an account there, and Juju looks before it starts"}
}

// checkMode looks for signs that JIMM believes in a migration that does not run:
// it keeps a mode per model, which it shows to nobody (August 2025 and later).
func checkMode(s *situation) Finding {
	switch {
	case !s.traits.Completes:
		return Finding{Level: Pass, Evidence: "this JIMM keeps no migration mode"}
	case s.seen.Info.Kind == InfoBroken:
		return Finding{
			Level:    Warn,
			Evidence: "JIMM believes that the model migrates and cannot use what its source says: its migration mode stays as it is until somebody says where the model is",
			Remedy:   s.traits.CLI + " update-migrated-model CONTROLLER " + s.model.UUID + " with the controller that has it, and no other",
		}
	case s.unanswered() && !s.underWay() && s.pending() == 0:
		return Finding{
			Level:    Warn,
			Evidence: "somebody has asked to move the model and did not wait for the answer, and no migration runs: JIMM may still believe in one and refuse another",
			Remedy:   "if it does: " + s.traits.UpdateCommand(s.source, s.model.UUID),
		}
	default:
		return Finding{Level: Skip, Evidence: "JIMM does not show its migration mode; there is no sign that it is wrong"}
	}
}

// unanswered reports whether the last request to move the model has had no answer.
func (s *situation) unanswered() bool {
	out := false
	for _, q := range s.audit.Requests {
		out = q.Kind == RequestMigrate && q.Target != s.source.Name && !q.Answered
	}
	return out
}

// charmsOfJIMM are the names of the charms that deploy JIMM.
func charmsOfJIMM() []string { return []string{"juju-jimm-k8s", "juju-jimm", "jimm-k8s", "jimm"} }

func checkHostsJIMM(s *situation) Finding {
	const why = "the migration would stop the JIMM that has to record it"
	if s.options.JIMMModel == s.model.UUID {
		return Finding{
			Level:    Fail,
			Evidence: "the model hosts the JIMM that this charm is related to: " + why,
			Remedy:   "migrate it with juju migrate, as an administrator of its controller",
		}
	}
	if apps := s.inside.withCharm(charmsOfJIMM()); len(apps) > 0 {
		return Finding{
			Level:    Warn,
			Evidence: "the model has a JIMM, " + someNames(apps) + ": if it is the one that this charm talks to, " + why,
			Remedy:   "make sure that it is another one",
		}
	}
	switch {
	case s.options.JIMMModel != "":
		return Finding{Level: Pass, Evidence: "the JIMM that this charm is related to is in another model"}
	case s.inside.known && len(s.inside.Unread) == 0:
		return Finding{Level: Pass, Evidence: "no application of the model has JIMM's charm"}
	default:
		return Finding{Level: Skip, Evidence: "the model that hosts JIMM is not known"}
	}
}

func checkSecretBackends(s *situation) Finding {
	if !s.seen.Info.BackendsTold {
		return Finding{Level: Skip, Evidence: "the source was not asked, or does not tell which secret backends the model uses"}
	}
	var outside []string
	for _, b := range s.seen.Info.Backends {
		if b.Type != "controller" && b.Type != "kubernetes" && b.Secrets > 0 {
			outside = append(outside, fmt.Sprintf("%s (%s, %d secrets)", b.Name, b.Type, b.Secrets))
		}
	}
	if len(outside) > 0 {
		return Finding{
			Level:    Warn,
			Evidence: "the model's secrets are in backends that the target needs too, and cannot be asked for: " + someNames(outside),
			Remedy:   "on " + s.target.Name + ", juju add-secret-backend under the same id (--import-id); without it the import fails",
		}
	}
	return Finding{Level: Pass, Evidence: "the model's secrets are in the built-in backend"}
}
