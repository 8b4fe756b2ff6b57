package fleet_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"jimm-migrator/src/fleet"
)

// entries makes a plan: each entry is source, target, agents.
func planOf(caps fleet.Caps, canary bool, entries ...fleet.Entry) fleet.Plan {
	return fleet.Plan{Goal: fleet.Move, Caps: caps, Rules: fleet.Rules{Canary: canary, ModelTimeout: time.Hour}, Edges: "known", Moves: entries}
}

func entry(name, source, target string, agents int) fleet.Entry {
	return fleet.Entry{Wave: 1, Model: name, Source: source, Route: []fleet.Step{{Controller: target}}, Agents: agents, Name: "alice/" + name}
}

// TestNextNeverBreaksARule tries all states of four models, two targets, small caps, edges, other clients, closed
// targets and proved ones.
func TestNextNeverBreaksARule(t *testing.T) {
	plans := []fleet.Plan{}
	for _, caps := range []fleet.Caps{{Parallel: 1, Source: 1, Target: 1, Agents: 10}, {Parallel: 3, Source: 2, Target: 2, Agents: 10}, {Parallel: 4, Source: 2, Target: 1, Agents: 10}} {
		for _, canary := range []bool{false, true} {
			for _, second := range []string{"west", "south"} {
				p := planOf(caps, canary, entry("a", "west", "east", 3), entry("b", "west", "east", 9), entry("c", second, "north", 0), entry("d", second, "north", 12))
				plans = append(plans, p)
				p.Pairs = []fleet.Edge{{Offerer: "a", Consumer: "b"}, {Offerer: "b", Consumer: "c"}}
				plans = append(plans, p)
			}
		}
	}
	strangers := [][]fleet.Flight{nil, {{Model: "s", Source: "west", Target: "north", Agents: 5}}, {{Model: "s", Source: "x", Target: "east", Agents: 9}, {Model: "u", Source: "y"}}}
	states := []fleet.State{fleet.Waiting, fleet.Checking, fleet.InFlight, fleet.Well}
	n := 0
	for _, p := range plans {
		for _, moving := range strangers {
			for code := range 256 {
				state := []fleet.State{states[code%4], states[code/4%4], states[code/16%4], states[code/64]}
				for bits := range 16 {
					w := fleet.World{Moving: moving, Closed: map[string]string{}}
					pr := fleet.Progress{States: state, Proved: map[string]bool{"east": bits&1 != 0, "north": bits&2 != 0}}
					if bits&4 != 0 {
						w.Closed["north"] = "cordoned"
					}
					if bits&8 != 0 {
						pr.Alone = map[int]bool{1: true}
					}
					started, wait := fleet.Next(p, w, pr, time.Hour)
					if err := judge(p, w, pr, started, wait); err != nil {
						t.Fatalf("%v\nplan %+v\nworld %+v\nprogress %+v\nstarts %v, waits for %q", err, p, w, pr, started, wait)
					}
					n++
				}
			}
		}
	}
	t.Logf("%d states", n)
}

// judge returns the rule that the starts break. It counts by itself, without the scheduler.
func judge(p fleet.Plan, w fleet.World, pr fleet.Progress, started []int, wait fleet.Wait) error {
	inFlight := func(i int) bool { return pr.States[i] == fleet.Checking || pr.States[i] == fleet.InFlight }
	type flight struct {
		model, from, to string
		agents          int
		ours            bool
	}
	var all []flight
	well := 0
	for i, e := range p.Moves {
		if inFlight(i) {
			all = append(all, flight{e.Model, e.Source, e.Target(), e.Agents, true})
		}
		if pr.States[i] == fleet.Well {
			well++
		}
	}
	for _, f := range w.Moving {
		all = append(all, flight{f.Model, f.Source, f.Target, f.Agents, false})
	}
	sources := map[string]bool{}
	for i, e := range p.Moves {
		if pr.States[i] == fleet.Checking {
			sources[e.Source] = true
		}
	}
	for _, i := range started {
		e := p.Moves[i]
		from, to, agents, ours := 0, 0, 0, 0
		for _, f := range all {
			if f.from == e.Source {
				from++
			}
			if f.to == e.Target() {
				to++
				agents += f.agents
			}
			if f.ours {
				ours++
			}
			for _, edge := range p.Pairs {
				if edge.Offerer == f.model && edge.Consumer == e.Model || edge.Consumer == f.model && edge.Offerer == e.Model {
					return fmt.Errorf("%s and %s are connected", e.Model, f.model)
				}
			}
		}
		limit := p.Caps.Parallel
		if p.Rules.Canary {
			limit = min(limit, 1+well)
		}
		switch {
		case pr.States[i] != fleet.Waiting:
			return fmt.Errorf("%s starts again", e.Model)
		case len(all) >= limit:
			return fmt.Errorf("%s is one too many", e.Model)
		case from >= p.Caps.Source, to >= p.Caps.Target:
			return fmt.Errorf("%s is one too many for %s or %s", e.Model, e.Source, e.Target())
		case to > 0 && agents+e.Agents > p.Caps.Agents:
			return fmt.Errorf("%s has too many agents", e.Model)
		case sources[e.Source]:
			return fmt.Errorf("two starts are outstanding on %s", e.Source)
		case w.Closed[e.Target()] != "":
			return fmt.Errorf("%s is closed", e.Target())
		case p.Rules.Canary && !pr.Proved[e.Target()] && to > 0:
			return fmt.Errorf("%s goes to %s beside the canary", e.Model, e.Target())
		case pr.Alone[i] && ours > 0:
			return fmt.Errorf("%s has to be alone", e.Model)
		}
		sources[e.Source] = true
		all = append(all, flight{e.Model, e.Source, e.Target(), e.Agents, true})
	}
	// If nothing prevents it, something starts.
	if len(started) == 0 && len(all) == 0 {
		for i, e := range p.Moves {
			if pr.States[i] == fleet.Waiting && w.Closed[e.Target()] == "" {
				return fmt.Errorf("nothing starts, though %s could; it waits for %q", e.Model, wait)
			}
		}
	}
	if len(started) > 0 != (wait == fleet.WaitNothing) && slices.Contains(pr.States, fleet.Waiting) {
		return fmt.Errorf("it waits for %q", wait)
	}
	return nil
}

func TestNothingStartsAfterAStopOrTooLate(t *testing.T) {
	p := planOf(fleet.DefaultCaps(), false, entry("a", "west", "east", 3))
	pr := fleet.Progress{States: []fleet.State{fleet.Waiting}}
	for name, test := range map[string]struct {
		stopped      string
		median, left time.Duration
		want         fleet.Wait
	}{
		"free":     {"", 0, 10 * time.Minute, fleet.WaitNothing},
		"stopped":  {"conflict", 0, time.Hour, fleet.WaitStopped},
		"too late": {"", 0, 10*time.Minute - 1, fleet.WaitTime},
		"too slow": {"", 31 * time.Minute, time.Hour, fleet.WaitTime},
	} {
		pr.Stopped, pr.Median = test.stopped, test.median
		if started, wait := fleet.Next(p, fleet.World{}, pr, test.left); wait != test.want || (len(started) == 1) != (test.want == fleet.WaitNothing) {
			t.Errorf("%s: starts %v, waits for %q", name, started, wait)
		}
	}
}

func TestCanaryIsASmallModelThatProvesSomething(t *testing.T) {
	p := planOf(fleet.DefaultCaps(), true,
		entry("empty", "west", "east", 0), entry("caas", "west", "east", 1), entry("joined", "west", "east", 2),
		entry("small", "west", "east", 3), entry("large", "west", "east", 90))
	p.Pairs = []fleet.Edge{{Offerer: "x", Consumer: "joined"}}
	w := fleet.World{Kinds: map[string]string{"caas": "caas", "empty": "iaas", "joined": "iaas", "small": "iaas", "large": "iaas"}}
	pr := fleet.Progress{States: make([]fleet.State, 5), Proved: map[string]bool{}}
	if got, _ := fleet.Next(p, w, pr, time.Hour); !slices.Equal(got, []int{3}) {
		t.Errorf("canary is %v, want small", got)
	}
	pr.States[3] = fleet.Failed
	if got, _ := fleet.Next(p, w, pr, time.Hour); !slices.Equal(got, []int{4}) {
		t.Errorf("next canary is %v, want large", got)
	}
	pr.States[3] = fleet.Verifying
	if got, wait := fleet.Next(p, w, pr, time.Hour); len(got) > 0 || wait != fleet.WaitCanary {
		t.Errorf("starts %v before the canary is verified", got)
	}
}

func TestWavesStartOneAfterAnother(t *testing.T) {
	a, b := entry("a", "west", "east", 1), entry("b", "south", "north", 1)
	b.Wave = 2
	p := planOf(fleet.DefaultCaps(), false, a, b)
	pr := fleet.Progress{States: []fleet.State{fleet.InFlight, fleet.Waiting}}
	if got, _ := fleet.Next(p, fleet.World{}, pr, time.Hour); len(got) > 0 {
		t.Errorf("wave 2 starts while wave 1 runs")
	}
	pr.States[0] = fleet.Failed
	if got, _ := fleet.Next(p, fleet.World{}, pr, time.Hour); !slices.Equal(got, []int{1}) {
		t.Errorf("wave 2 does not start: %v", got)
	}
	pr.Waves = map[int]bool{1: true}
	if got, wait := fleet.Next(p, fleet.World{}, pr, time.Hour); len(got) > 0 || wait != fleet.WaitNothing {
		t.Errorf("wave 2 starts though it was not asked for: %v %q", got, wait)
	}
}
