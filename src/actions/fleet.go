package actions

import (
	"context"
	"time"

	"jimm-migrator/charm"
	"jimm-migrator/src/config"
	"jimm-migrator/src/fleet"
	"jimm-migrator/src/jaas"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/survey"
)

// logSpan is how far back JIMM's audit log is read for requests that may still
// matter.
const logSpan = 25 * time.Hour

// sharedReads has what the actions about many models read: JIMM's lists and log.
type sharedReads struct {
	settings config.Settings

	jaas    *jaas.JAAS
	lists   *fleet.Lists
	book    *fleet.Book
	traffic *fleet.Traffic
	base    fleet.Snapshot
}

// watch reads JIMM's lists and log once for all readers. An answer serves all
// of them for a poll interval.
func watch(ctx context.Context, a *charm.Action, settings config.Settings, j *jaas.JAAS) (sharedReads, error) {
	uuid, err := j.UUID(ctx)
	if err != nil {
		return sharedReads{}, err
	}
	poll := settings.PollInterval
	if poll <= 0 {
		poll = migration.DefaultPollInterval
	}
	w := sharedReads{
		settings: settings,
		jaas:     j, lists: fleet.NewLists(j.Engine.Fleet, poll), book: fleet.NewBook(j.Many(), logSpan, poll),
		base: fleet.Snapshot{
			JAAS: uuid, Traits: j.Engine.Traits, Unit: a.Env().Unit, OwnModel: a.Env().ModelUUID, JIMMModel: settings.JIMMModel(),
		},
	}
	w.traffic = fleet.NewTraffic(w.lists, w.book, j.Engine.Witness, fleet.TrafficOptions{Poll: poll, Probe: settings.ProbeControllers})
	return w, nil
}

// survey makes a snapshot.
func (w sharedReads) survey(ctx context.Context, q fleet.Question) (fleet.Snapshot, error) {
	q.Base = w.base
	return fleet.Survey(ctx, w.traffic, w.jaas.Many(), q)
}

// options are those of each migration, as far as they are the same for all.
func (w sharedReads) options(unit string) migration.Options {
	return withSettings(migration.Options{
		Options: survey.Options{Unit: unit, OwnModel: w.base.OwnModel, JIMMModel: w.base.JIMMModel},
	}, w.settings)
}

// open connects to JIMM for an action that reads many models. The caller closes
// the connection.
func open(ctx context.Context, a *charm.Action) (sharedReads, error) {
	settings, j, err := connect(ctx, a)
	if err != nil {
		return sharedReads{}, err
	}
	j.Pace() // On JIMM of 2024 it asks about each model that was asked to move.
	w, err := watch(ctx, a, settings, j)
	if err != nil {
		j.Close()
	}
	return w, err
}
