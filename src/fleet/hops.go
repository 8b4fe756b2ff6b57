package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
)

// stop is a controller and a version at which a model can be on its route.
type stop struct {
	controller facts.ControllerUUID
	version    string
}

// hops returns the shortest route of a model to a controller on which its agents can run the version. Its steps are
// moves to other controllers, and upgrades of the agents to the version of their controller, where the next move or the
// goal requires it. It is computed each time from what is observed; no step is stored. The search is breadth-first, so
// the route has the fewest steps. Stops are tried in JIMM's order of controllers, upgrades first.
func hops(r *rater, model facts.Model, version string, allowed func(facts.Controller, Eligibility) bool) ([]Step, bool) {
	type way struct {
		stop
		route []Step
	}
	start := way{stop: stop{model.Recorded, model.AgentVersion}}
	seen := map[stop]bool{start.stop: true}
	queue := []way{start}
	for len(queue) > 0 {
		at := queue[0]
		queue = queue[1:]
		if checks.CompareVersions(at.version, version) >= 0 {
			return at.route, true
		}
		step := func(to stop, s Step) {
			if !seen[to] {
				seen[to] = true
				queue = append(queue, way{to, append(slices.Clone(at.route), s)})
			}
		}
		here := model
		here.Recorded, here.AgentVersion = at.controller, at.version
		for _, c := range r.snapshot.Controllers {
			if c.UUID != at.controller || away(c) {
				continue
			}
			// No further than requested: the goal, if this controller is newer.
			to := c.AgentVersion
			if checks.CompareVersions(to, version) > 0 {
				to = version
			}
			if checks.CompareVersions(at.version, to) < 0 {
				step(stop{at.controller, to}, Step{Version: to})
			}
		}
		judgements := r.judgements(&here)
		for i, c := range r.snapshot.Controllers {
			if e := judgements[i].eligible; c.UUID != at.controller && e != NotEligible && allowed(c, e) {
				step(stop{c.UUID, at.version}, Step{Controller: c.Name})
			}
		}
	}
	return nil, false
}

// MakeUpgrade plans the routes on which the models of the policy are upgraded to the version.
func MakeUpgrade(s Snapshot, p Policy, version string) (Plan, error) {
	p.Goal, p.Version = Upgrade, version
	if !fullVersion(version) {
		return Plan{}, fmt.Errorf("cannot plan an upgrade: to-version must be a version such as 3.6.28, not %q", version)
	}
	if len(p.Targets) == 0 {
		p.Targets = []Weighted{{Name: "*", Weight: 1}}
	}
	m, err := newMaker(s, p)
	if err != nil {
		return Plan{}, err
	}
	selected, named, err := m.selected()
	if err != nil {
		return Plan{}, err
	}
	excluded, _, err := m.matching(p.Exclude)
	if err != nil {
		return Plan{}, err
	}
	moving := map[string]bool{}
	for _, f := range s.Moving {
		moving[f.Model] = true
	}
	// A target that is not fully known is accepted only if it is named.
	allowed := func(c facts.Controller, e Eligibility) bool {
		return slices.ContainsFunc(m.targets, func(t Weighted) bool { return t.Name == c.Name }) && (e == Eligible || !m.star[c.Name])
	}
	for _, model := range selected {
		c := m.candidate(model, named[model.UUID])
		if reason := m.rest(c, moving[model.UUID], excluded[model.UUID]); reason != "" {
			m.leave(c, reason)
			continue
		}
		route, ok := hops(m.rater, *model, version, allowed)
		switch {
		case len(route) > 0 && unfinished(s.Jobs[c.UUID]):
			c.detail = "JIMM's own upgrade job is " + s.Jobs[c.UUID]
			m.leave(c, LeftUpgradeJob)
		case !ok:
			c.detail = "no route through the available controllers ends with agents of version " + version
			m.leave(c, cmp.Or(m.failed(&c), LeftNoTarget))
		case len(route) == 0:
			c.detail = "its agents run " + model.AgentVersion
			m.leave(c, LeftAlreadyThere)
		default:
			e := m.entry(c, "")
			e.Route = route
			m.add(c, e)
		}
	}
	return m.finish(), nil
}

// fullVersion reports whether a text is a version that agents can run: "3.6" is a line of releases.
func fullVersion(text string) bool {
	return checks.IsVersion(text) && (strings.Count(text, ".") > 1 || strings.Contains(text, "-"))
}
