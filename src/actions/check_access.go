package actions

import (
	"context"

	"jimm-migrator/charm"
	"jimm-migrator/src/config"
	"jimm-migrator/src/jaas"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/report"
	"jimm-migrator/src/status"
)

// checkAccess logs in to JIMM and to the controllers that have accounts, and
// reports whether that is enough.
func checkAccess(ctx context.Context, a *charm.Action, _ none) error {
	settings, err := config.Read(ctx, a)
	if err != nil {
		logStatus(ctx, a, status.Refused(ctx, a, err))
		return err
	}
	client, who, err := jaas.LogIn(ctx, settings)
	version, statusErr := status.LoggedIn(ctx, a, settings, client, err)
	logStatus(ctx, a, statusErr)
	if err != nil {
		return explained(a.Env(), settings, err)
	}
	defer client.Close()
	access := report.Access{
		Identity: who.Identity, Administrator: who.Administrator,
		URL: who.Address, Generation: who.Generation.String(), Version: version,
	}
	if !who.Administrator {
		access.GrantCommand = config.GrantCommand(who.Generation, who.Identity)
	} else if access.Accounts, err = tryAccounts(ctx, settings, client, a.Env().App()); err != nil {
		return err
	}
	if err := a.SetResults(ctx, report.AccessResults(access)); err != nil {
		return err
	}
	if !who.Administrator {
		return explained(a.Env(), settings, &jaas.NotAdministratorError{Account: who})
	}
	return nil
}

// tryAccounts logs in to the controllers that have accounts.
func tryAccounts(ctx context.Context, s config.Settings, client *jimm.Client, app string) (out report.Accounts, err error) {
	if p := s.ControllersProblem; p != nil {
		return report.Accounts{Problem: p.What, Remedy: p.Remedy}, nil //nolint:nilerr // The results show it.
	}
	if s.Controllers == nil {
		return out, nil
	}
	out = report.Accounts{Users: map[string]string{}, Application: app, UpdateCommand: s.UpdateControllers()}
	for name, login := range s.Controllers {
		out.Users[name] = login.User
	}
	out.Controllers, out.Tried, err = jaas.TryAccounts(ctx, s, client)
	return out, err
}
