package jimm

import (
	"context"
	"encoding/json"
	"fmt"

	"jimm-migrator/src/juju"
)

// ModelController reports on which controller JIMM has a model recorded.
type ModelController struct {
	ControllerUUID string
	// Upgrade is the state of the job that JIMM's UpgradeTo made for the
	// model, which migrates and upgrades it, such as "running" or
	// "retryable"; empty if there is none (JIMM of May 2026 and newer).
	Upgrade string
}

// ModelControllerInfo returns where JIMM has a model recorded; model is a uuid
// or owner/name. JIMM answers from its database: no controller is asked, and
// unlike [Client.ModelInfo] this never changes the record. For administrators
// of JIMM or of the model.
//
// JIMM 4 ModelControllerInfo, since January 2026; before that the error
// matches rpc.CodeNotImplemented. An unknown model is rpc.CodeNotFound.
func (c *Client) ModelControllerInfo(ctx context.Context, model string) (ModelController, error) {
	info, err := c.modelController(ctx, model)
	if err != nil {
		return ModelController{}, fmt.Errorf("cannot look up the controller of model %q: %w", model, err)
	}
	return info, nil
}

func (c *Client) modelController(ctx context.Context, model string) (ModelController, error) {
	if err := checkModelRef(model); err != nil {
		return ModelController{}, err
	}
	var reply struct {
		ModelUUID      string          `json:"model-uuid"`
		ControllerUUID string          `json:"controller-uuid"`
		Upgrade        json.RawMessage `json:"upgrade-to-job-status"`
	}
	if err := c.call(ctx, "ModelControllerInfo", 0, map[string]string{"model": model}, &reply); err != nil {
		return ModelController{}, err
	}
	if reply.ModelUUID == "" || reply.ControllerUUID == "" {
		return ModelController{}, fmt.Errorf("unexpected answer: model %q, controller %q", reply.ModelUUID, reply.ControllerUUID)
	}
	if juju.IsUUID(model) && reply.ModelUUID != model {
		return ModelController{}, fmt.Errorf("unexpected answer: it is about model %q", reply.ModelUUID)
	}
	return ModelController{ControllerUUID: reply.ControllerUUID, Upgrade: upgradeState(reply.Upgrade)}, nil
}

// upgradeState reads the state of an upgrade job. A state that cannot be read
// is "unknown".
func upgradeState(raw json.RawMessage) string {
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	var job struct {
		Detail struct {
			State string `json:"state"`
		} `json:"detail"`
	}
	if err := json.Unmarshal(raw, &job); err != nil || job.Detail.State == "" {
		return "unknown"
	}
	return job.Detail.State
}
