package actions

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"jimm-migrator/src/config"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration"
)

// loginsAtOnce bounds how many controllers are logged in to at the same time.
const loginsAtOnce = 16

// The states of an account that check-access has besides those of the engine.
const (
	accountUnknown  migration.AdminState = "unknown-controller"
	accountNotAsked migration.AdminState = "not-asked"
)

// accountResults adds what came of the option controller-credentials to the
// results of check-access. Nothing is added where it is not set.
func accountResults(ctx context.Context, out map[string]any, app string, s config.Settings, client *jimm.Client) error {
	if p := s.ControllersProblem; p != nil {
		out["controller-credentials"] = map[string]any{"problem": p.What, "remedy": p.Remedy}
		out["summary"] = fmt.Sprintf("%v; %s, so that controllers are asked without", out["summary"], p.What)
		return nil
	}
	if s.Controllers == nil {
		return nil
	}
	list, err := client.ListControllers(ctx)
	if err != nil {
		return err
	}
	all := make([]migration.Controller, len(list))
	for i, c := range list {
		all[i] = controllerOf(c)
	}
	slices.SortFunc(all, func(a, b migration.Controller) int { return strings.Compare(a.Name, b.Name) })
	tried := map[string]migration.AdminAccess{}
	if s.ProbeControllers {
		accounts := admins{logins: s.Controllers, network: s.JIMM}
		defer accounts.close()
		tried = accounts.all(ctx, all)
	}
	addAccounts(out, app, s, all, tried)
	return nil
}

// all logs in to each of the controllers that there is an account for.
func (a *admins) all(ctx context.Context, cs []migration.Controller) map[string]migration.AdminAccess {
	out := make(map[string]migration.AdminAccess, len(cs))
	var (
		mu   sync.Mutex
		wg   sync.WaitGroup
		free = make(chan struct{}, loginsAtOnce)
	)
	for _, c := range cs {
		wg.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			got := a.Access(ctx, c)
			mu.Lock()
			defer mu.Unlock()
			out[c.Name] = got
		})
	}
	wg.Wait()
	return out
}

// addAccounts puts the accounts into the results, by controller.
func addAccounts(out map[string]any, app string, s config.Settings, all []migration.Controller, tried map[string]migration.AdminAccess) {
	entries := map[string]any{}
	var bad []string
	for _, c := range all {
		got, asked := tried[c.Name]
		if _, given := s.Controllers[c.Name]; given && !asked {
			got.State = accountNotAsked
		}
		got.State = migration.AdminState(orElse(string(got.State), string(migration.AdminNone)))
		entry := map[string]any{"login": string(got.State)}
		set(entry, "user", s.Controllers[c.Name].User)
		set(entry, "version", got.Version)
		if got.State != migration.AdminNone && got.State != migration.AdminWorks {
			bad = append(bad, c.Name)
			set(entry, "error", failure(got.Err))
			set(entry, "remedy", accountRemedy(app, s, c.Name, got.State))
		}
		entries[resultKey(c.Name, c.UUID)] = entry
	}
	for i, name := range unknownControllers(s, all) {
		bad = append(bad, name)
		entries[resultKey(name, fmt.Sprintf("unknown-%d", i+1))] = map[string]any{
			"login": string(accountUnknown), "user": s.Controllers[name].User,
			"error":  fmt.Sprintf("JIMM knows no controller %q; it knows %s", name, controllerNames(all)),
			"remedy": accountRemedy(app, s, name, accountUnknown),
		}
	}
	setMap(out, "controllers", entries)
	works := len(s.Controllers) - len(bad)
	text := fmt.Sprintf("%v; %d of %d accounts of controllers work", out["summary"], works, len(s.Controllers))
	if len(bad) > 0 {
		text += ", not " + few(bad)
	}
	out["summary"] = text
}

// unknownControllers are those that have an account and that JIMM does not know.
func unknownControllers(s config.Settings, all []migration.Controller) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(s.Controllers)) {
		if !slices.ContainsFunc(all, func(c migration.Controller) bool { return c.Name == name }) {
			out = append(out, name)
		}
	}
	return out
}

func controllerNames(all []migration.Controller) string {
	out := make([]string, len(all))
	for i, c := range all {
		out[i] = c.Name
	}
	return few(out)
}

// accountRemedy is what makes an account work.
func accountRemedy(app string, s config.Settings, controller string, state migration.AdminState) string {
	switch state {
	case migration.AdminWeak:
		return fmt.Sprintf("juju grant -c %s %s superuser", controller, s.Controllers[controller].User)
	case migration.AdminRefused, accountUnknown:
		return s.UpdateControllers()
	case accountNotAsked:
		return "juju config " + app + " probe-controllers=true"
	default:
		return ""
	}
}
