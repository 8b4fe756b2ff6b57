package fleet

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"jimm-migrator/src/migration/facts"
)

// Weighted is a target with the share that it gets, 1 by default.
type Weighted struct {
	Name   string
	Weight int
}

// Policy describes what to plan.
type Policy struct {
	Goal Goal
	// From is the controller that models leave.
	From string
	// Models and Exclude are patterns as [facts.SelectAll] reads them. A model that is named by its UUID or full name
	// is named one by one.
	Models, Exclude []string
	// Targets are names; "*" stands for all eligible controllers.
	Targets []Weighted
	// WaveSize is how many models make a wave; 0: all.
	WaveSize int
	// Version is the version that the agents are to run; for the goal upgrade.
	Version string
	// MaxModels bounds the plan; 500 if 0.
	MaxModels int
	Caps      Caps
	Rules     Rules
}

// MostModels is how many models one plan has at most: what fits a parameter of
// an action, and what a person can review.
const MostModels = 500

// Make plans the goals move and drain. It is pure: the same snapshot and policy
// give the same plan.
func Make(s Snapshot, p Policy) (Plan, error) {
	m, err := newMaker(s, p)
	if err != nil {
		return Plan{}, err
	}
	return m.make()
}

// make assigns the models that may be migrated to the targets. Without a target every model stays.
func (m *maker) make() (Plan, error) {
	candidates, err := m.candidates()
	if err != nil {
		return Plan{}, err
	}
	m.assign(candidates)
	return m.finish(), nil
}

// Named is the policy with JIMM's names of the controllers, which can be given by UUID or tag. A controller that JIMM
// does not know keeps the given name.
func (p Policy) Named(s Snapshot) Policy {
	if c, known := s.Controllers.Named(p.From); known {
		p.From = c.Name
	}
	p.Targets = slices.Clone(p.Targets)
	for i, t := range p.Targets {
		if c, known := s.Controllers.Named(t.Name); known {
			p.Targets[i].Name = c.Name
		}
	}
	return p
}

// maker makes one plan.
type maker struct {
	*rater
	policy  Policy
	targets []Weighted // "*" is spread out.
	byName  map[string]facts.Controller
	index   map[string]int  // of a controller in JIMM's list, by name
	star    map[string]bool // of targets: not named one by one
	planned map[string]int  // agents that are to arrive, by controller
	moves   []Entry
	last    []Entry // the neighbours of JIMM, migrated last
	left    []Left
	more    int
}

// newMaker returns a maker that has its targets.
func newMaker(s Snapshot, p Policy) (*maker, error) {
	m, err := newMakerWithoutTargets(s, p)
	if err != nil {
		return nil, err
	}
	if err := m.readTargets(); err != nil {
		return nil, err
	}
	return m, nil
}

// newMakerWithoutTargets returns a maker that has no targets yet.
func newMakerWithoutTargets(s Snapshot, p Policy) (*maker, error) {
	if p.MaxModels <= 0 || p.MaxModels > MostModels {
		p.MaxModels = MostModels
	}
	if p.Caps == (Caps{}) {
		p.Caps = DefaultCaps()
	}
	if p.Rules == (Rules{}) {
		p.Rules = DefaultRules()
	}
	for _, c := range s.Controllers {
		if strings.ContainsAny(c.Name, " ,=\t\r\n") {
			return nil, fmt.Errorf("cannot plan: a plan cannot contain the controller name %q", c.Name)
		}
	}
	m := assemble(s, p)
	if p.From != "" && !m.byName[p.From].Known() {
		return nil, fmt.Errorf("cannot plan: %w", s.Controllers.NotFound(p.From))
	}
	if p.Goal == Drain && p.From == "" {
		return nil, fmt.Errorf("cannot plan a drain: from must be the controller to drain, one of %s", m.names())
	}
	return m, nil
}

// assemble indexes the snapshot.
func assemble(s Snapshot, p Policy) *maker {
	m := &maker{rater: newRater(s), policy: p, byName: map[string]facts.Controller{}, index: map[string]int{}, star: map[string]bool{}, planned: map[string]int{}}
	for i, c := range s.Controllers {
		m.byName[c.Name], m.index[c.Name] = c, i
	}
	return m
}

func (m *maker) names() string {
	var out []string
	for _, c := range m.snapshot.Controllers {
		if c.Name != m.policy.From {
			out = append(out, c.Name)
		}
	}
	return strings.Join(out, ", ")
}

// readTargets expands "*" and refuses names that cannot be targets.
func (m *maker) readTargets() error {
	var star []Weighted
	for _, t := range m.policy.Targets {
		if t.Name == "*" {
			star = append(star, t)
			continue
		}
		switch c := m.byName[t.Name]; {
		case !c.Known():
			return fmt.Errorf("cannot plan: %w", m.snapshot.Controllers.NotFound(t.Name))
		case t.Name == m.policy.From:
			return fmt.Errorf("cannot plan: the models are to leave %q; choose another target", t.Name)
		case cordoned(c):
			return fmt.Errorf("cannot plan: the target %q is cordoned; choose another, or uncordon-controller controller=%s", t.Name, t.Name)
		case away(c):
			return waitError{fmt.Errorf("cannot plan: the target %q is not available; choose another, or restore it", t.Name)}
		}
		m.targets = append(m.targets, t)
	}
	// "*" is expanded last: a controller that is also named has the weight given with its name.
	for _, t := range star {
		for _, c := range m.snapshot.Controllers {
			named := slices.ContainsFunc(m.targets, func(t Weighted) bool { return t.Name == c.Name })
			if c.Name != m.policy.From && !cordoned(c) && !away(c) && !named {
				m.star[c.Name] = true
				m.targets = append(m.targets, Weighted{c.Name, t.Weight})
			}
		}
	}
	switch {
	case len(m.targets) == 0 && len(m.policy.Targets) > 0:
		return errors.New("cannot plan: every other controller is cordoned or not available")
	case len(m.targets) == 0:
		return fmt.Errorf("cannot plan: no target was given; set targets to \"*\" or to one or more of: %s", m.names())
	}
	seen := map[string]bool{}
	m.targets = slices.DeleteFunc(m.targets, func(t Weighted) bool {
		double := seen[t.Name] || t.Weight < 0
		seen[t.Name] = true
		return double || t.Weight == 0 && m.policy.Goal != Rebalance // Its share is zero.
	})
	if len(m.targets) == 0 {
		return errors.New("cannot plan: the shares of all targets are 0")
	}
	return nil
}

// add adds a move to the plan; those of JIMM's neighbours are last.
func (m *maker) add(c candidate, e Entry) {
	if c.alone {
		m.last = append(m.last, e)
	} else {
		m.moves = append(m.moves, e)
	}
}

// finish cuts and numbers the moves, and returns the plan.
func (m *maker) finish() Plan {
	m.last = m.cut(m.last, m.policy.MaxModels)
	m.moves = m.cut(m.moves, m.policy.MaxModels-len(m.last))
	m.number()
	return m.plan()
}

// cut keeps the models that fit the plan, the smallest first: they carry the least risk, and the next plan gets the
// others.
func (m *maker) cut(moves []Entry, room int) []Entry {
	facts.Sort(moves, smallest)
	if len(moves) <= room {
		return moves
	}
	m.more += len(moves) - room
	return moves[:room]
}

func smallest(a, b Entry) int { return cmp.Or(a.Agents-b.Agents, strings.Compare(a.Model, b.Model)) }

// number puts the moves into waves, the smallest models first. Models that are
// connected with JIMM's make the last wave.
func (m *maker) number() {
	wave := 1
	for i := range m.moves {
		if m.policy.WaveSize > 0 {
			wave = i/m.policy.WaveSize + 1
		}
		m.moves[i].Wave = wave
	}
	for i := range m.last {
		m.last[i].Wave = wave + 1
		if len(m.moves) == 0 {
			m.last[i].Wave = 1
		}
	}
	m.moves = append(m.moves, m.last...)
}

// plan assembles the plan, sorted.
func (m *maker) plan() Plan {
	p := Plan{
		JAAS: m.snapshot.JAAS, Made: m.snapshot.Now.UTC().Truncate(time.Second), Unit: m.snapshot.Unit, Goal: m.policy.Goal, Of: m.policy.From,
		Caps: m.policy.Caps, Rules: m.policy.Rules, Edges: m.snapshot.Edges.Certainty(), Moves: m.moves, Left: m.left, More: m.more,
	}
	switch p.Goal {
	case Move:
		p.Of = ""
	case Upgrade:
		p.Of = m.policy.Version
	default:
	}
	used, in := map[string]bool{p.Of: true}, map[string]bool{}
	for _, e := range p.Moves {
		in[e.Model], used[e.Source] = true, true
		for _, s := range e.Route {
			used[s.Controller] = true
		}
	}
	for _, c := range m.snapshot.Controllers {
		if used[c.Name] {
			p.Controllers = append(p.Controllers, Host{c.Name, c.UUID, c.AgentVersion})
		}
	}
	for _, e := range m.snapshot.Edges.List {
		if in[e.Offerer] || in[e.Consumer] {
			p.Pairs = append(p.Pairs, Edge{Offerer: e.Offerer, Consumer: e.Consumer})
		}
	}
	p.sort()
	return p
}
