package checks

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"jimm-migrator/src/migration/checks/rules"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

// lacksTargetAccount returns why a check that needs an account on the target cannot
// be made, or "".
func lacksTargetAccount(s *survey.Survey) string {
	switch o := s.Reports; {
	case o.Why != "":
		return o.Why
	case o.Target.State == facts.AccountNone:
		return "needs an account on " + strconv.Quote(s.Target.Name) + " in controller-credentials"
	case o.Target.State != facts.AccountWorks:
		return "the account on " + strconv.Quote(s.Target.Name) + " does not work"
	default:
		return ""
	}
}

// checkControllerAccess returns which controllers were asked as an administrator.
func checkControllerAccess(s *survey.Survey) Finding {
	o := s.Reports
	switch {
	case s.Options.AccountsProblem != "":
		return Finding{Level: Warn, Evidence: s.Options.AccountsProblem + ": controllers are asked without accounts", Remedy: s.Options.AccountsRemedy}
	case o.Why != "":
		return Finding{Level: Skip, Evidence: o.Why}
	case o.Source.State == facts.AccountNone && o.Target.State == facts.AccountNone:
		return Finding{Level: Skip, Evidence: "needs an account on " + strconv.Quote(s.Source.String()) + " or " + strconv.Quote(s.Target.Name) + " in controller-credentials"}
	}
	f := Finding{Level: Pass}
	var said []string
	for _, side := range []struct {
		access facts.Account
		name   string
	}{{o.Source, strconv.Quote(s.Source.String())}, {o.Target, strconv.Quote(s.Target.Name)}} {
		switch side.access.State {
		case facts.AccountWorks:
			said = append(said, side.name+" is asked as its administrator "+strconv.Quote(side.access.User))
		case facts.AccountNone:
			said = append(said, side.name+" is asked without an account")
		default:
			f.Level = Warn
			f.Remedy = "juju run " + s.Options.Unit + " check-access"
			said = append(said, "the account "+strconv.Quote(side.access.User)+" on "+side.name+" does not work, so the controller is asked without it: "+redact.Error(side.access.Err))
		}
	}
	f.Evidence = strings.Join(said, "; ")
	return f
}

// checkFacades reports whether the target can accept models from a source with these
// facades.
func checkFacades(s *survey.Survey) Finding {
	if why := lacksTargetAccount(s); why != "" {
		return Finding{Level: Skip, Evidence: why}
	}
	o, target, source := s.Reports, strconv.Quote(s.Target.Name), strconv.Quote(s.Source.String())
	versions := o.Target.Facades["MigrationTarget"]
	switch {
	case len(versions) == 0:
		return Finding{Level: Fail, Evidence: target + " does not offer the facade MigrationTarget: no model can be migrated there", Remedy: "choose another target"}
	case o.Prechecks.FacadesRefused():
		return Finding{Level: Fail, Evidence: target + " needs facades that " + source + " does not have: " + oneLine(o.Prechecks.Refusal), Remedy: "upgrade controller " + s.Source.String() + ", or choose an older target"}
	case o.Prechecks.Facades:
		return Finding{Level: Pass, Evidence: target + " accepts models from controllers with the facades of " + source}
	case slices.Max(versions) < facadesAreReported:
		return Finding{Level: Pass, Evidence: target + " does not check the facades of the source (MigrationTarget before 3)"}
	case o.PrecheckErr != nil:
		return Finding{Level: Skip, Evidence: "cannot be determined: " + redact.Error(o.PrecheckErr)}
	default:
		return Finding{Level: Skip, Evidence: "needs an account on " + source + " too, in controller-credentials"}
	}
}

// facadesAreReported is the version of MigrationTarget from which on a source has to
// report its facades (Juju 3.1).
const facadesAreReported = 3

// checkTargetPrechecks has the target itself check the model, as it would at
// the beginning of a migration.
func checkTargetPrechecks(s *survey.Survey) Finding {
	if why := lacksTargetAccount(s); why != "" {
		return Finding{Level: Skip, Evidence: why}
	}
	o, target := s.Reports, strconv.Quote(s.Target.Name)
	switch {
	case o.PrecheckErr != nil:
		f := Finding{Level: Skip, Evidence: target + " could not be asked: " + redact.Error(o.PrecheckErr)}
		if errors.Is(o.PrecheckErr, survey.ErrNeedsDescription) && o.DryRun == nil {
			f.Remedy = "to have the source ask it before the start, set server-dry-run=true"
		}
		return f
	case o.Prechecks.Refusal != "":
		return refusedWith(s, target+" reports that it would refuse the model: "+oneLine(o.Prechecks.Refusal), "target prechecks failed: "+o.Prechecks.Refusal)
	default:
		return Finding{Level: Pass, Evidence: target + " reports that it would accept the model (MigrationTarget " + strconv.Itoa(o.Prechecks.Version) + ")"}
	}
}

// refusedWith is the finding of a refusal that has the same text as that of a real migration.
func refusedWith(s *survey.Survey, evidence string, words redact.Raw) Finding {
	reason, known := rules.Explain(string(words), Facts(s))
	return Finding{Level: Fail, Evidence: evidence, Remedy: reason.Hint(), Lasting: known && !reason.Retry}
}

// checkServerDryRun reports what the source has answered to a dry run. In a dry run the source
// does not check everything that it checks when the migration begins, so the checks of a running
// migration and of the name on the target are still needed.
func checkServerDryRun(s *survey.Survey) Finding {
	source, target, answer := strconv.Quote(s.Source.String()), strconv.Quote(s.Target.Name), *s.Reports.DryRun
	switch answer.State {
	case facts.DryRunAccepted:
		return Finding{Level: Pass, Evidence: source + " reports after a dry run that it and " + target + " would accept the migration"}
	case facts.DryRunRefused:
		return refusedWith(s, source+" reports after a dry run that the migration would not start: "+oneLine(answer.Refusal), answer.Refusal)
	case facts.DryRunStarted:
		return Finding{
			Level:    Fail,
			Evidence: source + " was asked for a dry run, but started migration " + strconv.Quote(answer.MigrationID) + " of the model",
			Remedy:   "follow it with migration-status; request no other dry run from " + source + ", and find out which build of Juju it runs",
		}
	case facts.DryRunNoLogin:
		return Finding{
			Level:    Skip,
			Evidence: source + " could not log in to " + target + " with the account " + strconv.Quote(s.Reports.Target.User) + ", which a migration through JIMM does not use: " + redact.Error(answer.Err),
		}
	case facts.DryRunNotSent:
		return Finding{Level: Skip, Evidence: source + " was not asked for a dry run: " + redact.Error(answer.Err)}
	case facts.DryRunNoAnswer:
		return Finding{Level: Skip, Evidence: source + " did not answer the request for a dry run, which starts nothing: " + redact.Error(answer.Err)}
	case facts.DryRunNotAsked:
	}
	return Finding{Level: Skip, Evidence: whyNoDryRun(s)}
}

// whyNoDryRun returns why the source was not asked for a dry run although the user has
// requested one.
func whyNoDryRun(s *survey.Survey) string {
	source := strconv.Quote(s.Source.String())
	switch why := lacksTargetAccount(s); {
	case why != "":
		return why
	case s.Reports.Source.State == facts.AccountNone:
		return "needs an account on " + source + " too, in controller-credentials"
	case s.Reports.Source.State != facts.AccountWorks:
		return "the account on " + source + " does not work"
	default:
		return source + " was not asked: another check forbids the start, or there is nothing to start"
	}
}

// oneLine is a redacted text without line breaks: some of Juju's answers have several.
func oneLine(text redact.Raw) string { return strings.Join(strings.Fields(text.String()), " ") }
