package fleet

import (
	"cmp"
	"slices"
	"strings"

	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
)

// assign gives each model its target. Connected models get the same one where possible, the largest groups first.
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

// common returns the targets that accept all models of a group.
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

// choose returns the best of the targets: they are ranked as [Targets] ranks them, with the agents that this plan has
// assigned to them, divided by the weight.
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
		o.agents*p.weight-p.agents*o.weight, // Cross-multiplied, to avoid rounding.
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
