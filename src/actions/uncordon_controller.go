package actions

import (
	"context"

	"jimm-migrator/charm"
	"jimm-migrator/src/report"
)

// uncordonController removes the mark of cordon-controller from a controller.
func uncordonController(ctx context.Context, a *charm.Action, p cordonParams) error {
	events := report.OpenEventLog(ctx, a.Unit, report.EventLogOptions{Action: a.Name()})
	defer events.Close(ctx)
	return setCordon(ctx, a, p, events, false)
}
