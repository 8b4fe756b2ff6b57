package fleet

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"jimm-migrator/src/migration/facts"
)

// Departure is a model that has left a controller.
type Departure struct {
	// Model is a UUID.
	Model string
	// From is the name of the controller that it left.
	From string
	// Reason is why that is not proved; "" if it is. Detail adds to it.
	Reason Reason
	Detail string
}

// Departures are the moves of a plan that were carried out: the model is now on its target.
func (p Plan) Departures(s Snapshot) []Departure {
	at := make(map[string]string, len(s.Models))
	for _, m := range s.Models {
		at[m.UUID] = s.nameOf(m.Recorded)
	}
	var out []Departure
	for _, e := range p.Moves {
		if at[e.Model] == e.Target() && e.Target() != e.Source {
			out = append(out, Departure{Model: e.Model, From: e.Source})
		}
	}
	return out
}

// MakeReverse plans to migrate models back to the controller that they left. The departures are those of a plan, or
// those of [Testimonies]. Nothing is guessed: a departure that is not proved is left with its reason. Old is the plan,
// if there is one: its controllers must be those of today.
func MakeReverse(s Snapshot, p Policy, departures []Departure, old *Plan) (Plan, error) {
	p.Goal = Reverse
	sources := map[string]bool{}
	for _, d := range departures {
		if p.From == "" || d.From == p.From {
			sources[d.From] = true
		}
	}
	if err := reversible(s, sources, old); err != nil {
		return Plan{}, err
	}
	p.Targets = nil
	for name := range sources {
		p.Targets = append(p.Targets, Weighted{Name: name, Weight: 1})
	}
	facts.Sort(p.Targets, func(a, b Weighted) int { return strings.Compare(a.Name, b.Name) })
	if len(p.Targets) == 0 {
		return Plan{}, fmt.Errorf("cannot plan the reversal: no model is known to have left %s%s", orAny(p.From), without(old))
	}
	to := p.From
	p.From = ""
	m, err := newMaker(s, p)
	if err != nil {
		return Plan{}, err
	}
	if err := m.back(departures, to); err != nil {
		return Plan{}, err
	}
	m.policy.From = to
	return m.finish(), nil
}

func orAny(name string) string {
	if name == "" {
		return "any controller"
	}
	return fmt.Sprintf("%q", name)
}

// without returns what was read in the place of a plan.
func without(old *Plan) string {
	if old != nil {
		return ""
	}
	return "; JIMM's audit log has no request to move one elsewhere in that time; set since= to look further back"
}

// reversible refuses controllers that models cannot return to.
func reversible(s Snapshot, sources map[string]bool, old *Plan) error {
	for _, c := range s.Controllers {
		if !sources[c.Name] {
			continue
		}
		switch {
		case cordoned(c):
			return fmt.Errorf("cannot plan the reversal: %q is cordoned; to lift the cordon, run uncordon-controller controller=%s", c.Name, c.Name)
		case away(c):
			return fmt.Errorf("cannot plan the reversal: %q is not available", c.Name)
		case slices.ContainsFunc(s.Moving, func(f Flight) bool { return f.Source == c.Name }):
			return fmt.Errorf("cannot plan the reversal: models are still leaving %q; wait until they have left", c.Name)
		}
	}
	if old == nil {
		return nil
	}
	if old.JAAS != s.JAAS {
		return fmt.Errorf("cannot plan the reversal: the plan was made for another JAAS, %s", old.JAAS)
	}
	for _, h := range old.Controllers {
		if c, known := s.Controller(h.Name); sources[h.Name] && (!known || c.UUID != h.UUID) {
			return fmt.Errorf("cannot plan the reversal: %q is not the controller of the plan, which has the UUID %s", h.Name, h.UUID)
		}
	}
	return nil
}

// back selects the models that left, and reverses each move.
func (m *maker) back(departures []Departure, to string) error {
	excluded, _, err := m.matching(m.policy.Exclude)
	if err != nil {
		return err
	}
	only, named, err := m.matching(m.policy.Models)
	if err != nil {
		return err
	}
	models := map[string]*facts.Model{}
	for i := range m.snapshot.Models {
		models[m.snapshot.Models[i].UUID] = &m.snapshot.Models[i]
	}
	moving := map[string]bool{}
	for _, f := range m.snapshot.Moving {
		moving[f.Model] = true
	}
	done := map[string]bool{}
	for _, d := range departures {
		model, known := models[d.Model]
		target := m.byName[d.From]
		skip := to != "" && d.From != to || len(m.policy.Models) > 0 && !only[d.Model]
		if !known || skip || done[d.Model] || model.Recorded == target.UUID && d.Reason == "" {
			continue
		}
		done[d.Model] = true
		c := m.candidate(model, named[d.Model])
		reason := m.rest(c, moving[d.Model], excluded[d.Model])
		if reason == "" {
			reason, c.detail = d.Reason, d.Detail
		}
		if v := m.judgements(model)[m.index[d.From]]; reason == "" && v.eligible == NotEligible {
			c.detail = d.From + ": " + v.reasons[0].Evidence
			reason = cmp.Or(m.failed(&c), LeftNoTarget)
		}
		if reason != "" {
			m.leave(c, reason)
			continue
		}
		m.add(c, m.entry(c, d.From))
	}
	return nil
}
