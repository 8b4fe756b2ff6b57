package fleet_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// oracle is the actual state of the controllers, by controller and model. It gives their answers, and those of JIMM's
// access rules.
type oracle struct {
	survey.Witness
	survey.ControllerReader
	copies map[string]facts.Copy // "west a"
	silent bool                  // No controller answers.
	mute   map[string]bool       // Models about which no controller answers.
	asked  int                   // Questions about copies.
	unread error                 // AllModels fails.
	holds  []facts.Holding       // Of west.
	record map[string]facts.ControllerUUID

	hosts map[string][]facts.ControllerUUID
	fails map[string]error // "add east" or "remove west" fails; the request is carried out anyway.
	stuck map[string]bool  // The same, but the request is not carried out.
	wrote []string
}

func (w *oracle) Copy(_ context.Context, c facts.Controller, model string) facts.Copy {
	w.asked++
	if w.silent || w.mute[model] {
		return facts.Copy{}
	}
	if got, there := w.copies[c.Name+" "+model]; there {
		return got
	}
	return facts.Copy{State: facts.CopyAbsent}
}

func (w *oracle) Record(_ context.Context, model string) facts.Record {
	return facts.Record{State: facts.RecordAt, Controller: w.record[model]}
}

func (w *oracle) Holdings(context.Context, facts.Controller) ([]facts.Holding, error) {
	return w.holds, w.unread
}

func (w *oracle) Grants(context.Context, string) ([]string, error) { return nil, nil }

func (w *oracle) Hosts(_ context.Context, model string) ([]facts.ControllerUUID, error) {
	return slices.Clone(w.hosts[model]), nil
}

func (w *oracle) Rehost(_ context.Context, home fleet.Home, controller facts.ControllerUUID, hosts bool) error {
	verb := "remove "
	if hosts {
		verb = "add "
	}
	for _, name := range []string{"west", "east", "north"} {
		if controllerUUID(name) == controller {
			verb = verb[:strings.Index(verb, " ")+1] + name
		}
	}
	w.wrote = append(w.wrote, verb)
	if !home.Allows(controller, hosts) {
		w.wrote = append(w.wrote, "forbidden")
	}
	if w.stuck[verb] {
		return errors.New("failed request to OpenFGA")
	}
	list := slices.DeleteFunc(w.hosts[home.Model()], func(h facts.ControllerUUID) bool { return h == controller })
	if hosts {
		list = append(list, controller)
	}
	w.hosts[home.Model()] = list
	return w.fails[verb]
}

func moved(name string) facts.Copy {
	return facts.Copy{State: facts.CopyMoved, To: controllerUUID(name)}
}

// TestVerdictsAreNotStrongerThanTheTruth has worlds in which west was drained, with models that JIMM never knew, that
// are being imported or removed, that were left over, that arrive, or that an earlier run has migrated.
func TestVerdictsAreNotStrongerThanTheTruth(t *testing.T) {
	asked := func(models ...string) map[string]time.Time {
		out := map[string]time.Time{}
		for _, m := range models {
			out[uuid(m)] = now
		}
		return out
	}
	own := facts.Holding{UUID: uuid("ctl"), Name: "controller", Owner: "admin"}
	run := []fleet.MoveResult{{Entry: entry(uuid("a"), "west", "east", 2), State: fleet.Well}}
	failed := []fleet.MoveResult{{Entry: entry(uuid("a"), "west", "east", 2), State: fleet.Failed}}
	for name, test := range map[string]struct {
		moved  []fleet.MoveResult
		change func(w *oracle, s *fleet.Snapshot, end *fleet.End)
		want   fleet.Verdict
		line   string // In one of the lists.
	}{
		"all is well":                 {run, nil, fleet.Drained, ""},
		"run again":                   {nil, func(_ *oracle, s *fleet.Snapshot, _ *fleet.End) { s.Requested = asked("a") }, fleet.Drained, ""},
		"no account":                  {run, func(w *oracle, _ *fleet.Snapshot, _ *fleet.End) { w.unread = errors.New("no account") }, fleet.DrainedAsRecorded, ""},
		"no account, no answer":       {run, func(w *oracle, _ *fleet.Snapshot, _ *fleet.End) { w.unread, w.silent = errors.New("no account"), true }, fleet.NotKnown, uuid("a")},
		"not to be asked":             {run, func(_ *oracle, _ *fleet.Snapshot, end *fleet.End) { end.Probe = false }, fleet.DrainedAsRecorded, uuid("a")},
		"not to be asked, in doubt":   {failed, func(_ *oracle, _ *fleet.Snapshot, end *fleet.End) { end.Probe = false }, fleet.NotKnown, uuid("a")},
		"no redirect":                 {run, func(w *oracle, _ *fleet.Snapshot, _ *fleet.End) { delete(w.copies, "west "+uuid("a")) }, fleet.DrainedAsRecorded, uuid("a")},
		"a redirect to another place": {run, func(w *oracle, _ *fleet.Snapshot, _ *fleet.End) { w.copies["west "+uuid("a")] = moved("north") }, fleet.DrainedAsRecorded, uuid("a")},
		"left over, no account": {run, func(w *oracle, _ *fleet.Snapshot, _ *fleet.End) {
			w.unread = errors.New("no account")
			w.copies["west "+uuid("a")] = facts.Copy{State: facts.CopyExporting}
		}, fleet.Blocked, "(left-over: JIMM records it on east)"},
		"half imported, no account": {run, func(w *oracle, _ *fleet.Snapshot, _ *fleet.End) {
			w.unread = errors.New("no account")
			w.copies["west "+uuid("a")] = facts.Copy{State: facts.CopyImporting}
		}, fleet.Blocked, "(half-imported: JIMM records it on east)"},
		"left over by a run before": {nil, func(w *oracle, s *fleet.Snapshot, _ *fleet.End) {
			w.unread, s.Requested = errors.New("no account"), asked("a")
			w.copies["west "+uuid("a")] = facts.Copy{State: facts.CopyExporting}
		}, fleet.Blocked, "(left-over: JIMM records it on east)"},
		"in use twice": {failed, func(w *oracle, _ *fleet.Snapshot, _ *fleet.End) {
			w.copies["west "+uuid("a")] = facts.Copy{State: facts.CopyActive}
		}, fleet.InConflict, uuid("a")},
		"unknown to JIMM": {run, func(w *oracle, _ *fleet.Snapshot, _ *fleet.End) {
			w.holds = append(w.holds, facts.Holding{UUID: uuid("x"), Name: "x", Owner: "eve", Life: "alive"})
		}, fleet.Blocked, "(unknown-to-jimm)"},
		"a user's model named controller": {run, func(w *oracle, _ *fleet.Snapshot, _ *fleet.End) {
			w.holds = append(w.holds, facts.Holding{UUID: uuid("x"), Name: "controller", Owner: "eve", Life: "alive"})
		}, fleet.Blocked, "(unknown-to-jimm)"},
		"dying": {run, func(w *oracle, _ *fleet.Snapshot, _ *fleet.End) {
			w.holds = append(w.holds, facts.Holding{UUID: uuid("x"), Name: "x", Owner: "eve", Life: "dying"})
		}, fleet.Blocked, "(unknown-to-jimm: dying)"},
		"half imported": {run, func(w *oracle, _ *fleet.Snapshot, _ *fleet.End) {
			w.holds = append(w.holds, facts.Holding{UUID: uuid("b"), Name: "b", Owner: "alice", Importing: true})
		}, fleet.Blocked, "(half-imported: JIMM records it on north)"},
		"arrives from a source that shows no migration": {run, func(w *oracle, _ *fleet.Snapshot, _ *fleet.End) {
			w.holds = append(w.holds, facts.Holding{UUID: uuid("b"), Name: "b", Owner: "alice", Importing: true})
			w.copies["north "+uuid("b")] = facts.Copy{State: facts.CopyExporting}
		}, fleet.Partly, uuid("b") + " alice@example.com/b"},
		"comes back": {nil, func(w *oracle, s *fleet.Snapshot, _ *fleet.End) {
			s.Requested, s.Moving = asked("a"), []fleet.Flight{{Model: uuid("a"), Source: "east", Target: "west"}}
			w.copies["west "+uuid("a")] = facts.Copy{State: facts.CopyImporting}
			w.copies["east "+uuid("a")] = facts.Copy{State: facts.CopyExporting}
			w.holds = append(w.holds, facts.Holding{UUID: uuid("a"), Name: "a", Owner: "alice", Importing: true})
		}, fleet.Partly, uuid("a") + " alice@example.com/a"},
		"in use here alone, recorded elsewhere": {nil, func(w *oracle, _ *fleet.Snapshot, _ *fleet.End) {
			w.holds = append(w.holds, facts.Holding{UUID: uuid("b"), Name: "b", Owner: "alice", Life: "alive"})
			w.copies["west "+uuid("b")] = facts.Copy{State: facts.CopyActive}
		}, fleet.Blocked, "(drift: JIMM records it on north, which does not have it)"},
		"in use here, the recorded one is silent": {nil, func(w *oracle, _ *fleet.Snapshot, _ *fleet.End) {
			w.holds, w.mute = append(w.holds, facts.Holding{UUID: uuid("b"), Name: "b", Owner: "alice", Life: "alive"}), map[string]bool{uuid("b"): true}
		}, fleet.Blocked, "(drift: JIMM records it on north)"},
		"in use twice, long ago": {nil, func(w *oracle, _ *fleet.Snapshot, _ *fleet.End) {
			w.holds = append(w.holds, facts.Holding{UUID: uuid("b"), Name: "b", Owner: "alice", Life: "alive"})
			w.copies["west "+uuid("b")], w.copies["north "+uuid("b")] = facts.Copy{State: facts.CopyActive}, facts.Copy{State: facts.CopyActive}
		}, fleet.InConflict, uuid("b")},
		"removed here, in use elsewhere": {nil, func(w *oracle, _ *fleet.Snapshot, _ *fleet.End) {
			w.holds = append(w.holds, facts.Holding{UUID: uuid("b"), Name: "b", Owner: "alice", Life: "dying"})
			w.copies["west "+uuid("b")], w.copies["north "+uuid("b")] = facts.Copy{State: facts.CopyActive}, facts.Copy{State: facts.CopyActive}
		}, fleet.Blocked, "(left-over: JIMM records it on north)"},
		"arriving": {run, func(_ *oracle, s *fleet.Snapshot, _ *fleet.End) {
			s.Moving = []fleet.Flight{{Model: uuid("b"), Source: "north", Target: "west"}}
		}, fleet.Partly, uuid("b")},
		"arriving, target unknown": {run, func(w *oracle, s *fleet.Snapshot, _ *fleet.End) {
			s.Moving = []fleet.Flight{{Model: uuid("b"), Source: "north"}}
			w.copies["west "+uuid("b")] = facts.Copy{State: facts.CopyImporting}
		}, fleet.Partly, "its target is not known"},
		"moving elsewhere": {run, func(_ *oracle, s *fleet.Snapshot, _ *fleet.End) {
			s.Moving = []fleet.Flight{{Model: uuid("b"), Source: "north"}}
		}, fleet.Drained, ""},
		"leaving": {run, func(_ *oracle, _ *fleet.Snapshot, end *fleet.End) {
			end.Left.Left = []fleet.Left{{Reason: fleet.LeftMoving, Model: uuid("c"), Name: "c"}}
		}, fleet.Partly, uuid("c")},
		"on its way to a target": {run, func(_ *oracle, s *fleet.Snapshot, end *fleet.End) {
			end.Left.Moves = []fleet.Entry{{Model: uuid("c"), Name: "c"}}
			s.Moving = []fleet.Flight{{Model: uuid("c"), Source: "west", Target: "east"}}
		}, fleet.Partly, uuid("c")},
		"refused by a check at its turn": {run, func(_ *oracle, _ *fleet.Snapshot, end *fleet.End) {
			end.Left.Moves = []fleet.Entry{{Model: uuid("c"), Name: "c"}}
			end.Moved = append(slices.Clone(end.Moved), fleet.MoveResult{
				Entry: fleet.Entry{Model: uuid("c"), Source: "west"}, State: fleet.Stayed, Reason: "machines", Result: migration.Result{Outcome: facts.Refused},
			})
		}, fleet.Blocked, uuid("c") + " c (machines)"},
		"excluded": {run, func(_ *oracle, _ *fleet.Snapshot, end *fleet.End) {
			end.Left.Left = []fleet.Left{{Reason: fleet.LeftExcluded, Model: uuid("c"), Name: "c"}}
		}, fleet.Blocked, "excluded"},
		"forgotten by JIMM": {nil, func(w *oracle, s *fleet.Snapshot, _ *fleet.End) {
			w.unread, s.Unlisted = errors.New("no account"), []string{uuid("x"), uuid("y")}
			w.copies["west "+uuid("x")] = facts.Copy{State: facts.CopyActive}
		}, fleet.Blocked, uuid("x") + " (unknown-to-jimm: JIMM's audit log has a request to migrate it)"},
		"forgotten by JIMM, and listed": {nil, func(w *oracle, s *fleet.Snapshot, _ *fleet.End) {
			s.Unlisted = []string{uuid("x")}
			w.copies["west "+uuid("x")] = facts.Copy{State: facts.CopyActive}
			w.holds = append(w.holds, facts.Holding{UUID: uuid("x"), Name: "x", Owner: "eve", Life: "alive"})
		}, fleet.Blocked, uuid("x")},
		"gone, and still in the log": {nil, func(_ *oracle, s *fleet.Snapshot, _ *fleet.End) { s.Unlisted = []string{uuid("x")} }, fleet.Drained, ""},
		"half imported, unknown to JIMM": {run, func(w *oracle, _ *fleet.Snapshot, _ *fleet.End) {
			w.holds = append(w.holds, facts.Holding{UUID: uuid("x"), Name: "x", Owner: "eve", Importing: true})
		}, fleet.Blocked, "(unknown-to-jimm: half imported)"},
		"a list with gaps":          {run, func(_ *oracle, s *fleet.Snapshot, _ *fleet.End) { s.Gaps = []string{"one model could not be read"} }, fleet.NotKnown, ""},
		"others' models of the log": {run, func(_ *oracle, s *fleet.Snapshot, _ *fleet.End) { s.Requested = asked("a", "b") }, fleet.Drained, ""},
	} {
		w := &oracle{copies: map[string]facts.Copy{"west " + uuid("a"): moved("east"), "east " + uuid("a"): {State: facts.CopyActive}}, holds: []facts.Holding{own}}
		s, end := jaas(model("a", "east", 2), model("b", "north", 2)), fleet.End{Controller: "west", Moved: test.moved, Probe: true}
		if test.change != nil {
			test.change(w, &s, &end)
		}
		e := fleet.Gather(t.Context(), survey.JAAS{Witness: w, Controllers: w}, s, end)
		if got := fleet.Prove(e); got != test.want {
			t.Errorf("%s: %s, want %s: %+v", name, got, test.want, e)
		}
		if all := strings.Join(slices.Concat(e.Conflicts, e.Arriving, e.Leaving, linesOf(e.Stuck), linesOf(e.Strangers), e.Unproved, e.Silent), "\n"); strings.Count(all, test.line) != 1 && test.line != "" || test.line == "" && all != "" {
			t.Errorf("%s: the lists have %q, want %q", name, all, test.line)
		}
	}
}

// A drain that plans again includes models that have arrived, and models that no run could try
// because another client was migrating them. A model that a run has tried is left to the next
// drain.
func TestADrainThatPlansAgainTriesNoModelTwice(t *testing.T) {
	s := jaas(model("a", "west", 1), model("b", "west", 1), model("c", "west", 1), model("d", "east", 1))
	plan, err := fleet.Arrived(s, fleet.Policy{Goal: fleet.Drain, From: "west", Targets: to("east")}, []fleet.MoveResult{
		{Entry: entry(uuid("a"), "west", "east", 1), State: fleet.Stayed, Reason: "target-prechecks", Result: migration.Result{Outcome: facts.NotStarted}},
		{Entry: entry(uuid("b"), "west", "east", 1), State: fleet.Stayed, Reason: string(fleet.LeftMoving)},
	})
	var models []string
	for _, e := range plan.Moves {
		models = append(models, e.Model)
	}
	if want := []string{uuid("b"), uuid("c")}; err != nil || !slices.Equal(models, want) {
		t.Errorf("plans %q (%v), want %q", models, err, want)
	}
}

// Each question to a controller that does not answer may take ten seconds, so the controller is not
// asked any more after three in a row, not even about models that JIMM does not list. An answer
// resets the count.
func TestASilentControllerIsNotAskedAboutEveryModel(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e", "f"}
	for want, mute := range map[int][]string{3: names, 6: {"a", "b", "d", "e"}} {
		s, w := jaas(), &oracle{copies: map[string]facts.Copy{}, mute: map[string]bool{}}
		s.Requested = map[string]time.Time{}
		for _, name := range names {
			s.Models, s.Requested[uuid(name)] = append(s.Models, model(name, "east", 2)), now
			w.copies["west "+uuid(name)] = moved("east")
		}
		for _, name := range mute {
			w.mute[uuid(name)] = true
		}
		if want == 3 {
			s.Unlisted = []string{uuid("x"), uuid("y")}
		}
		e := fleet.Gather(t.Context(), survey.JAAS{Witness: w}, s, fleet.End{Controller: "west", Probe: true})
		if w.asked != want || len(e.Silent) != len(mute) {
			t.Errorf("%d questions, want %d; silent about %v, want %v", w.asked, want, e.Silent, mute)
		}
	}
}

// If a reason resolves by itself, the drain can be repeated. If something must be changed first, it
// cannot.
func TestADrainThatMustWaitSaysSo(t *testing.T) {
	flights := func(source, target string, names ...string) func(*fleet.Snapshot) {
		return func(s *fleet.Snapshot) {
			for _, name := range names {
				s.Moving = append(s.Moving, fleet.Flight{Model: uuid(name), Source: source, Target: target})
			}
		}
	}
	status := func(i int, status string) func(*fleet.Snapshot) {
		return func(s *fleet.Snapshot) { s.Controllers[i].Status = status }
	}
	for name, test := range map[string]struct {
		controller string
		change     func(*fleet.Snapshot)
		want       string
		wait       bool
	}{
		"ready":                  {"west", flights("west", "east", "a"), "", false},
		"no such controller":     {"wes", status(2, "available"), `JIMM has no controller "wes"`, false},
		"not available":          {"west", status(2, "unavailable"), `cannot drain "west": it is not available`, true},
		"a list with gaps":       {"west", func(s *fleet.Snapshot) { s.Gaps = []string{"one is missing"} }, "JIMM's list is incomplete: one is missing", true},
		"one arrives":            {"west", flights("east", "west", "a"), "model " + uuid("a") + " alice@example.com/a is migrating to it", true},
		"two arrive":             {"west", flights("east", "west", "a", "b"), "2 models are migrating to it, such as " + uuid("a"), true},
		"no target is available": {"west", status(0, "unavailable"), `the target "east" is not available`, true},
		"no target takes models": {"west", status(0, "deprecated"), `the target "east" is cordoned`, false},
	} {
		s := jaas(model("a", "west", 2), model("b", "west", 2))
		test.change(&s)
		err := fleet.CheckDrain(s, test.controller)
		if err == nil {
			_, err = fleet.Make(s, fleet.Policy{Goal: fleet.Drain, From: test.controller, Targets: to("east")})
		}
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) || errors.Is(err, fleet.ErrWait) != test.wait {
			t.Errorf("%s: %v, want %q; to wait: %v", name, err, test.want, errors.Is(err, fleet.ErrWait))
		}
	}
}

// TestWhatIsLeftOfADrain: models that one target no longer accepts go to another, and no model is missing, whatever
// happened to the targets and to excluded models.
func TestWhatIsLeftOfADrain(t *testing.T) {
	for name, test := range map[string]struct {
		targets, exclude []string
		change           func(*fleet.Snapshot)
		moves, left      string
	}{
		"as at the beginning":    {[]string{"east", "north"}, []string{"b"}, nil, "a", "b excluded"},
		"one target is cordoned": {[]string{"east", "north"}, nil, func(s *fleet.Snapshot) { s.Controllers[0].Status = "deprecated" }, "a,b", ""},
		"the target is cordoned": {[]string{"east"}, nil, func(s *fleet.Snapshot) { s.Controllers[0].Status = "deprecated" }, "", "a no-target,b no-target"},
		"the target is away":     {[]string{"east"}, []string{"b"}, func(s *fleet.Snapshot) { s.Controllers[0].Status = "unavailable" }, "", "b excluded,a no-target"},
		"all targets are away": {[]string{"*"}, nil, func(s *fleet.Snapshot) {
			s.Controllers[0].Status, s.Controllers[1].Status = "unavailable", "deprecated"
		}, "", "a no-target,b no-target"},
		"the target was removed":    {[]string{"east"}, nil, func(s *fleet.Snapshot) { s.Controllers = s.Controllers[1:] }, "", "a no-target,b no-target"},
		"what is excluded has gone": {[]string{"east"}, []string{"b", "z", "alice@example.com/y"}, nil, "a", "b excluded"},
	} {
		s := jaas(model("a", "west", 2), model("b", "west", 2))
		if test.change != nil {
			test.change(&s)
		}
		plan, err := fleet.Remaining(s, fleet.Policy{Goal: fleet.Drain, From: "west", Targets: to(test.targets...), Exclude: test.exclude})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var moves, left []string
		for _, m := range plan.Moves {
			moves = append(moves, strings.TrimPrefix(m.Name, "alice@example.com/"))
		}
		for _, l := range plan.Left {
			left = append(left, strings.TrimPrefix(l.Name, "alice@example.com/")+" "+string(l.Reason))
		}
		slices.Sort(moves)
		if got := strings.Join(moves, ","); got != test.moves {
			t.Errorf("%s: %q move, want %q", name, got, test.moves)
		}
		if got := strings.Join(left, ","); got != test.left {
			t.Errorf("%s: %q stay, want %q", name, got, test.left)
		}
	}
}

func linesOf(left []fleet.Left) []string {
	out := make([]string, len(left))
	for i, l := range left {
		out[i] = l.String()
	}
	return out
}

// TestAccessIsRepairedOnlyWhereAModelIsProvedToBe has a model that was migrated from west to east, while JIMM's rules
// name west.
func TestAccessIsRepairedOnlyWhereAModelIsProvedToBe(t *testing.T) {
	const right, left = "right", "left"
	a := uuid("a")
	for name, test := range map[string]struct {
		change func(w *oracle, s *fleet.Snapshot)
		wrote  string
		hosts  string // At the end.
		ends   string // "", right or left
	}{
		"moved":         {nil, "add east,remove west", "east", ""},
		"right already": {func(w *oracle, _ *fleet.Snapshot) { w.hosts[a] = []facts.ControllerUUID{controllerUUID("east")} }, "", "east", right},
		"killed between": {func(w *oracle, _ *fleet.Snapshot) {
			w.hosts[a] = []facts.ControllerUUID{controllerUUID("west"), controllerUUID("east")}
		}, "remove west", "east", ""},
		"answers lost": {func(w *oracle, _ *fleet.Snapshot) {
			w.fails = map[string]error{"add east": errors.New("eof"), "remove west": errors.New("eof")}
		}, "add east,remove west", "east", ""},
		"cannot be made":       {func(w *oracle, _ *fleet.Snapshot) { w.stuck = map[string]bool{"add east": true} }, "add east", "west", left},
		"cannot be removed":    {func(w *oracle, _ *fleet.Snapshot) { w.stuck = map[string]bool{"remove west": true} }, "add east,remove west", "west east", left},
		"west has it too":      {func(w *oracle, _ *fleet.Snapshot) { w.copies["west "+a] = facts.Copy{State: facts.CopyExporting} }, "", "west", left},
		"west is silent":       {func(w *oracle, _ *fleet.Snapshot) { w.copies["west "+a] = facts.Copy{} }, "add east", "west east", left},
		"all are silent":       {func(w *oracle, _ *fleet.Snapshot) { w.silent = true }, "", "west", left},
		"half imported":        {func(w *oracle, _ *fleet.Snapshot) { w.copies["east "+a] = facts.Copy{State: facts.CopyImporting} }, "", "west", left},
		"not there":            {func(w *oracle, _ *fleet.Snapshot) { delete(w.copies, "east "+a) }, "", "west", left},
		"moves again":          {func(_ *oracle, s *fleet.Snapshot) { s.Moving = []fleet.Flight{{Model: a}} }, "", "west", left},
		"recorded elsewhere":   {func(w *oracle, _ *fleet.Snapshot) { w.record[a] = controllerUUID("north") }, "", "west", left},
		"a third has a rule":   {func(w *oracle, _ *fleet.Snapshot) { w.hosts[a] = append(w.hosts[a], controllerUUID("north")) }, "add east,remove west,remove north", "east", ""},
		"a forgotten one, too": {func(w *oracle, _ *fleet.Snapshot) { w.hosts[a] = append(w.hosts[a], controllerUUID("gone")) }, "add east,remove west", "gone east", left},
	} {
		w := &oracle{
			copies: map[string]facts.Copy{"west " + a: moved("east"), "east " + a: {State: facts.CopyActive}},
			record: map[string]facts.ControllerUUID{a: controllerUUID("east")}, hosts: map[string][]facts.ControllerUUID{a: {controllerUUID("west")}},
		}
		s := jaas(model("a", "east", 2))
		if test.change != nil {
			test.change(w, &s)
		}
		stays := fleet.Stays(s, nil, []string{a})
		got := fleet.RepairAccess(t.Context(), survey.JAAS{Witness: w}, w, s, stays)
		ends := map[bool]string{true: right}[len(got.Right) == 1]
		if len(got.Left) == 1 {
			ends = left
		}
		var hosts []string
		for _, h := range w.hosts[a] {
			for _, name := range []string{"west", "east", "north", "gone"} {
				if controllerUUID(name) == h {
					hosts = append(hosts, name)
				}
			}
		}
		if strings.Join(w.wrote, ",") != test.wrote || strings.Join(hosts, " ") != test.hosts || ends != test.ends {
			t.Errorf("%s: wrote %v, rules name %v, %+v", name, w.wrote, hosts, got)
		}
		// Again: it writes no rule that is already correct.
		if w.fails, w.stuck, w.wrote = nil, nil, nil; ends == "" {
			if again := fleet.RepairAccess(t.Context(), survey.JAAS{Witness: w}, w, s, stays); len(w.wrote) > 0 || len(again.Right) != 1 {
				t.Errorf("%s: again it wrote %v", name, w.wrote)
			}
		}
	}
	if (fleet.Home{}).Allows("", true) || (fleet.Home{}).Allows("", false) {
		t.Error("the zero value allows something")
	}
}
