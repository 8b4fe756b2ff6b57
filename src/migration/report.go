package migration

import (
	"strings"
	"time"
	"unicode"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
)

// repeatsToStall is how often an earlier text must come back until it is said
// that the source repeats its steps.
const repeatsToStall = 3

// reporter reports what happens, and from time to time that nothing does.
type reporter struct {
	*run
	began    time.Time
	changed  time.Time // When something was reported last that was news.
	nextBeat time.Time
	beat     time.Duration

	text     string         // The last text, without its digits.
	texts    map[string]int // How often each came after another one.
	past     bool           // The point of no return was reported.
	released bool           // That the source let go was reported.
	stalled  bool           // That the migration does not go on was reported.
	pace     pace
}

func newReporter(r *run, began time.Time) *reporter {
	t := &reporter{run: r, began: began, texts: map[string]int{}}
	t.news()
	return t
}

// news restarts the heartbeat.
func (t *reporter) news() {
	t.changed = time.Now()
	t.beat = t.wait(FirstHeartbeat)
	t.nextBeat = t.changed.Add(t.beat)
}

// show reports what a look has brought. text is redacted.
func (t *reporter) show(v judge.Verdict, source facts.Controller, text string, err error) {
	if text != "" {
		t.showText(facts.ParseText(text), text)
		if v.Kind == judge.Running {
			t.watchPace(facts.ParseText(text), text, err == nil)
		}
	}
	if v.Kind == judge.SourceReleased && !t.released {
		t.released = true
		t.report(SourceReleasedEvent{Source: source, Elapsed: t.elapsed()})
		t.news()
	}
	if now := time.Now(); !now.Before(t.nextBeat) {
		still := now.Sub(t.changed).Round(time.Second)
		t.report(HeartbeatEvent{Phase: v.Phase, Text: text, Still: still, Elapsed: t.elapsed(), Stalled: t.stalled, Err: err})
		t.beat = min(2*t.beat, t.wait(LastHeartbeat))
		t.nextBeat = now.Add(t.beat)
	}
}

// showText reports a text that differs from all before in more than its
// numbers: Juju counts agents and log lines in them, and begins a step again
// when it has failed on the way (SUCCESS may loop for days, juju/juju#20286).
func (t *reporter) showText(phase facts.Phase, text string) {
	plain := strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return -1
		}
		return r
	}, text)
	if plain == t.text {
		return
	}
	t.text = plain
	t.texts[plain]++
	switch seen := t.texts[plain]; {
	case seen == 1:
		e := PhaseEvent{Phase: phase, Text: text, Elapsed: t.elapsed(), NoReturn: phase.PastReturn() && !t.past}
		t.past = t.past || e.NoReturn
		t.report(e)
		t.news()
	case seen > repeatsToStall && !t.stalled:
		t.stalled = true
		t.report(StallEvent{Phase: phase, Text: text, Elapsed: t.elapsed(), Repeats: true})
	}
}

func (t *reporter) elapsed() time.Duration { return time.Since(t.began).Round(time.Second) }
