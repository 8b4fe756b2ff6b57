package controller

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"jimm-migrator/tests/sim/wire"
)

// modelSummary is an item of ListModelSummaries, versions 9 to 11 (documented; 4.0-beta8, recorded).
type modelSummary struct {
	Name           string           `json:"name"`
	Qualifier      string           `json:"qualifier,omitempty"`
	UUID           string           `json:"uuid"`
	Type           string           `json:"type"`
	ControllerUUID string           `json:"controller-uuid"`
	IsController   bool             `json:"is-controller"`
	ProviderType   string           `json:"provider-type,omitempty"`
	DefaultSeries  string           `json:"default-series,omitempty"`
	CloudTag       string           `json:"cloud-tag"`
	CloudRegion    string           `json:"cloud-region,omitempty"`
	CredentialTag  string           `json:"cloud-credential-tag,omitempty"`
	OwnerTag       string           `json:"owner-tag,omitempty"`
	Life           string           `json:"life"`
	Status         entityStatus     `json:"status"`
	UserAccess     string           `json:"user-access"`
	LastConnection *time.Time       `json:"last-connection"`
	Counts         []entityCount    `json:"counts"`
	Migration      *migrationStatus `json:"migration,omitempty"`
	SLA            *sla             `json:"sla,omitempty"`
	AgentVersion   string           `json:"agent-version"`
}

type entityCount struct {
	Entity string `json:"entity"`
	Count  int    `json:"count"`
}

// sorted returns the models by owner and name, so that answers have a fixed order. The caller holds mu.
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

// modelSummaries lists the models of a user, or all of them for a superuser who asks for all. For other users "all" is
// ignored (2.9 to 3.6, documented) or refused (4.0-beta8, recorded). Importing models are left out.
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
	c := s.c
	newer := c.release.has(juju4)
	c.mu.Lock()
	defer c.mu.Unlock()
	all := superuser && params.All
	switch {
	case newer && params.All && !superuser:
		return nil, wire.Errorf("unauthorized access", "permission denied: cannot list all models as non-admin user")
	case !superuser && name != s.loggedIn().user:
		return nil, errPermission()
	case newer && !all && !c.knows(name):
		return nil, wire.Errorf("not found", "user %q does not exist", name)
	}
	list := results{Results: []result{}}
	for _, h := range c.sorted() {
		access := h.model.access(name)
		if !c.listed(h) || !all && (access == "" || h.permissionsGone) {
			continue
		}
		switch {
		case all && newer:
			access = ""
		case all:
			access = cmp.Or(access, "admin")
		}
		list.Results = append(list.Results, result{Result: c.summaryOf(h, name, access, req.Version)})
	}
	if len(list.Results) == 0 && !newer {
		list.Results = nil // 3.5.4 and 3.6.28, observed
	}
	return list, nil
}

// listed reports whether summaries and ListModels include a copy: not while it is being imported (2.9 to 3.6,
// documented; 3.6.28, recorded), unless the target is 4.0.15 (recorded).
func (c *Controller) listed(h *hosted) bool {
	return h.mode != modeImporting || c.release.has(silentSource) && !h.hidden
}

// summaryOf builds one item. The caller holds mu.
func (c *Controller) summaryOf(h *hosted, user, access string, version int) modelSummary {
	m := h.model
	cloud, _ := c.cloud(m.Cloud)
	summary := modelSummary{
		Name: m.Name, UUID: m.UUID, Type: m.Type, ControllerUUID: c.config.UUID, IsController: m.IsController,
		ProviderType: cloud.Type, CloudTag: "cloud-" + m.Cloud, CloudRegion: m.Region,
		CredentialTag: m.credentialTag(), Life: m.Life, Status: c.entityStatus(h),
		UserAccess: access, LastConnection: h.lastConnection(user), Counts: []entityCount{}, Migration: c.visibleMigration(h, true),
		SLA: &sla{Owner: m.Owner}, AgentVersion: m.AgentVersion, // 3.5.4, observed; 3.6.28, recorded
	}
	if h.reaping != whole { // 3.6.28, recorded
		summary.Status = entityStatus{Since: summary.Status.Since}
	}
	summary.OwnerTag, summary.Qualifier = c.ownership(m, version >= 11)
	if c.release.has(juju4) {
		summary.CredentialTag, summary.SLA = "", nil
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
	Model          modelName  `json:"model"`
	LastConnection *time.Time `json:"last-connection"`
}

type modelName struct {
	Name      string `json:"name"`
	Qualifier string `json:"qualifier,omitempty"`
	UUID      string `json:"uuid"`
	Type      string `json:"type"`
	OwnerTag  string `json:"owner-tag,omitempty"`
}

// userModels is null without models (4.0-beta8, recorded).
type userModels struct {
	UserModels []userModel `json:"user-models"`
}

// lastConnection is when a user last logged in to a model; nil: never. The caller holds mu.
func (h *hosted) lastConnection(user string) *time.Time {
	if at, ok := h.lastLogin[user]; ok {
		return &at
	}
	return nil
}

func (c *Controller) userModel(h *hosted, user string, qualified bool) userModel {
	m := h.model
	name := modelName{Name: m.Name, UUID: m.UUID, Type: m.Type}
	name.OwnerTag, name.Qualifier = c.ownership(m, qualified)
	return userModel{Model: name, LastConnection: h.lastConnection(user)}
}

// listModels lists the models that a user may see; a superuser sees all. Importing models are left out (2.9 to 3.6,
// documented).
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
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	switch {
	case !superuser && name != s.loggedIn().user:
		return nil, errPermission()
	case s.c.release.has(juju4) && !s.c.knows(name):
		return nil, wire.Errorf("", "user not found when finding user uuid for name %q", name)
	}
	var list userModels
	for _, h := range s.c.sorted() {
		if !s.c.listed(h) || h.permissionsGone || !superuser && !h.model.hasUser(name) {
			continue
		}
		list.UserModels = append(list.UserModels, s.c.userModel(h, name, req.Version >= 11))
	}
	return list, nil
}

// allModels lists all models that are not dead, importing and exporting ones included (2.9 to 4.0, documented; 3.6.28 and
// 4.0.15, recorded), but not those that 4.1 hides (4.1-beta2, recorded). In 4.x version 12 panics (4.0-beta8, 4.0.15,
// recorded), and in 4.0-beta8 a user of a token that is not in the database gets an error (recorded).
func allModels(_ context.Context, s *session, req *wire.Request) (any, error) {
	if err := s.superuser(); err != nil {
		return nil, err
	}
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	switch who := s.loggedIn(); {
	case s.c.release.has(juju4) && req.Version < 13:
		return nil, wire.Errorf("", "runtime error: index out of range [0] with length 0")
	case s.c.release.has(unfinished) && !s.c.knows(who.user):
		local, _, _ := strings.Cut(who.user, "@")
		return nil, wire.Errorf("", "getting model last login time for user %q on model %q: active user %q: "+
			"user not found", local, s.c.sorted()[0].model.Name, who.user)
	}
	var list userModels
	for _, h := range s.c.sorted() {
		if h.model.Life != "dead" && !h.hidden {
			list.UserModels = append(list.UserModels, s.c.userModel(h, s.loggedIn().user, req.Version >= 13))
		}
	}
	return list, nil
}

// modelStatusItem is an item of ModelStatus; a failed one has only its error (documented; 4.0-beta8, recorded).
type modelStatusItem struct {
	ModelTag           string      `json:"model-tag"`
	Qualifier          *string     `json:"qualifier,omitempty"`
	Life               string      `json:"life"`
	Type               string      `json:"type"`
	HostedMachineCount int         `json:"hosted-machine-count"`
	ApplicationCount   int         `json:"application-count"`
	UnitCount          int         `json:"unit-count"`
	OwnerTag           *string     `json:"owner-tag,omitempty"`
	Error              *wire.Error `json:"error,omitempty"`

	Applications []applicationName `json:"applications,omitempty"` // and the next: 3.5.4, observed; 3.6.28, recorded
	Machines     []machineInfo     `json:"machines,omitempty"`
}

type applicationName struct {
	Name string `json:"name"`
}

func modelStatus(_ context.Context, s *session, req *wire.Request) (any, error) {
	var params entities
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	items := []modelStatusItem{}
	for _, entity := range params.Entities {
		item, err := s.modelStatus(entity.Tag, req.Facade)
		item.Error = wire.AsError(err)
		qualified := req.Facade == "ModelManager" && req.Version >= 11 || req.Facade == "Controller" && req.Version >= 13
		owner := item.OwnerTag
		if owner == nil {
			owner = new(string)
		}
		item.OwnerTag = owner
		if qualified {
			name := strings.TrimPrefix(*owner, "user-")
			item.OwnerTag, item.Qualifier = nil, &name
		}
		items = append(items, item)
	}
	return map[string]any{"models": items}, nil
}

// modelStatus distinguishes a missing model from a forbidden one (documented), and names the controller that a model
// migrated to: in 4.x (4.0-beta8, recorded), and before that in ModelManager, without a controller tag, only to a user
// of the model (3.5.4, observed; 3.6.28, recorded).
func (s *session) modelStatus(tag, facade string) (modelStatusItem, error) {
	var none modelStatusItem
	uuid, err := modelTag(tag)
	if err != nil {
		return none, err
	}
	who, c := s.loggedIn(), s.c
	access, _ := c.modelAccess(who, uuid)
	superuser, newer := c.controllerAccess(who) == "superuser", c.release.has(juju4)
	if m := c.departed(uuid, who.user); m != nil && !newer && facade == "ModelManager" {
		return none, redirection(m.redirectInfo())
	}
	departed := c.departed(uuid, anonymousUser)
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.models[uuid]
	switch {
	case c.release.has(unfinished) && !superuser && access == "" && !who.token:
		return none, wire.Errorf("", "checking entity %q has permission: while obtaining model user: "+
			"permission not found", "user-"+who.user)
	case access != "admin" && !superuser:
		return none, errPermission()
	case h == nil && newer && departed != nil:
		return none, redirection(departed.fullRedirectInfo())
	case h == nil && newer:
		return none, wire.Errorf("not found", "model %q does not exist", tag)
	case h != nil && h.reaping != whole && h.mode != modeImporting && c.release.has(closesModels): // 3.6.28, recorded
		return none, wire.Errorf("not found", "model %s has been removed", uuid)
	case h != nil && h.mode == modeImporting && c.release.has(silentSource):
		return none, wire.Errorf("model not found", "model not found for uuid %q", uuid)
	case h == nil:
		return none, wire.Errorf("not found", "model %q not found", uuid)
	}
	m := h.model
	life := m.Life
	owner, _ := c.ownership(m, false)
	if c.release.has(unfinished) {
		life, owner = "", "user-foobar" // recorded, a constant
	}
	item := modelStatusItem{
		ModelTag: "model-" + uuid, Life: life, Type: m.Type, OwnerTag: &owner,
		HostedMachineCount: len(m.Machines), ApplicationCount: len(m.Applications),
		UnitCount: m.agents() - len(m.Machines),
	}
	if !newer {
		item.Machines = m.machineInfos()
		for _, application := range m.Applications {
			item.Applications = append(item.Applications, applicationName{application.Name})
		}
	}
	return item, nil
}
