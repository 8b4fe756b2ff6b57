package migration

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"jimm-migrator/src/migration/checks/rules"
)

// needsTarget tells why a check that needs an account on the target has nothing
// to look at, or "".
func (s *situation) needsTarget() string {
	switch o := s.outside; {
	case o.why != "":
		return o.why
	case o.target.State == AdminNone:
		return "it is not to be seen without an account on " + strconv.Quote(s.target.Name) + " (controller-credentials)"
	case o.target.State != AdminWorks:
		return "it is not to be seen, since the account on " + strconv.Quote(s.target.Name) + " does not work"
	default:
		return ""
	}
}

// checkControllerAccess tells which controllers were asked as an administrator.
func checkControllerAccess(s *situation) Finding {
	o := s.outside
	switch {
	case s.options.AccountsProblem != "":
		return Finding{Level: Warn, Evidence: s.options.AccountsProblem + ": controllers are asked without accounts", Remedy: s.options.AccountsRemedy}
	case o.why != "":
		return Finding{Level: Skip, Evidence: o.why}
	case o.source.State == AdminNone && o.target.State == AdminNone:
		return Finding{Level: Skip, Evidence: "there are no accounts on " + strconv.Quote(s.source.String()) + " and " + strconv.Quote(s.target.Name) + " (controller-credentials)"}
	}
	f := Finding{Level: Pass}
	var said []string
	for _, side := range []struct {
		access AdminAccess
		name   string
	}{{o.source, strconv.Quote(s.source.String())}, {o.target, strconv.Quote(s.target.Name)}} {
		switch side.access.State {
		case AdminWorks:
			said = append(said, side.name+" is asked as its administrator "+strconv.Quote(side.access.User))
		case AdminNone:
			said = append(said, side.name+" is asked without an account")
		default:
			f.Level = Warn
			f.Remedy = "juju run " + s.options.Unit + " check-access tells what helps"
			said = append(said, "the account "+strconv.Quote(side.access.User)+" on "+side.name+" does not work, which is asked without: "+errText(side.access.Err))
		}
	}
	f.Evidence = strings.Join(said, "; ")
	return f
}

// checkFacades tells whether the target can take models from a source with these
// facades.
func checkFacades(s *situation) Finding {
	if why := s.needsTarget(); why != "" {
		return Finding{Level: Skip, Evidence: why}
	}
	o, target, source := s.outside, strconv.Quote(s.target.Name), strconv.Quote(s.source.String())
	versions := o.target.Facades["MigrationTarget"]
	switch {
	case len(versions) == 0:
		return Finding{Level: Fail, Evidence: target + " does not offer the facade MigrationTarget: no model can be moved there", Remedy: "choose another target"}
	case o.prechecks.facadesRefused():
		return Finding{Level: Fail, Evidence: target + " needs facades that " + source + " does not have: " + oneLine(o.prechecks.Refusal), Remedy: "upgrade controller " + s.source.String() + ", or choose an older target"}
	case o.prechecks.Facades:
		return Finding{Level: Pass, Evidence: target + " takes models from controllers with the facades of " + source}
	case slices.Max(versions) < facadesAreTold:
		return Finding{Level: Pass, Evidence: target + " asks no source for its facades (MigrationTarget before 3)"}
	case o.precheckErr != nil:
		return Finding{Level: Skip, Evidence: "it is not to be seen: " + errText(o.precheckErr)}
	default:
		return Finding{Level: Skip, Evidence: "it is not to be seen without an account on " + source + " too (controller-credentials)"}
	}
}

// facadesAreTold is the version of MigrationTarget from which on a source has to
// tell its facades (Juju 3.1).
const facadesAreTold = 3

// checkTargetPrechecks lets the target itself look at the model, as it would at
// the beginning of a migration.
func checkTargetPrechecks(s *situation) Finding {
	if why := s.needsTarget(); why != "" {
		return Finding{Level: Skip, Evidence: why}
	}
	o, target := s.outside, strconv.Quote(s.target.Name)
	switch {
	case o.precheckErr != nil:
		return Finding{Level: Skip, Evidence: target + " could not be asked: " + errText(o.precheckErr)}
	case o.prechecks.Refusal != "":
		reason, _ := rules.Explain("target prechecks failed: "+o.prechecks.Refusal, s.facts())
		return Finding{
			Level: Fail, Evidence: target + " itself says that it would refuse the model: " + oneLine(o.prechecks.Refusal),
			Remedy: reason.Hint(),
		}
	default:
		return Finding{Level: Pass, Evidence: target + " itself says that it would take the model (MigrationTarget " + strconv.Itoa(o.prechecks.Version) + ")"}
	}
}

// oneLine is a text without line breaks: some of Juju's answers have several.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// checkLeftOvers names half-imported copies of other models on the target.
func checkLeftOvers(s *situation) Finding {
	if why := s.needsTarget(); why != "" {
		return Finding{Level: Skip, Evidence: why}
	}
	target := strconv.Quote(s.target.Name)
	if err := s.outside.holdingsErr; err != nil {
		return Finding{Level: Skip, Evidence: target + " did not list its models: " + errText(err)}
	}
	var left []string
	for _, h := range s.outside.holdings {
		if h.Importing && h.UUID != s.model.UUID && !s.listedAsMoving(h.UUID) {
			left = append(left, h.Owner+"/"+h.Name+" ("+h.UUID+")")
		}
	}
	if len(left) > 0 {
		slices.Sort(left)
		return Finding{
			Level:    Warn,
			Evidence: target + " has half-imported copies of other models: " + someNames(left) + "; a migration is bringing them in, or has left them behind",
			Remedy:   "never destroy " + s.target.Name + " while it has such copies (juju/juju#15154); one that is left behind has to be removed by an administrator (juju/juju#20361)",
		}
	}
	return Finding{Level: Pass, Evidence: target + " has no half-imported copies of other models"}
}

// listedAsMoving reports whether JIMM's list shows a migration of the model.
func (s *situation) listedAsMoving(uuid string) bool {
	return slices.ContainsFunc(s.models, func(m Model) bool { return m.UUID == uuid && m.Live.migrating() })
}

// knownCloud tells whether the target, which has listed its clouds, has that of
// the model.
func (s *situation) knownCloud(where string) Finding {
	target := strconv.Quote(s.target.Name)
	regions, ok := s.outside.clouds[s.model.Cloud]
	if ok && (s.model.Region == "" || slices.Contains(regions, s.model.Region)) {
		return Finding{Level: Pass, Evidence: target + " itself says that it has cloud " + where}
	}
	return Finding{
		Level:    Fail,
		Evidence: target + " itself says that it does not have cloud " + where + "; Juju finds that out only when it imports the model",
		Remedy:   "add the cloud to " + s.target.Name + " under the same name, with that region (juju add-cloud, juju update-cloud), or choose another target",
	}
}

// knownName tells whether the target, which has listed its models, has another one
// of that name. A half-imported one counts too (juju/juju#20361).
func (s *situation) knownName(target, name string) Finding {
	for _, h := range s.outside.holdings {
		if h.UUID == s.model.UUID || h.Name != s.model.Name || qualifier(h.Owner) != qualifier(s.model.Owner) {
			continue
		}
		what := "another model "
		if h.Importing {
			what = "a half-imported copy of another model "
		}
		return Finding{
			Level:    Fail,
			Evidence: target + " itself says that it has " + what + name + ", " + h.UUID,
			Remedy:   "choose another target, or have the other model moved or removed",
		}
	}
	return Finding{Level: Pass, Evidence: target + " itself says that it has no other model " + name}
}

// qualifier is what Juju 4 has in place of an owner.
func qualifier(owner string) string {
	return strings.NewReplacer("@", "-", ".", "-", "+", "-").Replace(owner)
}

// checkUsers looks for users that exist on one controller alone. Through JIMM only
// JIMM's own users of the model are seen; an administrator of the source is told
// all, and one of the target whom it knows.
func checkUsers(s *situation) Finding {
	users := s.model.Users
	own := s.seen.copyOn(s.source).Info
	if own.Kind == InfoLive {
		users = own.Users
	}
	local, external := splitUsers(users)
	there, told := s.outside.people[s.target.UUID]
	if told {
		return s.knownUsers(local, external, there, own.Kind == InfoLive)
	}
	local = slices.DeleteFunc(local, func(name string) bool { return name == "admin" })
	switch {
	case len(local) > 0:
		return Finding{
			Level:    Warn,
			Evidence: "users of the source controller alone have access to the model: " + someNames(local),
			Remedy:   "an administrator of " + s.target.Name + " adds them (juju add-user), or they lose their access: Juju refuses a model whose users the target does not know",
		}
	case own.Kind == InfoLive:
		return Finding{Level: Skip, Evidence: "whether the target knows the model's users is not to be seen without an account there, and Juju looks before it starts"}
	default:
		return Finding{Level: Skip, Evidence: "JIMM shows its own users of the model, which every controller knows; whether the source has others is not to be seen without an account there, and Juju looks before it starts"}
	}
}

// splitUsers parts users of a controller ("bob=read") from those of elsewhere.
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
func (s *situation) knownUsers(local, external []string, there People, all bool) Finding {
	target := strconv.Quote(s.target.Name)
	missing := slices.DeleteFunc(slices.Clone(local), func(name string) bool { return slices.Contains(there.Local, name) })
	here, told := s.outside.people[s.source.UUID]
	switch {
	case len(missing) > 0:
		return Finding{
			Level:    Fail,
			Evidence: "users have access to the model whom " + target + " does not know: " + someNames(missing),
			Remedy:   "an administrator of " + s.target.Name + " adds them (juju add-user), or their access to the model is revoked",
		}
	case told && len(external) > 0 && here.Identity != there.Identity:
		return Finding{
			Level:    Fail,
			Evidence: "external users have access to the model (" + someNames(external) + "), and " + target + " has another identity provider than the source: " + cmp.Or(there.Identity, "none") + " instead of " + cmp.Or(here.Identity, "none"),
			Remedy:   "choose a target with the same identity-url, or revoke their access",
		}
	case !all || !told && len(external) > 0:
		return Finding{Level: Skip, Evidence: target + " knows the users of the model that JIMM shows; whether the source has others, and the same identity provider, is not to be seen without an account there, and Juju looks before it starts"}
	default:
		return Finding{Level: Pass, Evidence: target + " knows all users of the model"}
	}
}
