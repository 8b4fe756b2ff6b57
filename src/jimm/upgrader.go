package jimm

import (
	"context"

	"jimm-migrator/src/juju"
)

// UpgradeModel asks through JIMM that the agents of a model become that version
// (ModelUpgrader 1 UpgradeModel, as JIMM of July 2026 serves it to those who may
// write to the model). JIMM of 2024 answers rpc.CodeNotImplemented. With dryRun
// nothing is changed. See [juju.ModelUpgrader.UpgradeModel].
func (c *Client) UpgradeModel(ctx context.Context, uuid, version string, dryRun bool) (string, error) {
	return juju.NewModelUpgrader(c.conn).UpgradeModel(ctx, uuid, version, dryRun)
}
