package controller

import (
	"context"
	"strings"

	"jimm-migrator/tests/sim/wire"
)

// createParams is what JIMM and juju send to ModelManager.CreateModel (3.6.28, recorded as far as JIMM's audit log has it).
type createParams struct {
	Name          string         `json:"name"`
	OwnerTag      string         `json:"owner-tag,omitempty"`
	Qualifier     string         `json:"qualifier,omitempty"`
	CloudTag      string         `json:"cloud-tag,omitempty"`
	CloudRegion   string         `json:"region,omitempty"`
	CredentialTag string         `json:"credential,omitempty"`
	Config        map[string]any `json:"config,omitempty"`
}

// createModel makes an empty model for superusers and for users who may add models. The answer is that of ModelInfo;
// the users and the credential are the owner's (documented).
func createModel(_ context.Context, s *session, req *wire.Request) (any, error) {
	var params createParams
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	who, c := s.loggedIn(), s.c
	if access := c.controllerAccess(who); access != "superuser" && access != "add-model" {
		return nil, errPermission()
	}
	owner := params.Qualifier
	const qualified = 11 // the first version without an owner's tag (4.0-beta8, recorded)
	switch {
	case req.Version >= qualified && owner == "":
		return nil, wire.Errorf("not valid", "cannot create model with invalid qualifier")
	case req.Version < qualified:
		name, err := userTag(params.OwnerTag)
		if err != nil {
			return nil, err
		}
		owner = name
	}
	m := Model{
		Name: params.Name, UUID: newUUID(), Owner: owner, Cloud: strings.TrimPrefix(params.CloudTag, "cloud-"), Region: params.CloudRegion,
	}
	if parts := strings.Split(params.CredentialTag, "_"); len(parts) == 3 {
		m.Credential = parts[2]
	}
	if version, ok := params.Config["agent-version"].(string); ok {
		m.AgentVersion = version
	}
	if who.token && who.user != owner { // JIMM's own user stays an administrator (both releases, recorded)
		m.Users = []ModelUser{{Name: owner, DisplayName: owner, Access: "admin"}, {Name: who.user, DisplayName: who.user, Access: "admin"}}
	}
	if err := c.AddModel(m); err != nil {
		return nil, wire.Errorf("already exists", "failed to create new model: model %q for %s already exists", m.Name, m.Owner)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.infoOf(c.models[m.UUID], req.Version), nil
}
