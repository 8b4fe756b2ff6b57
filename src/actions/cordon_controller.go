package actions

import (
	"context"
	"errors"
	"fmt"

	"jimm-migrator/charm"
	"jimm-migrator/src/fleet"
	"jimm-migrator/src/jaas"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/report"
	"jimm-migrator/src/status"
)

// cordonParams are the parameters of cordon-controller and uncordon-controller.
type cordonParams struct {
	Controller string `json:"controller"`
	Reason     string `json:"reason"`
}

// cordonController marks a controller, so that it should get no new models.
func cordonController(ctx context.Context, a *charm.Action, p cordonParams) error {
	events := report.OpenEventLog(ctx, a.Unit, report.EventLogOptions{Action: a.Name()})
	defer events.Close(ctx)
	return setCordon(ctx, a, p, events, true)
}

func setCordon(ctx context.Context, a *charm.Action, p cordonParams, events *report.EventLog, mark bool) error {
	settings, j, err := connect(ctx, a)
	if err != nil {
		return err
	}
	defer j.Close()
	before, err := controllerNamed(ctx, j, p.Controller)
	if err != nil {
		return err
	}
	p.Controller = before.Name
	was := fleet.CordonOf(before)
	wanted := fleet.Uncordoned
	if mark {
		wanted = fleet.Cordoned
	}
	is := was
	if was != wanted {
		failed := j.Cordoner().Cordon(ctx, p.Controller, mark)
		after, err := controllerNamed(ctx, j, p.Controller)
		if err != nil {
			return errors.Join(failed, err)
		}
		// The answer may be lost although the mark is set: the list shows it.
		if is = fleet.CordonOf(after); failed != nil && is != wanted {
			return failed
		}
		events.Cordon(p.Controller, mark, p.Reason)
	}
	if is == fleet.Uncordoned {
		if err := status.Uncordoned(ctx, a, settings, p.Controller); err != nil {
			return err
		}
	}
	out := report.CordonResults(report.Cordon{Controller: p.Controller, Wanted: wanted, Before: was, After: is, Traits: j.Engine.Traits, Reason: p.Reason}, a.Env().Unit)
	return a.SetResults(ctx, out)
}

// controllerNamed returns the controller of that name as JIMM lists it.
func controllerNamed(ctx context.Context, j *jaas.JAAS, name string) (facts.Controller, error) {
	list, err := j.Engine.Fleet.Controllers(ctx)
	if err != nil {
		return facts.Controller{}, err
	}
	c, known := facts.Controllers(list).Named(name)
	if !known {
		return facts.Controller{}, fmt.Errorf("cannot find the controller: %w", facts.Controllers(list).NotFound(name))
	}
	return c, nil
}
