package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"jimm-migrator/src/migration/facts"
)

// Access is what check-access has found.
type Access struct {
	// Identity is the service account in JIMM, Administrator whether it is a JIMM
	// administrator.
	Identity      string
	Administrator bool
	// URL is where JIMM answered, Generation and Version what it is. JIMM before
	// v3.1.10 reports no version.
	URL, Generation, Version string
	// GrantCommand is the command that makes it an administrator.
	GrantCommand string
	// Accounts are the accounts of controllers.
	Accounts Accounts
}

// Accounts are the accounts of the option controller-credentials. The zero value
// is the option that is not set.
type Accounts struct {
	// Problem is why the secret cannot be used, Remedy what corrects it.
	Problem, Remedy string
	// Users are the users by the names of their controllers.
	Users map[string]string
	// Controllers are those that JIMM knows.
	Controllers []facts.Controller
	// Tried is the result of logging in, by controller.
	Tried map[string]facts.Account
	// Application is that of the charm, UpdateCommand replaces the accounts.
	Application, UpdateCommand string
}

// The states of an account that check-access has besides those of the engine.
const (
	accountUnknown  facts.AccountState = "unknown-controller"
	accountNotAsked facts.AccountState = "not-asked"
)

// AccessResults are the results of check-access.
func AccessResults(a Access) map[string]any {
	out := map[string]any{
		"identity":        a.Identity,
		"administrator":   a.Administrator,
		"jimm-url":        a.URL,
		"jimm-generation": a.Generation,
	}
	set(out, "jimm-version", a.Version)
	if !a.Administrator {
		out["summary"] = fmt.Sprintf("%q is not a JIMM administrator: no model can be located or migrated until it is", a.Identity)
		out["grant-command"] = a.GrantCommand
		return out
	}
	out["summary"] = fmt.Sprintf("%q is a JIMM administrator; all actions can be used", a.Identity)
	if a.Accounts.Problem != "" {
		out["controller-credentials"] = map[string]any{"problem": a.Accounts.Problem, "remedy": a.Accounts.Remedy}
		out["summary"] = fmt.Sprintf("%v; %s, so controllers are asked without accounts", out["summary"], a.Accounts.Problem)
	} else if a.Accounts.Users != nil {
		a.Accounts.add(out)
	}
	return out
}

// add puts the accounts into the results, by controller.
func (a Accounts) add(out map[string]any) {
	entries := map[string]any{}
	var bad []string
	for _, c := range a.Controllers {
		got, tried := a.Tried[c.Name]
		if _, given := a.Users[c.Name]; given && !tried {
			got.State = accountNotAsked
		}
		got.State = cmp.Or(got.State, facts.AccountNone)
		entry := map[string]any{"login": string(got.State)}
		set(entry, "user", a.Users[c.Name])
		set(entry, "version", got.Version)
		if got.State != facts.AccountNone && got.State != facts.AccountWorks {
			bad = append(bad, c.Name)
			set(entry, "error", failure(got.Err))
			set(entry, "remedy", a.remedy(c.Name, got.State))
		}
		entries[resultKey(c.Name, string(c.UUID))] = entry
	}
	for i, name := range a.unknown() {
		bad = append(bad, name)
		entries[resultKey(name, fmt.Sprintf("unknown-%d", i+1))] = map[string]any{
			"login": string(accountUnknown), "user": a.Users[name],
			"error":  fmt.Sprintf("JIMM has no controller %q; its controllers are %s", name, few(controllerNames(a.Controllers))),
			"remedy": a.remedy(name, accountUnknown),
		}
	}
	setMap(out, "controllers", entries)
	works := len(a.Users) - len(bad)
	text := fmt.Sprintf("%v; %d of %s work", out["summary"], works, facts.Count(len(a.Users), "controller account", "controller accounts"))
	if works == 1 {
		text += "s"
	}
	if len(bad) > 0 {
		text += "; not usable: " + few(bad)
	}
	out["summary"] = text
}

// unknown are the controllers that have an account and that JIMM does not know.
func (a Accounts) unknown() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(a.Users)) {
		if !slices.ContainsFunc(a.Controllers, func(c facts.Controller) bool { return c.Name == name }) {
			out = append(out, name)
		}
	}
	return out
}

// remedy returns how to make an account work.
func (a Accounts) remedy(controller string, state facts.AccountState) string {
	switch state {
	case facts.AccountWeak:
		return fmt.Sprintf("juju grant -c %s %s superuser", controller, a.Users[controller])
	case facts.AccountRefused, accountUnknown:
		return a.UpdateCommand
	case accountNotAsked:
		return "juju config " + a.Application + " probe-controllers=true"
	default:
		return ""
	}
}

func controllerNames(all []facts.Controller) []string {
	out := make([]string, len(all))
	for i, c := range all {
		out[i] = c.Name
	}
	return out
}
