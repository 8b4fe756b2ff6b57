package soak_test

import (
	"context"
	"slices"
	"strings"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/report"
	"jimm-migrator/tests/sim/controller"
)

// runAtRest runs the engine once more when nothing else happens, and judges the result that it must have.
func (s *story) runAtRest(ctx context.Context) {
	s.mu.Lock()
	s.past = nil // the other client has finished
	s.mu.Unlock()
	before := s.actual()
	last := s.run(ctx, kill{})
	s.judge(last)
	s.rest(ctx)
	s.mustBeRemovable(ctx)
	s.violations()
	if last.err != nil {
		s.blame("I5: when all is quiet, a run ends with %v", last.err)
		return
	}
	res := last.result
	s.cell("in the end: %s %s, probe %v", res.Outcome, res.Cause, s.probe)
	if why := s.wrongAtRest(before, res); why != "" {
		s.blame("I5: %s: %s (%s): %+v, then %+v: %s", why, res.Outcome, res.Cause, before, s.actual(), report.Summary(res))
	}
}

// wrongAtRest returns the result that a run should have had when nothing else happened. The state before it is the final
// state of the world.
func (s *story) wrongAtRest(before oracle, res migration.Result) string {
	holders := before.holders()
	said := func(outcomes ...facts.Outcome) bool { return slices.Contains(outcomes, res.Outcome) }
	switch {
	case res.Cause == facts.CauseRecordFailed && s.cannotRecord():
		s.cell("cannot be recorded on Juju 4")
		if res.Outcome != facts.Unknown || !s.actual().active(s.target) || res.RetrySafe() || res.Hint == "" {
			return "JIMM cannot record it"
		}
	case before.recorded == "":
		twice := len(holders) > 1 && said(facts.Conflict) // Which of them JIMM should record is not for the engine to decide.
		if !said(facts.Refused, facts.LostFromJIMM) && !twice {
			return "JIMM does not know it"
		}
		// Older ones have only lists, and an empty one proves nothing.
		if s.world.JIMM.Version == "2026" && s.probe && s.model == s.uuid && len(holders) == 1 && (!said(facts.LostFromJIMM) || res.Holder.Name != holders[0]) {
			return "its holder can be asked by its UUID"
		}
	case len(holders) != 1:
		// Without credentials no controller reports whether its copy is in use.
	case holders[0] == s.target && before.recorded == s.target:
		return s.mustBeThere(res)
	case holders[0] == s.target && before.recorded == s.source:
		return s.mustBeRecorded(before, res)
	case res.Outcome == facts.Unknown && res.Cause == facts.CauseSilent && s.sourceIsSilent(before):
		s.cell("a silent source that is not probed")
	case holders[0] == before.recorded && before.on[s.target] == "" && res.Outcome == facts.Unknown && len(s.actual().holders()) == 1:
		if res.Cause == facts.CauseUnproved && s.actual().active(s.target) && s.namesTarget(res.Next) {
			return "" // it had ended before an observation showed that it succeeded
		}
		if res.Cause == facts.CauseUnproved && !s.probe && s.actual().active(s.target) && strings.Contains(res.Hint, "probe-controllers=true") && strings.Contains(res.Detail, "another controller") {
			s.cell("ended where JIMM's list has the target's entry, and no controller is probed")
			return ""
		}
		return "it was there, ready to be moved"
	}
	return ""
}

// sourceIsSilent reports whether no controller that may be asked reports if a migration is running: a source that runs Juju 4
// that JIMM records shows none, and restricts only logins without a token, so not those that JIMM makes.
func (s *story) sourceIsSilent(now oracle) bool {
	return !s.probe && now.recorded != s.target && s.juju4(s.source)
}

// cannotRecord reports whether JIMM cannot record any model on the target, as that of July
// 2026 cannot on Juju 4.
func (s *story) cannotRecord() bool {
	return s.world.JIMM.Version == "2026" && !s.world.JIMM.Mended && s.juju4(s.target)
}

// namesTarget reports whether a command records the target: the charm's, or JIMM's.
func (s *story) namesTarget(command string) bool {
	return strings.Contains(command, " controller="+s.target+" ") || strings.Contains(command, " "+s.target+" ")
}

// askedElsewhere reports whether JIMM's audit log has a request to another target as well, shortly
// before that of the run. The log does not have the source's answer, and a request with a lost
// answer can begin later, so it does not prove which of the two the source carried out.
func (s *story) askedElsewhere() bool {
	first := s.world.Models[0].MigratingTo
	return first != "" && first != s.target
}

// mustBeThere checks that the model is on the target and recorded there.
func (s *story) mustBeThere(res migration.Result) string {
	switch {
	case res.Outcome == facts.AlreadyThere, res.Outcome == facts.NeedsAttention:
		return ""
	case res.Outcome == facts.Unknown && res.Cause == facts.CauseSourceUnknown && s.sourceIsSecret():
		return ""
	case res.Outcome == facts.Unknown && res.Cause == facts.CauseSilent && !s.probe && s.juju4(s.target) && s.other.moves():
		s.cell("a target of Juju 4 that another client may have moved the model from, and that is not probed")
		return ""
	}
	return "it is there"
}

// sourceIsSecret reports whether no controller that may be asked reports if the source has released a model that JIMM
// records on the target.
func (s *story) sourceIsSecret() bool {
	return !s.probe && (s.world.JIMM.Version != "2026" || s.other.kind == "hand-made record" || !s.told)
}

// mustBeRecorded checks that the model is on the target while JIMM still records the source.
func (s *story) mustBeRecorded(before oracle, res migration.Result) string {
	switch res.Outcome {
	case facts.Recorded, facts.NeedsAttention, facts.Migrated, facts.LostFromJIMM:
		return ""
	case facts.AlreadyThere: // JIMM has recorded it itself at the same moment
		return ""
	case facts.Unknown:
		if res.Cause == facts.CauseUnproved && !s.sourceNamesTarget() {
			if !s.namesTarget(res.Next) && s.told && !s.skewed && !s.other.moves() {
				return "the command that would help is not named"
			}
			return ""
		}
	case facts.Refused:
		if (before.reap || !s.sourceNamesTarget()) && (!s.told || s.other.moves() || s.skewed) {
			return ""
		}
		if before.reap && s.askedElsewhere() && strings.Contains(report.Summary(res), "requests to migrate it to "+s.world.Models[0].MigratingTo) {
			return ""
		}
	default:
	}
	return "it has moved"
}

// sourceNamesTarget reports whether the source itself names the target when it is asked.
func (s *story) sourceNamesTarget() bool {
	return s.probe && s.world.Controllers[0].Redirects == "all"
}

// judgeUnknown checks whether a controller could have answered: an unknown that could have been resolved is a defect.
func (s *story) judgeUnknown(l *life, when string) {
	now := s.actual()
	calm := s.calm()
	s.cell("unknown %s: %s, calm %v", when, l.result.Cause, calm > 45*s.poll+2*time.Minute)
	if calm <= 45*s.poll+2*time.Minute || s.other.moves() || s.skewed || !s.told {
		return
	}
	if s.sourceIsSilent(now) && l.result.Cause == facts.CauseSilent {
		return
	}
	holders := now.holders()
	switch {
	case len(holders) == 1 && holders[0] == s.target && now.recorded == s.target && s.mustBeThere(l.result) != "",
		len(holders) == 1 && holders[0] == s.source && now.recorded == s.source && now.on[s.target] != controller.StateImporting:
		s.blame("it could have been known (%s): %+v: %s", l.result.Cause, now, report.Summary(l.result))
	}
}
