package migration

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"jimm-migrator/src/migration/checks/rules"
)

// The checks below look into the model for what Juju's own prechecks would
// refuse (Juju 2.9 to 4.1), all at once. Juju sees more: minimum numbers of
// units, pending reboots, cleanups and locks are not in what it tells.

// alive reports whether a life is that of something that is not going away.
func alive(life string) bool { return life == "" || life == "alive" }

// list makes a finding of the problems, or of what is said if there are none.
func (s *situation) list(problems []string, level Level, remedy, otherwise string) Finding {
	switch {
	case len(problems) > 0:
		return Finding{Level: level, Evidence: some(problems), Remedy: remedy}
	case len(s.inside.Unread) > 0:
		return Finding{Level: Skip, Evidence: otherwise + ", as far as it could be read; not read: " + someNames(s.inside.Unread)}
	default:
		return Finding{Level: Pass, Evidence: otherwise}
	}
}

// some lists problems, but not more than a reader can use.
func some(problems []string) string {
	const most = 5
	if rest := len(problems) - most; rest > 0 {
		return strings.Join(problems[:most], "; ") + fmt.Sprintf("; and %d more", rest)
	}
	return strings.Join(problems, "; ")
}

// status is the command that shows the model as its users see it.
func (s *situation) status() string { return "juju status -m " + s.model.FullName() }

func checkMachines(s *situation) Finding {
	switch {
	case s.model.Type == "caas":
		return Finding{Level: Pass, Evidence: "a Kubernetes model has no machines"}
	case !s.inside.known:
		return s.inside.unknown()
	}
	var problems []string
	for _, id := range sorted(s.inside.Machines, func(Machine) bool { return true }) {
		if problem := s.inside.Machines[id].problem(); problem != "" {
			problems = append(problems, "machine "+id+" "+problem)
		}
	}
	remedy := "wait, repair or remove them; " + s.status() + " shows them"
	return s.list(problems, Fail, remedy, fmt.Sprintf("all %d machines are running, and their agents are started", len(s.inside.Machines)))
}

// problem says why Juju refuses to migrate a model with the machine, or "".
func (m Machine) problem() string {
	switch {
	case !alive(m.Life):
		return "is " + m.Life
	case m.Instance != "running":
		return "is not running (" + cmp.Or(m.Instance, "not told") + ")"
	case m.Agent != "started":
		return "has an agent that is not started (" + cmp.Or(m.Agent, "not told") + ")"
	default:
		return ""
	}
}

func checkUnits(s *situation) Finding {
	if !s.inside.known {
		return s.inside.unknown()
	}
	var problems, failing []string
	for _, name := range sorted(s.inside.Units, func(Unit) bool { return true }) {
		u := s.inside.Units[name]
		switch problem := u.problem(); {
		case problem != "":
			problems = append(problems, "unit "+name+" "+problem)
		case u.Workload == "error":
			failing = append(failing, name)
		}
	}
	if len(problems) == 0 && len(failing) > 0 {
		return Finding{
			Level:    Warn,
			Evidence: "hooks have failed on " + someNames(failing) + "; Juju migrates them all the same, and runs the hooks again on the target",
			Remedy:   "juju resolve -m " + s.model.FullName() + " " + failing[0],
		}
	}
	remedy := "wait, repair or remove them; " + s.status() + " shows them"
	return s.list(problems, Fail, remedy, fmt.Sprintf("the agents of all %d units are there", len(s.inside.Units)))
}

// problem says why Juju refuses to migrate a model with the unit, or "".
func (u Unit) problem() string {
	switch {
	case !alive(u.Life):
		return "is " + u.Life
	case !u.present():
		return "is not idle or executing (" + cmp.Or(u.Agent, "not told") + ")"
	default:
		return ""
	}
}

// present reports whether the agent of the unit is with its controller.
func (u Unit) present() bool { return u.Agent == "idle" || u.Agent == "executing" }

func checkApplications(s *situation) Finding {
	if !s.inside.known {
		return s.inside.unknown()
	}
	var problems, below []string
	for _, name := range sorted(s.inside.Applications, func(Application) bool { return true }) {
		a := s.inside.Applications[name]
		switch {
		case a.Err != "":
			problems = append(problems, "application "+name+" cannot be read: "+a.Err)
		case !alive(a.Life):
			problems = append(problems, "application "+name+" is "+a.Life)
		case strings.HasPrefix(a.Charm, "cs:") && s.refusesCharmStore():
			problems = append(problems, "application "+name+" has a charm of the charm store, which no longer exists ("+a.Charm+")")
		case a.Scale > a.Units:
			below = append(below, fmt.Sprintf("application %s has %d of %d units", name, a.Units, a.Scale))
		}
	}
	if len(problems) == 0 && len(below) > 0 {
		return Finding{Level: Warn, Evidence: some(below), Remedy: "wait until they are there; " + s.status() + " shows them"}
	}
	remedy := "wait until they are gone, or refresh the charms from Charmhub (juju refresh --switch)"
	return s.list(problems, Fail, remedy, fmt.Sprintf("all %d applications are alive", len(s.inside.Applications)))
}

// refusesCharmStore reports whether the source or the target refuse charms of
// the charm store: Juju 3.1 and newer do.
func (s *situation) refusesCharmStore() bool {
	target, ok := rules.ParseVersion(s.target.AgentVersion)
	return ok && !target.Less(rules.Version{Major: 3, Minor: 1})
}

// checkUpgrade looks for agents that are not of the model's version, and units
// that do not have their application's charm yet: an upgrade runs, or has stopped.
func checkUpgrade(s *situation) Finding {
	if !s.inside.known {
		return s.inside.unknown()
	}
	want := s.inside.AgentVersion
	var problems []string
	differs := func(version string) bool { return version != "" && want != "" && version != want }
	for _, id := range sorted(s.inside.Machines, func(m Machine) bool { return differs(m.Version) }) {
		problems = append(problems, "the agent of machine "+id+" is "+s.inside.Machines[id].Version+", the model "+want)
	}
	for _, name := range sorted(s.inside.Units, func(u Unit) bool { return differs(u.Version) && s.model.Type != "caas" }) {
		problems = append(problems, "the agent of unit "+name+" is "+s.inside.Units[name].Version+", the model "+want)
	}
	for _, name := range sorted(s.inside.Units, func(u Unit) bool { return u.Charm != "" }) {
		problems = append(problems, "unit "+name+" is being upgraded to another charm")
	}
	if want == "" && len(problems) == 0 {
		return Finding{Level: Skip, Evidence: "the version of the model's agents is not told"}
	}
	return s.list(problems, Fail, "wait until the upgrade has ended; "+s.status()+" shows it", "all agents are of the model's version, "+want)
}

func checkRelations(s *situation) Finding {
	if !s.inside.known {
		return s.inside.unknown()
	}
	keys := sorted(s.inside.Relations, func(r Relation) bool { return !slices.Contains([]string{"", "joined", "suspended"}, r.Status) })
	var problems []string
	for _, key := range keys {
		problems = append(problems, "relation "+strconv.Quote(key)+" is "+s.inside.Relations[key].Status)
	}
	return s.list(problems, Warn,
		"wait until they are joined: Juju refuses a model with units that have not joined a relation",
		fmt.Sprintf("no relation is still being joined (%d in all)", len(s.inside.Relations)))
}
