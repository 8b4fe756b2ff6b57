package migration_test

import (
	"context"
	"slices"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/locate"
)

// locateAndCheck locates the model and checks its migration. Neither changes anything (I4), and
// both report only what is true.
func (e *enumeration) locateAndCheck(ctx context.Context) {
	w := e.state.world()
	p := newProcess(w, nil)
	found, err := locate.Locate(ctx, p.jaas(), locate.Options{Model: modelUUID, Probe: w.probe != probeOff})
	if err == nil {
		e.blame("locate", w.judgeLocation(found.Locations[0])...)
		e.count(1, "located "+string(found.Locations[0].State))
	} else if w.record != "" {
		e.blame("locate", err.Error())
	}
	res, err := migration.Check(ctx, p.jaas(), w.options(p))
	if err != nil {
		e.blame("check", err.Error())
	}
	e.blame("check", w.judgeCheck(res)...)
	e.count(1, "checked "+string(res.Outcome))
	if p.asked || p.recorded {
		e.blame("locate and check", "I4: something was sent")
	}
	e.blame("locate and check", w.wrong...)
}

func (w *oracle) judgeLocation(l locate.Location) (wrong []string) {
	now := time.Now()
	holders := w.holders(now)
	holds := func(c facts.Controller) bool { return slices.Contains(holders, c.Name) }
	switch {
	case l.State == locate.StateActive && (!holds(l.Holder) || l.Holder.Name != w.record):
		wrong = append(wrong, "active on "+l.Holder.Name)
	case l.State == locate.StateMoved && (!holds(l.Holder) && !w.destroyed || l.Holder.Name == w.record):
		wrong = append(wrong, "moved to "+l.Holder.Name)
	case l.State == locate.StateMigrating && l.Holder.Known() && !holds(l.Holder) && w.on(l.Holder.Name, now) != exporting:
		wrong = append(wrong, "migrating, on "+l.Holder.Name)
	case l.State == locate.StateMigrating && !w.running(now):
		wrong = append(wrong, "migrating")
	case l.State == locate.StateAbsent && len(holders) > 0:
		wrong = append(wrong, "absent")
	case l.State == locate.StateLost && w.record != "":
		wrong = append(wrong, "lost")
	case l.State == locate.StateConflict && len(holders) < 2:
		wrong = append(wrong, "conflict")
	}
	if l.Drift && slices.Contains(holders, w.record) && len(holders) == 1 && w.scene(now).phase != "REAPFAILED" {
		wrong = append(wrong, "drift is claimed")
	}
	if l.Repair != "" && !holds(l.Holder) && !w.destroyed {
		wrong = append(wrong, "repair: "+l.Repair)
	}
	if len(wrong) > 0 {
		wrong = append(wrong, l.Proof)
	}
	return wrong
}

// judgeCheck returns what is false in a check.
func (w *oracle) judgeCheck(r migration.Result) (wrong []string) {
	now := time.Now()
	switch r.Outcome {
	case facts.ChecksPassed, facts.Refused:
	case facts.Conflict:
		if len(w.holders(now)) < 2 {
			wrong = append(wrong, "I8: conflict")
		}
	case facts.LostFromJIMM:
		if w.record != "" {
			wrong = append(wrong, "JIMM records it on "+w.record)
		}
	case facts.AlreadyThere:
		if w.on("east", now) != active || w.record != "east" || len(w.others(now)) > 0 {
			wrong = append(wrong, "I2: already-there")
		}
	default:
		wrong = append(wrong, "no outcome of a check: "+string(r.Outcome))
	}
	return wrong
}
