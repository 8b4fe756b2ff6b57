package fleet

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"jimm-migrator/src/migration/facts"
)

// candidate is a model that may be migrated.
type candidate struct {
	*facts.Model
	named      bool      // Named one by one.
	judgements []verdict // About all controllers.
	fits       []string  // Names of the targets that accept it.
	detail     string    // More about why it stays.
	alone      bool      // A neighbour of JIMM: it is migrated last.
}

func (m *maker) candidate(model *facts.Model, named bool) candidate {
	alone := m.snapshot.JIMMModel != "" && slices.Contains(m.graph[model.UUID], m.snapshot.JIMMModel)
	return candidate{Model: model, named: named, alone: alone}
}

// candidates selects the models, and leaves those that must not be migrated.
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

// follows reports whether a drain takes over a running migration: one from the controller to a target. So a drain that
// was killed continues, and it does not matter which client started a migration.
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

// fit finds the targets that accept the model.
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

// failed returns the check of migrate-model that prevents a migration of the model to a target of the plan, and sets
// the candidate's detail; "" if no check was made, or none failed.
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

// printed returns the full name on one line, whatever characters it has.
func printed(m *facts.Model) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return '?'
		}
		return r
	}, m.FullName())
}

// selected returns the models that the policy selects, and those that it names one by one.
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
		case typed[model.UUID]: // A pattern may match models that are already there.
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

// matching returns the UUIDs of the models that the patterns match. A pattern without a match is an error: a misspelt
// name must neither count as done nor migrate the model that was to be excluded. In a drain, which is repeated until
// the controller is empty, a pattern may no longer match.
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
			if f.NamedBy(pattern) {
				named[f.UUID] = true
			}
		}
	}
	return in, named, nil
}
