package juju

import (
	"context"
	"fmt"

	"jimm-migrator/src/rpc"
)

// Precheck describes a model to the controller to which it would migrate.
type Precheck struct {
	UUID, Name string
	// Owner is the name of the owner, without "user-".
	Owner string
	// AgentVersion is that of the model, ControllerVersion that of the controller
	// which has it; such as 3.6.14.
	AgentVersion, ControllerVersion string
	// Facades are those that the controller which has the model offers, on
	// connections to it and to the model; version 3 needs them.
	Facades FacadeVersions
}

// MigrationTarget calls the facade of that name, which is for superusers, on the
// controller to which a model would migrate. It has only the method that checks;
// [ImportChecker] has the one about a model that is being imported, and
// [ImportAborter] the one that removes.
type MigrationTarget struct {
	caller  rpc.Caller
	version int
}

// NewMigrationTarget returns a client of the given version of the facade, 1 to 3.
// Controllers up to 3.6 offer 3 beside the later ones (3.6.28 recorded: 1 to 6); those of
// Juju 4 offer later ones alone, which require a description of the model that includes its
// secrets.
func NewMigrationTarget(caller rpc.Caller, version int) *MigrationTarget {
	return &MigrationTarget{caller: caller, version: version}
}

// Version returns the version that is called.
func (m *MigrationTarget) Version() int { return m.version }

// Prechecks asks whether the controller would accept the model; it changes nothing
// (2.9 to 3.6). A refusal is an *rpc.Error, mostly without a code. From version 3
// on it also checks the facades. Users who are not superusers get
// rpc.CodeUnauthorized.
func (m *MigrationTarget) Prechecks(ctx context.Context, p Precheck) error {
	if _, err := ModelTag(p.UUID); err != nil {
		return err
	}
	params := struct {
		UUID              string         `json:"uuid"`
		Name              string         `json:"name"`
		OwnerTag          string         `json:"owner-tag"`
		AgentVersion      string         `json:"agent-version"`
		ControllerVersion string         `json:"controller-agent-version"`
		Facades           FacadeVersions `json:"facade-versions,omitempty"`
	}{UUID: p.UUID, Name: p.Name, OwnerTag: UserTag(p.Owner), AgentVersion: p.AgentVersion, ControllerVersion: p.ControllerVersion}
	if m.version >= 3 {
		params.Facades = p.Facades
	}
	req := rpc.Request{Facade: "MigrationTarget", Version: m.version, Method: "Prechecks"}
	if err := m.caller.Call(ctx, req, params, nil); err != nil {
		return fmt.Errorf("cannot precheck model %q: %w", p.UUID, err)
	}
	return nil
}

// MigrationTarget returns a client of the facade in the highest version that it
// and the server know and that is not above most. It needs a login.
func (c *Conn) MigrationTarget(most int) (*MigrationTarget, error) {
	known := []int{1, 2, 3}
	version, err := c.login.Facades.choose("MigrationTarget", known[:min(max(most, 0), len(known))]...)
	if err != nil {
		return nil, err
	}
	return NewMigrationTarget(c, version), nil
}

// ImportAborter calls MigrationTarget.Abort, which removes what a migration has
// imported so far. Its parameters are the same in all versions, 1 to 7; version 8
// (Juju 4.1) also serves them, and its sources abort in another way.
type ImportAborter struct {
	caller  rpc.Caller
	version int
}

// NewImportAborter returns a client of the given version of the facade.
func NewImportAborter(caller rpc.Caller, version int) *ImportAborter {
	return &ImportAborter{caller: caller, version: version}
}

// Abort removes the controller's half-imported copy of a model. Juju refuses for every
// other copy, without a code: `migration mode for the model is not importing` up to 3.6
// (3.5.4 observed), `model … is not importing` on 4 (by its source). It also refuses
// for a model that it does not have, with rpc.CodeNotFound up to 3.6. Up to 3.6 the
// copy is gone when it answers (3.5.4 observed); Juju 4 marks it dead and removes it
// later (by its source). Users who are not superusers get rpc.CodeUnauthorized.
func (a *ImportAborter) Abort(ctx context.Context, uuid string) error {
	tag, err := ModelTag(uuid)
	if err != nil {
		return err
	}
	req := rpc.Request{Facade: "MigrationTarget", Version: a.version, Method: "Abort"}
	params := struct {
		ModelTag string `json:"model-tag"`
	}{tag}
	if err := a.caller.Call(ctx, req, params, nil); err != nil {
		return fmt.Errorf("cannot remove the half-imported copy of model %q: %w", uuid, err)
	}
	return nil
}

// ImportChecker calls MigrationTarget.CheckMachines, which compares the machines of a model
// that is being imported with what the cloud has: the question of every source in VALIDATION.
// Its parameters are the same in all versions, 1 to 7.
type ImportChecker struct {
	caller  rpc.Caller
	version int
}

// NewImportChecker returns a client of the given version of the facade.
func NewImportChecker(caller rpc.Caller, version int) *ImportChecker {
	return &ImportChecker{caller: caller, version: version}
}

// CheckMachines returns what is wrong with the copy, such as a machine without an
// instance. If it cannot compare them, the error is its answer: a credential that is
// marked as invalid there is `credential "default" not valid`, with only the name (3.5.4
// and 3.6.28). Users who are not superusers get rpc.CodeUnauthorized.
func (i *ImportChecker) CheckMachines(ctx context.Context, uuid string) ([]string, error) {
	tag, err := ModelTag(uuid)
	if err != nil {
		return nil, err
	}
	req := rpc.Request{Facade: "MigrationTarget", Version: i.version, Method: "CheckMachines"}
	params := struct {
		ModelTag string `json:"model-tag"`
	}{tag}
	var reply struct {
		Results []struct {
			Error *rpc.Error `json:"error"`
		} `json:"results"`
	}
	if err := i.caller.Call(ctx, req, params, &reply); err != nil {
		return nil, fmt.Errorf("cannot check the machines of model %q: %w", uuid, err)
	}
	var problems []string
	for _, r := range reply.Results {
		if r.Error != nil {
			problems = append(problems, r.Error.Message)
		}
	}
	return problems, nil
}

// ImportChecker returns a client of the facade in the highest version that it and the
// server know. It needs a login.
func (c *Conn) ImportChecker() (*ImportChecker, error) {
	version, err := c.login.Facades.choose("MigrationTarget", 1, 2, 3, 4, 5, 6, 7)
	if err != nil {
		return nil, err
	}
	return NewImportChecker(c, version), nil
}

// ImportAborter returns a client of the facade in the highest version that it and
// the server know. It needs a login.
func (c *Conn) ImportAborter() (*ImportAborter, error) {
	version, err := c.login.Facades.choose("MigrationTarget", 1, 2, 3, 4, 5, 6, 7)
	if err != nil {
		return nil, err
	}
	return NewImportAborter(c, version), nil
}
