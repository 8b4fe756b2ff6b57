package checks

import (
	"fmt"
	"slices"
	"strconv"

	"jimm-migrator/src/migration/checks/rules"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// checkCredential reports whether the model's cloud credential is valid. Juju migrates
// a model whose credential is not valid, and refuses one whose credential has been
// revoked, which is not reported (3.5.4 and 3.6.28, recorded).
func checkCredential(s *survey.Survey) Finding {
	if why, remedy := credentialNotImported(s); why != "" {
		return Finding{Level: Fail, Evidence: why, Remedy: remedy}
	}
	suspended := s.Observation.Info.Status == "suspended" || s.Contents.Known && s.Contents.Status == "suspended"
	switch valid := s.Observation.Info.Credential; {
	case valid == facts.Invalid, suspended:
		return Finding{
			Level:    Warn,
			Evidence: "the cloud credential of the model is not valid: Juju migrates the model anyway, and the migration stays in VALIDATION forever if the credential is invalid on the target too; Juju refuses a revoked one",
			Remedy:   "have its owner run juju update-credential, or juju set-credential -m " + s.Model.FullName() + " with a valid one",
		}
	case valid == facts.Valid:
		return Finding{Level: Pass, Evidence: "the source does not report the model's cloud credential as invalid; Juju checks before it starts whether the credential was revoked or removed"}
	default:
		return Finding{Level: Skip, Evidence: "the source was not asked, or did not report whether the cloud credential is valid"}
	}
}

// credentialNotImported returns why the target cannot import the model's cloud credential, and what helps; "" if
// nothing is known. Juju 3 refuses a credential that differs from the one with the same cloud, owner and name on
// the target (juju/juju#20813), and one that does not belong to the model's owner (both recorded on 3.5.4).
func credentialNotImported(s *survey.Survey) (why, remedy string) {
	target, ok := rules.ParseVersion(s.Target.AgentVersion)
	if !ok || target.IsJuju4() {
		return "", ""
	}
	own := s.Observation.CopyOn(s.Source).Info
	if own.Kind == facts.InfoLive && own.CredentialOwner != "" && own.Owner != "" && own.CredentialOwner != own.Owner {
		return "the model's cloud credential belongs to " + own.CredentialOwner + ", and the model to " + own.Owner + ": Juju before 4 cannot import that",
			"use a credential of " + own.Owner + ": juju set-credential -m " + s.Model.FullName() + " CLOUD CREDENTIAL"
	}
	here, there := s.Reports.Credential, s.Reports.TargetCredential
	if here == nil || there == nil {
		return "", ""
	}
	if differs := there.Differences(*here); len(differs) > 0 {
		return strconv.Quote(s.Target.Name) + " has a different credential with the same cloud, owner and name (juju/juju#20813), and would not import the model: " + List(differs),
			"have its owner update it on " + s.Target.Name + " (juju update-credential), or use a credential with another name: juju set-credential -m " + s.Model.FullName() + " CLOUD CREDENTIAL"
	}
	return "", ""
}

// checkJIMMRecords reports whether this JIMM can record the model on the target. JIMM
// of July 2026 can neither record a model on a Juju 4 controller nor import one
// from there, and older JIMM supports none of the facades of Juju 4: the model would
// move, and could no longer be reached through JIMM. There is no way back to Juju 3.
// A model that JIMM records there shows that this JIMM can.
func checkJIMMRecords(s *survey.Survey) Finding {
	source, okS := rules.ParseVersion(s.Source.AgentVersion)
	target, okT := rules.ParseVersion(s.Target.AgentVersion)
	name := strconv.Quote(s.Target.Name)
	recorded := slices.ContainsFunc(s.Models, func(m facts.Model) bool {
		return m.Recorded == s.Target.UUID && m.UUID != s.Model.UUID && !m.IsController && m.Life != "" && m.AgentVersion != ""
	})
	const what = "this JIMM is not known to record models on Juju 4 controllers (JIMM up to July 2026 cannot), and it records none on "
	switch {
	case !okT:
		return Finding{Level: Skip, Evidence: "JIMM does not report the version of " + name}
	case !target.IsJuju4():
		return Finding{Level: Pass, Evidence: "JIMM records models on controllers of Juju " + target.Line()}
	case okS && source.IsJuju4():
		return Finding{Level: Pass, Evidence: "JIMM already records the model on a Juju 4 controller"}
	case recorded:
		return Finding{Level: Pass, Evidence: "JIMM records other models on " + name}
	case s.Options.MoveOutOfJIMM != "" && s.Options.MoveOutOfJIMM == s.Model.UUID:
		return Finding{Level: Warn, Evidence: what + name + ": with move-out-of-jimm, you accept that the model can afterwards be reached only through " + name + " itself"}
	default:
		return Finding{
			Level:    Fail,
			Evidence: what + name + ": the model would move there, could no longer be reached through JIMM, and could not go back to Juju 3",
			Remedy:   "upgrade JIMM to a release that records models on Juju 4; to migrate the model anyway, and reach it only through " + s.Target.Name + " itself, pass move-out-of-jimm=" + s.Model.UUID,
		}
	}
}

// checkMode looks for signs that JIMM considers a migration to be running that
// is not: it keeps a mode per model, which it does not show (August 2025 and
// later).
func checkMode(s *survey.Survey) Finding {
	switch {
	case !s.Traits.AutoRecords:
		return Finding{Level: Pass, Evidence: "this JIMM has no migration mode"}
	case s.Observation.Info.Kind == facts.InfoBroken:
		return Finding{
			Level:    Warn,
			Evidence: "JIMM considers the model to be migrating and cannot use the source's answer: the migration mode stays set until JIMM is told which controller has the model",
			Remedy:   facts.LocateCommand(s.Options.Unit, s.Model.UUID) + " shows which controller has it; record that one with record-model",
		}
	case unanswered(s) && !s.UnderWay() && s.TimeLeftToStart() == 0:
		return Finding{
			Level:    Warn,
			Evidence: "a migration was requested, but its client did not wait for the answer and no migration is running; JIMM may still consider the model to be migrating and refuse another migration",
			Remedy:   "if it does: " + facts.RecordCommand(s.Options.Unit, s.Model.UUID, s.Source.Name, s.Model.UUID),
		}
	default:
		return Finding{Level: Skip, Evidence: "JIMM does not report its migration mode; nothing suggests that it is stuck"}
	}
}

// unanswered reports whether the last request to move the model has had no answer.
func unanswered(s *survey.Survey) bool {
	out := false
	for _, q := range s.Audit.Requests {
		out = q.Kind == facts.RequestMigrate && q.Target != s.Source.Name && !q.Answered
	}
	return out
}

// charmsOfJIMM are the names of the charms that deploy JIMM.
func charmsOfJIMM() []string { return []string{"juju-jimm-k8s", "juju-jimm", "jimm-k8s", "jimm"} }

func checkHostsJIMM(s *survey.Survey) Finding {
	const why = "the migration would stop the JIMM that must record it"
	if s.Options.JIMMModel == s.Model.UUID {
		return Finding{
			Level:    Fail,
			Evidence: "the model hosts the JIMM that this charm is related to: " + why,
			Remedy:   "migrate it with juju migrate, as an administrator of its controller",
		}
	}
	if apps := s.Contents.WithCharm(charmsOfJIMM()); len(apps) > 0 {
		return Finding{
			Level:    Warn,
			Evidence: "the model has a JIMM application, " + Names(apps) + ": if this charm uses it, " + why,
			Remedy:   "make sure that it is a different JIMM",
		}
	}
	switch {
	case s.Options.JIMMModel != "":
		return Finding{Level: Pass, Evidence: "the JIMM that this charm is related to is in another model"}
	case s.Contents.Known && len(s.Contents.Unread) == 0:
		return Finding{Level: Pass, Evidence: "no application of the model has JIMM's charm"}
	default:
		return Finding{Level: Skip, Evidence: "the model that hosts JIMM is not known"}
	}
}

func checkSecretBackends(s *survey.Survey) Finding {
	outside, reported := s.OutsideBackends()
	switch {
	case !reported:
		return Finding{Level: Skip, Evidence: "JIMM does not report which secret backends the model uses; an account on the source may show them"}
	case len(outside) > 0:
		return outsideBackends(s, outside)
	case len(s.BackendsInfo().Backends) == 0:
		return Finding{Level: Pass, Evidence: "the source reports no secrets of the model"}
	default:
		return Finding{Level: Pass, Evidence: "the model's secrets are in the built-in backend"}
	}
}

// outsideBackends reports whether the target has the backends, if source and target have listed theirs. Juju 3
// compares ids, which the source's list has of each name; Juju 4 compares names too.
func outsideBackends(s *survey.Survey, outside []facts.Backend) Finding {
	target, ok := rules.ParseVersion(s.Target.AgentVersion)
	listed := ok && !target.IsJuju4() && s.Reports.TargetBackends != nil
	ids := map[string]string{}
	for id, name := range s.Reports.Backends {
		ids[name] = id
	}
	var all, missing []string
	for _, b := range outside {
		text := fmt.Sprintf("%s (%s, %s)", b.Name, b.Type, facts.Count(b.Secrets, "secret", "secrets"))
		all = append(all, text)
		listed = listed && ids[b.Name] != ""
		if _, there := s.Reports.TargetBackends[ids[b.Name]]; !there {
			missing = append(missing, text)
		}
	}
	remedy := "add the backend to " + s.Target.Name + " with the id that it has on the source (juju add-secret-backend --import-id); otherwise the import fails"
	switch name := strconv.Quote(s.Target.Name); {
	case !listed:
		return Finding{Level: Warn, Evidence: "the target needs the backends that hold the model's secrets, and whether it has them is not known: " + Names(all), Remedy: remedy}
	case len(missing) > 0:
		return Finding{Level: Fail, Evidence: name + " reports that it does not have backends that hold the model's secrets: " + Names(missing), Remedy: remedy}
	default:
		return Finding{Level: Pass, Evidence: name + " reports that it has the backends that hold the model's secrets: " + Names(all)}
	}
}
