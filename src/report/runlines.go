package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
)

// RunLines puts the events of a run into lines of progress: few enough for a
// thousand models.
type RunLines struct {
	// Stop is the command that stops the run gracefully.
	Stop string

	models    int // Of the plan.
	canary    int // Lines of canaries so far.
	attention int // Lines of single models so far.
	states    int // Lines of states so far.
	stated    time.Duration
	verified  map[string][]string // What was verified of each canary, by its UUID.
}

// How many lines one kind may take.
const (
	// RunLimit is how many lines a run shows in all.
	RunLimit = 600
	// canaryLines are for what canaries do, each in full.
	canaryLines = 80
	// attentionLines are for models that failed or stay.
	attentionLines = 150
	// stateLines are for states. Behind them there is one only every so often, although each
	// failure has one.
	stateLines, stateEvery = 150, 10 * time.Minute
	// fewModels is the largest number of models in a plan for which each model
	// gets a line at its end.
	fewModels = 200
)

// Lines returns the lines of an event: one, none, or one for each part of it.
func (l *RunLines) Lines(e fleet.Event) []string {
	events := []fleet.Event{e}
	if m, is := e.(fleet.ModelEvent); is {
		events = nil
		for _, part := range parts(m.Event) {
			m.Event = part
			events = append(events, m)
		}
	}
	var out []string
	for _, e := range events {
		if line := l.line(e); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// line returns the line of an event, "" for none.
func (l *RunLines) line(e fleet.Event) string {
	switch e := e.(type) {
	case fleet.BeganEvent:
		l.models = len(e.Plan.Moves)
		if l.models == 0 {
			return "there is nothing to migrate"
		}
		text := facts.Count(l.models, "model is", "models are") + " in the plan"
		if e.Already > 0 {
			text += fmt.Sprintf(", %d already there", e.Already)
		}
		text += fmt.Sprintf("; at most %d at once", e.Plan.Caps.Parallel)
		if l.Stop != "" {
			text += "; " + l.Stop + " stops the run gracefully"
		}
		return text
	case fleet.ModelEvent:
		line := Line(e.Event)
		if f, is := e.Event.(migration.FindingEvent); is && (f.Finding.Check == checks.Freeze || f.Finding.Level != checks.Fail && f.Finding.Level != checks.Warn) {
			return "" // What is as expected is not listed; the freeze has a line of its own.
		}
		if v, is := e.Event.(migration.VerifyEvent); is && (v.Finding.Level == checks.Pass || v.Finding.Level == checks.Skip) {
			l.verify(e, v.Finding)
			return "" // The line of its end names what was verified.
		}
		if line == "" || !e.Canary || l.canary >= canaryLines {
			return ""
		}
		l.canary++
		return "canary " + e.Entry.Name + ": " + line
	case fleet.StepEvent:
		return l.step(e.Move)
	case fleet.UpgradeEvent:
		return l.single(fmt.Sprintf("%s: upgrading the agents on %q to %s", e.Entry.Name, e.Entry.Source, e.Version))
	case fleet.EndedEvent:
		return l.ended(e.Move)
	case fleet.StateEvent:
		if l.states++; l.states > stateLines && e.Elapsed-l.stated < stateEvery {
			return ""
		}
		l.stated = e.Elapsed
		return stateLine(e)
	case fleet.StoppedEvent:
		if e.Moving == 0 {
			return "stopped: " + e.Why
		}
		return fmt.Sprintf("stopped: %s; %s still migrating and will be followed to the end", e.Why, facts.Count(e.Moving, "model is", "models are"))
	default:
		return ""
	}
}

func (l *RunLines) ended(m fleet.MoveResult) string {
	well := m.State == fleet.Well
	if well && l.models > fewModels && len(l.verified[m.Entry.Model]) == 0 {
		return ""
	}
	if !well {
		if l.attention++; l.attention > attentionLines {
			return ""
		}
	}
	return l.moved(m)
}

// verify keeps what was verified of a canary for the line of its end.
func (l *RunLines) verify(e fleet.ModelEvent, f checks.Finding) {
	if !e.Canary || f.Level != checks.Pass {
		return
	}
	if l.verified == nil {
		l.verified = map[string][]string{}
	}
	l.verified[e.Entry.Model] = append(l.verified[e.Entry.Model], string(f.Check))
}

// moved is the line of a model that has ended, or of a step of it.
func (l *RunLines) moved(m fleet.MoveResult) string {
	text := movedLine(m)
	if passed := l.verified[m.Entry.Model]; m.State == fleet.Well && len(passed) > 0 {
		text += "; verified: " + strings.Join(passed, ", ")
		delete(l.verified, m.Entry.Model)
	}
	return text
}

// step is the line of a step that has succeeded.
func (l *RunLines) step(m fleet.MoveResult) string {
	if s := m.Entry.Route[0]; s.Version != "" {
		return l.single(fmt.Sprintf("%s: all agents run %s on %q", m.Entry.Name, s.Version, m.Entry.Source))
	}
	return l.single(l.moved(m) + "; more steps follow")
}

// single is a line about one model, while the plan has few.
func (l *RunLines) single(line string) string {
	if l.models > fewModels {
		return ""
	}
	return line
}

// movedLine returns, in one line, the result of a model.
func movedLine(m fleet.MoveResult) string {
	r := m.Result
	switch m.State {
	case fleet.Well:
		text := fmt.Sprintf("%s is on %q, %s", m.Entry.Name, m.Entry.Target(), span(m.Ended.Sub(m.Began)))
		if m.Version != "" {
			text = fmt.Sprintf("%s is on %q and all its agents run %s, %s", m.Entry.Name, m.Entry.Target(), m.Version, span(m.Ended.Sub(m.Began)))
		}
		if still := r.Timing.Downtime(); still > 0 {
			text += ", downtime " + span(still)
		}
		return text
	case fleet.Stayed:
		text := fmt.Sprintf("%s stays: %s", m.Entry.Name, m.Reason)
		if m.Skipped() {
			text = fmt.Sprintf("%s is skipped: %s", m.Entry.Name, m.Reason)
		}
		if why := whyOf(m); why != "" {
			text += ": " + why
		}
		return text
	default:
		return fmt.Sprintf("%s failed: %s", m.Entry.Name, whyOf(m))
	}
}

// whyOf returns more about why a model failed or stays.
func whyOf(m fleet.MoveResult) string {
	if m.Result.Outcome != "" {
		// The line shows the reason, which is the check that failed, before this text.
		return strings.TrimPrefix(Summary(m.Result), "nothing was started: "+m.Reason+": ")
	}
	return m.Detail
}

func stateLine(e fleet.StateEvent) string {
	c := e.Counts
	text := fmt.Sprintf("%d of %d moved", c.Moved+c.Already, c.Planned)
	if c.Moving > 0 {
		var to []string
		for _, name := range slices.Sorted(maps.Keys(e.To)) {
			to = append(to, fmt.Sprintf("%d to %s", e.To[name], name))
		}
		text += fmt.Sprintf(", %d moving (%s)", c.Moving, strings.Join(to, ", "))
	}
	if c.Failed > 0 {
		text += fmt.Sprintf(", %d failed", c.Failed)
	}
	if c.Left > 0 {
		text += fmt.Sprintf(", %d %s", c.Left, stay(c.Left))
	}
	if c.Waiting > 0 {
		text += fmt.Sprintf(", %d waiting", c.Waiting)
	}
	if !slices.Contains([]fleet.Wait{fleet.WaitNothing, fleet.WaitStopped, fleet.WaitTime}, e.Wait) && c.Waiting > 0 && c.Moving == 0 {
		text += " for " + string(e.Wait)
	}
	text += "; " + span(e.Elapsed)
	switch {
	case e.Left > 0 && e.Left < time.Minute:
		text += ", less than a minute more at this rate"
	case e.Left > 0:
		text += ", about " + span(e.Left.Round(time.Minute)) + " more at this rate"
	case c.Waiting > 0:
		text += ", no estimate yet"
	}
	return text
}
