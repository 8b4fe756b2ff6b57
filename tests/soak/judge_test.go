package soak_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/locate"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/report"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/controller"
)

// judge reports what is false at the end of a run (I2, I3, I5, I6, I8, I9).
func (s *story) judge(l *life) {
	s.secrets(l)
	if l.starts > 1 {
		s.blame("I3: it has asked for a migration %d times", l.starts)
	}
	if l.killed {
		return
	}
	if limit := s.timeout + 4*time.Minute; l.took > limit {
		s.blame("I9: it took %v", l.took)
	}
	if l.err != nil {
		s.cell("outcome: error")
		return
	}
	s.grants(l)
	res := l.result
	s.cell("outcome: %s", res.Outcome)
	s.cell("cause: %s %s", res.Outcome, res.Cause)
	if !s.ever(func(t oracle) bool { return s.lie(l, t) == "" }) {
		s.blame("%s: %s (%s): %+v: %s", s.lie(l, s.actual()), res.Outcome, res.Cause, s.actual(), report.Summary(res))
	}
	if res.Holder.Known() && !s.ever(func(t oracle) bool { return s.mayHold(t, res.Holder.Name) }) {
		s.blame("the model is said to be on %s (%s, %s): %+v: %s", res.Holder.Name, res.Outcome, res.Cause, s.actual(), report.Summary(res))
	}
	if res.Outcome == facts.Unknown {
		s.judgeUnknown(l, "in trouble")
	}
}

// lie returns what is false in the outcome, "" if all is true.
func (s *story) lie(l *life, now oracle) string {
	switch res := l.result; res.Outcome {
	case facts.Migrated, facts.AlreadyThere, facts.Recorded:
		if !s.mayHold(now, s.target) || now.recorded != s.target || s.heldBack(res.Source.Name, now) {
			return "I2"
		}
	case facts.NeedsAttention:
		if !s.mayHold(now, s.target) || now.recorded != s.target {
			return "I2"
		}
	case facts.Aborted, facts.NotStarted:
		if !now.active(res.Source.Name) || now.running {
			return "the model is not at rest on the source"
		}
	case facts.Refused:
		if l.records > 0 || l.starts > 0 && res.Cause == facts.CauseChecks {
			return "I4: something was sent"
		}
	case facts.LostFromJIMM:
		if now.recorded != "" {
			return "JIMM knows it"
		}
	case facts.Conflict:
		if len(now.on) < 2 {
			return "I8"
		}
	case facts.TimedOut:
		if l.took < s.timeout-time.Minute {
			return "I9: too early"
		}
	case facts.Started, facts.ChecksPassed, facts.Interrupted, // a life that was killed is not judged
		facts.Removed, facts.NothingToRemove:
		return "no action was asked for that"
	case facts.Unknown:
	}
	return ""
}

// heldBack reports whether the source has a copy, or any other controller if the source is not known, that could have
// answered.
func (s *story) heldBack(source string, now oracle) bool {
	if source == s.target || source == "" {
		if source = ""; !s.probe {
			return false
		}
	}
	for name := range now.on {
		if name == s.target || source != "" && name != source {
			continue
		}
		// No controller reports a copy on a controller that is away.
		away := (s.isAway(name) || s.calm() < 2*time.Minute) && len(now.holders()) > 1
		if s.probe && !away || !s.probe && !now.reap && len(now.holders()) < 2 {
			return true
		}
	}
	return false
}

// mayHold reports whether a run may report that the model is in use on the controller: also on the source of a
// migration, as long as that runs.
func (s *story) mayHold(now oracle, name string) bool {
	return now.active(name) || now.running && now.on[name] == controller.StateExporting
}

// secrets searches everything that was printed for the canary (I6).
func (s *story) secrets(l *life) {
	res := l.result
	texts := append([]string{report.Summary(res), res.Detail, res.Next, res.Proof, res.Attempt.Text.String(), fmt.Sprint(res.Findings), fmt.Sprint(res.Aftermath)}, l.texts...)
	for _, text := range texts {
		if strings.Contains(text, canary) {
			s.blame("I6: the secret is in %q", text)
		}
	}
}

// deniedInReap reports whether a run has recorded since the source stopped answering after a success, which it may, and
// whether that was one. A source that restarts in REAP denies the model for longer than usual.
func (s *story) deniedInReap() bool {
	m, ok := s.jaas.Controller(s.source).Migration(s.uuid)
	if !ok || m.Phase != controller.Done && m.Phase != controller.ReapFailed {
		return false
	}
	return slices.ContainsFunc(s.lives, func(l *life) bool {
		return strings.Contains(strings.Join(l.texts, "\n"), "stopped answering for the model after the migration had succeeded")
	})
}

// violations are calls that must never be sent (I1, I3, I4). Two runs that begin at the same moment can both find no
// migration: the controllers refuse the second one.
func (s *story) violations() {
	for _, v := range s.jaas.Violations() {
		switch {
		case v.Rule == sim.RuleLiveCopy: // no other call needs that
			s.blame("I26: %s", v)
		case v.Rule == sim.RuleRealStart, v.Rule == sim.RuleDryRun: // with the account of a controller
			s.blame("I4: %s", v)
		case v.User != account+"@serviceaccount":
		case v.Rule == sim.RuleSecondStart && s.other.moves():
			s.cell("two starts in the same moment")
		case v.Rule == sim.RuleSecondStart && !s.probe && s.juju4(s.source):
			s.cell("a second request, which a silent source that is not probed refuses")
		case v.Rule == sim.RuleEarlyRecord && s.deniedInReap():
			s.cell("recorded while REAP hides the model (I1 b)")
		default:
			s.blame("%s", v)
		}
	}
}

// preface runs an action before anything happens: check and locate change nothing (I4).
func (s *story) preface(ctx context.Context) {
	if s.prelude == "" {
		return
	}
	before := s.actual()
	l := s.newLife(kill{})
	s.lives = append(s.lives, l)
	var located locate.Found
	l.live(ctx, s.settings(account, l), func(ctx context.Context, j survey.JAAS, _ migration.Writer) (res migration.Result, err error) {
		if s.prelude == "check" {
			return migration.Check(ctx, j, s.options(l))
		}
		located, err = locate.Locate(ctx, j, locate.Options{Model: s.model, Probe: s.probe})
		return migration.Result{}, err
	})
	if l.err != nil {
		if before.recorded != "" {
			s.blame("%s: %v", s.prelude, l.err)
		}
		return
	}
	if now := s.actual(); l.starts+l.records > 0 || now.recorded != before.recorded && before.running == now.running {
		s.blame("I4: %s has changed %+v to %+v", s.prelude, before, now)
	}
	if s.prelude == "check" {
		s.cell("checked: %s", l.result.Outcome)
		if l.result.Outcome == facts.AlreadyThere && s.lie(l, s.actual()) != "" {
			s.blame("I2: check says %s: %+v", l.result.Outcome, s.actual())
		}
		return
	}
	s.judgeLocated(located)
}

func (s *story) judgeLocated(found locate.Found) {
	for _, loc := range found.Locations {
		s.cell("located: %s", loc.State)
		now := s.actual()
		if loc.Holder.Known() && !s.mayHold(now, loc.Holder.Name) {
			s.blame("located on %s: %+v: %s", loc.Holder.Name, now, loc.Proof)
		}
		if loc.Drift && now.recorded != "" && now.active(now.recorded) {
			s.blame("located with drift: %+v: %s", now, loc.Proof)
		}
	}
}
