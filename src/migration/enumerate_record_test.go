package migration_test

import (
	"context"
	"fmt"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

// records runs record-model from a state for each controller of the migration, on proof and on a
// user's confirmation.
func (e *enumeration) records() {
	for _, to := range []string{"east", "west"} {
		for _, confirm := range []string{"", modelUUID} {
			e.bubble(func(ctx context.Context) { e.record(ctx, to, confirm) })
		}
	}
}

func (e *enumeration) record(ctx context.Context, to, confirm string) {
	w := e.state.world()
	p := newProcess(w, nil)
	p.confirmed = confirm != ""
	began := time.Now()
	res, err := migration.RecordModel(ctx, p.jaas(), p, confirm, migration.Options{Options: survey.Options{Model: modelUUID, Target: to, Probe: w.probe != probeOff}})
	how := "record " + to
	if p.confirmed {
		how += " on a user's confirmation"
	}
	if err != nil {
		e.blame(how, err.Error())
		return
	}
	e.blame(how, append(w.wrong, w.judgeRecord(res, to, p)...)...)
	if took := time.Since(began); took > migration.TimeForRecordModel+callLimit {
		e.blame(how, fmt.Sprintf("I9: it took %v", took))
	}
	e.count(1, "record-model "+string(res.Outcome))
}

// judgeRecord returns what is false at the end of record-model.
func (w *oracle) judgeRecord(res migration.Result, to string, p *process) (wrong []string) {
	now := time.Now()
	say := func(format string, args ...any) {
		wrong = append(wrong, fmt.Sprintf("%s (%s): ", res.Outcome, res.Cause)+fmt.Sprintf(format, args...))
	}
	if p.asked {
		say("a migration was asked for")
	}
	switch h := w.on(to, now); res.Outcome {
	case facts.Recorded, facts.NeedsAttention, facts.AlreadyThere, facts.Migrated:
		switch {
		case w.record != to:
			say("JIMM records %q", w.record)
		case h != active && !p.confirmed && !w.destroyed:
			say("%q has %s", to, h)
		}
	case facts.Refused:
		if p.recorded {
			say("JIMM was asked to record")
		}
	case facts.Conflict:
		if len(w.holders(now)) < 2 {
			say("I8: in use on %v", w.holders(now))
		}
	case facts.LostFromJIMM:
		if w.record != "" {
			say("JIMM records %q", w.record)
		}
	case facts.Unknown, facts.TimedOut, facts.Interrupted, facts.Aborted:
	default:
		say("no outcome of record-model")
	}
	return wrong
}

// allowedOnWord returns why the controller must not be recorded even on a user's confirmation: a
// controller that can be asked contradicts it.
func (w *oracle) allowedOnWord(name string, t time.Time) string {
	s, h := w.scene(t), w.on(name, t)
	asked := w.probe != probeOff && !w.unasked
	switch {
	case w.running(t) && !facts.ParseText(redact.Raw(s.text)).PastReturn() && w.knowable(t):
		return "while a migration runs: " + s.phase
	case asked && h == nothing:
		return "it reports that it has nothing"
	case w.probe.describes() && !w.unasked && h == importing:
		return "its copy is only half imported"
	case name != w.record && w.record != "" && w.on(w.record, t) == active && asked && len(w.holders(t)) == 1:
		return w.record + " is recorded, and hosts it"
	default:
		return ""
	}
}
