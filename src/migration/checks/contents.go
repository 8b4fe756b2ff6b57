package checks

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"jimm-migrator/src/migration/checks/rules"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// checkStorage warns that storage moves only in Juju's books: the disks stay
// where they are.
func checkStorage(s *survey.Survey) Finding {
	switch {
	case !s.Contents.Known:
		return notInspected(s.Contents)
	case len(s.Contents.Storage) > 0:
		return Finding{
			Level:    Warn,
			Evidence: fmt.Sprintf("the model has storage: %s; the data stays where it is, and Juju on the target takes it over", Names(facts.SortedNames(s.Contents.Storage, func(facts.Storage) bool { return true }))),
			Remedy:   "back it up first",
		}
	case !s.Contents.StorageReported:
		return Finding{Level: Skip, Evidence: "the source does not report whether the model has storage"}
	default:
		return list(s, nil, Warn, "", "the model has no storage")
	}
}

// list makes a finding of the problems or, if there are none, of the given
// sentence.
func list(s *survey.Survey, problems []string, level Level, remedy, otherwise string) Finding {
	switch {
	case len(problems) > 0:
		return Finding{Level: level, Evidence: List(problems), Remedy: remedy}
	case len(s.Contents.Unread) > 0:
		return Finding{Level: Skip, Evidence: otherwise + ", but not everything could be read: " + Names(s.Contents.Unread)}
	default:
		return Finding{Level: Pass, Evidence: otherwise}
	}
}

// count is [facts.Count] with a separate sentence for none.
func count(n int, one, many, none string) string {
	if n == 0 {
		return none
	}
	return facts.Count(n, one, many)
}

func checkMachines(s *survey.Survey) Finding {
	switch {
	case s.Model.Type == "caas":
		return Finding{Level: Pass, Evidence: "a Kubernetes model has no machines"}
	case !s.Contents.Known:
		return notInspected(s.Contents)
	}
	var problems []string
	for _, id := range facts.SortedNames(s.Contents.Machines, func(facts.Machine) bool { return true }) {
		if problem := machineProblem(s.Contents.Machines[id]); problem != "" {
			problems = append(problems, "machine "+id+" "+problem)
		}
	}
	remedy := "wait, repair or remove them; " + s.StatusCommand() + " shows them"
	return list(s, problems, Fail, remedy, count(len(s.Contents.Machines), "machine is running, and its agent is started", "machines are running, and their agents are started", "the model has no machines"))
}

// machineProblem returns why Juju refuses to migrate a model with the machine, or "".
func machineProblem(m facts.Machine) string {
	switch {
	case !facts.Alive(m.Life):
		return "is " + m.Life
	case m.Instance != "running":
		return "is not running (" + cmp.Or(m.Instance, "unknown") + ")"
	case m.Agent != "started":
		return "has an agent that is not started (" + cmp.Or(m.Agent, "unknown") + ")"
	default:
		return ""
	}
}

func checkUnits(s *survey.Survey) Finding {
	if !s.Contents.Known {
		return notInspected(s.Contents)
	}
	var problems, failing []string
	broken := "" // The first unit whose workload has to be repaired before Juju 4 migrates it.
	source, _ := rules.ParseVersion(s.Source.AgentVersion)
	for _, name := range facts.SortedNames(s.Contents.Units, func(facts.Unit) bool { return true }) {
		u := s.Contents.Units[name]
		switch problem := cmp.Or(unitProblem(u), unready(u, source)); {
		case problem != "":
			problems = append(problems, "unit "+name+" "+problem)
			if unitProblem(u) == "" && u.Workload != "waiting" && u.Workload != "maintenance" {
				broken = cmp.Or(broken, name)
			}
		case u.Workload == "error":
			failing = append(failing, name)
		}
	}
	if len(problems) == 0 && len(failing) > 0 {
		return Finding{
			Level:    Warn,
			Evidence: "hooks have failed on " + Names(failing) + "; Juju 3 migrates them anyway, and runs the hooks again on the target",
			Remedy:   "juju resolve -m " + s.Model.FullName() + " " + failing[0],
		}
	}
	remedy := "wait, repair or remove them; " + s.StatusCommand() + " shows them"
	if broken != "" && s.Contents.Units[broken].Workload == "error" {
		remedy = "juju resolve -m " + s.Model.FullName() + " " + broken + "; " + remedy
	}
	f := list(s, problems, Fail, remedy, count(len(s.Contents.Units), "unit is ready", "units are ready", "the model has no units"))
	f.Lasting = broken != ""
	return f
}

// unitProblem returns why Juju refuses to migrate a model with the unit, or "".
func unitProblem(u facts.Unit) string {
	switch {
	case !facts.Alive(u.Life):
		return "is " + u.Life
	case !u.Present():
		return "is not idle or executing (" + cmp.Or(u.Agent, "unknown") + ")"
	default:
		return ""
	}
}

// unready returns why the source refuses the unit because of its workload, or "". Juju
// checks it from 4.0 on; 4.0 and 4.1-beta1 refuse blocked units too, later ones do not
// (core/status of 4.0.15, 4.1-beta1 and 4.1-beta2, juju/juju#23091).
func unready(u facts.Unit, source rules.Version) string {
	starting := map[string][]string{
		"maintenance": {"installing charm software"},
		"waiting":     {"waiting for machine", "installing agent", "agent initialising", "agent initializing"},
	}
	lenient, _ := rules.ParseVersion("4.1-beta2")
	switch {
	case !source.IsJuju4():
		return ""
	case slices.Contains([]string{"error", "terminated", "unknown"}, u.Workload),
		u.Workload == "blocked" && source.Less(lenient):
		return "has a workload that Juju " + source.Line() + " does not migrate: " + u.State()
	case slices.Contains(starting[u.Workload], string(u.Message)):
		return "is still being set up (" + u.Message.String() + ")"
	default:
		return ""
	}
}

func checkApplications(s *survey.Survey) Finding {
	if !s.Contents.Known {
		return notInspected(s.Contents)
	}
	var problems, below, old []string
	var remedies [3]string
	for _, name := range facts.SortedNames(s.Contents.Applications, func(facts.Application) bool { return true }) {
		a := s.Contents.Applications[name]
		switch {
		case a.Err != "":
			problems = append(problems, "application "+name+" cannot be read: "+a.Err)
			remedies[0] = "find the reason in " + s.StatusCommand()
		case !facts.Alive(a.Life):
			problems = append(problems, "application "+name+" is "+a.Life)
			remedies[1] = "wait until what is being removed is gone"
		case strings.HasPrefix(a.Charm, "cs:") && refusesCharmStore(s):
			old = append(old, "application "+name+" has a charm from the charm store, which no longer exists ("+a.Charm+")")
			remedies[2] = "refresh the charms from Charmhub (juju refresh --switch)"
		case a.Scale > a.Units:
			below = append(below, fmt.Sprintf("application %s has %d of %d units", name, a.Units, a.Scale))
		}
	}
	problems = append(problems, old...)
	if len(problems) == 0 && len(below) > 0 {
		return Finding{Level: Warn, Evidence: List(below), Remedy: "wait until all units exist; " + s.StatusCommand() + " shows them"}
	}
	remedy := strings.Join(slices.DeleteFunc(remedies[:], func(r string) bool { return r == "" }), "; ")
	f := list(s, problems, Fail, remedy, count(len(s.Contents.Applications), "application is alive", "applications are alive", "the model has no applications"))
	f.Lasting = len(old) > 0
	return f
}

// refusesCharmStore reports whether the source or the target refuse charms of
// the charm store: Juju 3.1 and newer do.
func refusesCharmStore(s *survey.Survey) bool {
	target, ok := rules.ParseVersion(s.Target.AgentVersion)
	return ok && !target.Less(rules.Version{Major: 3, Minor: 1})
}

// checkUpgrade looks for agents that are not of the model's version, units that do not
// have their application's charm yet, and machines that are prepared for another Ubuntu
// release: an upgrade runs, or has stopped.
func checkUpgrade(s *survey.Survey) Finding {
	if !s.Contents.Known {
		return notInspected(s.Contents)
	}
	want := s.Contents.AgentVersion
	problems := machinesOfOtherVersion(s.Contents.Inventory)
	for _, name := range facts.SortedNames(s.Contents.Units, func(u facts.Unit) bool { return differs(u.Version, want) && s.Model.Type != "caas" }) {
		problems = append(problems, "the agent of unit "+name+" runs "+s.Contents.Units[name].Version+", the model "+want)
	}
	for _, name := range facts.SortedNames(s.Contents.Units, func(u facts.Unit) bool { return u.Charm != "" }) {
		problems = append(problems, "unit "+name+" is being upgraded to another charm")
	}
	locked := s.Contents.Upgrading
	for _, id := range locked {
		problems = append(problems, "machine "+id+" is being upgraded to another Ubuntu release")
	}
	unreported := withoutVersion(s)
	until := "the upgrade has ended"
	switch {
	case len(problems) == 0 && len(unreported) > 0:
		until = "each agent has reported its version"
	case len(unreported) > 0:
		until += " and each agent has reported its version"
	}
	problems = append(problems, unreported...)
	if want == "" && len(problems) == 0 {
		return Finding{Level: Skip, Evidence: "the version of the model's agents is not reported"}
	}
	remedy := "wait until " + until + "; " + s.StatusCommand() + " shows the agents"
	if len(locked) > 0 {
		remedy = "complete the upgrade of the machine (juju upgrade-machine " + locked[0] + " complete -m " + s.Model.FullName() + ")"
		if len(problems) > len(locked) {
			remedy += ", and wait until " + until
		}
	}
	return list(s, problems, Fail, remedy, "all agents run the model's version, "+want)
}

// differs reports whether an agent is known to run another version than its model.
func differs(version, want string) bool { return version != "" && want != "" && version != want }

// withoutVersion returns the agents that are up and have not reported their version. Juju 2.9 and 3 refuse the
// model (recorded on 3.5.4: "agent binaries for machine 0 not found"); what Juju 4 does is not known.
func withoutVersion(s *survey.Survey) []string {
	if source, ok := rules.ParseVersion(s.Source.AgentVersion); !ok || source.IsJuju4() || s.Model.Type == "caas" {
		return nil
	}
	var out []string
	for _, id := range facts.SortedNames(s.Contents.Machines, func(m facts.Machine) bool { return m.Version == "" && machineProblem(m) == "" }) {
		out = append(out, "the agent of machine "+id+" has not reported its version")
	}
	for _, name := range facts.SortedNames(s.Contents.Units, func(u facts.Unit) bool { return u.Version == "" && unitProblem(u) == "" }) {
		out = append(out, "the agent of unit "+name+" has not reported its version")
	}
	return out
}

// machinesOfOtherVersion returns the machines with an agent of another version than the model.
func machinesOfOtherVersion(i facts.Inventory) []string {
	var out []string
	for _, id := range facts.SortedNames(i.Machines, func(m facts.Machine) bool { return differs(m.Version, i.AgentVersion) }) {
		out = append(out, "the agent of machine "+id+" runs "+i.Machines[id].Version+", the model "+i.AgentVersion)
	}
	return out
}

// checkRelations looks for units that have not joined a relation. If this could not be read, as
// for relations to other models, the status of the relation is only a hint. That a relation is suspended
// is more: the leader of its units says so after it has left it (Juju 3.5.4).
func checkRelations(s *survey.Survey) Finding {
	if !s.Contents.Known {
		return notInspected(s.Contents)
	}
	var problems []string
	level, suspended, shared := Warn, false, false
	source, _ := rules.ParseVersion(s.Source.AgentVersion)
	for _, key := range facts.SortedNames(s.Contents.Relations, func(facts.Relation) bool { return true }) {
		r := s.Contents.Relations[key]
		for _, unit := range r.NotJoined {
			level = Fail
			problems = append(problems, "unit "+unit+" has not joined relation "+strconv.Quote(key))
		}
		switch {
		case r.JoinedRead, len(r.NotJoined) > 0, slices.Contains([]string{"", "joined"}, r.Status):
		case r.Status != "suspended":
			problems = append(problems, "relation "+strconv.Quote(key)+" is "+r.Status)
		case hasUnits(s.Contents.Inventory, key):
			level, suspended = Fail, true
			problems = append(problems, "relation "+strconv.Quote(key)+" is suspended, so its units have left it")
		}
		if len(r.Elsewhere) == 0 || !source.IsJuju4() {
			continue
		}
		// The prechecks of Juju 4 expect each unit of an application in each of its relations
		// (internal/migration of 4.0 and 4.1-beta2); those of Juju 3 do not (RelationUnit.Valid).
		level, shared = Fail, true
		for _, unit := range r.Elsewhere {
			problems = append(problems, "unit "+unit+" never joins relation "+strconv.Quote(key)+", because it is a subordinate of another application")
		}
	}
	remedy := "wait until they have joined: Juju refuses a model with units that have not joined a relation"
	if suspended {
		remedy += "; resume suspended relations (juju resume-relation, in the model with the offer), or remove them"
	}
	if shared {
		remedy = "a source that runs Juju 4 refuses a model in which a subordinate serves several applications: deploy it once for each of them, under different names"
	}
	return list(s, problems, level, remedy,
		count(len(s.Contents.Relations), "relation has been joined by all its units", "relations have been joined by all their units", "the model has no relations"))
}

// hasUnits reports whether an application of a relation has units in the model. The key of the relation is
// "app:db pg:db".
func hasUnits(i facts.Inventory, key string) bool {
	var applications []string
	for end := range strings.FieldsSeq(key) {
		name, _, _ := strings.Cut(end, ":")
		applications = append(applications, name)
	}
	for name := range i.Units {
		if slices.Contains(applications, facts.ApplicationOf(name)) {
			return true
		}
	}
	return false
}

// notInspected is the finding of a check that needs to inspect a model that was not
// inspected.
func notInspected(i survey.Contents) Finding { return Finding{Level: Skip, Evidence: i.Why} }
