package checks

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"jimm-migrator/src/migration/checks/rules"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

// checkSource reports whether the recorded controller has the model, and whether that
// controller itself is in a state in which Juju migrates models from it.
func checkSource(s *survey.Survey) Finding {
	f := checkSourceHasModel(s)
	itself := s.Reports.SourceItself
	problems, ready := ownMachines(s.Reports.SourceModel)
	const unready = ", but the controller itself is not ready to migrate models; "
	switch {
	case f.Level != Pass:
	case itself.RefusesAsItIs():
		return Finding{Level: Fail, Evidence: f.Evidence + unready + "it reports: " + oneLine(itself.Refusal), Remedy: remedyOfSource(s, itself.Refusal)}
	case len(problems) > 0:
		return Finding{Level: Fail, Evidence: f.Evidence + unready + "its status shows: " + List(problems), Remedy: remedyOfSource(s, "machine")}
	case itself.HasModel(), ready:
		f.Evidence += ", and reports that its own machines are ready"
	}
	return f
}

// remedyOfSource returns what helps when the source refuses because of its own state.
func remedyOfSource(s *survey.Survey, refusal redact.Raw) string {
	reason, _ := rules.Explain("source prechecks failed: controller: "+string(refusal), Facts(s))
	return reason.Hint()
}

// ownMachines returns why a source would not migrate a model with these machines of its
// controller model, and whether all are known to be ready. It refuses the same of these as of
// the model's own machines, from the same status (migration prechecks of Juju 2.9 to 4.1).
// What is not reported proves nothing.
func ownMachines(i facts.Inventory) (problems []string, ready bool) {
	ready = len(i.Machines) > 0 && len(i.Unread) == 0
	for _, id := range facts.SortedNames(i.Machines, func(facts.Machine) bool { return true }) {
		m := i.Machines[id]
		if facts.Alive(m.Life) && (m.Agent == "" || m.Instance == "") {
			ready = false
			continue
		}
		if problem := machineProblem(m); problem != "" {
			problems = append(problems, "machine "+id+" "+problem)
		}
	}
	return append(problems, machinesOfOtherVersion(i)...), ready
}

func checkSourceHasModel(s *survey.Survey) Finding {
	f := Finding{Level: Fail}
	source := s.Observation.CopyOn(s.Source)
	name := strconv.Quote(s.Source.String())
	find := facts.LocateCommand(s.Options.Unit, s.Model.UUID)
	switch {
	case s.TargetKnown() && s.LeftSource():
		f.Level, f.Evidence = Pass, name+" has already moved the model to the target; JIMM does not record it yet"
	case source.State == facts.CopyMoved && source.To != "":
		to := s.Controllers.ByUUID(source.To)
		f.Evidence = name + " reports that it has migrated the model to " + strconv.Quote(to.String()) + "; JIMM does not record it yet"
		f.Remedy = facts.RecordCommand(s.Options.Unit, s.Model.UUID, to.Name, "")
		if to.Name == "" {
			f.Remedy = "add that controller to JIMM, then record the model there"
		}
	case source.State == facts.CopyMoved:
		f.Evidence = name + " reports that it has migrated the model away, but not where to; JIMM does not record it yet"
		f.Remedy = find
	case s.Observation.Info.ReapFailed() && s.OnTarget() && broughtBy(s).Known():
		f.Level, f.Evidence = Warn, strconv.Quote(broughtBy(s).String())+" has migrated the model and could not remove its copy: "+s.Observation.Info.Attempt.Text.String()
		f.Remedy = find
	case s.Observation.Info.ReapFailed():
		f.Evidence = name + " has migrated the model and could not remove its copy; " + unknownTarget(s) + ": " + s.Observation.Info.Attempt.Text.String()
		f.Remedy = find
	case source.State == facts.CopyAbsent:
		f.Evidence = name + " reports that it does not have the model"
		f.Remedy, f.Lasting = find, !s.Traits.AutoRecords // Such a JIMM may still record it by itself.
	case s.Placement() == judge.HalfImported:
		f.Evidence = name + " is still importing the model: another migration has not ended"
		f.Remedy = "wait until it has ended"
	case s.Observation.Info.Kind == facts.InfoListed && !source.Has() && !s.Observation.Info.Attempt.OfSource():
		f.Level, f.Evidence = Pass, "JIMM records the model on "+name+", and one of its controllers lists it"
	case s.JIMMAnswer.Kind == facts.InfoUnavailable && source.Info.Kind == facts.InfoNotAsked && source.Has():
		// A JIMM that cannot ask the source cannot start a migration there either.
		f.Evidence = name + " has the model but does not describe it: " + s.JIMMAnswer.Answer()
		f.Remedy = unreachable(s)
	case s.Observation.Info.Described() && s.Placement() == judge.Undecided:
		// If the model has moved, JIMM still marks it as migrating, and refuses to migrate what was left behind.
		f.Level, f.Evidence, f.Remedy = Warn, s.Undecided(), find
	case s.Observation.Info.Described():
		f.Level, f.Evidence = Pass, name+" has the model"
	case s.Observation.Info.Kind == facts.InfoRedirected:
		f.Evidence = name + " has moved the model away; JIMM does not record it yet"
		f.Remedy = find
	case source.Has():
		f.Evidence = name + " has the model but does not describe it: " + s.Observation.Info.Answer()
		f.Remedy = unreachable(s)
		if s.Observation.CopyOn(s.Target).State == facts.CopyActive {
			f.Remedy = find // It is being removed here, or was left behind.
		}
	default:
		f.Evidence = "cannot determine whether " + name + " has the model: " + s.Observation.Info.Answer()
		f.Remedy = unreachable(s)
	}
	return f
}

// broughtBy returns the controller that has migrated the model to the target, which JIMM records,
// and has a copy of it; unknown if the entry of JIMM's list may be the target's own.
func broughtBy(s *survey.Survey) facts.Controller {
	from, _ := s.OtherHolder()
	if judge.Attribute(s.Source, s.Controllers, s.Observation) == judge.EntryOfRecorded || !s.MovesElsewhere() {
		return facts.Controller{}
	}
	return from
}

// unreachable returns what to do about a source that JIMM cannot ask.
func unreachable(s *survey.Survey) string {
	return "make sure that " + s.Source.String() + " runs and that JIMM can reach it, then try again"
}

// unknownTarget returns why it is not known to which controller its source has migrated the
// model.
func unknownTarget(s *survey.Survey) string {
	if to := s.Audit.Targets(s.Observation.Info.Attempt, s.Source.Name); len(to) > 1 {
		return "the target is not known, because JIMM's audit log has requests to migrate the model to " + strings.Join(to, " and to ")
	}
	return "the target is not known"
}

// checkTargetCopy looks for a copy that would make the target refuse another.
func checkTargetCopy(s *survey.Survey) Finding {
	target := s.Observation.CopyOn(s.Target)
	name := strconv.Quote(s.Target.Name)
	switch {
	case s.OnTarget():
		return arrived()
	case s.UnderWay():
		return Finding{Level: Skip, Evidence: "a migration is running or has run: a copy on the target may belong to it"}
	case target.State == facts.CopyAbsent || target.State == facts.CopyMoved:
		return Finding{Level: Pass, Evidence: name + " reports that it does not have the model"}
	case target.State == facts.CopyImporting:
		return Finding{
			Level:    Fail,
			Evidence: name + " has a half-imported copy of the model, and no running migration explains it: it is left over from an earlier attempt, and " + name + " will refuse another copy",
			Remedy:   "never destroy " + s.Target.Name + " while the copy is there (juju/juju#15154); choose another target, or remove the copy: " + removal(s),
		}
	case target.State == facts.CopyActive:
		return Finding{
			Level:    Fail,
			Evidence: name + " has a copy of the model that is in use, so it will refuse another copy",
			Remedy:   "do not change either copy until an administrator of both controllers has examined them",
		}
	case target.Has():
		return Finding{
			Level:    Fail,
			Evidence: name + " reports that it already has a copy of the model: left over from an earlier attempt, or a second model in use; it will refuse another copy",
			Remedy:   "have an administrator of " + s.Target.Name + " examine that copy first: Juju refuses another copy while it is there, even if checks are ignored",
		}
	case !s.Options.Probe:
		return Finding{Level: Skip, Evidence: "controllers are not asked (probe-controllers=false)"}
	default:
		return Finding{Level: Skip, Evidence: name + " did not answer: " + redact.Error(target.Err)}
	}
}

// removal returns how to remove a half-imported copy of the model from the target, for
// which Juju has no command (juju/juju#20361).
func removal(s *survey.Survey) string {
	if s.Reports.Target.State == facts.AccountWorks {
		return facts.RemoveCommand(s.Options.Unit, s.Model.UUID, s.Target.Name)
	}
	return "give the charm an account on " + strconv.Quote(s.Target.Name) + " (controller-credentials), then run remove-left-over"
}

// checkConflict looks for a second copy. A copy in use ends the run as a
// conflict, even if the check is ignored; a copy about which nothing more is
// known may be accepted.
func checkConflict(s *survey.Survey) Finding {
	// The copy to which the recorded controller redirects is the model itself.
	there := slices.DeleteFunc(s.Holders(), func(c facts.Controller) bool {
		return !slices.Contains(judge.Trail(s.Source, s.Observation), c.UUID)
	})
	others := s.Holders(append(there, s.Source, s.Target)...)
	switch {
	case s.InUseTwice():
		return Finding{Level: Fail, Evidence: "more than one controller hosts the model: " + facts.DescribeCopies(s.Controllers, s.Observation.Copies), Remedy: "do not change either copy until an administrator of both controllers has examined them"}
	case s.Unexplained(others):
		return Finding{
			Level:    Fail,
			Evidence: "a third controller has a copy too, and no migration explains it: " + facts.DescribeCopies(others, s.Observation.Copies),
			Remedy:   "have an administrator of that controller examine its copy first; if it is left over from an earlier attempt, pass ignore-checks=" + string(Conflict),
		}
	case len(others) == 1 && s.Observation.CopyOn(s.Source).State == facts.CopyAbsent && s.Observation.CopyOn(others[0]).State == facts.CopyActive:
		return Finding{Level: Warn, Evidence: "JIMM's record is wrong: " + facts.DescribeCopies(others, s.Observation.Copies), Remedy: facts.LocateCommand(s.Options.Unit, s.Model.UUID)}
	case len(others) > 0:
		which := "a third controller"
		if s.OnTarget() {
			which = "another controller"
		}
		return Finding{Level: Warn, Evidence: which + " has a copy too: " + facts.DescribeCopies(others, s.Observation.Copies), Remedy: "have an administrator of that controller examine it: it may be left over from an earlier attempt; remove-left-over removes a half-imported copy"}
	case !s.Options.Probe:
		return Finding{Level: Skip, Evidence: "controllers are not asked (probe-controllers=false)"}
	case len(there) > 0 && there[0].UUID != s.Target.UUID:
		return Finding{Level: Pass, Evidence: fmt.Sprintf("%q redirects to %q, and no other controller has a copy (%d answered)", s.Source.String(), there[0].Name, answered(s))}
	default:
		return Finding{Level: Pass, Evidence: fmt.Sprintf("no controller besides source and target has a copy (%d answered)", answered(s))}
	}
}

// answered counts the controllers that said whether they have the model.
func answered(s *survey.Survey) int {
	n := 0
	for _, c := range s.Observation.Copies {
		if c.State != facts.CopyUnknown {
			n++
		}
	}
	return n
}

// checkLeftOvers names half-imported copies of other models on the target.
func checkLeftOvers(s *survey.Survey) Finding {
	if why := lacksTargetAccount(s); why != "" {
		return Finding{Level: Skip, Evidence: why}
	}
	target := strconv.Quote(s.Target.Name)
	if err := s.Reports.HoldingsErr; err != nil {
		return Finding{Level: Skip, Evidence: target + " did not list its models: " + redact.Error(err)}
	}
	var left []string
	for _, h := range s.Reports.Holdings {
		if h.Importing && h.UUID != s.Model.UUID && !listedAsMoving(s, h.UUID) {
			left = append(left, h.Owner+"/"+h.Name+" ("+h.UUID+")")
		}
	}
	if len(left) > 0 {
		slices.Sort(left)
		return Finding{
			Level:    Warn,
			Evidence: target + " has half-imported copies of other models: " + Names(left) + "; a migration is importing them, or has left them behind",
			Remedy:   "never destroy " + s.Target.Name + " while it has such copies (juju/juju#15154); remove-left-over removes those that no migration explains (juju/juju#20361)",
		}
	}
	if HidesImports(s.Target) {
		return Finding{Level: Skip, Evidence: target + " lists no half-imported copies of other models, but " + ImportsHidden}
	}
	return Finding{Level: Pass, Evidence: target + " has no half-imported copies of other models"}
}

// ImportsHidden explains what a controller that [HidesImports] does not show.
const ImportsHidden = "Juju 4.1 and newer does not list models that are being imported"

// HidesImports reports whether a model that is being imported is in none of the controller's
// lists, so its absence there proves nothing (4.1-beta2 observed; later releases are assumed
// to be the same).
func HidesImports(c facts.Controller) bool {
	v, ok := rules.ParseVersion(c.AgentVersion)
	return ok && !v.MinorLess(rules.Version{Major: 4, Minor: 1})
}

// listedAsMoving reports whether JIMM's list shows a migration of the model.
func listedAsMoving(s *survey.Survey, uuid string) bool {
	return slices.ContainsFunc(s.Models, func(m facts.Model) bool { return m.UUID == uuid && m.Entry.Migrating() })
}
