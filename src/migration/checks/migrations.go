package checks

import (
	"strconv"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

func checkOtherMigration(s *survey.Survey) Finding {
	a := s.Observation.Info.Attempt
	if !s.Observation.Info.Described() {
		return Finding{Level: Skip, Evidence: "the source does not report whether a migration is running"}
	}
	if !s.Observation.Info.Migrating() {
		return noMigration(s)
	}
	name, certain := s.Audit.Target(a, s.Source.Name)
	text := Running(a, s.Source)
	switch {
	case s.OnTarget() && s.MovesElsewhere() && len(s.Holders(s.Target)) > 0:
		return Finding{Level: Warn, Evidence: text + ": JIMM already records " + strconv.Quote(s.Target.Name) + ", and " + s.Holders(s.Target).Names() + " has a copy too: the migration is followed"}
	case s.MovesElsewhere():
		return Finding{Level: Fail, Evidence: text + ": it goes to or from " + strconv.Quote(s.Source.Name) + ", although JIMM already records the model there", Remedy: "wait until it has ended"}
	case s.OnTarget():
		return Finding{Level: Fail, Evidence: text + ": the model is leaving " + strconv.Quote(s.Target.Name), Remedy: "wait until it has ended"}
	case certain && name == s.Target.Name:
		return Finding{Level: Pass, Evidence: text + "; according to JIMM's audit log, it goes to the target; it is followed, not started again"}
	case certain:
		return Finding{Level: Fail, Evidence: text + "; according to JIMM's audit log, it goes to " + strconv.Quote(name), Remedy: "wait until it has ended; Juju cannot cancel it. To follow it, pass target-controller=" + name}
	default:
		return Finding{Level: Warn, Evidence: text + "; JIMM's audit log does not name its target: it is followed, and recorded only if the source names the target"}
	}
}

// noMigration: none is reported. One may have been requested a moment ago.
func noMigration(s *survey.Survey) Finding {
	switch {
	case s.MayStillArrive():
		third := s.Holders(s.Source, s.Target).Names()
		return Finding{
			Level:    Fail,
			Evidence: third + " has a copy of the model too, and " + whyArrived(s) + ": the migration from " + third + " may still be running",
			Remedy:   "wait until that copy is gone, or have an administrator of " + third + " examine it",
		}
	case s.AuditErr != nil:
		return Finding{Level: Warn, Evidence: "no migration of the model is running, but one may have been requested a moment ago; waiting for it to begin; JIMM's audit log could not be read: " + redact.Error(s.AuditErr)}
	case s.TimeLeftToStart() > 0 && !s.UnderWay():
		return Finding{Level: Warn, Evidence: "no migration of the model is running yet; according to JIMM's audit log, one was requested a moment ago; waiting for it to begin"}
	case silentSource(s):
		return Finding{Level: Skip, Evidence: unshown(s)}
	default:
		return Finding{Level: Pass, Evidence: "no migration of the model is running"}
	}
}

// silentSource reports whether no answer shows whether a migration is running: a source of
// Juju 4.0.0 or newer shows none through JIMM, and has not said itself that the model is in
// use there.
func silentSource(s *survey.Survey) bool {
	return !s.OnTarget() && !s.Source.ShowsMigrations() && s.Observation.CopyOn(s.Source).State == facts.CopyUnknown
}

// unshown is the evidence that a source shows no migrations through JIMM.
func unshown(s *survey.Survey) string {
	return strconv.Quote(s.Source.String()) + " (Juju " + s.Source.AgentVersion + ") does not show through JIMM whether a migration is running"
}

// whyArrived returns why the model may have been moved to its controller recently.
func whyArrived(s *survey.Survey) string {
	if s.AuditErr != nil {
		return "JIMM's audit log could not be read"
	}
	return "according to JIMM's audit log, the model was moved to " + strconv.Quote(s.Source.Name) + " recently"
}

// Running is the evidence that a migration is running, and since when, if its source reports that. Juju
// 4 does not report it through JIMM, and neither does JIMM's list.
func Running(a facts.Attempt, source facts.Controller) string {
	switch {
	case a.Unshown():
		return strconv.Quote(source.String()) + " reports that a migration of the model is running"
	case a.Start.IsZero():
		return "a migration is running (" + a.Text.String() + ")"
	default:
		return "a migration has been running since " + a.Start.UTC().Format(timeFormat) + " (" + a.Text.String() + ")"
	}
}

// timeFormat is how evidence writes times.
const timeFormat = "2006-01-02 15:04:05 UTC"

// checkEarlierAttempt warns about an attempt that failed: the next attempt may
// fail in the same way.
func checkEarlierAttempt(s *survey.Survey) Finding {
	a := s.Observation.Info.Attempt
	switch phase := facts.ParseText(a.Text); {
	case silentSource(s) && len(s.Observation.Destinations) > 0:
		return Finding{
			Level:    Warn,
			Evidence: unshown(s) + ", and JIMM's audit log has a request to migrate the model away: that migration may still be running",
			Remedy:   "let the charm ask the controllers (probe-controllers=true)",
		}
	case !s.Observation.Info.Described():
		return Finding{Level: Skip, Evidence: "the source does not report it"}
	case !a.Exists() || s.Observation.Info.Migrating():
		return Finding{Level: Pass, Evidence: "the source shows no earlier attempt"}
	case phase == facts.PhaseAbort:
		return Finding{Level: Warn, Evidence: "an earlier attempt " + when(a) + ": " + a.Text.String()}
	case phase.PastReturn() && phase != facts.PhaseReapFailed:
		return Finding{Level: Pass, Evidence: "the model has been moved away and back before"}
	default:
		return Finding{Level: Warn, Evidence: "an earlier migration " + when(a) + " with: " + a.Text.String()}
	}
}

// when returns when an attempt was made, as far as the source reports it.
func when(a facts.Attempt) string {
	switch {
	case !a.End.IsZero():
		return "ended at " + a.End.UTC().Format(timeFormat)
	case a.Start.IsZero():
		return "ended"
	default:
		return "began at " + a.Start.UTC().Format(timeFormat) + " and has ended"
	}
}

// checkFreeze warns that changes to a model that is migrating, or is about to
// migrate, may be lost.
func checkFreeze(s *survey.Survey) Finding {
	if s.UnderWay() && !s.Observation.Info.Migrating() {
		return Finding{Level: Pass, Evidence: "the model has moved already, or is on the target: nothing will be moved"}
	}
	return Finding{Level: Warn, Evidence: "changes made to the model while it moves may be lost", Remedy: "tell its users to wait until the migration has ended"}
}
