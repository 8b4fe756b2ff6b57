package report_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/report"
)

// A run of a thousand models has few enough lines for its budget, whatever happens, and
// says at the end why it stopped.
func TestAThousandModelsFitTheLines(t *testing.T) {
	const models, targets, states = 1000, 20, 900 // One for each failure, and in 15 hours.
	plan := fleet.Plan{Goal: fleet.Drain, Of: "west"}
	for i := range models {
		plan.Moves = append(plan.Moves, fleet.Entry{Model: strconv.Itoa(i), Source: "west", Route: []fleet.Step{{Controller: "t" + strconv.Itoa(i%targets)}}, Name: "alice@example.com/m" + strconv.Itoa(i)})
	}
	events := []fleet.Event{fleet.BeganEvent{Plan: plan}}
	for i := range targets {
		for range 30 {
			events = append(events,
				fleet.ModelEvent{Entry: plan.Moves[i], Canary: true, Event: migration.PhaseEvent{Phase: facts.PhaseImport, Text: "importing"}},
				fleet.ModelEvent{Entry: plan.Moves[i], Event: migration.PhaseEvent{Phase: facts.PhaseImport, Text: "importing"}},
			)
		}
	}
	for i, e := range plan.Moves {
		end := fleet.Moved{Entry: e, State: []fleet.State{fleet.Well, fleet.Failed, fleet.Stayed}[i%3], Reason: "machines"}
		events = append(events, fleet.EndedEvent{Moved: end})
	}
	for i := range states {
		events = append(events, fleet.StateEvent{Counts: fleet.Counts{Planned: models, Moved: i, Failed: 1, Waiting: models - i - 1}, Elapsed: time.Duration(i) * time.Minute})
	}
	events = append(events, fleet.StoppedEvent{Why: "1 model failed, and max-failures is 0", Moving: 2})
	var lines report.RunLines
	var shown []string
	for _, e := range events {
		if line := lines.Line(e); line != "" {
			shown = append(shown, line)
		}
	}
	if len(shown) > report.RunLimit-20 || len(shown) < 300 {
		t.Errorf("%d lines", len(shown))
	}
	if last := shown[len(shown)-1]; !strings.Contains(last, "stopped: 1 model failed, and max-failures is 0; 2 models are still migrating") {
		t.Errorf("the last line is %q", last)
	}
}

// What is zero, and what is said in a line of its own, is left out.
func TestLinesOfARunSayWhatMatters(t *testing.T) {
	one := fleet.Plan{Caps: fleet.DefaultCaps(), Moves: []fleet.Entry{{Model: "1", Name: "alice@example.com/prod"}}}
	for name, test := range map[string]struct {
		event fleet.Event
		want  string
	}{
		"begin":       {fleet.BeganEvent{Plan: one}, "1 model is in the plan; at most 4 at once"},
		"begin again": {fleet.BeganEvent{Plan: one, Already: 1}, "1 model is in the plan, 1 already there; at most 4 at once"},
		"nothing":     {fleet.BeganEvent{}, "there is nothing to migrate"},
		"state":       {fleet.StateEvent{Counts: fleet.Counts{Planned: 3, Moved: 1, Waiting: 2}, Elapsed: time.Minute}, "1 of 3 moved, 2 waiting; 1m0s, no estimate yet"},
		"failures":    {fleet.StateEvent{Counts: fleet.Counts{Planned: 3, Failed: 1, Left: 2}, Elapsed: time.Minute}, "0 of 3 moved, 1 failed, 2 stay; 1m0s"},
		"freeze":      {fleet.ModelEvent{Entry: one.Moves[0], Canary: true, Event: migration.FindingEvent{Finding: checks.Finding{Check: checks.Freeze, Level: checks.Warn, Evidence: "x"}}}, ""},
		"warning":     {fleet.ModelEvent{Entry: one.Moves[0], Canary: true, Event: migration.FindingEvent{Finding: checks.Finding{Check: checks.Offers, Level: checks.Warn, Evidence: "x"}}}, "canary alice@example.com/prod: check offers: warn: x"},
	} {
		var lines report.RunLines
		if got := lines.Line(test.event); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// A run that the same command cannot continue names the command that shows the obstacle.
func TestWhatFollowsARun(t *testing.T) {
	at := facts.Controller{Name: "east", UUID: "e"}
	model := func(state fleet.State, outcome facts.Outcome, settled bool) fleet.Moved {
		r := migration.Result{Outcome: outcome, Model: facts.Model{UUID: prod}, Target: at}
		r.Settled = settled
		return fleet.Moved{Entry: fleet.Entry{Model: prod, Source: "west", Route: []fleet.Step{{Controller: "east"}}}, State: state, Result: r}
	}
	again, check := "--params plan.yaml --background", " check-migration model="+prod+" target-controller=east"
	moving := fleet.Moved{Entry: model(fleet.Stayed, "", false).Entry, State: fleet.Stayed, Reason: string(fleet.LeftMoving)}
	for name, c := range map[string]struct {
		outcome fleet.RunOutcome
		moves   []fleet.Moved
		next    string
	}{
		"stopped by a failure that may end":     {fleet.RunStopped, []fleet.Moved{model(fleet.Failed, facts.Aborted, false)}, again},
		"stopped by a failure that does not":    {fleet.RunStopped, []fleet.Moved{model(fleet.Failed, facts.Aborted, true)}, check},
		"stopped by others":                     {fleet.RunStopped, []fleet.Moved{model(fleet.Well, facts.Migrated, false)}, again},
		"out of time, with a tolerated failure": {fleet.RunPartly, []fleet.Moved{model(fleet.Failed, facts.Aborted, true)}, again},
		"blocked by a check":                    {fleet.RunBlocked, []fleet.Moved{model(fleet.Stayed, "", false), model(fleet.Stayed, facts.Refused, true)}, check},
		"blocked by a refusal that may end":     {fleet.RunBlocked, []fleet.Moved{model(fleet.Stayed, facts.NotStarted, false)}, again},
		"blocked by another migration":          {fleet.RunBlocked, []fleet.Moved{moving}, again},
		"blocked, and no check says why":        {fleet.RunBlocked, []fleet.Moved{model(fleet.Stayed, "", false)}, ""},
	} {
		out := report.RunResults(fleet.Done{Outcome: c.outcome, Moves: c.moves}, fleet.Plan{}, run)
		next, _ := out["next"].(string)
		if !strings.HasSuffix(next, c.next) || next != "" && c.next == "" {
			t.Errorf("%s: next is %q, want …%q", name, next, c.next)
		}
		if same := strings.HasSuffix(next, again); out["retry-safe"] != same {
			t.Errorf("%s: retry-safe is %v, and next %q", name, out["retry-safe"], next)
		}
	}
}

// A drain is the command to continue with only where it can help.
func TestWhatFollowsABlockedDrain(t *testing.T) {
	at := facts.Controller{Name: "east", UUID: "e"}
	model := func(outcome facts.Outcome, settled bool) fleet.Moved {
		r := migration.Result{Outcome: outcome, Model: facts.Model{UUID: prod}, Target: at}
		r.Settled = settled
		return fleet.Moved{Entry: fleet.Entry{Model: prod, Source: "west", Route: []fleet.Step{{Controller: "east"}}}, State: fleet.Stayed, Result: r}
	}
	moved := model(facts.Migrated, false)
	moved.State = fleet.Well
	drain, check := " drain-controller controller=west --background", " check-migration model="+prod+" target-controller=east"
	stuck, unknown := fleet.Evidence{Stuck: []string{prod}}, fleet.Evidence{Strangers: []string{"c0ffee alice/raw (unknown to JIMM)"}}
	for name, c := range map[string]struct {
		rounds   [][]fleet.Moved
		evidence fleet.Evidence
		next     string
	}{
		"by a check":                        {[][]fleet.Moved{{model(facts.Refused, true)}}, stuck, check},
		"by a refusal that may end":         {[][]fleet.Moved{{model(facts.NotStarted, false)}}, stuck, drain},
		"by a model that is not tried":      {nil, stuck, ""},
		"by a model that JIMM has not":      {nil, unknown, " locate-model model=c0ffee"},
		"by another model, after two tries": {[][]fleet.Moved{{model(facts.Refused, true)}, {moved}}, unknown, " locate-model model=c0ffee"},
	} {
		d := report.Drained{Controller: "west", After: fleet.Cordoned, Evidence: c.evidence}
		for _, moves := range c.rounds {
			d.Add(fleet.Done{Outcome: fleet.RunBlocked, Moves: moves})
		}
		out := report.DrainResults(d, run)
		next, _ := out["next"].(string)
		if !strings.HasSuffix(next, c.next) || next != "" && c.next == "" {
			t.Errorf("blocked %s: next is %q, want …%q", name, next, c.next)
		}
		if out["outcome"] != "blocked" || out["retry-safe"] != (c.next == drain) {
			t.Errorf("blocked %s: %v, retry-safe %v", name, out["outcome"], out["retry-safe"])
		}
	}
}
