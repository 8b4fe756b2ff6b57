package juju

import (
	"context"
	"fmt"
	"slices"

	"jimm-migrator/src/rpc"
)

// UserModel is a model as Controller.AllModels lists it.
type UserModel struct {
	Name      string `json:"name"`
	UUID      string `json:"uuid"`
	OwnerTag  string `json:"owner-tag"`
	Qualifier string `json:"qualifier"`
}

// Owner returns the name of the owner, or the qualifier (Juju 4).
func (m UserModel) Owner() string { return owner(m.OwnerTag, m.Qualifier) }

// Controller calls the facade Controller of a Juju controller. The calls below
// are the same in versions 11 to 14.
type Controller struct {
	caller  rpc.Caller
	version int
}

// NewController returns a client of the given version of the facade.
func NewController(caller rpc.Caller, version int) *Controller {
	return &Controller{caller: caller, version: version}
}

// AllModels lists every model that is not dead, with those that are being
// exported and imported: being listed here does not mean being live. It is for
// superusers. It can fail as a whole with rpc.CodeNotFound when a model
// vanishes meanwhile (try again); version 12 always fails on Juju 4.0-beta8.
func (c *Controller) AllModels(ctx context.Context) ([]UserModel, error) {
	var reply struct {
		UserModels []struct {
			Model UserModel `json:"model"`
		} `json:"user-models"`
	}
	req := rpc.Request{Facade: "Controller", Version: c.version, Method: "AllModels"}
	if err := c.caller.Call(ctx, req, nil, &reply); err != nil {
		return nil, fmt.Errorf("cannot list all models: %w", err)
	}
	models := make([]UserModel, 0, len(reply.UserModels))
	for _, item := range reply.UserModels {
		models = append(models, item.Model)
	}
	return models, nil
}

// ChangeBlocked reports whether changes to a model are blocked, as [ChangeBlock] does, for
// superusers (ListBlockedModels; Juju 3 lists the models that have a block, 4.0-beta8 all).
func (c *Controller) ChangeBlocked(ctx context.Context, uuid string) (bool, error) {
	var reply struct {
		Models []struct {
			UUID   string   `json:"model-uuid"`
			Blocks []string `json:"blocks"`
		} `json:"models"`
	}
	req := rpc.Request{Facade: "Controller", Version: c.version, Method: "ListBlockedModels"}
	if err := c.caller.Call(ctx, req, nil, &reply); err != nil {
		return false, fmt.Errorf("cannot list the blocked models: %w", err)
	}
	for _, m := range reply.Models {
		if m.UUID == uuid && slices.Contains(m.Blocks, "BlockChange") {
			return true, nil
		}
	}
	return false, nil
}

// IdentityProviderURL returns where the controller sends external users to log
// in; empty if it does not.
func (c *Controller) IdentityProviderURL(ctx context.Context) (string, error) {
	var reply struct {
		Result string `json:"result"`
	}
	req := rpc.Request{Facade: "Controller", Version: c.version, Method: "IdentityProviderURL"}
	if err := c.caller.Call(ctx, req, nil, &reply); err != nil {
		return "", fmt.Errorf("cannot read identity provider: %w", err)
	}
	return reply.Result, nil
}
