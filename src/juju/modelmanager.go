package juju

import (
	"context"
	"fmt"

	"jimm-migrator/src/rpc"
)

// ModelInfo is what ModelManager.ModelInfo reports about a model. Up to facade
// version 10 a model has an owner-tag, from 11 (Juju 4) a qualifier.
type ModelInfo struct {
	Name string `json:"name"`
	UUID string `json:"uuid"`
	// ControllerUUID is the hosting controller; JIMM puts its own there
	// unless that is switched off for the connection.
	ControllerUUID string `json:"controller-uuid"`
	// IsController is true for a controller's own model, which cannot migrate.
	IsController bool `json:"is-controller"`
	// CloudCredentialTag is such as cloudcred-aws_bob_main.
	CloudCredentialTag string `json:"cloud-credential-tag"`
	// CloudCredentialValidity is nil if the server does not say.
	CloudCredentialValidity *bool  `json:"cloud-credential-validity"`
	OwnerTag                string `json:"owner-tag"`
	Qualifier               string `json:"qualifier"`
	// Life is alive, dying or dead.
	Life   string       `json:"life"`
	Status EntityStatus `json:"status"`
	Users  []ModelUser  `json:"users"`
	// SecretBackends is nil before Juju 3.1, for users who may only read, and from
	// JIMM of July 2026, which passes on neither these nor SLA.
	SecretBackends []ModelSecretBackend `json:"secret-backends"`
	// SLA is sent by every controller that runs Juju 2 or 3 (recorded up to 3.6.28). Only
	// its presence is read.
	SLA *struct{} `json:"sla"`
	// Migration is the latest one that runs or failed; nil if there is none.
	Migration *MigrationStatus `json:"migration"`
	// AgentVersion is such as 3.6.14; empty if unknown.
	AgentVersion string `json:"agent-version"`
}

// Owner returns the name of the owner, or the qualifier (Juju 4).
func (m ModelInfo) Owner() string { return owner(m.OwnerTag, m.Qualifier) }

// ModelUser is a user of a model.
type ModelUser struct {
	// Name is such as admin or bob@external.
	Name string `json:"user"`
	// Access is read, write or admin.
	Access string `json:"access"`
}

// ModelSecretBackend is a secret backend that a model uses. Its configuration
// may contain secrets and is not decoded.
type ModelSecretBackend struct {
	Result struct {
		Name        string `json:"name"`
		BackendType string `json:"backend-type"`
	} `json:"result"`
	NumSecrets int `json:"num-secrets"`
}

// ModelSummary is what ModelManager.ListModelSummaries reports about a model;
// the members are those of [ModelInfo]. Copies that are being imported are not
// listed. A Migration with an End may be the history of a model that left and
// came back. JIMM answers from its database, without Migration.
type ModelSummary struct {
	Name           string           `json:"name"`
	UUID           string           `json:"uuid"`
	Type           string           `json:"type"`
	ControllerUUID string           `json:"controller-uuid"`
	IsController   bool             `json:"is-controller"`
	ProviderType   string           `json:"provider-type"`
	CloudTag       string           `json:"cloud-tag"`
	CloudRegion    string           `json:"cloud-region"`
	OwnerTag       string           `json:"owner-tag"`
	Qualifier      string           `json:"qualifier"`
	Life           string           `json:"life"`
	Status         EntityStatus     `json:"status"`
	Counts         []ModelCount     `json:"counts"`
	Migration      *MigrationStatus `json:"migration"`
	AgentVersion   string           `json:"agent-version"`
}

// Owner returns the name of the owner, or the qualifier (Juju 4).
func (m ModelSummary) Owner() string { return owner(m.OwnerTag, m.Qualifier) }

// Count returns the count of that entity, 0 if it is not reported.
func (m ModelSummary) Count(entity string) int {
	for _, c := range m.Counts {
		if c.Entity == entity {
			return int(c.Count)
		}
	}
	return 0
}

// ModelCount reports how many machines, cores or units a model has.
type ModelCount struct {
	Entity string `json:"entity"`
	Count  int64  `json:"count"`
}

// owner returns the owner's name, from whichever member the version has.
func owner(tag, qualifier string) string {
	if name := TagID(KindUser, tag); name != "" {
		return name
	}
	return qualifier
}

// ModelManager calls the facade ModelManager, which controllers and JIMM serve
// on the connection that belongs to no model. The calls below are the same in
// versions 9 to 11, which every supported controller offers one of.
type ModelManager struct {
	caller  rpc.Caller
	version int
}

// NewModelManager returns a client of the given version of the facade.
func NewModelManager(caller rpc.Caller, version int) *ModelManager {
	return &ModelManager{caller: caller, version: version}
}

// call calls a method of the facade.
func (m *ModelManager) call(ctx context.Context, method string, params, reply any) error {
	return m.caller.Call(ctx, rpc.Request{Facade: "ModelManager", Version: m.version, Method: method}, params, reply)
}

// entities are the params of calls on models.
type entities struct {
	Entities []entity `json:"entities"`
}

type entity struct {
	Tag string `json:"tag"`
}

// modelEntities makes params of model UUIDs.
func modelEntities(uuids ...string) (entities, error) {
	all := entities{Entities: make([]entity, 0, len(uuids))}
	for _, uuid := range uuids {
		tag, err := ModelTag(uuid)
		if err != nil {
			return entities{}, err
		}
		all.Entities = append(all.Entities, entity{Tag: tag})
	}
	return all, nil
}

// ModelInfo returns what the server knows about a model.
//
// A missing model is most often rpc.CodeUnauthorized, for superusers too (Juju 2.9
// to 4.0), and has no code at all on Juju 4.0-beta8: use [Probe] to ask whether a
// model exists. The error for a model that has left is a [*RedirectError]; JIMM
// removes its details.
func (m *ModelManager) ModelInfo(ctx context.Context, uuid string) (ModelInfo, error) {
	params, err := modelEntities(uuid)
	if err != nil {
		return ModelInfo{}, err
	}
	var reply struct {
		Results []struct {
			Result *ModelInfo `json:"result"`
			Error  *rpc.Error `json:"error"`
		} `json:"results"`
	}
	if err := m.call(ctx, "ModelInfo", params, &reply); err != nil {
		return ModelInfo{}, fmt.Errorf("cannot read info of model %q: %w", uuid, withRedirect(err))
	}
	if len(reply.Results) != 1 {
		return ModelInfo{}, fmt.Errorf("cannot read info of model %q: %d results instead of one", uuid, len(reply.Results))
	}
	result := reply.Results[0]
	switch {
	case result.Error != nil:
		return ModelInfo{}, fmt.Errorf("cannot read info of model %q: %w", uuid, withRedirect(result.Error))
	case result.Result == nil:
		return ModelInfo{}, fmt.Errorf("cannot read info of model %q: the answer is empty", uuid)
	case result.Result.UUID != uuid:
		return ModelInfo{}, fmt.Errorf("cannot read info of model %q: the server answered for model %q", uuid, result.Result.UUID)
	}
	return *result.Result, nil
}

// ListModelSummaries lists the models of the user, or with all every model of
// the server. Only superusers may list all: others get rpc.CodeUnauthorized
// from Juju 4, and on 2.9 to 3.6 their own models, without an error. userTag is
// such as user-admin.
//
// Summaries that could be read are returned even if others could not; the
// error then says how many are missing.
func (m *ModelManager) ListModelSummaries(ctx context.Context, userTag string, all bool) ([]ModelSummary, error) {
	params := struct {
		UserTag string `json:"user-tag"`
		All     bool   `json:"all"`
	}{userTag, all}
	var reply struct {
		Results []struct {
			Result *ModelSummary `json:"result"`
			Error  *rpc.Error    `json:"error"`
		} `json:"results"`
	}
	if err := m.call(ctx, "ListModelSummaries", params, &reply); err != nil {
		return nil, fmt.Errorf("cannot list models: %w", err)
	}
	summaries := make([]ModelSummary, 0, len(reply.Results))
	missing := 0
	var first *rpc.Error
	for _, item := range reply.Results {
		if item.Result != nil && item.Error == nil {
			summaries = append(summaries, *item.Result)
			continue
		}
		missing++
		if first == nil {
			first = item.Error
		}
	}
	switch {
	case missing == 0:
		return summaries, nil
	case first == nil:
		return summaries, fmt.Errorf("cannot list %d of %d models: their answers are empty", missing, len(reply.Results))
	}
	return summaries, fmt.Errorf("cannot list %d of %d models: %w", missing, len(reply.Results), first)
}
