package fleet_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
)

// choose takes one of n possibilities.
type choose func(n int) int

// every calls visit with all sequences of choices that it makes.
func every(visit func(choose)) {
	var taken, limits []int
	for {
		at := 0
		visit(func(n int) int {
			if at == len(taken) {
				taken, limits = append(taken, 0), append(limits, n)
			}
			at++
			return taken[at-1]
		})
		for len(taken) > 0 && taken[len(taken)-1]+1 == limits[len(limits)-1] {
			taken, limits = taken[:len(taken)-1], limits[:len(limits)-1]
		}
		if len(taken) == 0 {
			return
		}
		taken[len(taken)-1]++
	}
}

// fromBytes takes the choices from data, and the first possibility when it is used up.
func fromBytes(data []byte) choose {
	return func(n int) int {
		if len(data) == 0 {
			return 0
		}
		next := int(data[0]) % n
		data = data[1:]
		return next
	}
}

func one[T any](pick choose, of ...T) T { return of[pick(len(of))] }

// smallWorld has two targets, model a on west, and model b anywhere.
func smallWorld(pick choose) fleet.Snapshot {
	s := jaas(model("a", "west", 4), model("b", one(pick, "west", "north"), 9))
	east, north := &s.Controllers[0], &s.Controllers[1]
	east.AgentVersion = one(pick, "3.6.28", "3.5.4", "4.0.15")
	east.Status = one(pick, "available", "deprecated", "unavailable")
	north.AgentVersion = one(pick, "3.6.14", "")
	north.Status = one(pick, "available", "deprecated")
	a := &s.Models[0]
	switch pick(6) {
	case 1:
		a.Life = "dying"
	case 2:
		a.Cloud = "lxd"
	case 3:
		a.IsController = true
	case 4:
		s.OwnModel = a.UUID
	case 5:
		s.JIMMModel = a.UUID
	}
	switch pick(3) {
	case 1:
		s.Edges.List = []fleet.Edge{{Offerer: uuid("a"), Consumer: uuid("b")}}
	case 2:
		s.Edges.List = []fleet.Edge{{Offerer: uuid("b"), Consumer: uuid("a")}}
	}
	switch pick(3) {
	case 1:
		s.Moving = []fleet.Flight{{Model: uuid("a"), Source: "west", Target: "east"}}
	case 2:
		s.Moving = []fleet.Flight{{Model: uuid("a"), Source: "west"}}
	}
	return s
}

func smallPolicy(pick choose) fleet.Policy {
	p := drain(one(pick, []string{"east"}, []string{"*"}, []string{"north", "east"})...)
	if pick(2) == 1 {
		p.Goal, p.From, p.Models = fleet.Move, "", []string{"alice@example.com/*"}
	}
	switch pick(3) {
	case 1:
		p.Exclude = []string{uuid("a")}
	case 2:
		p.MaxModels = 1
	}
	return p
}

// checkTargets reports what is wrong with the targets of the first model.
func checkTargets(s fleet.Snapshot) error {
	m := s.Models[0]
	list := fleet.Targets(s, m)
	if len(list) != len(s.Controllers) {
		return fmt.Errorf("%d targets of %d controllers", len(list), len(s.Controllers))
	}
	order := map[fleet.Eligibility]int{fleet.Eligible: 1, fleet.Unclear: 2, fleet.NotEligible: 3}
	seen, rank, last := map[string]bool{}, 0, 0
	for _, t := range list {
		c := t.Controller
		if seen[c.Name] || t.Why == "" || order[t.Eligible] < last {
			return fmt.Errorf("%s: seen %t, %q, %s is not in order", c.Name, seen[c.Name], t.Why, t.Eligible)
		}
		seen[c.Name], last = true, order[t.Eligible]
		want := 0
		if t.Eligible == fleet.Eligible {
			rank++
			want = rank
		}
		fails := slices.ContainsFunc(t.Reasons, func(f checks.Finding) bool { return f.Level == checks.Fail })
		switch {
		case t.Rank != want:
			return fmt.Errorf("%s has rank %d, want %d", c.Name, t.Rank, want)
		case fails != (t.Eligible == fleet.NotEligible):
			return fmt.Errorf("%s is %s: %v", c.Name, t.Eligible, t.Reasons)
		case t.Eligible == fleet.Unclear && len(t.Reasons) == 0:
			return fmt.Errorf("%s is unclear without a reason", c.Name)
		case t.Eligible != fleet.NotEligible && forbidden(s, m, c):
			return fmt.Errorf("%s is %s", c.Name, t.Eligible)
		}
	}
	s.Controllers = slices.Clone(s.Controllers)
	slices.Reverse(s.Controllers)
	for i, t := range fleet.Targets(s, m) {
		if t.Controller.Name != list[i].Controller.Name || t.Eligible != list[i].Eligible || t.Why != list[i].Why {
			return fmt.Errorf("the order of JIMM's list changes target %d: %s and %s", i, t.Controller.Name, list[i].Controller.Name)
		}
	}
	return nil
}

// forbidden are targets that are never allowed, whatever else is known. JIMM is known to record
// models on Juju 4 only if it already has a record there.
func forbidden(s fleet.Snapshot, m facts.Model, c facts.Controller) bool {
	recorded := slices.ContainsFunc(s.Models, func(m facts.Model) bool { return m.Recorded == c.UUID })
	return c.UUID == m.Recorded || c.Status == "deprecated" || c.AgentVersion == "3.5.4" || c.AgentVersion == "4.0.15" && !recorded ||
		m.IsController || m.Life == "dying"
}

// checkPlan makes a plan, and reports what is wrong with it, or with the refusal to make
// one.
func checkPlan(s fleet.Snapshot, p fleet.Policy) (fleet.Plan, error) {
	plan, err := fleet.Make(s, p)
	if err != nil {
		return plan, checkRefusal(s, p, err)
	}
	models, done := map[string]facts.Model{}, map[string]bool{}
	for _, m := range s.Models {
		models[m.UUID] = m
	}
	for _, l := range plan.Left {
		if done[l.Model] || l.Reason == "" {
			return plan, fmt.Errorf("%s is there twice, or has no reason", l.Name)
		}
		done[l.Model] = true
	}
	for _, e := range plan.Moves {
		if done[e.Model] {
			return plan, fmt.Errorf("%s is there twice", e.Name)
		}
		done[e.Model] = true
		if err := checkMove(s, p, models[e.Model], e); err != nil {
			return plan, fmt.Errorf("%s: %w", e.Name, err)
		}
	}
	if most := cmp.Or(p.MaxModels, fleet.MostModels); len(plan.Moves) > most {
		return plan, fmt.Errorf("%d moves, at most %d", len(plan.Moves), most)
	}
	if selected := selectedBy(s, p); len(done)+plan.More != selected {
		return plan, fmt.Errorf("%d models and %d more, of %d", len(done), plan.More, selected)
	}
	if read, err := fleet.Parse(plan.Text()); err != nil || read.Text() != plan.Text() {
		return plan, fmt.Errorf("read back: %w\n%s", err, plan.Text())
	}
	s.Models = slices.Clone(s.Models)
	slices.Reverse(s.Models)
	if again, err := fleet.Make(s, p); err != nil || again.Text() != plan.Text() {
		return plan, fmt.Errorf("the order of JIMM's list changes the plan: %w", err)
	}
	return plan, nil
}

// checkMove reports why the model must not be migrated like this.
func checkMove(s fleet.Snapshot, p fleet.Policy, m facts.Model, e fleet.Entry) error {
	target, known := s.Controller(e.Target())
	source := s.Controllers.ByUUID(m.Recorded)
	wanted := slices.ContainsFunc(p.Targets, func(t fleet.Weighted) bool { return t.Name == "*" || t.Name == target.Name })
	moving := slices.ContainsFunc(s.Moving, func(f fleet.Flight) bool { return f.Model == m.UUID })
	joins := p.Goal == fleet.Drain && slices.ContainsFunc(s.Moving, func(f fleet.Flight) bool { return f.Model == m.UUID && f.Target == target.Name })
	switch {
	case e.Source != source.Name, !known, target.Name == e.Source, !wanted:
		return fmt.Errorf("from %s to %s", e.Source, e.Target())
	case slices.Contains(p.Exclude, m.UUID), m.IsController, m.Life != "alive", m.UUID == s.OwnModel, m.UUID == s.JIMMModel:
		return errors.New("it must stay")
	case joins:
		return nil // It is on its way there already, and is followed.
	case moving, forbidden(s, m, target), target.Status == "unavailable":
		return fmt.Errorf("to %s, which cannot take it now", target.Name)
	default:
		return nil
	}
}

// checkRefusal reports an error that gives no reason.
func checkRefusal(s fleet.Snapshot, p fleet.Policy, err error) error {
	usable := 0
	for _, c := range s.Controllers {
		closed := c.Status != "available" || c.Name == p.From
		switch named := slices.ContainsFunc(p.Targets, func(t fleet.Weighted) bool { return t.Name == c.Name }); {
		case named && closed && strings.Contains(err.Error(), c.Name):
			return nil
		case !closed:
			usable++
		}
	}
	if usable == 0 {
		return nil
	}
	return fmt.Errorf("refused: %w", err)
}

// selectedBy counts the models that the policy selects, except those that are already on the only target.
func selectedBy(s fleet.Snapshot, p fleet.Policy) int {
	var targets []facts.ControllerUUID
	for _, c := range s.Controllers {
		if slices.ContainsFunc(p.Targets, func(t fleet.Weighted) bool {
			return t.Name == c.Name || t.Name == "*" && c.Name != p.From && c.Status == "available"
		}) {
			targets = append(targets, c.UUID)
		}
	}
	n := 0
	for _, m := range s.Models {
		arrived := len(targets) == 1 && targets[0] == m.Recorded
		if !arrived && (p.Goal == fleet.Move || m.Recorded == controllerUUID(p.From)) {
			n++
		}
	}
	return n
}

// No small world has a target or a plan that breaks a rule.
func TestEverySmallWorldIsPlanned(t *testing.T) {
	t.Parallel()
	worlds, plans, moves := 0, 0, 0
	every(func(pick choose) {
		s := smallWorld(pick)
		worlds++
		if err := checkTargets(s); err != nil {
			t.Fatalf("%v in %+v", err, s)
		}
		every(func(pick choose) {
			p := smallPolicy(pick)
			plan, err := checkPlan(s, p)
			if err != nil {
				t.Fatalf("%v in %+v with %+v", err, s, p)
			}
			if plan.Goal != "" {
				plans++
				moves += len(plan.Moves)
			}
		})
	})
	t.Logf("%d worlds, %d plans, %d moves", worlds, plans, moves)
	if plans < worlds || moves < plans/4 {
		t.Errorf("only %d plans with %d moves in %d worlds: the test sees too little", plans, moves, worlds)
	}
}

func FuzzMake(f *testing.F) {
	f.Add([]byte{}, uint8(0))
	f.Add([]byte{1, 2, 1, 0, 1, 0, 2, 1, 1, 1, 2, 0, 1, 3, 2, 1}, uint8(9))
	f.Fuzz(func(t *testing.T, data []byte, more uint8) {
		pick := fromBytes(data)
		s := smallWorld(pick)
		p := smallPolicy(pick)
		for i := range int(more % 40) {
			m := model(fmt.Sprintf("m%02d", i), one(pick, "west", "east", "north"), pick(700))
			m.AgentVersion, m.Cloud = one(pick, "3.6.14", "3.5.4", "3.6.28"), one(pick, "aws", "lxd")
			s.Models = append(s.Models, m)
			s.Edges.List = append(s.Edges.List, fleet.Edge{Offerer: uuid("b"), Consumer: m.UUID}, fleet.Edge{Offerer: m.UUID, Consumer: s.Models[pick(len(s.Models))].UUID})
		}
		if err := checkTargets(s); err != nil {
			t.Fatal(err)
		}
		if _, err := checkPlan(s, p); err != nil {
			t.Fatal(err)
		}
	})
}
