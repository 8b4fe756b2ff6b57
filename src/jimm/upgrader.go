package jimm

import (
	"context"
	"fmt"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
)

// UpgradeModel requests through JIMM that the agents of a model be upgraded to that
// version, with the highest version of ModelUpgrader that JIMM offers (1 in July 2026,
// 1 and 2 in September; for those who may write to the model). With dryRun nothing is
// changed. The error matches rpc.CodeNotImplemented where JIMM does not offer the
// facade (2024). See [juju.ModelUpgrader.UpgradeModel].
func (c *Client) UpgradeModel(ctx context.Context, uuid, version string, dryRun bool) (string, error) {
	facade, ok := c.session.facades.Best("ModelUpgrader", juju.UpgraderVersions()...)
	if !ok {
		return "", fmt.Errorf("cannot upgrade the agents of model %q through JIMM: it does not offer ModelUpgrader: %w", uuid, rpc.CodeNotImplemented)
	}
	return juju.NewModelUpgrader(c.conn, facade).UpgradeModel(ctx, uuid, version, dryRun)
}
