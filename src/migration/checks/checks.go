package checks

import (
	"slices"

	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

// need reports what a check must know to examine anything.
type need int

const (
	needNothing need = iota
	needModel
	needTarget
	needBoth
	// needDryRun: both, and a dry run on the source was requested.
	needDryRun
)

// check is one check: what it examines, and what its failure means.
type check struct {
	id    ID
	needs need
	// ignorable reports that the user may accept a failure. A failure that can
	// never be ignored would lose the model, hang the charm, or prevent the
	// migration anyway; other checks never fail.
	ignorable bool
	// startOnly reports that the check only asks whether a migration can start: it
	// forbids nothing once one runs.
	startOnly bool
	run       func(*survey.Survey) Finding
}

// allChecks returns the checks in the order in which they are reported. New ones
// go to the end: scripts may count on the order.
func allChecks() []check {
	const ignorable, startOnly = true, true
	return []check{
		{Model, needNothing, !ignorable, !startOnly, CheckModel},
		{OwnModel, needModel, !ignorable, !startOnly, checkOwnModel},
		{ControllerModel, needModel, !ignorable, !startOnly, checkControllerModel},
		{ModelLife, needModel, !ignorable, startOnly, checkModelLife},
		{Target, needNothing, !ignorable, !startOnly, CheckTarget},
		{TargetAvailable, needTarget, ignorable, startOnly, checkTargetAvailable},
		{Versions, needBoth, !ignorable, startOnly, checkVersions},
		{Source, needModel, !ignorable, startOnly, checkSource},
		{TargetCopy, needBoth, ignorable, startOnly, checkTargetCopy},
		{OtherMigration, needBoth, !ignorable, !startOnly, checkOtherMigration},
		{Conflict, needModel, ignorable, !startOnly, checkConflict},
		{EarlierAttempt, needModel, !ignorable, !startOnly, checkEarlierAttempt},
		{Freeze, needModel, !ignorable, !startOnly, checkFreeze},
		{VersionHop, needBoth, !ignorable, startOnly, checkVersionHop},
		{Machines, needBoth, ignorable, startOnly, checkMachines},
		{Units, needBoth, ignorable, startOnly, checkUnits},
		{Applications, needBoth, ignorable, startOnly, checkApplications},
		{Upgrade, needBoth, ignorable, startOnly, checkUpgrade},
		{Relations, needBoth, ignorable, startOnly, checkRelations},
		{Credential, needModel, !ignorable, startOnly, checkCredential},
		{Users, needBoth, ignorable, startOnly, checkUsers},
		{Cloud, needBoth, ignorable, startOnly, checkCloud},
		{TargetName, needBoth, ignorable, startOnly, checkTargetName},
		{TargetAnswers, needBoth, !ignorable, startOnly, checkTargetAnswers},
		{TargetAddresses, needBoth, ignorable, startOnly, checkTargetAddresses},
		{Offers, needBoth, !ignorable, startOnly, checkOffers},
		{Remotes, needBoth, !ignorable, startOnly, checkRemotes},
		{Storage, needBoth, !ignorable, startOnly, checkStorage},
		{SecretBackends, needBoth, !ignorable, startOnly, checkSecretBackends},
		{Mode, needModel, !ignorable, startOnly, checkMode},
		{HostsJIMM, needModel, ignorable, startOnly, checkHostsJIMM},
		{Advisories, needBoth, !ignorable, startOnly, checkAdvisories},
		{ControllerAccess, needBoth, !ignorable, startOnly, checkControllerAccess},
		{Facades, needBoth, ignorable, startOnly, checkFacades},
		{TargetPrechecks, needBoth, ignorable, startOnly, checkTargetPrechecks},
		{LeftOvers, needBoth, !ignorable, startOnly, checkLeftOvers},
		{JIMMRecords, needBoth, !ignorable, startOnly, checkJIMMRecords},
		{ServerDryRun, needDryRun, ignorable, startOnly, checkServerDryRun},
	}
}

// IDs returns all ids in the order in which they are reported.
func IDs() []ID {
	all := allChecks()
	ids := make([]ID, len(all))
	for i, c := range all {
		ids[i] = c.id
	}
	return ids
}

// Ignorable reports whether the user may accept a failure of the check. A
// failure that can never be ignored would lose the model, hang the charm, or
// prevent the migration anyway.
func (id ID) Ignorable() bool {
	return slices.ContainsFunc(allChecks(), func(c check) bool { return c.id == id && c.ignorable })
}

// Run runs all checks on the survey. The failures of the given checks are ignored,
// where this is allowed. If the answer is not known, the check is a skip with the
// reason. Without a model or a target, only the checks that need none are run; a dry
// run on the source is not mentioned unless it was requested.
func Run(s *survey.Survey, ignore []ID) []Finding {
	all := allChecks()
	out := make([]Finding, 0, len(all))
	for _, c := range all {
		if lacks(s, c.needs) {
			continue
		}
		f := c.run(s)
		f.Check = c.id
		f.Evidence = redact.String(f.Evidence)
		if f.Level == Fail && c.startOnly && s.UnderWay() {
			f.Level = Warn
		}
		f.Ignored = f.Level == Fail && c.ignorable && slices.Contains(ignore, c.id)
		out = append(out, f)
	}
	return out
}

// lacks reports whether there is nothing to check: what the check needs is not known,
// or it was not requested. If the model or the target is not known, only that is
// reported.
func lacks(s *survey.Survey, n need) bool {
	unknown := n != needNothing && (!s.ModelKnown() || !s.TargetKnown())
	return unknown || n == needDryRun && s.Reports.DryRun == nil
}
