package migration

import (
	"errors"
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/redact"
)

// reporter reports what happens, and from time to time that nothing does.
type reporter struct {
	*run
	began    time.Time
	changed  time.Time // When something new was last reported.
	nextBeat time.Time
	beat     time.Duration

	texts    map[string]bool // The words that were reported.
	past     facts.Phase     // In which the point of no return was reported; unknown: not yet.
	released bool            // That the source no longer hosts the model was reported.
	stalled  bool            // That the migration makes no progress was reported.

	rights *survey.RightsError // Why JIMM shows no models, as it was reported; nil: it does.
}

func newReporter(r *run, began time.Time) *reporter {
	t := &reporter{run: r, began: began, texts: map[string]bool{}}
	t.news()
	return t
}

// news restarts the heartbeat.
func (t *reporter) news() {
	t.changed = time.Now()
	t.beat = t.wait(FirstHeartbeat)
	t.nextBeat = t.changed.Add(t.beat)
}

// show reports what an observation has shown.
func (t *reporter) show(v judge.Verdict, b judge.Baseline, open Over, text, refusal redact.Raw, err error) {
	if text != "" {
		t.showText(facts.ParseText(text), text)
		t.showStall(v, StallEvent{Phase: facts.ParseText(text), Text: text.String(), Target: b.Target, Refusal: refusal.String()})
	}
	if v.Kind == judge.SourceReleased && !t.released {
		t.released = true
		t.report(SourceReleasedEvent{Source: b.Source, Elapsed: t.elapsed()})
		t.news()
	}
	if now := time.Now(); !now.Before(t.nextBeat) {
		still := now.Sub(t.changed).Round(time.Second)
		e := HeartbeatEvent{Phase: v.Phase, Text: text.String(), Over: open, Source: b.Source, Target: b.Target, Still: still, Elapsed: t.elapsed(), Stalled: t.stalled, Err: err}
		if e.Over != NotOver {
			e.Phase, e.Text = facts.PhaseUnknown, ""
		}
		t.report(e)
		t.laterBeat(now)
	}
}

// laterBeat lets the next heartbeat wait, for twice as long if nothing has changed for a while.
func (t *reporter) laterBeat(now time.Time) {
	longest := LastHeartbeat
	if now.Sub(t.changed) < TimeOfHeartbeats {
		longest = NextHeartbeat
	}
	t.beat = min(2*t.beat, t.wait(longest))
	t.nextBeat = now.Add(t.beat)
}

// showVerdict reports what an observation was judged to mean.
func (t *reporter) showVerdict(v judge.Verdict, o facts.Observation, b judge.Baseline) {
	t.report(JudgedEvent{
		Verdict: v.Kind, Ground: v.Proof.Ground(), Record: o.Record.State, Recorded: o.Record.Controller,
		Info: o.Info.Kind, InfoFrom: o.Info.Controller, Host: o.Host.Kind, Source: o.CopyOn(b.Source).State, Target: o.CopyOn(b.Target).State,
	})
}

// showText reports a text whose words are new. Juju counts agents and log lines in
// its texts.
func (t *reporter) showText(phase facts.Phase, text redact.Raw) {
	words := judge.WithoutNumbers(text)
	if t.texts[words] {
		return
	}
	t.texts[words] = true
	e := PhaseEvent{Phase: phase, Text: text.String(), Elapsed: t.elapsed(), NoReturn: phase.PastReturn() && t.past == facts.PhaseUnknown}
	if e.NoReturn {
		t.past = phase
	}
	t.report(e)
	t.news()
}

// showStall reports once that the migration makes no progress, until it does.
func (t *reporter) showStall(v judge.Verdict, e StallEvent) {
	switch {
	case v.Kind == judge.Running:
		t.stalled = false
	case v.Kind == judge.Stalled && !t.stalled:
		t.stalled = true
		e.Elapsed, e.Repeats, e.Still = t.elapsed(), v.Repeats, v.Still
		t.report(e)
	}
}

// showRights reports once that JIMM no longer shows the models, until it does again.
func (t *reporter) showRights(err error) {
	rights, denied := errors.AsType[*survey.RightsError](err)
	if denied && t.rights == nil {
		t.report(RightsEvent{Why: rights, Elapsed: t.elapsed()})
		t.news()
	}
	if denied || err == nil {
		t.rights = rights
	}
}

func (t *reporter) elapsed() time.Duration { return time.Since(t.began).Round(time.Second) }
