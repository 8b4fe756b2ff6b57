package checks

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// checkUsers looks for users that exist on only one controller. JIMM shows only
// its own users of the model; an administrator of the source sees all of them, and
// an administrator of the target sees which users the target knows.
func checkUsers(s *survey.Survey) Finding {
	users := s.Model.Users
	own := s.Observation.CopyOn(s.Source).Info
	if own.Kind == facts.InfoLive {
		users = own.Users
	}
	local, external := splitUsers(users)
	there, ok := s.Reports.Users[s.Target.UUID]
	if ok {
		return knownUsers(s, local, external, there, own.Kind == facts.InfoLive)
	}
	local = slices.DeleteFunc(local, func(name string) bool { return name == "admin" })
	switch {
	case len(local) > 0:
		return Finding{
			Level:    Warn,
			Evidence: "users who exist only on the source controller have access to the model: " + Names(local),
			Remedy:   "have an administrator of " + s.Target.Name + " add them (juju add-user), or revoke their access: Juju refuses a model with users that the target does not know",
		}
	case own.Kind == facts.InfoLive:
		return Finding{Level: Skip, Evidence: "whether the target knows the model's users can only be determined with an account there; Juju checks this before it starts"}
	default:
		return Finding{Level: Skip, Evidence: "controllers that run Juju 3, or 4.0.11 or newer, accept the model's users in JIMM; whether the model has other users can only be determined with an account on the source; Juju checks this before it starts"}
	}
}

// splitUsers separates users of a controller ("bob=read") from external ones.
func splitUsers(users []string) (local, external []string) {
	for _, user := range users {
		name, _, _ := strings.Cut(user, "=")
		if strings.Contains(name, "@") {
			external = append(external, name)
		} else {
			local = append(local, name)
		}
	}
	return local, external
}

// knownUsers compares the users of the model with those that the target knows, as
// Juju does before it starts.
func knownUsers(s *survey.Survey, local, external []string, there facts.KnownUsers, all bool) Finding {
	target := strconv.Quote(s.Target.Name)
	missing := slices.DeleteFunc(slices.Clone(local), func(name string) bool { return slices.Contains(there.Local, name) })
	here, ok := s.Reports.Users[s.Source.UUID]
	switch {
	case len(missing) > 0:
		return Finding{
			Level:    Fail,
			Evidence: "users of the model that " + target + " does not know: " + Names(missing),
			Remedy:   "have an administrator of " + s.Target.Name + " add them (juju add-user), or revoke their access to the model",
		}
	case ok && len(external) > 0 && here.Identity != there.Identity:
		return Finding{
			Level:    Fail,
			Evidence: "external users have access to the model (" + Names(external) + "), and " + target + " has a different identity provider from the source: " + cmp.Or(there.Identity, "none") + " instead of " + cmp.Or(here.Identity, "none"),
			Remedy:   "choose a target with the same identity-url, or revoke their access",
		}
	case !all || !ok && len(external) > 0:
		return Finding{Level: Skip, Evidence: target + " knows the users of the model that JIMM shows; other users of the source, and its identity provider, can only be determined with an account there; Juju checks this before it starts"}
	default:
		return Finding{Level: Pass, Evidence: target + " knows all users of the model"}
	}
}
