package fleet_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration/facts"
)

func drain(targets ...string) fleet.Policy {
	return fleet.Policy{Goal: fleet.Drain, From: "west", Targets: to(targets...)}
}

func TestPlanLeavesWhatMustNotMove(t *testing.T) {
	for name, test := range map[string]struct {
		change      func(s *fleet.Snapshot, p *fleet.Policy)
		moves, left string
	}{
		"all move":  {nil, "a west>east", ""},
		"own model": {func(s *fleet.Snapshot, _ *fleet.Policy) { s.OwnModel = uuid("a") }, "", "own-model a"},
		"JIMM's":    {func(s *fleet.Snapshot, _ *fleet.Policy) { s.JIMMModel = uuid("a") }, "", "jimm-model a"},
		"a neighbour of JIMM's": {func(s *fleet.Snapshot, _ *fleet.Policy) {
			s.JIMMModel = uuid("j")
			s.Edges.List = []fleet.Edge{{Offerer: uuid("j"), Consumer: uuid("a")}}
		}, "", "jimm-neighbour a"},
		"a neighbour of JIMM's that is named": {func(s *fleet.Snapshot, p *fleet.Policy) {
			s.JIMMModel = uuid("j")
			s.Edges.List = []fleet.Edge{{Offerer: uuid("j"), Consumer: uuid("a")}}
			p.Models = []string{"alice@example.com/a"}
		}, "a west>east", ""},
		"dying":          {func(s *fleet.Snapshot, _ *fleet.Policy) { s.Models[0].Life = "dying" }, "", "not-alive a"},
		"a controller's": {func(s *fleet.Snapshot, _ *fleet.Policy) { s.Models[0].IsController = true }, "", "controller-model a"},
		"moving":         {func(s *fleet.Snapshot, _ *fleet.Policy) { s.Moving = []fleet.Flight{{Model: uuid("a")}} }, "", "moving a"},
		"excluded":       {func(_ *fleet.Snapshot, p *fleet.Policy) { p.Exclude = []string{"alice@example.com/*"} }, "", "excluded a"},
		"connected offer": {func(s *fleet.Snapshot, _ *fleet.Policy) {
			s.Edges.List = []fleet.Edge{{Offerer: uuid("a"), Consumer: uuid("x")}}
		}, "", "connected-offers a"},
		"connected offer, named": {func(s *fleet.Snapshot, p *fleet.Policy) {
			s.Edges.List = []fleet.Edge{{Offerer: uuid("a"), Consumer: uuid("x")}}
			p.Models = []string{uuid("a")}
		}, "a west>east", ""},
		"connected offer, matched by a pattern": {func(s *fleet.Snapshot, p *fleet.Policy) {
			s.Edges.List = []fleet.Edge{{Offerer: uuid("a"), Consumer: uuid("x")}}
			p.Models = []string{"a*"}
		}, "", "connected-offers a"},
		"consumer": {func(s *fleet.Snapshot, _ *fleet.Policy) {
			s.Edges.List = []fleet.Edge{{Offerer: uuid("x"), Consumer: uuid("a")}}
		}, "a west>east", ""},
		"target is old":               {func(s *fleet.Snapshot, _ *fleet.Policy) { s.Controllers[0].AgentVersion = "3.5.4" }, "", "no-target a"},
		"no hop":                      {func(s *fleet.Snapshot, _ *fleet.Policy) { s.Controllers[0].AgentVersion = "4.0-beta8" }, "", "no-target a"},
		"JIMM cannot record it there": {func(s *fleet.Snapshot, _ *fleet.Policy) { s.Controllers[0].AgentVersion = "4.1.0" }, "", "no-target a"},
		"JIMM records others on Juju 4": {func(s *fleet.Snapshot, _ *fleet.Policy) {
			s.Controllers[0].AgentVersion = "4.1.0"
			s.Models = append(s.Models, model("b", "east", 1))
		}, "a west>east", ""},
		"other cloud": {func(s *fleet.Snapshot, p *fleet.Policy) { s.Models[0].Cloud = "lxd"; p.Targets = to("*") }, "", "unknown-target a"},
		"a target of which that is not known, but named": {func(s *fleet.Snapshot, _ *fleet.Policy) { s.Models[0].Cloud = "lxd" }, "a west>east", ""},
		"JIMM leaves the target out": {func(s *fleet.Snapshot, _ *fleet.Policy) {
			s.Eligible = map[fleet.Class][]facts.ControllerUUID{fleet.ClassOf(s.Models[0]): {}}
		}, "", "no-target a"},
		"models there are in that cloud": {func(s *fleet.Snapshot, p *fleet.Policy) {
			other := model("b", "east", 1)
			other.Cloud, s.Models[0].Cloud, p.Targets = "lxd", "lxd", to("*")
			s.Models = append(s.Models, other)
		}, "a west>east", ""},
		"elsewhere": {func(s *fleet.Snapshot, _ *fleet.Policy) { s.Models[0].Recorded = controllerUUID("north") }, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, p := jaas(model("a", "west", 4)), drain("east")
			if test.change != nil {
				test.change(&s, &p)
			}
			plan, err := fleet.Make(s, p)
			if err != nil {
				t.Fatal(err)
			}
			if got := routes(plan); got != test.moves {
				t.Errorf("moves %q, want %q", got, test.moves)
			}
			if got := lefts(plan); got != test.left {
				t.Errorf("leaves %q, want %q", got, test.left)
			}
		})
	}
}

func TestPlanRefusesWhatItCannotMean(t *testing.T) {
	for name, test := range map[string]struct {
		change func(s *fleet.Snapshot, p *fleet.Policy)
		want   string
	}{
		"unknown source":     {func(_ *fleet.Snapshot, p *fleet.Policy) { p.From = "wset" }, `JIMM has no controller "wset"; did you mean west?`},
		"no source":          {func(_ *fleet.Snapshot, p *fleet.Policy) { p.From = "" }, "from must be the controller to drain"},
		"unknown target":     {func(_ *fleet.Snapshot, p *fleet.Policy) { p.Targets = to("est") }, `JIMM has no controller "est"; did you mean east or west?`},
		"no target":          {func(_ *fleet.Snapshot, p *fleet.Policy) { p.Targets = nil }, "no target was given"},
		"target is source":   {func(_ *fleet.Snapshot, p *fleet.Policy) { p.Targets = to("west") }, "the models are to leave"},
		"target is cordoned": {func(s *fleet.Snapshot, _ *fleet.Policy) { s.Controllers[0].Status = "deprecated" }, "is cordoned"},
		"target is away":     {func(s *fleet.Snapshot, _ *fleet.Policy) { s.Controllers[0].Status = "unavailable" }, "is not available"},
		"all are cordoned": {func(s *fleet.Snapshot, p *fleet.Policy) {
			s.Controllers[0].Status, s.Controllers[1].Status, p.Targets = "deprecated", "unavailable", to("*")
		}, "every other controller is cordoned or not available"},
		"no weight": {func(_ *fleet.Snapshot, p *fleet.Policy) {
			p.Targets = []fleet.Weighted{{Name: "east"}, {Name: "north"}}
		}, "the shares of all targets are 0"},
		"no models":                   {func(_ *fleet.Snapshot, p *fleet.Policy) { p.Goal = fleet.Move }, "no models were given"},
		"a name misspelt":             {func(_ *fleet.Snapshot, p *fleet.Policy) { p.Goal, p.Models = fleet.Move, []string{"a", "typo"} }, `JIMM has no model "typo"`},
		"a model to exclude misspelt": {func(_ *fleet.Snapshot, p *fleet.Policy) { p.Exclude = []string{"typo"} }, `JIMM has no model "typo"`},
		"a bad pattern":               {func(_ *fleet.Snapshot, p *fleet.Policy) { p.Models = []string{"[a"} }, "cannot read the pattern"},
		"a name with a space":         {func(s *fleet.Snapshot, _ *fleet.Policy) { s.Controllers[1].Name = "no rth" }, "a plan cannot contain the controller name"},
	} {
		t.Run(name, func(t *testing.T) {
			s, p := jaas(model("a", "west", 4)), drain("east")
			test.change(&s, &p)
			if _, err := fleet.Make(s, p); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestTargetsGetTheirShare(t *testing.T) {
	s := jaas()
	for i := range 40 {
		s.Models = append(s.Models, model(fmt.Sprintf("m%02d", i), "west", 10))
	}
	for name, test := range map[string]struct {
		targets     []fleet.Weighted
		east, north int
	}{
		"named":                  {[]fleet.Weighted{{Name: "east", Weight: 3}, {Name: "north", Weight: 1}}, 300, 100},
		"all":                    {to("*"), 200, 200},
		"all, one with a weight": {[]fleet.Weighted{{Name: "*", Weight: 1}, {Name: "east", Weight: 3}}, 300, 100},
		"one with a weight, all": {[]fleet.Weighted{{Name: "east", Weight: 3}, {Name: "*", Weight: 1}}, 300, 100},
		"nothing to one":         {[]fleet.Weighted{{Name: "east", Weight: 1}, {Name: "north"}}, 400, 0},
		"all, nothing to one":    {[]fleet.Weighted{{Name: "*", Weight: 1}, {Name: "east"}}, 0, 400},
	} {
		p := drain()
		p.Targets = test.targets
		plan, err := fleet.Make(s, p)
		if got := plan.Agents(); err != nil || got["east"] != test.east || got["north"] != test.north {
			t.Errorf("%s: agents go to %v, want %d to east and %d to north: %v", name, got, test.east, test.north, err)
		}
	}
}

func TestConnectedModelsGoToOneTarget(t *testing.T) {
	s := jaas(model("a", "west", 30), model("b", "west", 20), model("c", "west", 10), model("d", "west", 40))
	s.Edges.List = []fleet.Edge{{Offerer: uuid("o"), Consumer: uuid("a")}, {Offerer: uuid("b"), Consumer: uuid("a")}}
	p := drain("east", "north")
	p.Models = []string{"alice@example.com/b", "*"}
	plan, err := fleet.Make(s, p)
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]string{}
	for _, e := range plan.Moves {
		at[e.Model] = e.Target()
	}
	if at[uuid("a")] != at[uuid("b")] || at[uuid("a")] == "" {
		t.Errorf("a goes to %q, b to %q", at[uuid("a")], at[uuid("b")])
	}
	if at[uuid("d")] == at[uuid("a")] {
		t.Errorf("d goes to %q as well", at[uuid("d")])
	}
}

func TestWavesAndLimitsTakeTheSmallestFirst(t *testing.T) {
	s := jaas()
	for i := range 12 {
		s.Models = append(s.Models, model(fmt.Sprintf("m%02d", i), "west", 100-i))
	}
	p := drain("east")
	p.WaveSize, p.MaxModels = 4, 10
	plan, err := fleet.Make(s, p)
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Moves) != 10 || plan.More != 2 {
		t.Fatalf("%d moves and %d more, want 10 and 2", len(plan.Moves), plan.More)
	}
	most := map[int]int{}
	for _, e := range plan.Moves {
		most[e.Wave] = max(most[e.Wave], e.Agents)
	}
	if want := map[int]int{1: 92, 2: 96, 3: 98}; most[1] != want[1] || most[2] != want[2] || most[3] != want[3] {
		t.Errorf("largest by wave %v, want %v", most, want)
	}
}

func TestPlansOfOneWorldAreEqual(t *testing.T) {
	s := jaas()
	for i := range 30 {
		s.Models = append(s.Models, model(fmt.Sprintf("m%02d", i), "west", i%7))
	}
	p := drain("east", "north")
	first, err := fleet.Make(s, p)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(s.Models)
	second, err := fleet.Make(s, p)
	if err != nil {
		t.Fatal(err)
	}
	if first.Text() != second.Text() {
		t.Errorf("the order of JIMM's list changes the plan:\n%s\n%s", first.Text(), second.Text())
	}
}

func TestPlanTexts(t *testing.T) {
	s := jaas(model("prod", "west", 13), model("lab", "west", 3), model("tools", "west", 2), model("db", "west", 8), model("web", "west", 5))
	s.OwnModel = uuid("tools")
	s.Edges.List = []fleet.Edge{{Offerer: uuid("db"), Consumer: uuid("web"), Joined: true}}
	move := fleet.Policy{Goal: fleet.Move, Models: []string{"alice@example.com/db", "alice@example.com/web"}, Targets: to("north"), WaveSize: 1}
	for name, test := range map[string]struct {
		policy fleet.Policy
		unread []string
	}{
		"drain": {drain("east", "north"), nil},
		"move":  {move, []string{"west"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := s
			s.Edges.Unread = test.unread
			plan, err := fleet.Make(s, test.policy)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/"+name+".plan", plan.Text())
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\n%s\nwant:\n%s", file, got, want)
	}
}

func TestTargetsAreRankedWithReasons(t *testing.T) {
	s := jaas(model("a", "west", 4), model("b", "north", 10), model("c", "east", 30))
	south := controller("south", "3.4.5")
	s.Controllers = append(s.Controllers, south)
	ranked := func(edges ...fleet.Edge) string {
		s.Edges.List = edges
		var out []string
		for _, x := range fleet.Targets(s, s.Models[0]) {
			out = append(out, fmt.Sprintf("%s %s %d: %s", x.Controller.Name, x.Eligible, x.Rank, x.Why))
		}
		return strings.Join(out, "\n")
	}
	want := `north yes 1: 10 agents, east has 30
east yes 2: 30 agents, north has 10
south no 0: target "south" runs Juju 3.4.5, older than source "west" (3.6.14)
west no 0: the model is on "west"`
	if got := ranked(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	want = "east yes 1: 1 connected model is there, 0 on north\n" + "north yes 2: 0 connected models are there, 1 on east"
	if got := ranked(fleet.Edge{Offerer: uuid("c"), Consumer: uuid("a")}); !strings.HasPrefix(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestMigratableIsTheBestVerdict(t *testing.T) {
	s := jaas(model("a", "west", 4), model("b", "east", 1))
	for name, test := range map[string]struct {
		change func(*facts.Model)
		want   fleet.Eligibility
	}{
		"yes":     {func(*facts.Model) {}, fleet.Eligible},
		"no":      {func(m *facts.Model) { m.Life = "dying" }, fleet.NotEligible},
		"unknown": {func(m *facts.Model) { m.Cloud = "lxd" }, fleet.Unclear},
	} {
		m := s.Models[0]
		test.change(&m)
		if got, reasons := fleet.Migratable(s)(m); got != test.want || (got == fleet.Eligible) != (len(reasons) == 0) {
			t.Errorf("%s: got %s with %v", name, got, reasons)
		}
	}
	s.Controllers = s.Controllers[2:]
	if got, reasons := fleet.Migratable(s)(s.Models[0]); got != fleet.NotEligible || reasons[0].Evidence != "JIMM knows no other controller" {
		t.Errorf("alone: got %s with %v", got, reasons)
	}
}

// Controllers can be given by UUID and as tags; a plan has JIMM's names.
func TestPoliciesTakeControllersByUUID(t *testing.T) {
	s := jaas(model("a", "west", 4))
	var west, east string
	for _, c := range s.Controllers {
		switch c.Name {
		case "west":
			west = strings.ToUpper(string(c.UUID))
		case "east":
			east = "controller-" + string(c.UUID)
		}
	}
	given := drain(east)
	given.From = west
	p := given.Named(s)
	if p.From != "west" || len(p.Targets) != 1 || p.Targets[0].Name != "east" || given.Targets[0].Name != east {
		t.Errorf("%+v of %+v", p, given)
	}
	given.From = "wset"
	if p := given.Named(s); p.From != "wset" {
		t.Errorf("an unknown controller became %q", p.From)
	}
}
