package migration

import "slices"

// need says what a check must know to have anything to look at.
type need int

const (
	needNothing need = iota
	needModel
	needTarget
	needBoth
)

// check is one check: what it looks at, and what its failure means.
type check struct {
	id    CheckID
	needs need
	// ignorable tells that an operator may accept a failure. What can never be
	// ignored would lose the model, hang the charm, or cannot succeed anyway; or
	// it never fails.
	ignorable bool
	// startOnly tells that the check only asks whether a migration can start: it
	// forbids nothing once one runs.
	startOnly bool
	run       func(*situation) Finding
}

// allChecks returns the checks in the order in which they are reported. New ones
// go to the end: scripts may count on the order.
func allChecks() []check {
	const ignorable, startOnly = true, true
	return []check{
		{CheckModel, needNothing, !ignorable, !startOnly, checkModel},
		{CheckOwnModel, needModel, !ignorable, !startOnly, checkOwnModel},
		{CheckControllerModel, needModel, !ignorable, !startOnly, checkControllerModel},
		{CheckModelLife, needModel, !ignorable, startOnly, checkModelLife},
		{CheckTarget, needNothing, !ignorable, !startOnly, checkTarget},
		{CheckTargetAvailable, needTarget, ignorable, startOnly, checkTargetAvailable},
		{CheckVersions, needBoth, !ignorable, startOnly, checkVersions},
		{CheckSource, needModel, !ignorable, startOnly, checkSource},
		{CheckTargetCopy, needBoth, ignorable, startOnly, checkTargetCopy},
		{CheckOtherMigration, needBoth, !ignorable, !startOnly, checkOtherMigration},
		{CheckConflict, needModel, !ignorable, !startOnly, checkConflict},
		{CheckEarlierAttempt, needModel, !ignorable, !startOnly, checkEarlierAttempt},
		{CheckFreeze, needModel, !ignorable, !startOnly, checkFreeze},
		{CheckVersionHop, needBoth, !ignorable, startOnly, checkVersionHop},
		{CheckMachines, needBoth, ignorable, startOnly, checkMachines},
		{CheckUnits, needBoth, ignorable, startOnly, checkUnits},
		{CheckApplications, needBoth, ignorable, startOnly, checkApplications},
		{CheckUpgrade, needBoth, ignorable, startOnly, checkUpgrade},
		{CheckRelations, needBoth, !ignorable, startOnly, checkRelations},
		{CheckCredential, needModel, ignorable, startOnly, checkCredential},
		{CheckUsers, needBoth, ignorable, startOnly, checkUsers},
		{CheckCloud, needBoth, ignorable, startOnly, checkCloud},
		{CheckTargetName, needBoth, ignorable, startOnly, checkTargetName},
		{CheckTargetAnswers, needBoth, !ignorable, startOnly, checkTargetAnswers},
		{CheckTargetAddresses, needBoth, ignorable, startOnly, checkTargetAddresses},
		{CheckOffers, needBoth, !ignorable, startOnly, checkOffers},
		{CheckRemotes, needBoth, !ignorable, startOnly, checkRemotes},
		{CheckStorage, needBoth, !ignorable, startOnly, checkStorage},
		{CheckSecretBackends, needBoth, !ignorable, startOnly, checkSecretBackends},
		{CheckMode, needModel, !ignorable, startOnly, checkMode},
		{CheckHostsJIMM, needModel, ignorable, startOnly, checkHostsJIMM},
		{CheckAdvisories, needBoth, !ignorable, startOnly, checkAdvisories},
		{CheckControllerAccess, needBoth, !ignorable, startOnly, checkControllerAccess},
		{CheckFacades, needBoth, ignorable, startOnly, checkFacades},
		{CheckTargetPrechecks, needBoth, ignorable, startOnly, checkTargetPrechecks},
		{CheckLeftOvers, needBoth, !ignorable, startOnly, checkLeftOvers},
	}
}

// CheckIDs returns all ids in the order in which they are reported.
func CheckIDs() []CheckID {
	all := allChecks()
	ids := make([]CheckID, len(all))
	for i, c := range all {
		ids[i] = c.id
	}
	return ids
}

// Ignorable reports whether an operator may accept a failure of the check.
// What can never be ignored would lose the model, hang the charm, or cannot
// succeed anyway.
func (id CheckID) Ignorable() bool {
	return slices.ContainsFunc(allChecks(), func(c check) bool { return c.id == id && c.ignorable })
}

// findings runs all checks on the situation. A failure of one of those given is
// ignored if it may be. Every check reports; none depends
// on another, and what cannot be known is a skip with the reason.
func (s *situation) findings(ignore []CheckID) []Finding {
	all := allChecks()
	out := make([]Finding, len(all))
	for i, c := range all {
		f := Finding{Level: Skip, Evidence: s.lacks(c.needs)}
		if f.Evidence == "" {
			f = c.run(s)
		}
		f.Check = c.id
		f.Evidence = Redact(f.Evidence)
		if f.Level == Fail && c.startOnly && s.underWay() {
			f.Level = Warn
		}
		f.Ignored = f.Level == Fail && c.ignorable && slices.Contains(ignore, c.id)
		out[i] = f
	}
	return out
}

// lacks tells why a check has nothing to look at, or "".
func (s *situation) lacks(n need) string {
	switch {
	case n == needModel && !s.modelKnown():
		return "the model is not known"
	case n == needTarget && !s.targetKnown:
		return "the target is not known"
	case n == needBoth && (!s.modelKnown() || !s.targetKnown):
		return "needs a model and a target that are known"
	default:
		return ""
	}
}
