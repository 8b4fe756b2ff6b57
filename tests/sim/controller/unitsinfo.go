package controller

import (
	"context"
	"slices"
	"strings"

	"jimm-migrator/tests/sim/wire"
)

// The result of Application.UnitsInfo, as in Juju 3.5.4. Some members have no name of their own on the wire.

type unitInfo struct {
	Tag             string           `json:"tag"`
	WorkloadVersion string           `json:"workload-version"`
	Machine         string           `json:"machine,omitempty"`
	OpenedPorts     []string         `json:"opened-ports"`
	PublicAddress   string           `json:"public-address,omitempty"`
	Charm           string           `json:"charm"`
	Leader          bool             `json:"leader,omitempty"`
	Life            string           `json:"life,omitempty"`
	RelationData    []relationOfUnit `json:"relation-data,omitempty"`
	ProviderID      string           `json:"provider-id,omitempty"`
	Address         string           `json:"address,omitempty"`
}

type relationOfUnit struct {
	RelationID       int                     `json:"relation-id"`
	Endpoint         string                  `json:"endpoint"`
	CrossModel       bool                    `json:"cross-model"`
	RelatedEndpoint  string                  `json:"related-endpoint"`
	ApplicationData  map[string]any          `json:"ApplicationData"`
	UnitRelationData map[string]relationData `json:"unit-relation-data"`
}

type relationData struct {
	InScope  bool              `json:"InScope"`
	UnitData map[string]string `json:"UnitData"`
}

// unitsInfo is Application.UnitsInfo: units by their tags, or all of an application. It has no check of access of its own (source
// of 3.5.4). Juju 4 has it too; what it says there is not recorded, so it is left out.
func unitsInfo(_ context.Context, s *session, req *wire.Request) (any, error) {
	if s.c.release.has(juju4) {
		return nil, s.unknownMethod(req)
	}
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	h := s.c.models[s.model]
	if h == nil {
		return nil, wire.Errorf("not found", "model %q not found", s.model)
	}
	var params entities
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	list := results{}
	for _, entity := range params.Entities {
		infos, err := h.model.unitInfos(entity.Tag)
		if err != nil {
			list.Results = append(list.Results, result{Error: wire.AsError(err)})
		}
		for _, info := range infos {
			list.Results = append(list.Results, result{Result: info})
		}
	}
	return list, nil
}

func (m Model) unitInfos(tag string) ([]unitInfo, error) {
	kind, id, _ := strings.Cut(tag, "-")
	application, number := id, ""
	switch i := strings.LastIndex(id, "-"); {
	case kind == "unit" && i > 0:
		application, number = id[:i], id[i+1:]
	case kind != "application":
		return nil, wire.Errorf("", "tag %q is neither unit nor application tag", tag)
	}
	at := slices.IndexFunc(m.Applications, func(a Application) bool { return a.Name == application })
	var out []unitInfo
	if at >= 0 {
		for _, unit := range m.unitsOf(application) {
			if number == "" || unit.Name == application+"/"+number {
				out = append(out, m.unitInfo(m.Applications[at], unit))
			}
		}
	}
	switch {
	case number != "" && len(out) == 0:
		return nil, wire.Errorf("not found", "unit %q not found", application+"/"+number)
	case at < 0:
		return nil, wire.Errorf("not found", "application %q not found", application)
	}
	return out, nil
}

func (m Model) unitInfo(a Application, u Unit) unitInfo {
	info := unitInfo{
		Tag: "unit-" + strings.ReplaceAll(u.Name, "/", "-"), WorkloadVersion: a.WorkloadVersion, Machine: u.Machine, OpenedPorts: u.Ports,
		PublicAddress: u.Address, Charm: a.charmURL(), Leader: u.Leader, Life: u.Life,
	}
	for _, r := range m.Relations {
		own := slices.IndexFunc(r.Endpoints, func(e Endpoint) bool { return e.Application == a.Name })
		if own < 0 {
			continue
		}
		other := r.Endpoints[(own+1)%len(r.Endpoints)] // a peer relation has one end
		seen := relationOfUnit{
			RelationID: r.ID, Endpoint: r.Endpoints[own].Name, RelatedEndpoint: other.Name, ApplicationData: map[string]any{},
			UnitRelationData: map[string]relationData{},
			CrossModel:       !slices.ContainsFunc(m.Applications, func(a Application) bool { return a.Name == other.Application }),
		}
		for _, unit := range m.unitsOf(other.Application) {
			data := relationData{InScope: !slices.Contains(r.NotJoined, unit.Name) && m.takesPart(r, unit)}
			if data.InScope {
				data.UnitData = r.Data
			}
			seen.UnitRelationData[unit.Name] = data
		}
		info.RelationData = append(info.RelationData, seen)
	}
	return info
}

// unitsOf returns the units of an application, those of a subordinate one too.
func (m Model) unitsOf(application string) []Unit {
	var out []Unit
	for _, a := range m.Applications {
		for _, u := range a.Units {
			for _, unit := range append([]Unit{u}, u.Subordinates...) {
				if name, _, _ := strings.Cut(unit.Name, "/"); name == application {
					out = append(out, unit)
				}
			}
		}
	}
	return out
}

// eachUnit calls do with each unit, subordinates included.
func (m *Model) eachUnit(do func(*Unit)) {
	for _, a := range m.Applications {
		for i := range a.Units {
			do(&a.Units[i])
			for j := range a.Units[i].Subordinates {
				do(&a.Units[i].Subordinates[j])
			}
		}
	}
}

// takesPart reports whether a unit joins a relation: a unit of a subordinate joins a relation with
// another subordinate, and otherwise only one with its principal's application
// (state.RelationUnit.Valid of 3.5.4).
func (m Model) takesPart(r Relation, u Unit) bool {
	if !slices.ContainsFunc(r.Endpoints, func(e Endpoint) bool { return !m.isSubordinate(e.Application) }) {
		return true
	}
	for _, a := range m.Applications {
		for _, principal := range a.Units {
			if r.Scope == "container" && slices.ContainsFunc(principal.Subordinates, func(s Unit) bool { return s.Name == u.Name }) {
				return slices.ContainsFunc(r.Endpoints, func(e Endpoint) bool { return e.Application == a.Name })
			}
		}
	}
	return true
}

// isSubordinate reports whether an application has its units beside those of others. Worlds do not
// say so: an application without units of its own counts as a subordinate.
func (m Model) isSubordinate(application string) bool {
	return slices.ContainsFunc(m.Applications, func(a Application) bool { return a.Name == application && len(a.Units) == 0 })
}
