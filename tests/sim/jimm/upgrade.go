package jimm

import (
	"context"
	"errors"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/wire"
)

// upgradeModel is ModelUpgrader.UpgradeModel (2026; 2024 does not have the facade): for administrators and writers of
// the model. A refusal in the controller's answer becomes an error of the call (recorded).
func (ss *session) upgradeModel(ctx context.Context, req *wire.Request) (any, error) {
	var params struct {
		ModelTag string  `json:"model-tag"`
		Target   *string `json:"target-version,omitempty"`
		Stream   string  `json:"agent-stream"`
		Ignore   bool    `json:"ignore-agent-versions"`
		DryRun   bool    `json:"dry-run"`
	}
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	uuid, tagErr := modelTag(params.ModelTag)
	if tagErr != nil {
		return nil, tagErr
	}
	if params.Target != nil && *params.Target == "" {
		return nil, &wire.Error{Message: `invalid version ""`}
	}
	row, ok := ss.s.db.model(uuid)
	switch access := ss.modelAccess(uuid); {
	case !ok:
		return nil, wire.Errorf(codeNotFound, "model not found")
	case access != accessAdmin && access != "write":
		return nil, errUnauthorized()
	}
	var reply struct {
		Chosen string     `json:"chosen-version"`
		Error  *rpc.Error `json:"error"`
	}
	err := ss.s.use(ctx, ss.s.hosting(row), ss.s.ownUser(), func(b *backing) error {
		call := rpc.Request{Facade: "ModelUpgrader", Version: b.best("ModelUpgrader", []int{1}), Method: "UpgradeModel"}
		return b.call(ctx, call, params, &reply)
	})
	if failed, ok := errors.AsType[*dialError](err); ok {
		return nil, failed.Unwrap()
	}
	switch {
	case err != nil:
		return nil, asClientError(err)
	case reply.Error != nil:
		return nil, wire.Errorf(string(reply.Error.Code), "%s", reply.Error.Message)
	}
	return map[string]string{"chosen-version": reply.Chosen}, nil
}

// abortUpgrade is ModelUpgrader.AbortModelUpgrade: there is never an upgrade to abort.
func (ss *session) abortUpgrade(_ context.Context, _ *wire.Request) (any, error) { return nil, nil }
