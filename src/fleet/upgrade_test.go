package fleet_test

import (
	"fmt"
	"testing"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration/facts"
)

// TestUpgradeIsForbidden tries all cases: an upgrade is requested only for a model that is idle, alive, not blocked,
// recorded and answering on its controller, to at most the controller's version, once, and while no job of JIMM's own
// is running.
func TestUpgradeIsForbidden(t *testing.T) {
	reasons := map[fleet.Reason]int{}
	for _, recorded := range []facts.ControllerUUID{"", "a", "b"} {
		for _, answers := range []facts.ControllerUUID{"", "a", "b"} {
			for _, life := range []string{"", "alive", "dying", "dead"} {
				for _, job := range []string{"", "completed", "cancelled", "discarded", "running", "retryable", "available", "pending", "scheduled", "unknown"} {
					for _, to := range []string{"", "3.6.14", "3.6.28", "3.6.29", "junk"} {
						for _, most := range []string{"", "3.6.28"} {
							for bits := range 8 {
								c := fleet.UpgradeCase{At: "a", Recorded: recorded, Answers: answers, Life: life, Job: job, To: to, Most: most, Moving: bits&1 == 1, Asked: bits&2 == 2, Blocked: bits&4 == 4}
								got := c.Forbids()
								reasons[got]++
								may := recorded == "a" && answers == "a" && (life == "" || life == "alive") && most != "" && (to == "3.6.14" || to == "3.6.28") && bits == 0 &&
									(job == "" || job == "completed" || job == "cancelled" || job == "discarded")
								if (got == "") != may {
									t.Fatalf("%+v: %q", c, got)
								}
							}
						}
					}
				}
			}
		}
	}
	if len(reasons) != 9 {
		t.Errorf("reasons %v", reasons)
	}
	if got := (fleet.UpgradeCase{To: "3.6.14", Most: "3.6.14"}).Forbids(); got == "" {
		t.Error("nothing is known, and nothing forbids it")
	}
}

func TestLaggingAgents(t *testing.T) {
	well := func() facts.Inventory {
		return facts.Inventory{
			Type: "iaas", AgentVersion: "3.6.28",
			Machines: map[string]facts.Machine{"0": {Agent: "started", Version: "3.6.28"}},
			Units:    map[string]facts.Unit{"app/0": {Agent: "idle", Version: "3.6.28"}},
		}
	}
	for name, test := range map[string]struct {
		change func(*facts.Inventory)
		want   string
	}{
		"all":                {func(*facts.Inventory) {}, "[]"},
		"newer":              {func(i *facts.Inventory) { i.AgentVersion = "3.6.29" }, "[]"},
		"the model":          {func(i *facts.Inventory) { i.AgentVersion = "3.6.14" }, "[the model]"},
		"no version":         {func(i *facts.Inventory) { i.AgentVersion = "" }, "[the model]"},
		"old machine":        {func(i *facts.Inventory) { i.Machines["0"] = facts.Machine{Agent: "started", Version: "3.6.14"} }, "[machine 0]"},
		"machine is away":    {func(i *facts.Inventory) { i.Machines["0"] = facts.Machine{Agent: "down", Version: "3.6.28"} }, "[machine 0]"},
		"machine is dying":   {func(i *facts.Inventory) { i.Machines["0"] = facts.Machine{Agent: "down", Life: "dying"} }, "[]"},
		"old unit":           {func(i *facts.Inventory) { i.Units["app/0"] = facts.Unit{Agent: "idle", Version: "3.6.14"} }, "[unit app/0]"},
		"unit is away":       {func(i *facts.Inventory) { i.Units["app/0"] = facts.Unit{Agent: "lost", Version: "3.6.28"} }, "[unit app/0]"},
		"unit says nothing":  {func(i *facts.Inventory) { i.Units["app/0"] = facts.Unit{Agent: "idle"} }, "[unit app/0]"},
		"unit on Kubernetes": {func(i *facts.Inventory) { i.Type, i.Units["app/0"] = "caas", facts.Unit{Agent: "idle"} }, "[]"},
		"not all was read":   {func(i *facts.Inventory) { i.Unread = []string{"applications"} }, "[applications]"},
	} {
		i := well()
		test.change(&i)
		if got := fmt.Sprint(fleet.Lagging(i, "3.6.28")); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

// TestLegsFollowTheRoute walks all routes of up to four steps: each step is taken once, in order, and from any
// controller of the route it continues with the first step that is not proved to be done.
func TestLegsFollowTheRoute(t *testing.T) {
	for shape := range 1 << 4 {
		for n := range 5 {
			e := fleet.Entry{Source: "c0"}
			for i := range n {
				if shape>>i&1 == 1 {
					e.Route = append(e.Route, fleet.Step{Version: fmt.Sprintf("3.6.%d", i+1)})
				} else {
					e.Route = append(e.Route, fleet.Step{Controller: fmt.Sprintf("c%d", i+1)})
				}
			}
			on, done := "c0", 0
			for i, step := range e.Route {
				leg, behind, ok := e.Leg(on, done)
				if !ok || behind != i || len(leg.Route) != 1 || leg.Route[0] != step || leg.Source != on {
					t.Fatalf("%v on %s after %d: %+v %d %v", e.Route, on, done, leg, behind, ok)
				}
				again, _, ok := e.Leg(on, 0) // A new run knows nothing of earlier runs.
				if !ok || len(again.Route) != 1 || step.Version == "" && again.Route[0] != step && again.Route[0].Version == "" {
					t.Fatalf("%v on %s: %+v %v", e.Route, on, again, ok)
				}
				if done++; step.Controller != "" {
					on = step.Controller
				}
			}
			if leg, _, ok := e.Leg(on, done); !ok || len(leg.Route) != 0 {
				t.Fatalf("%v at its end: %+v %v", e.Route, leg, ok)
			}
			if _, _, ok := e.Leg("elsewhere", 0); ok {
				t.Fatalf("%v leads elsewhere", e.Route)
			}
		}
	}
}

// TestHopsAgainstAllRoutes compares the route with the shortest of all that [Targets]
// allows, in small worlds.
func TestHopsAgainstAllRoutes(t *testing.T) {
	versions := []string{"2.9.51", "3.4.5", "3.6.14", "3.6.28", "4.0.15", "4.1.0"}
	all := func(facts.Controller) bool { return true }
	found, none := 0, 0
	for code := range 6 * 6 * 6 {
		s := jaas(model("a", "west", 4))
		s.Controllers = []facts.Controller{controller("east", versions[code%6]), controller("north", versions[code/6%6]), controller("west", versions[code/36])}
		s.Models[0].AgentVersion = versions[code/36]
		for _, goal := range versions {
			route, ok := fleet.Hops(s, s.Models[0], goal, all)
			best := shortest(s, s.Models[0], goal, 5)
			if ok != (best >= 0) || ok && len(route) != best {
				t.Fatalf("%v to %s: %v %v, %d steps are enough", s.Controllers, goal, route, ok, best)
			}
			if ok {
				found++
			} else {
				none++
			}
		}
	}
	if found == 0 || none == 0 {
		t.Errorf("%d routes, %d without", found, none)
	}
}

// shortest tries all routes of at most so many steps, the short ones first.
func shortest(s fleet.Snapshot, m facts.Model, goal string, most int) int {
	for n := range most + 1 {
		if reaches(s, m, goal, n) {
			return n
		}
	}
	return -1
}

func reaches(s fleet.Snapshot, m facts.Model, goal string, steps int) bool {
	if versionAtLeast(m.AgentVersion, goal) {
		return true
	}
	if steps == 0 {
		return false
	}
	for _, c := range s.Controllers {
		if c.UUID == m.Recorded && !versionAtLeast(m.AgentVersion, c.AgentVersion) {
			next := m
			next.AgentVersion = c.AgentVersion
			if versionAtLeast(c.AgentVersion, goal) {
				next.AgentVersion = goal
			}
			if reaches(s, next, goal, steps-1) {
				return true
			}
		}
	}
	for _, target := range fleet.Targets(s, m) {
		if target.Eligible != fleet.NotEligible {
			next := m
			next.Recorded = target.Controller.UUID
			if reaches(s, next, goal, steps-1) {
				return true
			}
		}
	}
	return false
}

// versionAtLeast compares versions of three numbers.
func versionAtLeast(v, w string) bool {
	var a, b [3]int
	_, _ = fmt.Sscanf(v, "%d.%d.%d", &a[0], &a[1], &a[2])
	_, _ = fmt.Sscanf(w, "%d.%d.%d", &b[0], &b[1], &b[2])
	for i := range a {
		if a[i] != b[i] {
			return a[i] > b[i]
		}
	}
	return true
}
