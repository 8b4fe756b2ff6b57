package fleet

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
)

// Weighted is a target with the share that it gets, 1 by default.
type Weighted struct {
	Name   string
	Weight int
}

// Policy reports what to plan.
type Policy struct {
	Goal Goal
	// From is the controller that models leave.
	From string
	// Models and Exclude are patterns as [facts.SelectAll] takes them. A
	// model that is named by its UUID or full name is named one by one.
	Models, Exclude []string
	// Targets are names; "*" stands for all that are eligible.
	Targets []Weighted
	// WaveSize is how many models make a wave; 0: all.
	WaveSize int
	// Version is the one that agents are to have; for the goal upgrade.
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

// make assigns the models that may move to the targets. Without a target every model stays.
func (m *maker) make() (Plan, error) {
	candidates, err := m.candidates()
	if err != nil {
		return Plan{}, err
	}
	m.assign(candidates)
	return m.finish(), nil
}

// Named is the policy with JIMM's names of the controllers, which can be given by UUID
// or tag. A controller that JIMM does not know stays as it was given.
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
	planned map[string]int  // agents that come, by controller
	moves   []Entry
	last    []Entry // the neighbours of JIMM, moved last
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
		return nil, errors.New("cannot plan: " + s.Controllers.Unknown(p.From))
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
		out = append(out, c.Name)
	}
	return strings.Join(out, ", ")
}

// readTargets spreads out "*" and refuses names that can be no target.
func (m *maker) readTargets() error {
	var star []Weighted
	for _, t := range m.policy.Targets {
		if t.Name == "*" {
			star = append(star, t)
			continue
		}
		switch c := m.byName[t.Name]; {
		case !c.Known():
			return errors.New("cannot plan: " + m.snapshot.Controllers.Unknown(t.Name))
		case t.Name == m.policy.From:
			return fmt.Errorf("cannot plan: the models are to leave %q; choose another target", t.Name)
		case cordoned(c):
			return fmt.Errorf("cannot plan: the target %q is cordoned; choose another, or uncordon-controller controller=%s", t.Name, t.Name)
		case away(c):
			return waitError{fmt.Errorf("cannot plan: the target %q is not available; choose another, or restore it", t.Name)}
		}
		m.targets = append(m.targets, t)
	}
	// What "*" stands for comes last: a controller that is named too has the weight given with its name.
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
		return fmt.Errorf("cannot plan: no target was given; targets must be \"*\" or some of %s", m.names())
	}
	seen := map[string]bool{}
	m.targets = slices.DeleteFunc(m.targets, func(t Weighted) bool {
		double := seen[t.Name] || t.Weight < 0
		seen[t.Name] = true
		return double || t.Weight == 0 && m.policy.Goal != Rebalance // Its share is nothing.
	})
	if len(m.targets) == 0 {
		return errors.New("cannot plan: the weights of all targets are 0")
	}
	return nil
}

// candidate is a model that may move.
type candidate struct {
	*facts.Model
	named      bool      // One by one.
	judgements []verdict // About all controllers.
	fits       []string  // Names of the targets that take it.
	detail     string    // More about why it stays.
	alone      bool      // A neighbour of JIMM: last.
}

func (m *maker) candidate(model *facts.Model, named bool) candidate {
	alone := m.snapshot.JIMMModel != "" && slices.Contains(m.graph[model.UUID], m.snapshot.JIMMModel)
	return candidate{Model: model, named: named, alone: alone}
}

// add takes a move into the plan; those of JIMM's neighbours come last.
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

// candidates selects the models, and leaves those that must not move.
func (m *maker) candidates() ([]candidate, error) {
	selected, named, err := m.selected()
	if err != nil {
		return nil, err
	}
	moving := map[string]Flight{}
	for _, f := range m.snapshot.Moving {
		moving[f.Model] = f
	}
	excluded, _, err := m.matching(m.policy.Exclude)
	if err != nil {
		return nil, err
	}
	out := make([]candidate, 0, len(selected))
	for _, model := range selected {
		c := m.candidate(model, named[model.UUID])
		flight, moves := moving[model.UUID]
		reason := m.rest(c, moves, excluded[model.UUID])
		if reason == LeftNotAlive {
			c.detail = c.Life
		}
		if reason == LeftMoving && m.follows(flight) {
			m.planned[flight.Target] += c.Agents()
			m.add(c, m.entry(c, flight.Target))
			continue
		}
		if reason == "" {
			reason = m.fit(&c)
		}
		if reason != "" {
			m.leave(c, reason)
			continue
		}
		out = append(out, c)
	}
	return out, nil
}

// follows reports whether a drain takes over a migration that runs: it goes from the
// controller to a target. So a drain that was killed continues where it was, and it does not
// matter which client started a migration.
func (m *maker) follows(f Flight) bool {
	return m.policy.Goal == Drain && f.Source == m.policy.From &&
		slices.ContainsFunc(m.targets, func(t Weighted) bool { return t.Name == f.Target })
}

// rest returns why the model must stay, whatever the target.
func (m *maker) rest(c candidate, moving, excluded bool) Reason {
	switch {
	case c.UUID == m.snapshot.OwnModel:
		return LeftOwnModel
	case c.IsController:
		return LeftControllerModel
	case c.UUID == m.snapshot.JIMMModel:
		return LeftJIMMModel
	case excluded:
		return LeftExcluded
	case c.Life != "alive" && c.Life != "":
		return LeftNotAlive
	case moving:
		return LeftMoving
	case c.alone && !c.named:
		return LeftJIMMNeighbour
	case m.snapshot.Edges.offers(c.UUID) && !c.named:
		return LeftConnectedOffers
	default:
		return ""
	}
}

// fit finds the targets that take the model.
func (m *maker) fit(c *candidate) Reason {
	reason := LeftNoTarget
	c.judgements = m.judgements(c.Model)
	c.fits = make([]string, 0, len(m.targets))
	for _, t := range m.targets {
		at := m.index[t.Name]
		if m.snapshot.Controllers[at].UUID == c.Recorded {
			continue
		}
		v := c.judgements[at]
		switch {
		case v.eligible == Eligible, v.eligible == Unclear && !m.star[t.Name]:
			c.fits = append(c.fits, t.Name)
		case v.eligible == Unclear:
			reason = LeftUnclear
		}
		if len(v.reasons) > 0 && c.detail == "" {
			c.detail = t.Name + ": " + v.reasons[0].Evidence
		}
	}
	if len(c.fits) > 0 {
		return ""
	}
	return cmp.Or(m.failed(c), reason)
}

// failed returns the check of migrate-model that forbids to move the model to a target of
// the plan, and sets the candidate's detail; "" if none was made or none does.
func (m *maker) failed(c *candidate) Reason {
	for _, t := range m.targets {
		if f, refused := m.snapshot.Refused[c.UUID][m.byName[t.Name].UUID]; refused {
			c.detail = t.Name + ": " + f.Evidence
			return Reason(f.Check)
		}
	}
	return ""
}

func (m *maker) leave(c candidate, why Reason) {
	m.left = append(m.left, Left{Reason: why, Model: c.UUID, Name: printed(c.Model), Detail: c.detail})
}

// printed returns the full name on one line, whatever is in it.
func printed(m *facts.Model) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '?'
		}
		return r
	}, m.FullName())
}

// selected returns the models that the policy is about, and those that it names
// one by one.
func (m *maker) selected() (models []*facts.Model, named map[string]bool, err error) {
	patterns := m.policy.Models
	if m.policy.Goal == Drain && len(patterns) == 0 {
		patterns = []string{"*"}
	}
	if len(patterns) == 0 {
		return nil, nil, errors.New("cannot plan: no models were given; models must be a list of names or patterns such as alice@example.com/*")
	}
	in, named, err := m.matching(patterns)
	if err != nil {
		return nil, nil, err
	}
	typed, _, err := m.matching(slices.DeleteFunc(slices.Clone(patterns), facts.IsPattern))
	if err != nil {
		return nil, nil, err
	}
	from := m.byName[m.policy.From].UUID
	for i := range m.snapshot.Models {
		model := &m.snapshot.Models[i]
		switch {
		case !in[model.UUID] || from != "" && model.Recorded != from:
		case !m.onlyTarget(model):
			models = append(models, model)
		case typed[model.UUID]: // A pattern may match models that are there already.
			m.leave(m.candidate(model, true), LeftAlreadyThere)
		}
	}
	slices.SortFunc(models, func(a, b *facts.Model) int { return strings.Compare(a.UUID, b.UUID) })
	return models, named, nil
}

// onlyTarget reports whether the model is on the one target already.
func (m *maker) onlyTarget(model *facts.Model) bool {
	return m.policy.Goal != Upgrade && len(m.targets) == 1 && m.byName[m.targets[0].Name].UUID == model.Recorded
}

// matching returns the UUIDs of the models that the patterns match. One that
// matches none is an error: a name that is misspelt must not pass for done, nor move
// the model that was to be excluded. In a drain, which is run again until the
// controller is empty, a pattern can have become one of no models.
func (m *maker) matching(patterns []string) (in, named map[string]bool, err error) {
	in, named = map[string]bool{}, map[string]bool{}
	for _, pattern := range patterns {
		if pattern == "*" {
			for i := range m.snapshot.Models {
				in[m.snapshot.Models[i].UUID] = true
			}
			continue
		}
		found, err := facts.SelectAll(m.snapshot.Models, pattern)
		if err != nil {
			return nil, nil, fmt.Errorf("cannot plan: %w", err)
		}
		if len(found) == 0 && (m.policy.Goal != Drain || !facts.IsPattern(pattern)) {
			return nil, nil, fmt.Errorf("cannot plan: %w", facts.NoModel(m.snapshot.Models, pattern, nil))
		}
		for _, f := range found {
			in[f.UUID] = true
			if pattern == f.UUID || pattern == f.FullName() {
				named[f.UUID] = true
			}
		}
	}
	return in, named, nil
}

// assign gives each model its target: those that are connected with each other
// the same one where that is possible, the largest groups first.
func (m *maker) assign(candidates []candidate) {
	byUUID := make(map[string]candidate, len(candidates))
	uuids := make([]string, len(candidates))
	for i, c := range candidates {
		byUUID[c.UUID], uuids[i] = c, c.UUID
	}
	groups := m.graph.components(uuids)
	agents := func(group []string) int {
		n := 0
		for _, uuid := range group {
			n += byUUID[uuid].Agents()
		}
		return n
	}
	slices.SortStableFunc(groups, func(a, b []string) int { return agents(b) - agents(a) })
	for _, group := range groups {
		common := m.common(group, byUUID)
		for _, uuid := range group {
			c := byUUID[uuid]
			fits := c.fits
			if len(common) > 0 {
				fits = common
			}
			target := m.choose(c, fits)
			if len(common) > 0 {
				common = []string{target}
			}
			m.planned[target] += c.Agents()
			m.add(c, m.entry(c, target))
		}
	}
}

// entry is the move of a model to a target.
func (m *maker) entry(c candidate, target string) Entry {
	return Entry{
		Wave: 1, Model: c.UUID, Source: m.snapshot.nameOf(c.Recorded), Route: []Step{{Controller: target}},
		Agents: c.Agents(), Name: printed(c.Model),
	}
}

// common returns the targets that take all models of a group.
func (m *maker) common(group []string, by map[string]candidate) []string {
	if len(group) == 1 {
		return nil
	}
	out := slices.Clone(by[group[0]].fits)
	for _, uuid := range group[1:] {
		out = slices.DeleteFunc(out, func(t string) bool { return !slices.Contains(by[uuid].fits, t) })
	}
	return out
}

// choose returns the best of the targets: as [Targets] ranks them, where the
// agents count that this plan has given them, divided by the weight.
func (m *maker) choose(c candidate, names []string) string {
	best := m.option(c, names[0])
	for _, name := range names[1:] {
		if o := m.option(c, name); o.better(best) {
			best = o
		}
	}
	return best.controller.Name
}

// option is a target for a model of this plan.
type option struct {
	controller                                    facts.Controller
	eligible, connected, warnings, agents, weight int
}

func (m *maker) option(c candidate, name string) option {
	at := m.index[name]
	v, controller := c.judgements[at], m.snapshot.Controllers[at]
	return option{
		controller, eligibility(v.eligible), m.connected(c.UUID, controller), v.warnings(),
		m.loads[name].Agents + m.planned[name] + c.Agents(), m.weight(name),
	}
}

func (o option) better(p option) bool {
	return cmp.Or(
		o.eligible-p.eligible, p.connected-o.connected, o.warnings-p.warnings,
		o.agents*p.weight-p.agents*o.weight, // Cross-multiplied, so that nothing is rounded.
		checks.CompareVersions(o.controller.AgentVersion, p.controller.AgentVersion), strings.Compare(o.controller.Name, p.controller.Name),
	) < 0
}

func (m *maker) weight(name string) int {
	for _, t := range m.targets {
		if t.Name == name {
			return max(t.Weight, 1)
		}
	}
	return 1
}

// cut keeps what fits the plan, the smallest models first: they carry the least
// risk, and the next plan has the others.
func (m *maker) cut(moves []Entry, room int) []Entry {
	slices.SortFunc(moves, smallest)
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

// plan puts it all together, sorted.
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
