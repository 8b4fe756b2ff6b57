package juju

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jimm-migrator/src/rpc"
)

// upgradeTimeout leaves time for the search for agent binaries.
const upgradeTimeout = 2 * time.Minute

// ModelUpgrader calls the facade ModelUpgrader. Version 1 is that of Juju up to 3.6,
// and of JIMM of July 2026; Juju 4.0.0 and newer serve version 2 alone, JIMM of
// September 2026 serves both, JIMM of 2024 none. UpgradeModel has the same fields in
// both (apiserver/facades/client/modelupgrader of Juju, internal/jujuapi of JIMM).
type ModelUpgrader struct {
	caller  rpc.Caller
	version int
}

// UpgraderVersions are the versions of the facade that this client knows.
func UpgraderVersions() []int { return []int{1, 2} }

// NewModelUpgrader returns a client of the given version of the facade.
func NewModelUpgrader(caller rpc.Caller, version int) *ModelUpgrader {
	return &ModelUpgrader{caller: caller, version: version}
}

// UpgradeModel requests that the agents of the model be upgraded to that version,
// and returns the version that was chosen. With dryRun nothing is changed.
//
// Juju 3.6.28 accepts it for a model that is migrating, and in spite of a block on changes to the model (recorded): the
// caller checks both first (see [ChangeBlock]). Juju up to 3.6 asks for a block of the model of the connection, which is
// the controller model, and Juju 4 for one of the model itself (block checker of apiserver/facades/client/modelupgrader).
// Both ask with dryRun too, so that the caller, which makes a dry run first, needs no other check for the first. A refusal is an item error on a controller of 3.6, an item error or a
// call error on one of 4, and a call error through JIMM; all are returned as an [*rpc.Error].
func (u *ModelUpgrader) UpgradeModel(ctx context.Context, uuid, version string, dryRun bool) (string, error) {
	var err error
	switch {
	case !IsUUID(uuid):
		err = errors.New("the model is not named by its UUID")
	case version == "":
		err = errors.New("no version was given") // Juju refuses "".
	}
	var reply struct {
		ChosenVersion string     `json:"chosen-version"`
		Error         *rpc.Error `json:"error"`
	}
	if err == nil {
		params := map[string]any{
			"model-tag": KindModel + "-" + uuid, "target-version": version, "agent-stream": "",
			"ignore-agent-versions": false, "dry-run": dryRun,
		}
		req := rpc.Request{Facade: "ModelUpgrader", Version: u.version, Method: "UpgradeModel", Timeout: upgradeTimeout}
		err = u.caller.Call(ctx, req, params, &reply)
	}
	switch {
	case err != nil:
	case reply.Error != nil && (reply.Error.Message != "" || reply.Error.Code != ""):
		err = reply.Error
	case reply.ChosenVersion == "" || reply.ChosenVersion == "0.0.0":
		err = errors.New("unexpected answer: it names no version")
	}
	if err != nil {
		return "", fmt.Errorf("cannot upgrade the agents of model %q to %q: %w", uuid, version, err)
	}
	return reply.ChosenVersion, nil
}
