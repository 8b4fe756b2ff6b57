package migration_test

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"jimm-migrator/src/migration/facts"
)

// judge returns what is false at the end of a run (I2, I5, I8, I9).
func (w *oracle) judge(l lived) (wrong []string) {
	if l.killed {
		return nil
	}
	now := time.Now()
	res := l.result
	say := func(format string, args ...any) {
		wrong = append(wrong, fmt.Sprintf("%s (%s): ", res.Outcome, res.Cause)+fmt.Sprintf(format, args...))
	}
	target := w.on("east", now)
	others := w.others(now)
	switch res.Outcome {
	case facts.AlreadyThere:
		// No controller that may be asked reports the copy that could not be removed.
		if w.probe == probeOff && w.scene(now).phase == "REAPFAILED" && w.record == "east" {
			others = nil
		}
		fallthrough
	case facts.Migrated, facts.Recorded:
		if target != active || w.record != "east" || len(others) > 0 {
			say("I2: the target has %s, JIMM records %q, copies on %v", target, w.record, others)
		}
	case facts.NeedsAttention:
		if target != active || w.record != "east" || len(others) == 0 {
			say("I2: the target has %s, JIMM records %q, copies on %v", target, w.record, others)
		}
	case facts.Aborted, facts.NotStarted:
		if h := w.on(res.Source.Name, now); (h != active || w.running(now)) && !w.untold() {
			say("the source has %s in %s", h, w.scene(now).phase)
		}
	case facts.Refused:
		if w.recorded == "" && w.probe != probeOff && !w.unasked && len(w.holders(now)) == 1 {
			say("I5: %v has the model that JIMM does not know", w.holders(now))
		}
		if l.p.recorded || l.p.asked && res.Cause != facts.CauseOtherMigration {
			say("I4: something was sent")
		}
	case facts.Conflict:
		if len(w.holders(now)) < 2 {
			say("I8: in use on %v", w.holders(now))
		}
	case facts.LostFromJIMM:
		if w.record != "" {
			say("JIMM records %q", w.record)
		}
	case facts.Started:
		if w.journey == nil {
			say("nothing has started")
		}
	case facts.TimedOut:
		if l.took < runLimit {
			say("I9: after %v", l.took)
		}
	case facts.Unknown:
	default:
		say("no outcome of a run")
	}
	if res.Holder.Known() && !w.destroyed && !w.untold() && !slices.Contains(w.inUse(now), res.Holder.Name) {
		say("the model is said to be on %q, and is on %v", res.Holder.Name, w.holders(now))
	}
	if l.took > runLimit+startLimit {
		say("I9: it took %v", l.took)
	}
	if l.p.hosts > 1 && !w.jimm.completes() || l.p.hosts > 3 {
		say("%d logins to the model", l.p.hosts)
	}
	for _, command := range []string{`update-migrated-model (\S+)`, `record-model \S+ controller=(\S+)`} {
		next := regexp.MustCompile(command).FindStringSubmatch(res.Next)
		if next == nil {
			continue
		}
		if h := w.on(next[1], now); h != active && !w.destroyed && res.Cause != facts.CauseUnproved {
			say("next: record %q, which has %s", next[1], h)
		}
	}
	return wrong
}

// inUse are the controllers on which a run may report that the model is in use: also the source,
// until it has finished.
func (w *oracle) inUse(t time.Time) []string {
	names := w.holders(t)
	if w.on("west", t) == exporting && w.running(t) {
		names = append(names, "west")
	}
	return names
}

// others are the controllers besides the target that have a copy and answer.
func (w *oracle) others(t time.Time) (names []string) {
	for _, name := range []string{"north", "west"} {
		if h := w.on(name, t); h != nothing && h != hidden {
			names = append(names, name)
		}
	}
	return names
}
