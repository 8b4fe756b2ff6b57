package actions

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"jimm-migrator/charm"
	"jimm-migrator/src/config"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/status"
)

// locateParams are the parameters of locate-model.
type locateParams struct {
	Model string `json:"model"`
	Page  number `json:"page"`
}

// locateModel tells which controller hosts a model, with proof.
func locateModel(ctx context.Context, a *charm.Action) error {
	var p locateParams
	if err := a.Params(&p); err != nil {
		return err
	}
	j, err := connect(ctx, a)
	if err != nil {
		return err
	}
	defer j.close()
	page := max(int(p.Page), 1)
	found, err := migration.Locate(ctx, j.engine, migration.LocateOptions{
		Model: p.Model,
		Probe: j.settings.ProbeControllers,
		Skip:  (page - 1) * migration.DefaultLimit,
	})
	if err != nil {
		return err
	}
	notice(ctx, a, j.settings, p.Model, found)
	return a.SetResults(ctx, locatedResults(found, page))
}

// notice tells Loki of drift and conflicts. And who asks for a model by its UUID
// and sees it in use where it is recorded has followed up on a migration that
// was interrupted: the mark in the unit's status has done its work.
func notice(ctx context.Context, a *charm.Action, settings config.Settings, selector string, found migration.Located) {
	var f *feed
	for _, l := range found.Locations {
		if l.Drift || l.State == migration.StateConflict {
			if f == nil {
				f = openFeed(ctx, a.Unit, feedOptions{action: a.Name(), model: selector})
				defer f.close(ctx)
			}
			f.drift(l)
		}
		if l.State == migration.StateActive && l.Complete() && l.Model.UUID == selector {
			if err := status.End(ctx, a, settings, status.Pending{Model: selector}); err != nil {
				a.Logger().WarnContext(ctx, "cannot set the unit's status", slog.Any("error", err))
			}
		}
	}
}

// locatedResults are the results of locate-model.
func locatedResults(found migration.Located, page int) map[string]any {
	models := map[string]any{}
	for _, l := range found.Locations {
		models[resultKey(l.Model.UUID)] = locationResults(l)
	}
	out := map[string]any{"matches": found.Matches}
	setMap(out, "models", models)
	if found.Gaps != nil {
		out["gaps"] = migration.Redact(found.Gaps.Error())
	}
	which := ""
	if pages := (found.Matches + migration.DefaultLimit - 1) / migration.DefaultLimit; pages > 1 || page > 1 {
		out["page"], out["pages"] = page, pages
		which = fmt.Sprintf(", this is page %d of %d", page, pages)
	}
	if len(found.Locations) == 1 && found.Matches == 1 {
		l := found.Locations[0]
		out["controller"] = orElse(l.Holder.String(), "unknown")
		out["state"] = string(l.State)
		out["summary"] = locationSummary(l)
	} else {
		out["summary"] = fmt.Sprintf("%d of %d models match%s; models.UUID.controller tells where each is", found.Matches, found.Known, which)
	}
	return out
}

func locationResults(l migration.Location) map[string]any {
	out := map[string]any{
		"name":       l.Model.Name,
		"owner":      l.Model.Owner,
		"state":      string(l.State),
		"controller": orElse(l.Holder.String(), "unknown"),
		"drift":      l.Drift,
		"proof":      l.Proof,
		"complete":   l.Complete(),
		"asked":      l.Asked,
	}
	setMap(out, "recorded-controller", controllerResults(l.Recorded))
	set(out, "repair", l.Repair)
	set(out, "not-answering", names(l.Silent))
	set(out, "other-copies", names(l.Copies))
	if l.Attempt.Exists() {
		attempt := map[string]any{"phase": migration.ParseText(l.Attempt.Text).String()}
		set(attempt, "text", l.Attempt.Text)
		set(attempt, "start", stamp(l.Attempt.Start))
		set(attempt, "end", stamp(l.Attempt.End))
		out["migration"] = attempt
	}
	return out
}

// locationSummary says in one sentence where a model is.
func locationSummary(l migration.Location) string {
	model := l.Model.FullName()
	switch l.State {
	case migration.StateActive:
		return fmt.Sprintf("model %s is on %q: %s", model, l.Holder.String(), l.Proof)
	case migration.StateMigrating:
		return fmt.Sprintf("model %s migrates; %s", model, l.Proof)
	case migration.StateMoved:
		return fmt.Sprintf("model %s is on %q, while JIMM records %q: %s; repair: %s", model, l.Holder.String(), l.Recorded.String(), l.Proof, orElse(l.Repair, "add that controller to JIMM first"))
	case migration.StateAbsent:
		return fmt.Sprintf("model %s is nowhere, while JIMM records %q: %s", model, l.Recorded.String(), l.Proof)
	case migration.StateConflict:
		return fmt.Sprintf("model %s is in conflict: %s", model, l.Proof)
	default:
		return fmt.Sprintf("it could not be confirmed where model %s is: %s", model, l.Proof)
	}
}

func names(list []migration.Controller) string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = c.String()
	}
	return strings.Join(out, ",")
}
