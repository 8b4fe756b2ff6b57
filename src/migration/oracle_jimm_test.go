package migration_test

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
)

func byName(name string) facts.Controller {
	switch name {
	case "west":
		return west()
	case "east":
		return east()
	case "north":
		return north()
	default:
		return facts.Controller{}
	}
}

// user is who asks a controller about the model.
type user int

const (
	us     user = iota // the service account of the charm
	itself             // JIMM's own user
)

// answer is a controller's answer about the model to ModelInfo.
func (w *oracle) answer(name string, who user, t time.Time) facts.Info {
	s := w.scene(t)
	live := facts.Info{Kind: facts.InfoLive, Controller: byName(name).UUID, Status: "available", Life: "alive", AgentVersion: "3.6.14", Users: []string{"alice@example.com=admin"}}
	denied := facts.Info{Kind: facts.InfoDenied, Err: errors.New("permission denied")}
	switch h := w.on(name, t); {
	case h == hidden:
		return denied
	case h == importing:
		live.Status, live.StatusText = "busy", "importing"
		return live
	case h == nothing && name == "west" && s.phase == "DONE" && w.redirects(who):
		return facts.Info{Kind: facts.InfoRedirected, Err: errors.New("redirection required")}
	case h == nothing:
		return denied
	case name == "west":
		live.Attempt = w.shown(t)
		switch {
		case live.Attempt.Running():
			live.Status, live.StatusText = "busy", "migrating: "+live.Attempt.Text
		case live.Attempt.Exists(): // its text stays
			live.StatusText = "migrating: " + live.Attempt.Text
		}
	}
	return live
}

// details is a controller's answer to ModelInfo. A target can refuse it although it hosts the model
// (`user "carol" not found`, Juju 3.5.4).
func (w *oracle) details(name string, who user, t time.Time) facts.Info {
	if w.refuses && name == "east" && w.on(name, t) == active {
		return facts.Info{Kind: facts.InfoDenied, Err: errors.New("permission denied")}
	}
	return w.answer(name, who, t)
}

// shown is the migration that the source describes.
func (w *oracle) shown(t time.Time) facts.Attempt {
	if w.probe == probeSilent {
		return facts.Attempt{}
	}
	return w.attempt(t)
}

func (w *oracle) redirects(who user) bool {
	return w.word == redirectsAll || w.word == redirectsJIMM && (who == itself || !w.jimm.completes())
}

// info is ModelInfo through JIMM, with its effect on the row.
func (w *oracle) info(who user, t time.Time) facts.Info {
	if w.record == "" {
		return facts.Info{Kind: facts.InfoRefused, Err: errors.New("unauthorized")}
	}
	info := w.details(w.record, who, t)
	if !w.jimm.completes() {
		return info
	}
	switch {
	case w.mode && info.Kind == facts.InfoRedirected && w.journey.byJIMM:
		w.record, w.mode = w.journey.to, false
		return w.details(w.record, who, t)
	case w.mode && info.Kind != facts.InfoLive:
		return facts.Info{Kind: facts.InfoBroken, Err: errors.New("internal server error")}
	case w.mode && !info.Attempt.End.IsZero():
		w.mode = false
	case info.Kind == facts.InfoDenied:
		w.record = ""
		switch w.lost = "poller"; {
		case who != us:
		case w.scene(t).phase == "REAPHIDDEN":
			// The source reports that it has the model, and denies it to JIMM: no client can know
			// that. The poller would have done it within the minute.
			w.lost = "hazard"
		default:
			w.lost = "we"
			w.violate("I4: our question has made JIMM forget the model")
		}
	}
	return info
}

// poll makes JIMM's poller catch up to the present.
func (w *oracle) poll(now time.Time) {
	for w.jimm.completes() && w.record != "" && !w.nextPoll.After(now) {
		w.info(itself, w.nextPoll)
		w.nextPoll = w.nextPoll.Add(time.Minute)
	}
}

// summary is the entry of the list that JIMM merges from the lists of the controllers on which it
// has models.
func (w *oracle) summary(t time.Time) facts.Entry {
	if w.record == "" {
		return facts.Entry{Kind: facts.InfoRefused}
	}
	order := []string{"east", "north", "west"} // the last one counts
	if w.jimm == jimm2026Reversed {
		slices.Reverse(order)
	}
	found := facts.Entry{Kind: facts.InfoUnlisted}
	for _, name := range order {
		if name != w.record && w.jimm == jimm2026Lonely {
			continue
		}
		if h := w.on(name, t); h == nothing || h == importing {
			continue
		}
		found = facts.Entry{Kind: facts.InfoListed, Recorded: byName(w.record).UUID, Status: "available", Life: "alive", AgentVersion: "3.6.14"}
		if name == "west" {
			found.Attempt = w.shown(t)
			if found.Attempt.Running() {
				found.Status, found.StatusText = "busy", "migrating: "+found.Attempt.Text
			}
		}
	}
	return found
}

// host is a login to the model through JIMM.
func (w *oracle) host(t time.Time) facts.Host {
	if w.record == "" {
		return facts.Host{Kind: facts.HostUnavailable, Err: errors.New("model not found")}
	}
	if w.on(w.record, t) == nothing {
		return facts.Host{Kind: facts.HostRefused, Err: errors.New("invalid entity name or password")}
	}
	h := facts.Host{Kind: facts.HostServes, Controller: byName(w.record).UUID}
	switch full := w.answer(w.record, us, t); {
	case !w.jimm.completes():
	case full.Kind == facts.InfoLive:
		h.Info = statusOf(full)
	default:
		h.Info = facts.Info{Kind: facts.InfoBroken, Err: errors.New("cannot make bindings: space not found")}
	}
	return h
}

// copyOn is what a controller itself reports.
func (w *oracle) copyOn(name string, t time.Time) facts.Copy {
	h := w.on(name, t)
	account := w.probe == probeAccount
	switch {
	case w.probe == probeOff:
		return facts.Copy{Unreachable: true, Err: errors.New("no route")}
	case h == nothing && name == "west" && w.scene(t).phase == "DONE":
		return facts.Copy{State: facts.CopyMoved, To: byName(w.journey.to).UUID}
	case h == nothing:
		return facts.Copy{State: facts.CopyAbsent}
	case account && h != hidden:
		return facts.CopyOf(w.answer(name, us, t))
	case w.probe == probeReport || w.probe == probeSilent:
		return facts.Copy{State: map[holding]facts.CopyState{
			importing: facts.CopyImporting, active: facts.CopyActive, exporting: facts.CopyExporting, hidden: facts.CopyExporting,
		}[h]}
	default:
		return facts.Copy{State: facts.CopyPresent}
	}
}

// migrate is MigrateModel, with the checks of JIMM and of the controllers.
func (w *oracle) migrate(target string, t time.Time) (string, error) {
	w.requests = append(w.requests, facts.Request{Kind: facts.RequestMigrate, Target: target, At: t, Own: true, Answered: true})
	if why := w.allowedStart(t); why != "" && w.knowable(t) {
		w.violate("I3: MigrateModel %s", why)
	}
	if w.record == "" {
		return "", errors.New("model not found")
	}
	if w.jimm.completes() && w.mode {
		return "", fmt.Errorf("%w: already in migration mode", migration.ErrMarked)
	}
	h := w.on(w.record, t)
	switch {
	case h == nothing || h == hidden:
		return "", errors.New("model not found")
	case w.running(t) && w.record == "west":
		return "", fmt.Errorf("%w: already in progress", migration.ErrMigrating)
	case h != active || w.record != "west":
		return "", errors.New("source prechecks failed: model is being imported as part of another migration")
	case w.on(target, t) != nothing:
		return "", errors.New("target prechecks failed: model named \"prod\" already exists")
	case w.end == endsRefuse:
		return "", errors.New("source prechecks failed: unit pg/0 not idle or executing (lost)")
	}
	w.accepted++
	w.journey = &journey{to: target, start: t, entered: t, scenes: lifeTo(w.end, "", nothing), byJIMM: true}
	w.copies["west"] = nothing // the journey has it
	w.mode = w.jimm.completes()
	return modelUUID + ":0", nil
}

// recordAt is UpdateMigratedModel.
func (w *oracle) recordAt(name string, confirmed bool, t time.Time) error {
	w.requests = append(w.requests, facts.Request{Kind: facts.RequestRecord, Target: name, At: t, Own: true, Answered: true})
	why := w.allowedRecord(name, t)
	if confirmed {
		why = w.allowedOnWord(name, t)
	}
	if why != "" {
		w.violate("I1: JIMM was asked to record %q: %s", name, why)
	}
	if w.record == "" {
		return errors.New("model not found")
	}
	if info := w.details(name, itself, t); info.Kind != facts.InfoLive {
		return info.Err
	}
	w.record, w.mode = name, false
	return nil
}
