package migration

import (
	"strconv"
	"time"

	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

// refusal is why a user's confirmation is not enough. Its zero value refuses
// nothing.
type refusal struct {
	outcome facts.Outcome
	cause   facts.Cause
	detail  string
	next    string
}

// guard returns why one observation does not allow recording the target on a user's
// confirmation.
func guard(s *survey.Survey) refusal {
	o := s.WithEntry()
	name := strconv.Quote(s.Target.String())
	running := checks.Running(o.Info.Attempt, s.Source)
	switch judge.Contradict(s.Source, s.Target, o) {
	case judge.HostedTwice:
		return refusal{outcome: facts.Conflict, detail: facts.DescribeCopies(s.Controllers, o.Copies)}
	case judge.StillMigrating:
		return refusal{facts.Refused, facts.CauseOtherMigration, running, followCommand(s)}
	case judge.LeavesController:
		return refusal{facts.Refused, facts.CauseOtherMigration, running + ", and can no longer be aborted: the model leaves " + name, followCommand(s)}
	case judge.StillImporting:
		return refusal{facts.Refused, facts.CauseOtherMigration, "a copy of the model is still being imported", followCommand(s)}
	case judge.RecordCorrect:
		return refusal{facts.Refused, facts.CauseRecordCorrect, strconv.Quote(s.Source.String()) + " hosts the model, and JIMM records it there", ""}
	case judge.HostedByThird:
		return usedBy(s, s.InUseElsewhere())
	case judge.MovedToThird:
		return movedTo(s, s.Source, o.CopyOn(s.Source))
	case judge.DeniedByController:
		return deniedByTarget(s, o.CopyOn(s.Target))
	case judge.NoContradiction:
	}
	return refusal{}
}

// deniedByTarget: the controller itself reports that it does not have the model.
func deniedByTarget(s *survey.Survey, target facts.Copy) refusal {
	name := strconv.Quote(s.Target.String())
	if target.State == facts.CopyAbsent {
		return refusal{facts.Refused, facts.CauseElsewhere, name + " reports that it does not have the model", locateCommand(s)}
	}
	return movedTo(s, s.Target, target)
}

// usedBy: a controller that is neither recorded nor to be recorded hosts the model.
func usedBy(s *survey.Survey, c facts.Controller) refusal {
	return refusal{
		facts.Refused, facts.CauseElsewhere, strconv.Quote(c.String()) + " reports that it hosts the model",
		facts.RecordCommand(s.Options.Unit, s.Model.UUID, c.Name, ""),
	}
}

func locateCommand(s *survey.Survey) string {
	return facts.LocateCommand(s.Options.Unit, s.Model.UUID)
}

// movedTo: a controller reports that it has migrated the model to another one.
func movedTo(s *survey.Survey, from facts.Controller, at facts.Copy) refusal {
	to := s.Controllers.ByUUID(at.To)
	if to.Name == "" {
		return refusal{facts.Refused, facts.CauseElsewhere, strconv.Quote(from.String()) + " reports that it has migrated the model to a controller that JIMM does not know", locateCommand(s)}
	}
	return refusal{
		facts.Refused, facts.CauseElsewhere, strconv.Quote(from.String()) + " reports that it has migrated the model to " + strconv.Quote(to.Name),
		facts.RecordCommand(s.Options.Unit, s.Model.UUID, to.Name, ""),
	}
}

// movement returns why the second observation, after a pause, contradicts the user's
// confirmation, for reasons that no single observation can show: JIMM's record has changed,
// another migration began or was requested, or the running one makes progress.
func (m *recording) movement(again *survey.Survey, pause time.Duration) refusal {
	before, now := m.first.Observation.Info, again.Observation.Info
	switch {
	case again.Source.UUID != m.first.Source.UUID:
		return refusal{facts.Unknown, facts.CauseChanged, "JIMM's record has changed; it is now " + strconv.Quote(again.Source.String()), locateCommand(again)}
	case again.OnTarget() && !again.TargetHasIt():
		return refusal{facts.Unknown, facts.CauseUnproved, "JIMM already records the model on " + strconv.Quote(again.Target.String()) + ", and no controller reports whether it is there", locateCommand(again)}
	case again.AuditErr == nil && again.TimeLeftToStart() > 0, again.TimeLeftToStart() > pause:
		// If the log was not read, the whole time must have passed, and the pause may have
		// been long enough.
		return refusal{facts.Refused, facts.CauseOtherMigration, "another migration may have been requested in the meantime", followCommand(again)}
	case !now.Migrating():
		return refusal{}
	case !before.Migrating() || !before.Attempt.Same(now.Attempt):
		return refusal{facts.Refused, facts.CauseOtherMigration, "another migration has begun in the meantime", followCommand(again)}
	case advances(before.Attempt.Text, now.Attempt.Text):
		return refusal{facts.Refused, facts.CauseOtherMigration, "the migration is making progress: " + now.Attempt.Text.String(), followCommand(again)}
	case again.Age() < m.wait(TimeToStall):
		return refusal{facts.Refused, facts.CauseOtherMigration, "the migration succeeded too recently to be considered stalled: " + now.Attempt.Text.String(), followCommand(again)}
	default:
		return refusal{}
	}
}

// advances reports whether the migration has progressed between two observations.
// SUCCESS may loop through its texts for days (juju/juju#20286).
func advances(before, now redact.Raw) bool {
	phase := facts.ParseText(now)
	return phase > facts.ParseText(before) || phase == facts.PhaseLogTransfer && now != before
}

// describeSeen returns what the observation has shown, for the ground of the proof by
// confirmation.
func describeSeen(s *survey.Survey) string {
	source, target := s.Observation.CopyOn(s.Source), s.Observation.CopyOn(s.Target)
	name := strconv.Quote(s.Target.String())
	switch {
	case s.Observation.Info.Migrating():
		return "the migration has succeeded and makes no progress: " + s.Observation.Info.Attempt.Text.String()
	case s.Placement() == judge.Undecided:
		return s.Undecided()
	case s.OnTarget():
		return name + " has the model, and no migration of it is running"
	case s.Observation.Info.ReapFailed():
		return strconv.Quote(s.Source.String()) + " could not remove its copy after the migration"
	case source.State == facts.CopyMoved:
		return strconv.Quote(s.Source.String()) + " has moved the model away"
	case target.Has() && source.State == facts.CopyAbsent:
		return name + " reports that it has the model, and " + strconv.Quote(s.Source.String()) + " reports that it does not"
	case target.Has():
		return name + " reports that it has the model"
	default:
		return "no other controller answered"
	}
}

// followCommand is the command that follows the migration.
func followCommand(s *survey.Survey) string {
	return facts.FollowCommand(s.Options.Unit, s.Model.UUID)
}
