package juju

import (
	"context"
	"errors"
	"fmt"
	"time"

	"jimm-migrator/src/rpc"
)

// upgradeTimeout is for looking up the agent binaries.
const upgradeTimeout = 2 * time.Minute

// ModelUpgrader calls the facade ModelUpgrader, version 1 (Juju 3.6 and 4; JIMM of
// July 2026 serves it too, JIMM of 2024 does not).
type ModelUpgrader struct{ caller rpc.Caller }

// NewModelUpgrader returns a client of the facade.
func NewModelUpgrader(caller rpc.Caller) *ModelUpgrader { return &ModelUpgrader{caller: caller} }

// UpgradeModel asks that the agents of the model become that version, and returns
// the version that was chosen. With dryRun nothing is changed.
//
// Juju 3.6.28 accepts it for a model that migrates, and in spite of a block on
// changes of the model (recorded): the caller looks for both before. A refusal is
// an item error on a controller and a call error through JIMM; both are returned as
// an [*rpc.Error].
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
		req := rpc.Request{Facade: "ModelUpgrader", Version: 1, Method: "UpgradeModel", Timeout: upgradeTimeout}
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
