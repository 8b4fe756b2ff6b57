package controller

import (
	"cmp"
	"context"
	"slices"
	"time"

	"jimm-migrator/tests/sim/wire"
)

// modelSummary is an item of ListModelSummaries, versions 9 and 10 (documented; 4.0-beta8, recorded).
type modelSummary struct {
	Name           string           `json:"name"`
	UUID           string           `json:"uuid"`
	Type           string           `json:"type"`
	ControllerUUID string           `json:"controller-uuid"`
	IsController   bool             `json:"is-controller"`
	ProviderType   string           `json:"provider-type,omitempty"`
	DefaultSeries  string           `json:"default-series,omitempty"`
	CloudTag       string           `json:"cloud-tag"`
	CloudRegion    string           `json:"cloud-region,omitempty"`
	CredentialTag  string           `json:"cloud-credential-tag,omitempty"`
	OwnerTag       string           `json:"owner-tag"`
	Life           string           `json:"life"`
	Status         entityStatus     `json:"status"`
	UserAccess     string           `json:"user-access"`
	LastConnection *time.Time       `json:"last-connection"`
	Counts         []entityCount    `json:"counts"`
	Migration      *migrationStatus `json:"migration,omitempty"`
	SLA            *sla             `json:"sla"`
	AgentVersion   string           `json:"agent-version"`
}

type entityCount struct {
	Entity string `json:"entity"`
	Count  int    `json:"count"`
}

// sorted returns the models by owner and name, so that answers do not change their order. The caller holds mu.
func (c *Controller) sorted() []*hosted {
	list := make([]*hosted, 0, len(c.models))
	for _, h := range c.models {
		list = append(list, h)
	}
	slices.SortFunc(list, func(a, b *hosted) int {
		return cmp.Or(cmp.Compare(a.model.Name, b.model.Name), cmp.Compare(a.model.UUID, b.model.UUID))
	})
	return list
}

// modelSummaries lists the models of a user, or all of them for a superuser who asks for that; others' "all" is ignored
// (2.9 to 3.6, documented). Importing models are left out.
func modelSummaries(_ context.Context, s *session, req *wire.Request) (any, error) {
	var params struct {
		UserTag string `json:"user-tag"`
		All     bool   `json:"all"`
	}
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	name, err := userTag(params.UserTag)
	if err != nil {
		return nil, err
	}
	superuser := s.superuser() == nil
	if !superuser && name != s.loggedIn().user {
		return nil, errPermission()
	}
	c := s.c
	c.mu.Lock()
	defer c.mu.Unlock()
	list := results{Results: []result{}}
	for _, h := range c.sorted() {
		access := h.model.access(name)
		all := superuser && params.All
		if h.mode == modeImporting || !all && (access == "" || h.permissionsGone) {
			continue
		}
		if all {
			access = cmp.Or(access, "admin")
		}
		list.Results = append(list.Results, result{Result: c.summaryOf(h, access, req.Version)})
	}
	return list, nil
}

// summaryOf makes one item. The caller holds mu.
func (c *Controller) summaryOf(h *hosted, access string, version int) modelSummary {
	m := h.model
	cloud, _ := c.cloud(m.Cloud)
	summary := modelSummary{
		Name: m.Name, UUID: m.UUID, Type: m.Type, ControllerUUID: c.config.UUID, IsController: m.IsController,
		ProviderType: cloud.Type, CloudTag: "cloud-" + m.Cloud, CloudRegion: m.Region,
		CredentialTag: m.credentialTag(), OwnerTag: "user-" + m.Owner, Life: m.Life, Status: h.entityStatus(),
		UserAccess: access, Counts: []entityCount{}, Migration: c.visibleMigration(h, true),
		SLA: &sla{Level: "unsupported"}, AgentVersion: m.AgentVersion,
	}
	if version < 10 {
		summary.DefaultSeries = "jammy"
	}
	cores := 0
	for _, machine := range m.Machines {
		n, _ := hardware(machine.Hardware)["cores"].(int)
		cores += n
	}
	for _, count := range []entityCount{
		{"machines", len(m.Machines)}, {"cores", cores}, {"units", m.agents() - len(m.Machines)},
	} {
		if count.Count > 0 {
			summary.Counts = append(summary.Counts, count)
		}
	}
	return summary
}

type userModel struct {
	Model struct {
		Name     string `json:"name"`
		UUID     string `json:"uuid"`
		Type     string `json:"type"`
		OwnerTag string `json:"owner-tag"`
	} `json:"model"`
	LastConnection *time.Time `json:"last-connection"`
}

type userModels struct {
	UserModels []userModel `json:"user-models"`
}

func (h *hosted) userModel() userModel {
	var m userModel
	m.Model.Name, m.Model.UUID = h.model.Name, h.model.UUID
	m.Model.Type, m.Model.OwnerTag = h.model.Type, "user-"+h.model.Owner
	return m
}

// listModels lists what a user may see; a superuser sees all. Importing models are left out (2.9 to 3.6, documented).
func listModels(_ context.Context, s *session, req *wire.Request) (any, error) {
	var params struct {
		Tag string `json:"tag"`
	}
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	name, err := userTag(params.Tag)
	if err != nil {
		return nil, err
	}
	superuser := s.superuser() == nil
	if !superuser && name != s.loggedIn().user {
		return nil, errPermission()
	}
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	var list userModels
	for _, h := range s.c.sorted() {
		if h.mode == modeImporting || h.permissionsGone || !superuser && !h.model.hasUser(name) {
			continue
		}
		list.UserModels = append(list.UserModels, h.userModel())
	}
	return list, nil
}

// allModels lists all models that are not dead, importing and exporting ones included (2.9 to 4.0, documented).
func allModels(_ context.Context, s *session, _ *wire.Request) (any, error) {
	if err := s.superuser(); err != nil {
		return nil, err
	}
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	var list userModels
	for _, h := range s.c.sorted() {
		if h.model.Life != "dead" {
			list.UserModels = append(list.UserModels, h.userModel())
		}
	}
	return list, nil
}

// modelStatusItem is an item of ModelStatus; a bad one has only its error (documented; 4.0-beta8, recorded).
type modelStatusItem struct {
	ModelTag           string      `json:"model-tag"`
	Life               string      `json:"life"`
	Type               string      `json:"type"`
	HostedMachineCount int         `json:"hosted-machine-count"`
	ApplicationCount   int         `json:"application-count"`
	UnitCount          int         `json:"unit-count"`
	OwnerTag           string      `json:"owner-tag"`
	Error              *wire.Error `json:"error,omitempty"`
}

func modelStatus(_ context.Context, s *session, req *wire.Request) (any, error) {
	var params entities
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	items := []modelStatusItem{}
	for _, entity := range params.Entities {
		items = append(items, s.modelStatus(entity.Tag))
	}
	return map[string]any{"models": items}, nil
}

// modelStatus tells a missing model from a forbidden one (documented).
func (s *session) modelStatus(tag string) modelStatusItem {
	uuid, err := modelTag(tag)
	if err != nil {
		return modelStatusItem{Error: wire.AsError(err)}
	}
	who := s.loggedIn()
	access, _ := s.c.modelAccess(who, uuid)
	superuser := s.c.controllerAccess(who) == "superuser"
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	h := s.c.models[uuid]
	switch {
	case access != "admin" && !superuser:
		return modelStatusItem{Error: wire.AsError(errPermission())}
	case h == nil:
		return modelStatusItem{Error: wire.Errorf("not found", "model %q not found", uuid)}
	}
	m := h.model
	return modelStatusItem{
		ModelTag: "model-" + uuid, Life: m.Life, Type: m.Type, OwnerTag: "user-" + m.Owner,
		HostedMachineCount: len(m.Machines), ApplicationCount: len(m.Applications),
		UnitCount: m.agents() - len(m.Machines),
	}
}
