package fleet

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// World is what was observed of the JAAS when something may start.
type World struct {
	// Moving are the migrations that run or were asked for, those of this run
	// among them.
	Moving []Flight
	// Closed is why nothing may go to a controller, by name: it is cordoned, or
	// not available; or why nothing may be upgraded on it, by lane.
	Closed map[string]string
	// Pairs are the cross-model relations that are known now.
	Pairs []Edge
	// Settling are models that have moved, and have relations that have not been
	// seen to work again.
	Settling []string
	// Kinds are the types of the models, iaas or caas.
	Kinds map[string]string
}

// State is the progress of an entry of a plan.
type State int

// The states. The zero value waits for its turn.
const (
	Waiting State = iota
	// Checking: its checks run; it may be about to start.
	Checking
	// InFlight: it was asked to move, and has not ended.
	InFlight
	// Verifying: its migration has ended and is recorded; the run is waiting
	// for its agents.
	Verifying
	// Well: it has succeeded.
	Well
	// Failed: it has failed.
	Failed
	// Stayed: it was not started, and will not be.
	Stayed
	// Deferred: it was held back at the last moment, and waits for its turn again.
	Deferred
)

// Progress is the progress of a run.
type Progress struct {
	// States are those of the entries of the plan, in its order.
	States []State
	// Proved are the lanes in which a model has succeeded in this run: targets, and
	// upgrades on a controller.
	Proved map[string]bool
	// Median is how long a move took so far; 0 if none has ended.
	Median time.Duration
	// Alone are the entries that start only while no other of this run is migrating: they have cross-model relations of
	// which not all are known.
	Alone map[int]bool
	// Stopped is why no more migrations may start, or "".
	Stopped string
	// Waves are those that may start; nil: all.
	Waves map[int]bool
}

// ended counts the moves that have succeeded.
func (p Progress) ended() int {
	n := 0
	for _, s := range p.States {
		if s == Well || s == Verifying {
			n++
		}
	}
	return n
}

// Wait reports what the next start waits for, in words that follow "waiting for".
type Wait string

// The waits. The words of WaitStopped and WaitTime are not shown: nothing more starts.
const (
	WaitNothing   Wait = ""
	WaitStopped   Wait = "stopped"
	WaitTime      Wait = "time"
	WaitCanary    Wait = "the canaries"
	WaitSlow      Wait = "the first migrations to succeed"
	WaitParallel  Wait = "max-parallel"
	WaitSource    Wait = "max-per-source"
	WaitTarget    Wait = "max-per-target"
	WaitAgents    Wait = "max-agents"
	WaitNeighbour Wait = "connected models"
	WaitClosed    Wait = "a target to accept models"
	WaitAsked     Wait = "a requested migration to begin"
	WaitAlone     Wait = "all other migrations to end"
	WaitMoving    Wait = "the migrations of other clients"
	WaitSilent    Wait = "JIMM to answer"
)

// LeastLeft is the least time that must be left for a start: a run that is not longer starts nothing.
const LeastLeft = 10 * time.Minute

// Next returns the entries of the plan that may start now, by their index, and if there are none, what the next one
// waits for. Left is the time until the run ends. It is pure: the same arguments give the same answer.
func Next(p Plan, w World, progress Progress, left time.Duration) ([]int, Wait) {
	switch {
	case progress.Stopped != "":
		return nil, WaitStopped
	case left < max(LeastLeft, 2*progress.Median):
		return nil, WaitTime
	}
	s := newSchedule(p, w, progress)
	var out []int
	wait := WaitNothing
	for _, i := range s.order() {
		why := s.blocks(i)
		if why == WaitNothing {
			s.take(i)
			out = append(out, i)
			continue
		}
		if wait == WaitNothing {
			wait = why
		}
		if why == WaitParallel || why == WaitSlow {
			break // For all others too.
		}
	}
	if len(out) > 0 {
		return out, WaitNothing
	}
	return nil, wait
}

// schedule counts what is in flight.
type schedule struct {
	plan     Plan
	world    World
	progress Progress
	graph    graph
	flying   map[string]bool // Models.
	asked    map[string]bool // Sources with an entry of ours that is about to start.
	from, to map[string]int
	agents   map[string]int
	total    int
	slow     int  // How many may be in flight while the start is slow.
	ours     int  // How many of this run are in flight.
	lonely   bool // One of them has to be migrated alone.
	canaries map[string]int
}

func newSchedule(p Plan, w World, progress Progress) *schedule {
	s := &schedule{
		plan: p, world: w, progress: progress, graph: graphOf(slices.Concat(p.Pairs, w.Pairs)),
		flying: map[string]bool{}, asked: map[string]bool{}, from: map[string]int{}, to: map[string]int{}, agents: map[string]int{},
		slow: p.Caps.Parallel,
	}
	for i, e := range p.Moves {
		switch progress.States[i] {
		case Checking:
			s.take(i)
		case InFlight:
			asked := s.asked[e.Source]
			s.take(i)
			s.asked[e.Source] = asked
		default:
		}
	}
	for _, f := range w.Moving {
		s.fly(f)
	}
	if p.Rules.Canary {
		s.slow = min(p.Caps.Parallel, 1+progress.ended())
		s.canaries = s.pickCanaries()
	}
	return s
}

// fly counts a migration, once.
func (s *schedule) fly(f Flight) {
	if s.flying[f.Model] {
		return
	}
	s.flying[f.Model] = true
	s.total++
	s.from[f.Source]++
	if f.Target != "" {
		s.to[f.Target]++
		s.agents[f.Target] += f.Agents
	}
}

// take counts an entry that is about to start.
func (s *schedule) take(i int) {
	e := s.plan.Moves[i]
	s.asked[e.Source] = true
	s.ours++
	s.lonely = s.lonely || s.progress.Alone[i]
	s.fly(Flight{Model: e.Model, Source: e.Source, Target: e.First(), Agents: e.Agents})
}

// order returns the entries that wait for their turn: those of the first wave that is not over; the smallest first
// while the start is slow, then the largest.
func (s *schedule) order() []int {
	wave := 0
	var out []int
	for i, e := range s.plan.Moves { // They are sorted by wave.
		if s.progress.Waves != nil && !s.progress.Waves[e.Wave] {
			continue
		}
		state := s.progress.States[i]
		if over := state == Well || state == Failed || state == Stayed; !over && wave == 0 {
			wave = e.Wave
		}
		if state == Waiting && e.Wave == wave {
			out = append(out, i)
		}
	}
	slow := s.slow < s.plan.Caps.Parallel
	slices.SortFunc(out, func(a, b int) int {
		x, y := s.plan.Moves[a], s.plan.Moves[b]
		by := y.Agents - x.Agents
		if slow {
			by = -by
		}
		return cmp.Or(by, strings.Compare(x.Model, y.Model))
	})
	return out
}

// blocks returns why an entry may not start now.
func (s *schedule) blocks(i int) Wait {
	e, caps := s.plan.Moves[i], s.plan.Caps
	target := e.First()
	switch {
	case s.flying[e.Model]:
		return WaitMoving
	case s.total >= caps.Parallel:
		return WaitParallel
	case s.total >= s.slow:
		return WaitSlow
	case s.world.Closed[e.lane()] != "":
		return WaitClosed
	case s.canaries != nil && !s.progress.Proved[e.lane()] && (s.canaries[e.lane()] != i || s.to[target] > 0):
		return WaitCanary
	case s.near(e.Model):
		return WaitNeighbour
	case s.lonely, s.progress.Alone[i] && s.ours > 0:
		return WaitAlone
	case s.asked[e.Source]:
		return WaitAsked
	case s.from[e.Source] >= caps.Source:
		return WaitSource
	case s.to[target] >= caps.Target:
		return WaitTarget
	case s.to[target] > 0 && s.agents[target]+e.Agents > caps.Agents:
		return WaitAgents
	default:
		return WaitNothing
	}
}

// near reports whether a neighbour of the model is migrating.
func (s *schedule) near(model string) bool {
	return slices.ContainsFunc(s.graph[model], func(n string) bool { return s.flying[n] || slices.Contains(s.world.Settling, n) })
}

// pickCanaries returns the entry that goes to each target first: the smallest
// one that has agents and no neighbours, of the kind that most have. An empty
// model proves nothing about firewalls.
func (s *schedule) pickCanaries() map[string]int {
	most := s.commonKind()
	best := map[string]int{}
	for i, e := range s.plan.Moves {
		switch s.progress.States[i] {
		case Waiting, Deferred, Checking, InFlight, Verifying:
		default:
			continue
		}
		if s.progress.Waves != nil && !s.progress.Waves[e.Wave] {
			continue
		}
		b, found := best[e.lane()]
		if !found || s.canary(i, most[e.lane()]).less(s.canary(b, most[e.lane()])) {
			best[e.lane()] = i
		}
	}
	return best
}

// commonKind returns the type that most models of each lane have.
func (s *schedule) commonKind() map[string]string {
	counts := map[string]map[string]int{}
	for _, e := range s.plan.Moves {
		if counts[e.lane()] == nil {
			counts[e.lane()] = map[string]int{}
		}
		counts[e.lane()][s.world.Kinds[e.Model]]++
	}
	out := map[string]string{}
	for target, kinds := range counts {
		for kind, n := range kinds {
			if n > kinds[out[target]] || n == kinds[out[target]] && kind < out[target] {
				out[target] = kind
			}
		}
	}
	return out
}

// fitness orders the candidates for a canary.
type fitness struct {
	begun, wave            int
	empty, connected, rare bool
	agents                 int
	model                  string
}

func (s *schedule) canary(i int, most string) fitness {
	e := s.plan.Moves[i]
	f := fitness{
		wave: e.Wave, empty: e.Agents == 0, connected: len(s.graph[e.Model]) > 0,
		rare: s.world.Kinds[e.Model] != most, agents: e.Agents, model: e.Model,
	}
	if s.progress.States[i] == Waiting {
		f.begun = 1 // A canary that has begun stays the canary.
	}
	return f
}

func (f fitness) less(g fitness) bool {
	return cmp.Or(f.begun-g.begun, f.wave-g.wave, falseFirst(f.empty, g.empty), falseFirst(f.connected, g.connected),
		falseFirst(f.rare, g.rare), f.agents-g.agents, strings.Compare(f.model, g.model)) < 0
}

func falseFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}
