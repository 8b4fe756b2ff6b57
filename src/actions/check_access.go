package actions

import (
	"context"
	"fmt"
	"log/slog"

	"jimm-migrator/charm"
	"jimm-migrator/src/config"
	"jimm-migrator/src/status"
)

// checkAccess tells who this charm is in JIMM, and whether that is enough.
func checkAccess(ctx context.Context, a *charm.Action) error {
	if err := a.Params(&struct{}{}); err != nil {
		return err
	}
	settings, err := config.Read(ctx, a)
	if err != nil {
		if statusErr := status.Refused(ctx, a, err); statusErr != nil {
			a.Logger().WarnContext(ctx, "cannot set the unit's status", slog.Any("error", statusErr))
		}
		return err
	}
	client, who, err := logIn(ctx, settings)
	version, seenErr := status.LoggedIn(ctx, a, settings, client, err)
	if seenErr != nil {
		a.Logger().WarnContext(ctx, "cannot set the unit's status", slog.Any("error", seenErr))
	}
	if err != nil {
		return err
	}
	defer client.Close()
	out := accessResults(who)
	set(out, "jimm-version", version)
	if who.administrator {
		if err := accountResults(ctx, out, a.Env().App(), settings, client); err != nil {
			return err
		}
	}
	if err := a.SetResults(ctx, out); err != nil {
		return err
	}
	if !who.administrator {
		return &notAdministratorError{who}
	}
	return nil
}

// accessResults are the results of check-access.
func accessResults(who account) map[string]any {
	out := map[string]any{
		"identity":        who.identity,
		"administrator":   who.administrator,
		"jimm-url":        who.address,
		"jimm-generation": who.generation.String(),
	}
	if who.administrator {
		out["summary"] = fmt.Sprintf("%q is a JIMM administrator: every action can be run", who.identity)
		return out
	}
	out["summary"] = fmt.Sprintf("%q is not a JIMM administrator: no model can be located or migrated until it is", who.identity)
	out["grant-command"] = config.GrantCommand(who.generation, who.identity)
	return out
}
