package controller

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"jimm-migrator/tests/sim/wire"
)

// modelInfo is the result of ModelManager.ModelInfo, versions 9 to 11, with its members in Juju's order (3.6,
// documented; 4.0-beta8, recorded). Up to 9 it also has the default series and base, from 11 on a qualifier in place of
// the owner.
type modelInfo struct {
	Name               string            `json:"name"`
	Type               string            `json:"type"`
	UUID               string            `json:"uuid"`
	ControllerUUID     string            `json:"controller-uuid"`
	IsController       bool              `json:"is-controller"`
	ProviderType       string            `json:"provider-type,omitempty"`
	DefaultSeries      string            `json:"default-series,omitempty"`
	DefaultBase        string            `json:"default-base,omitempty"`
	CloudTag           string            `json:"cloud-tag"`
	CloudRegion        string            `json:"cloud-region,omitempty"`
	CredentialTag      string            `json:"cloud-credential-tag,omitempty"`
	CredentialValidity bool              `json:"cloud-credential-validity"`
	OwnerTag           string            `json:"owner-tag,omitempty"`
	Qualifier          string            `json:"qualifier,omitempty"`
	Life               string            `json:"life"`
	Status             entityStatus      `json:"status"`
	Users              []modelUserInfo   `json:"users"`
	Machines           []machineInfo     `json:"machines"`
	SecretBackends     *[]secretBackend  `json:"secret-backends,omitempty"` // null for readers, absent before 3.1
	Migration          *migrationStatus  `json:"migration,omitempty"`
	SLA                *sla              `json:"sla,omitempty"` // absent in 4.x
	AgentVersion       string            `json:"agent-version"`
	SupportedFeatures  []supportedFacade `json:"supported-features,omitempty"`
}

type entityStatus struct {
	Status string         `json:"status"`
	Info   string         `json:"info"`
	Data   map[string]any `json:"data,omitempty"`
	Since  *time.Time     `json:"since"`
}

type modelUserInfo struct {
	ModelTag       string     `json:"model-tag"`
	User           string     `json:"user"`
	DisplayName    string     `json:"display-name"`
	LastConnection *time.Time `json:"last-connection"`
	Access         string     `json:"access"`
}

type machineInfo struct {
	ID         string         `json:"id"`
	Hardware   map[string]any `json:"hardware,omitempty"`
	InstanceID string         `json:"instance-id,omitempty"`
	Display    string         `json:"display-name,omitempty"`
	Status     string         `json:"status,omitempty"`
	Message    string         `json:"message,omitempty"`
	HasVote    bool           `json:"has-vote,omitempty"`
	WantsVote  bool           `json:"wants-vote,omitempty"`
}

type secretBackend struct {
	Result     map[string]any `json:"result"`
	ID         string         `json:"id"`
	NumSecrets int            `json:"num-secrets"`
	Status     string         `json:"status"`
}

type migrationStatus struct {
	Status string     `json:"status"`
	Start  *time.Time `json:"start"`
	End    *time.Time `json:"end,omitempty"`
}

type sla struct {
	Level string `json:"level"`
	Owner string `json:"owner"`
}

type supportedFacade struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Version     string `json:"version"`
}

func modelInfos(_ context.Context, s *session, req *wire.Request) (any, error) {
	return each(req, func(tag string) (any, error) {
		uuid, err := modelTag(tag)
		if err != nil {
			return nil, err
		}
		return s.modelInfo(uuid, req.Version)
	})
}

// modelInfo answers for a missing model as for a forbidden one, also to superusers (2.9 to 3.6, documented); 4.x gives
// superusers another error, without a code (4.0-beta8, recorded). A model that migrated away redirects only users who
// had access when the migration was created, without a controller tag (3.5.4 and 3.6.11, documented); in 4.x it
// redirects no user (4.0-beta8, recorded).
func (s *session) modelInfo(uuid string, version int) (any, error) {
	readable, superuser := s.mayRead(uuid), s.superuser() == nil
	c, who := s.c, s.loggedIn()
	newer := c.release.has(juju4)
	if m := c.departed(uuid, who.user); m != nil && !newer {
		return nil, redirection(m.redirectInfo())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.models[uuid]
	switch {
	case newer && superuser && h == nil:
		return nil, c.errNoDatabase()
	case h != nil && h.hidden && readable:
		return nil, wire.Errorf("not found", "model not found for uuid %q", uuid)
	case h == nil, h.permissionsGone, !readable:
		return nil, errPermission()
	case c.release.has(unfinished) && who.token && !superuser && !c.knows(who.user):
		return nil, wire.Errorf("", "getting model user info: getting info of user %q on model %q: %%!w(<nil>)",
			who.user, uuid)
	}
	if err := cmp.Or(c.infoError(h), c.strangers(h)); err != nil {
		return nil, err
	}
	info := c.infoOf(h, version)
	if h.reaping != whole {
		info.Users = []modelUserInfo{}
	}
	if h.reaping == statusGone { // of a half-imported copy
		info.Status = entityStatus{}
	}
	if !mayWrite(c, who, h) {
		info.Machines = nil
		if info.SecretBackends != nil {
			info.SecretBackends = new([]secretBackend)
		}
		info.Users = slices.DeleteFunc(info.Users, func(u modelUserInfo) bool { return u.User != who.user })
	}
	return info, nil
}

// errNoDatabase is the error of 4.x for a model that it does not have (4.0-beta8, recorded; 4.0.15 and 4.1-beta2,
// recorded, with a code).
func (c *Controller) errNoDatabase() error {
	code := ""
	if c.release.has(released4) {
		code = "not found"
	}
	return wire.Errorf(code, "invoking getDB: database not found")
}

// knows reports whether a user is in the controller's database. The caller holds mu.
func (c *Controller) knows(name string) bool {
	if _, local := c.user(name); local || c.seen[name] {
		return true
	}
	for _, h := range c.models {
		if h.model.hasUser(name) {
			return true
		}
	}
	return false
}

// mayWrite reports whether the user sees machines and other users: administrators and writers do (documented). The caller
// holds mu.
func mayWrite(c *Controller, who *login, h *hosted) bool {
	access := h.model.access(who.user)
	if who.token {
		access = who.access["model-"+h.model.UUID]
	}
	return access == "admin" || access == "write" || c.controllerAccess(who) == "superuser"
}

// infoOf builds the answer. The caller holds mu.
func (c *Controller) infoOf(h *hosted, version int) modelInfo {
	m := h.model
	cloud, _ := c.cloud(m.Cloud)
	info := modelInfo{
		Name: m.Name, Type: m.Type, UUID: m.UUID, ControllerUUID: c.config.UUID, IsController: m.IsController,
		ProviderType: cloud.Type, CloudTag: "cloud-" + m.Cloud, CloudRegion: m.Region,
		CredentialTag: m.credentialTag(), CredentialValidity: !m.CredentialInvalid && !c.credentialInvalid(m),
		Life: m.Life, Status: c.entityStatus(h), Users: []modelUserInfo{},
		Migration: c.visibleMigration(h, false), AgentVersion: m.AgentVersion,
		SupportedFeatures: []supportedFacade{{
			Name: "juju", Description: "the version of Juju used by the model", Version: m.AgentVersion,
		}},
	}
	info.OwnerTag, info.Qualifier = c.ownership(m, version >= 11)
	newer := c.release.has(juju4)
	backend := secretBackend{
		Result: map[string]any{"name": "internal", "backend-type": "controller", "config": nil}, Status: "active",
	}
	if !newer {
		info.SLA, backend.ID = &sla{Level: "unsupported"}, c.config.UUID
	}
	switch {
	case len(m.SecretBackends) > 0 && c.release.has(secretBackends):
		external := make([]secretBackend, len(m.SecretBackends))
		for i, name := range m.SecretBackends {
			external[i] = secretBackend{Result: map[string]any{"name": name, "backend-type": "vault", "config": map[string]any{}}, NumSecrets: 1, Status: "active"}
		}
		info.SecretBackends = &external
	case c.release.has(nullBackends):
		info.SecretBackends = new([]secretBackend)
	case c.release.has(secretBackends):
		info.SecretBackends = &[]secretBackend{backend}
	}
	if version < 10 {
		info.DefaultSeries, info.DefaultBase = "jammy", "ubuntu@22.04/stable"
	}
	for _, user := range m.Users {
		info.Users = append(info.Users, modelUserInfo{
			User: user.Name, DisplayName: user.DisplayName, Access: user.Access, LastConnection: h.lastConnection(user.Name),
		})
	}
	info.Machines = m.machineInfos()
	return info
}

// machineInfos returns nil for a model without machines (3.6.28, recorded).
func (m Model) machineInfos() (list []machineInfo) {
	for _, machine := range m.Machines {
		list = append(list, machineInfo{
			ID: machine.ID, InstanceID: machine.InstanceID, Status: machine.AgentStatus,
			Hardware: hardware(machine.Hardware),
		})
	}
	return list
}

// ownership is the owner's tag, or the qualifier that replaces the owner in new versions of the facades. In 4.x a model
// has only a qualifier, and the tag is made from it (4.0-beta8, recorded for admin; how the qualifier of an external
// user is made is inferred).
func (c *Controller) ownership(m Model, qualified bool) (tag, qualifier string) {
	name := m.Owner
	if c.release.has(juju4) {
		name = strings.NewReplacer("@", "-", ".", "-", "+", "-").Replace(name)
	}
	if qualified {
		return "", name
	}
	return "user-" + name, ""
}

// entityStatus is the model's status. An invalid credential hides everything else (documented; 3.5.4, recorded), up to
// 3.6 also the time (3.5.4, observed). In 4.0-beta8 the time is that of the call, and a dying model is destroying
// (recorded).
func (c *Controller) entityStatus(h *hosted) entityStatus {
	since := h.status.Since
	if c.release.has(unfinished) {
		since = now()
	}
	if c.release.has(juju4) && h.model.Life != "alive" {
		return entityStatus{Status: "destroying", Since: &since}
	}
	if h.model.CredentialInvalid || c.credentialInvalid(h.model) {
		suspended := entityStatus{
			Status: "suspended", Info: "suspended since cloud credential is not valid", Data: map[string]any{"reason": ""},
		}
		if c.release.has(juju4) {
			suspended.Since = &since
		}
		return suspended
	}
	return entityStatus{Status: h.status.Status, Info: h.status.Info, Since: &since}
}

func (m Model) credentialTag() string {
	return "cloudcred-" + m.Cloud + "_" + m.Owner + "_" + m.Credential
}

// hardware turns "arch=amd64 cores=2 mem=2048M" into the members of Juju's hardware characteristics.
func hardware(text string) map[string]any {
	list := map[string]any{}
	for field := range strings.FieldsSeq(text) {
		name, value, _ := strings.Cut(field, "=")
		switch name {
		case "cores", "mem", "root-disk", "cpu-power":
			n := 0
			for _, digit := range value {
				if digit < '0' || digit > '9' {
					break
				}
				n = n*10 + int(digit-'0')
			}
			list[name] = n
		default:
			list[name] = value
		}
	}
	return list
}

// visibleMigration is the `migration` of a model: the latest record of a model that this controller hosts. ModelInfo
// hides a record that is DONE, of a model that migrated away and came back; summaries show it (both documented). 4.0.15
// reports only the import of a copy, only in ModelInfo, and only as just begun (recorded). The caller holds mu.
func (c *Controller) visibleMigration(h *hosted, summary bool) *migrationStatus {
	if c.release.has(silentSource) {
		if summary || h.mode != modeImporting {
			return nil
		}
		return &migrationStatus{Status: h.status.Info, Start: new(now())}
	}
	if c.release.has(unfinished) {
		if st := c.entityStatus(h); st.Status == "busy" {
			return &migrationStatus{Status: st.Info, Start: st.Since}
		}
		return nil
	}
	m := c.latest[h.model.UUID]
	if m == nil || m.Phase == Done && !summary {
		return nil
	}
	start := m.Start
	return &migrationStatus{Status: m.Text, Start: &start, End: m.End}
}
