package fleet_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

func TestEndsAreClassified(t *testing.T) {
	east := facts.Controller{Name: "east", UUID: "e"}
	blocked := []checks.Finding{{Check: checks.Versions, Level: checks.Pass}, {Check: checks.Units, Level: checks.Fail}}
	for name, test := range map[string]struct {
		result migration.Result
		want   fleet.Ended
	}{
		"migrated":         {migration.Result{Outcome: facts.Migrated}, fleet.Ended{State: fleet.Well}},
		"already there":    {migration.Result{Outcome: facts.AlreadyThere}, fleet.Ended{State: fleet.Well}},
		"recorded":         {migration.Result{Outcome: facts.Recorded}, fleet.Ended{State: fleet.Well}},
		"aborted":          {migration.Result{Outcome: facts.Aborted, Detail: "some agents reported failure"}, fleet.Ended{State: fleet.Failed}},
		"aborted offerer":  {migration.Result{Outcome: facts.Aborted, Detail: `aborted: remoteentitites: offer for app "c9f6" not found`}, fleet.Ended{State: fleet.Stayed, Reason: "connected-offers"}},
		"source prechecks": {migration.Result{Outcome: facts.NotStarted, Detail: "source prechecks failed: machine 0 not running"}, fleet.Ended{State: fleet.Stayed, Reason: "source-prechecks"}},
		"target prechecks": {migration.Result{Outcome: facts.NotStarted, Detail: "target prechecks failed: upgrade in progress"}, fleet.Ended{State: fleet.Stayed, Reason: "target-prechecks"}},
		"not started":      {migration.Result{Outcome: facts.NotStarted}, fleet.Ended{State: fleet.Failed}},
		"held back":        {migration.Result{Outcome: facts.NotStarted, Err: fmt.Errorf("%w: %w", migration.ErrNotSent, fleet.ErrGate)}, fleet.Ended{State: fleet.Waiting}},
		"refused":          {migration.Result{Outcome: facts.Refused, Findings: blocked}, fleet.Ended{State: fleet.Stayed, Reason: "units"}},
		"moves elsewhere":  {migration.Result{Outcome: facts.Refused, Cause: facts.CauseOtherMigration}, fleet.Ended{State: fleet.Stayed, Reason: "moving"}},
		"timed out":        {migration.Result{Outcome: facts.TimedOut}, fleet.Ended{State: fleet.Failed}},
		"attention":        {migration.Result{Outcome: facts.NeedsAttention}, fleet.Ended{State: fleet.Failed}},
		"conflict":         {migration.Result{Outcome: facts.Conflict}, fleet.Ended{State: fleet.Failed, Grave: true}},
		"lost":             {migration.Result{Outcome: facts.LostFromJIMM}, fleet.Ended{State: fleet.Failed, Grave: true}},
		"in doubt":         {migration.Result{Outcome: facts.Unknown}, fleet.Ended{State: fleet.Failed, Grave: true}},
		"not in doubt":     {migration.Result{Outcome: facts.Unknown, Holder: east}, fleet.Ended{State: fleet.Failed}},
	} {
		if got := fleet.Classify(test.result); got != test.want {
			t.Errorf("%s: got %+v, want %+v", name, got, test.want)
		}
	}
	if errors.Is(fleet.ErrGate, migration.ErrNotSent) {
		t.Error("the gate's error alone is not that nothing was sent")
	}
}

func TestRunsStop(t *testing.T) {
	revoked := &survey.RightsError{Identity: "m@serviceaccount", Grant: "jimmctl auth relation add", Revoked: true}
	unlisted := &survey.RightsError{Identity: "m@serviceaccount", Grant: "jimmctl auth relation add"}
	for name, test := range map[string]struct {
		failures int
		tally    fleet.Tally
		want     string
	}{
		"all is well":         {0, fleet.Tally{}, ""},
		"a failure":           {0, fleet.Tally{Failures: 1}, "1 model failed, and max-failures is 0"},
		"two failures":        {0, fleet.Tally{Failures: 2}, "2 models failed, and max-failures is 0"},
		"tolerated":           {2, fleet.Tally{Failures: 2}, ""},
		"one too many":        {2, fleet.Tally{Failures: 3}, "3 models failed, and max-failures is 2"},
		"in doubt":            {9, fleet.Tally{Grave: "a is on two controllers"}, "a is on two controllers"},
		"not the leader":      {0, fleet.Tally{NotLeader: true}, "this unit is no longer the leader"},
		"uncordoned":          {0, fleet.Tally{Lifted: "west"}, `the cordon of "west" was lifted`},
		"moved by others":     {0, fleet.Tally{Fought: "a"}, "another client has migrated model a, or requested its migration, since this run began"},
		"JIMM is slow":        {0, fleet.Tally{Silent: fleet.SilentToStop - time.Second}, ""},
		"JIMM is away":        {0, fleet.Tally{Silent: fleet.SilentToStop}, "JIMM has not answered for 10 minutes"},
		"revoked":             {0, fleet.Tally{Rights: revoked}, `"m@serviceaccount" is no longer a JIMM administrator: jimmctl auth relation add; then run the action again`},
		"revoked and failed":  {0, fleet.Tally{Rights: revoked, Failures: 1}, `"m@serviceaccount" is no longer a JIMM administrator: jimmctl auth relation add; then run the action again`},
		"not listed":          {0, fleet.Tally{Rights: unlisted, Silent: fleet.SilentToStop - time.Second}, ""},
		"not listed for long": {0, fleet.Tally{Rights: unlisted, Silent: fleet.SilentToStop}, `JIMM no longer lists its models for "m@serviceaccount": it cannot check rights because OpenFGA does not answer, or the right was revoked; to grant it again: jimmctl auth relation add; then run the action again`},
		"no target is left":   {0, fleet.Tally{Closed: true}, "no target of the plan accepts models any longer"},
		"as requested":        {0, fleet.Tally{StopAfter: "stop-after=canary"}, "stop-after=canary"},
	} {
		if got := fleet.Stop(fleet.Rules{Failures: test.failures}, test.tally); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

// TestVerdictIsNeverStrongerThanTheEvidence tries all evidence: each list empty or not, the controller asked or not.
func TestVerdictIsNeverStrongerThanTheEvidence(t *testing.T) {
	one := []string{"a"}
	got := map[fleet.Verdict]int{}
	for bits := range 1 << 12 {
		has := func(n int) []string {
			if bits>>n&1 == 1 {
				return one
			}
			return nil
		}
		left := func(n int) []fleet.Left { return make([]fleet.Left, len(has(n))) }
		e := fleet.Evidence{
			Conflicts: has(0), Gaps: has(1), Arriving: has(2), Movable: has(3), Stuck: left(4), Strangers: left(5),
			Departed: has(6), Unproved: has(7), Silent: has(8), Asked: bits>>9&1 == 1, Leaving: has(10),
		}
		if bits>>11&1 == 1 {
			e.Hidden = "imports"
		}
		v := fleet.Prove(e)
		got[v]++
		there := len(e.Arriving)+len(e.Leaving)+len(e.Movable)+len(e.Stuck)+len(e.Strangers) > 0
		unproved := len(e.Unproved)+len(e.Silent) > 0
		switch {
		case len(e.Conflicts) > 0 && v != fleet.InConflict,
			len(e.Conflicts) == 0 && len(e.Gaps) > 0 && v != fleet.NotKnown,
			v == fleet.Drained && (!e.Asked || e.Hidden != "" || there || unproved || len(e.Gaps) > 0),
			v == fleet.DrainedAsRecorded && (there || len(e.Gaps) > 0 || !e.Asked && len(e.Silent) > 0),
			v == fleet.Partly && len(e.Arriving)+len(e.Leaving)+len(e.Movable) == 0,
			v == fleet.Blocked && len(e.Stuck)+len(e.Strangers) == 0:
			t.Fatalf("%+v is %q", e, v)
		}
	}
	for _, v := range []fleet.Verdict{fleet.Drained, fleet.DrainedAsRecorded, fleet.Partly, fleet.Blocked, fleet.InConflict, fleet.NotKnown} {
		if got[v] == 0 {
			t.Errorf("no evidence is %q", v)
		}
	}
	if v := fleet.Prove(fleet.Evidence{Asked: true}); v != fleet.Drained {
		t.Errorf("nothing left: %q", v)
	}
	if v := fleet.Prove(fleet.Evidence{}); v != fleet.DrainedAsRecorded {
		t.Errorf("nothing recorded: %q", v)
	}
}

func TestTheWayBack(t *testing.T) {
	s := jaas(model("a", "east", 4), model("b", "north", 4), model("c", "west", 4), model("new", "east", 2))
	s.Controllers[2].AgentVersion = "3.6.28"
	old := planOf(fleet.DefaultCaps(), true, entry(uuid("a"), "west", "east", 4), entry(uuid("b"), "west", "east", 4), entry(uuid("c"), "west", "east", 4))
	old.JAAS = s.JAAS
	old.Controllers = []fleet.Host{{Name: "west", UUID: controllerUUID("west")}, {Name: "east", UUID: controllerUUID("east")}}
	departures := old.Departures(s)
	if len(departures) != 1 || departures[0].Model != uuid("a") {
		t.Fatalf("departures %v: b was moved on, c has stayed", departures)
	}
	p, err := fleet.MakeReverse(s, fleet.Policy{}, departures, &old)
	if err != nil {
		t.Fatal(err)
	}
	if got := routes(p); got != "a east>west" {
		t.Errorf("moves %q", got)
	}
	for name, test := range map[string]struct {
		change func(s *fleet.Snapshot, old *fleet.Plan)
		want   string
	}{
		"cordoned":        {func(s *fleet.Snapshot, _ *fleet.Plan) { s.Controllers[2].Status = "deprecated" }, "is cordoned"},
		"away":            {func(s *fleet.Snapshot, _ *fleet.Plan) { s.Controllers[2].Status = "unavailable" }, "is not available"},
		"models leave":    {func(s *fleet.Snapshot, _ *fleet.Plan) { s.Moving = []fleet.Flight{{Model: "x", Source: "west"}} }, "models are still leaving"},
		"re-bootstrapped": {func(_ *fleet.Snapshot, old *fleet.Plan) { old.Controllers[0].UUID = "other" }, "is not the controller of the plan"},
		"another JAAS":    {func(_ *fleet.Snapshot, old *fleet.Plan) { old.JAAS = "other" }, "another JAAS"},
	} {
		s, old := s, old
		s.Controllers = append([]facts.Controller(nil), s.Controllers...)
		old.Controllers = append([]fleet.Host(nil), old.Controllers...)
		test.change(&s, &old)
		if _, err := fleet.MakeReverse(s, fleet.Policy{}, departures, &old); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
	if _, err := fleet.MakeReverse(s, fleet.Policy{From: "north"}, departures, nil); err == nil || !strings.Contains(err.Error(), `no model is known to have left "north"`) {
		t.Errorf("nothing left north: %v", err)
	}
	s.Controllers[2].AgentVersion = "3.6.13"
	s.Controllers[0].AgentVersion = "3.6.28"
	p, err = fleet.MakeReverse(s, fleet.Policy{}, departures, &old)
	if err != nil || lefts(p) != "no-target a" {
		t.Errorf("older than the model: moves %q, leaves %q, %v", routes(p), lefts(p), err)
	}
}

func TestBalanceWithFewMoves(t *testing.T) {
	s := jaas()
	for i := range 12 {
		s.Models = append(s.Models, model(fmt.Sprintf("m%02d", i), "east", 10))
	}
	s.Controllers[2].Status = "deprecated"
	got, err := fleet.MakeRebalance(s, fleet.Policy{}, fleet.Balance{By: fleet.ByModels, Tolerance: 10})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Plan.Moves) != 6 || got.Bound != 6 || got.Why != "every controller is within 10 percent of its share, or less than one model away" || !got.Even {
		t.Errorf("%d moves, bound %d: %s; %v", len(got.Plan.Moves), got.Bound, got.Why, got.Spread)
	}
	got, _ = fleet.MakeRebalance(s, fleet.Policy{}, fleet.Balance{By: fleet.ByAgents, Tolerance: 50, MaxMoves: 2})
	if len(got.Plan.Moves) != 2 || got.Why != "max-moves is 2" {
		t.Errorf("%d moves: %s", len(got.Plan.Moves), got.Why)
	}
	s.Requested = map[string]time.Time{}
	for _, m := range s.Models {
		s.Requested[m.UUID] = now.Add(-23 * time.Hour)
	}
	got, _ = fleet.MakeRebalance(s, fleet.Policy{}, fleet.Balance{By: fleet.ByAgents})
	if len(got.Plan.Moves) != 0 || got.Why != "no single migration would improve the balance" {
		t.Errorf("models that moved recently: %d moves: %s", len(got.Plan.Moves), got.Why)
	}
	s.Moving = []fleet.Flight{{Model: "x"}}
	if _, err := fleet.MakeRebalance(s, fleet.Policy{}, fleet.Balance{}); err == nil || !strings.Contains(err.Error(), "1 model is migrating") {
		t.Errorf("while a model moves: %v", err)
	}
	s.Moving, s.Gaps = nil, []string{"west did not answer"}
	if _, err := fleet.MakeRebalance(s, fleet.Policy{}, fleet.Balance{}); err == nil || !strings.Contains(err.Error(), "incomplete") {
		t.Errorf("with gaps: %v", err)
	}
	s.Gaps, s.Edges.Unread = nil, []string{"west: no answer"}
	if _, err := fleet.MakeRebalance(s, fleet.Policy{}, fleet.Balance{}); err == nil || !strings.Contains(err.Error(), "cannot determine which models are connected") {
		t.Errorf("without edges: %v", err)
	}
	s.Edges.Unread = nil
	if _, err := fleet.MakeRebalance(s, fleet.Policy{Targets: []fleet.Weighted{{Name: "east"}, {Name: "north"}}}, fleet.Balance{}); err == nil || !strings.Contains(err.Error(), "shares of all targets are 0") {
		t.Errorf("without weights: %v", err)
	}
}

// TestBalanceNeverMakesItWorse tries many loads: the spread never grows, and the bound is never above the number of
// moves after which the loads were even.
func TestBalanceNeverMakesItWorse(t *testing.T) {
	for seed := range 2000 {
		s := jaas()
		for i := range 3 + seed%9 {
			s.Models = append(s.Models, model(fmt.Sprintf("m%02d", i), []string{"east", "north", "west"}[(seed>>uint(i%8)+i)%3], (seed*31+i*17)%23))
		}
		for i := range s.Controllers {
			s.Controllers[i].AgentVersion = "3.6.28"
		}
		got, err := fleet.MakeRebalance(s, fleet.Policy{}, fleet.Balance{By: fleet.ByAgents, Tolerance: 10, MaxMoves: 100})
		if err != nil {
			t.Fatal(err)
		}
		before, after := 0, 0
		for _, x := range got.Spread {
			before += (x.Before - x.Share) * (x.Before - x.Share)
			after += (x.After - x.Share) * (x.After - x.Share)
		}
		if after > before || strings.HasPrefix(got.Why, "every") && got.Bound > len(got.Plan.Moves) {
			t.Fatalf("seed %d: %+v", seed, got)
		}
	}
}

func TestHops(t *testing.T) {
	s := jaas(model("a", "west", 4))
	s.Controllers = []facts.Controller{controller("new", "4.1.0"), controller("mid", "3.6.28"), controller("west", "2.9.51")}
	s.Models[0].AgentVersion = "2.9.51"
	s.Models = append(s.Models, model("other", "new", 1)) // JIMM records models on Juju 4.
	all := func(facts.Controller) bool { return true }
	for version, want := range map[string]string{
		"2.9.51": "[]",
		"3.6.28": "[mid upgrade:3.6.28]",
		"4.1.0":  "[mid upgrade:3.6.28 new upgrade:4.1.0]",
	} {
		route, ok := fleet.Hops(s, s.Models[0], version, all)
		if got := fmt.Sprint(route); !ok || got != want {
			t.Errorf("to %s: %s %v, want %s", version, got, ok, want)
		}
	}
	if route, ok := fleet.Hops(s, s.Models[0], "5.0.0", all); ok {
		t.Errorf("to 5.0.0: %v", route)
	}
	if route, ok := fleet.Hops(s, s.Models[0], "4.1.0", func(c facts.Controller) bool { return c.Name == "new" }); ok {
		t.Errorf("without the controller between: %v", route)
	}
	p, err := fleet.MakeUpgrade(s, fleet.Policy{Models: []string{"a"}}, "4.1.0")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(p.Text(), " west mid,upgrade:3.6.28,new,upgrade:4.1.0 4 alice@example.com/a\n") {
		t.Errorf("plan\n%s", p.Text())
	}
	if q, err := fleet.Parse(p.Text()); err != nil || q.Moves[0].Target() != "new" || q.Moves[0].First() != "mid" {
		t.Errorf("read back as %+v, %v", q.Moves, err)
	}
	for _, version := range []string{"newest", "3.6", "4.1", ""} {
		if _, err := fleet.MakeUpgrade(s, fleet.Policy{Models: []string{"a"}}, version); err == nil {
			t.Errorf("%q is no version of agents", version)
		}
	}
	// A model for which there is nothing to do is left, not omitted.
	if p, err := fleet.MakeUpgrade(s, fleet.Policy{Models: []string{"a"}}, "2.9.1"); err != nil || lefts(p) != "already-there a" {
		t.Errorf("%s, %v", lefts(p), err)
	}
}

// TestAPlanLeavesWhatJIMMUpgrades has a model with a job of JIMM's upgrade-to.
func TestAPlanLeavesWhatJIMMUpgrades(t *testing.T) {
	for state, left := range map[string]bool{
		"": false, "completed": false, "cancelled": false, "discarded": false,
		"running": true, "retryable": true, "available": true, "scheduled": true, "of a later JIMM": true,
	} {
		s := jaas(model("a", "west", 2))
		s.Jobs = map[string]string{uuid("a"): state}
		p, err := fleet.MakeUpgrade(s, fleet.Policy{Models: []string{"a"}, Targets: to("east")}, "3.6.28")
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case left && (len(p.Moves) != 0 || len(p.Left) != 1 || p.Left[0].Reason != fleet.LeftUpgradeJob || !strings.Contains(p.Left[0].Detail, state)):
			t.Errorf("%q: %+v, left %+v", state, p.Moves, p.Left)
		case !left && (len(p.Moves) != 1 || len(p.Left) != 0):
			t.Errorf("%q: %+v, left %+v", state, p.Moves, p.Left)
		}
	}
}
