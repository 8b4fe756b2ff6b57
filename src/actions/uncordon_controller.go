package actions

import (
	"context"

	"jimm-migrator/charm"
	"jimm-migrator/src/report"
)

// uncordonController takes the mark of cordon-controller off a controller.
func uncordonController(ctx context.Context, a *charm.Action) error {
	events := report.OpenEventLog(ctx, a.Unit, report.EventLogOptions{Action: a.Name()})
	defer events.Close(ctx)
	return setCordon(ctx, a, events, false)
}
