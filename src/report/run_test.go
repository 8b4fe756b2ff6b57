package report_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/checks"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/report"
)

// A run of a thousand models has few enough lines for its budget, whatever happens, and gives the
// reason for its end.
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
		end := fleet.MoveResult{Entry: e, State: []fleet.State{fleet.Well, fleet.Failed, fleet.Stayed}[i%3], Reason: "machines"}
		events = append(events, fleet.EndedEvent{Move: end})
	}
	for i := range states {
		events = append(events, fleet.StateEvent{Counts: fleet.Counts{Planned: models, Moved: i, Failed: 1, Waiting: models - i - 1}, Elapsed: time.Duration(i) * time.Minute})
	}
	events = append(events, fleet.StoppedEvent{Why: "1 model failed, and max-failures is 0", Moving: 2})
	var lines report.RunLines
	var shown []string
	for _, e := range events {
		if line := joined(lines.Lines(e)); line != "" {
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

func joined(lines []string) string { return strings.Join(lines, "\n") }

// A remedy that would be cut in the middle of a command is shown only in the results.
func TestARemedyIsNeverCut(t *testing.T) {
	finding := checks.Finding{
		Check: checks.VersionHop, Level: checks.Warn,
		Evidence: strings.Repeat("a rule, ", 80), Remedy: "juju model-config -m alice@example.com/prod container-networking-method=local fan-config=",
	}
	line := report.Line(migration.FindingEvent{Finding: finding})
	if strings.Contains(line, "juju") || !strings.HasSuffix(line, "; the remedy is in the results") || utf8.RuneCountInString(line) != 500 {
		t.Error(line)
	}
	finding.Evidence = "a rule"
	if line := report.Line(migration.FindingEvent{Finding: finding}); !strings.HasSuffix(line, "a rule; "+finding.Remedy) {
		t.Error(line)
	}
}

// Each known bug that a check reports has a line of its own: a single line would be cut.
func TestEachItemOfAFindingHasALine(t *testing.T) {
	event := migration.FindingEvent{Finding: checks.Finding{
		Check: checks.Advisories, Level: checks.Warn, Evidence: "1: a; 2: b", Remedy: "1: c; 2: d",
		Items: []checks.Item{{ID: "1", Evidence: "a", Remedy: "c"}, {ID: "2", Evidence: "b", Remedy: "d"}},
	}}
	want := []string{"check advisories: warn: 1: a; c", "check advisories: warn: 2: b; d"}
	for _, verbose := range []bool{false, true} {
		var got []string
		r := report.Reporter{Print: func(line string) { got = append(got, line) }, Verbose: verbose}
		r.Event(event)
		r.End("")
		if len(got) < 2 || !slices.Equal(got[:2], want) {
			t.Errorf("verbose %t: %q", verbose, got)
		}
	}
	var lines report.RunLines
	entry := fleet.Entry{Model: "1", Name: "prod"}
	if got := joined(lines.Lines(fleet.ModelEvent{Entry: entry, Canary: true, Event: event})); got != "canary prod: "+want[0]+"\ncanary prod: "+want[1] {
		t.Errorf("%q", got)
	}
}

// The line of a canary's end names what was verified, and no other line does.
func TestLinesOfARunNameWhatWasVerifiedOnce(t *testing.T) {
	entry := fleet.Entry{Model: "1", Name: "alice@example.com/prod", Source: "west", Route: []fleet.Step{{Controller: "east"}}}
	event := func(canary bool, id checks.ID, level checks.Level) fleet.Event {
		return fleet.ModelEvent{Entry: entry, Canary: canary, Event: migration.VerifyEvent{Finding: checks.Finding{Check: id, Level: level, Evidence: "x"}}}
	}
	end := fleet.EndedEvent{Move: fleet.MoveResult{Entry: entry, State: fleet.Well}}
	for name, test := range map[string]struct {
		events []fleet.Event
		want   []string
	}{
		"canary":      {[]fleet.Event{event(true, "agents", checks.Pass), event(true, "contents", checks.Pass), end}, []string{"", "", `alice@example.com/prod is on "east", 0s; verified: agents, contents`}},
		"warning":     {[]fleet.Event{event(true, "agents", checks.Pass), event(true, "contents", checks.Warn), end}, []string{"", "canary alice@example.com/prod: verify contents: warn: x", `alice@example.com/prod is on "east", 0s; verified: agents`}},
		"not checked": {[]fleet.Event{event(true, "contents", checks.Skip), end}, []string{"", `alice@example.com/prod is on "east", 0s`}},
		"no canary":   {[]fleet.Event{event(false, "agents", checks.Pass), end}, []string{"", `alice@example.com/prod is on "east", 0s`}},
	} {
		var lines report.RunLines
		for i, e := range test.events {
			if got := joined(lines.Lines(e)); got != test.want[i] {
				t.Errorf("%s: %q, want %q", name, got, test.want[i])
			}
		}
	}
}

// Zeros are left out, and so is what has a line of its own.
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
		"state, slow": {fleet.StateEvent{Counts: fleet.Counts{Planned: 3, Moved: 1, Waiting: 2}, Wait: fleet.WaitSlow}, "1 of 3 moved, 2 waiting for the first migrations to succeed; 0s, no estimate yet"},
		"state, over": {fleet.StateEvent{Counts: fleet.Counts{Planned: 3, Moved: 1, Waiting: 2}, Wait: fleet.WaitStopped}, "1 of 3 moved, 2 waiting; 0s, no estimate yet"},
		"failures":    {fleet.StateEvent{Counts: fleet.Counts{Planned: 3, Failed: 1, Left: 2}, Elapsed: time.Minute}, "0 of 3 moved, 1 failed, 2 stay; 1m0s"},
		"freeze":      {fleet.ModelEvent{Entry: one.Moves[0], Canary: true, Event: migration.FindingEvent{Finding: checks.Finding{Check: checks.Freeze, Level: checks.Warn, Evidence: "x"}}}, ""},
		"warning":     {fleet.ModelEvent{Entry: one.Moves[0], Canary: true, Event: migration.FindingEvent{Finding: checks.Finding{Check: checks.Offers, Level: checks.Warn, Evidence: "x"}}}, "canary alice@example.com/prod: check offers: warn: x"},
	} {
		var lines report.RunLines
		if got := joined(lines.Lines(test.event)); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}

// If the same command cannot continue a run, the run names the command that shows the obstacle.
func TestWhatFollowsARun(t *testing.T) {
	at := facts.Controller{Name: "east", UUID: "e"}
	model := func(state fleet.State, outcome facts.Outcome, settled bool) fleet.MoveResult {
		r := migration.Result{Outcome: outcome, Model: facts.Model{UUID: prod}, Target: at}
		if settled {
			r.Reason = migration.ReasonStays
		}
		return fleet.MoveResult{Entry: fleet.Entry{Model: prod, Source: "west", Route: []fleet.Step{{Controller: "east"}}}, State: state, Result: r}
	}
	again, check := "--params plan.yaml --background", " check-migration model="+prod+" target-controller=east"
	moving := fleet.MoveResult{Entry: model(fleet.Stayed, "", false).Entry, State: fleet.Stayed, Reason: string(fleet.LeftMoving)}
	for name, c := range map[string]struct {
		outcome fleet.RunOutcome
		moves   []fleet.MoveResult
		next    string
	}{
		"stopped by a failure that may end":     {fleet.RunStopped, []fleet.MoveResult{model(fleet.Failed, facts.Aborted, false)}, again},
		"stopped by a failure that does not":    {fleet.RunStopped, []fleet.MoveResult{model(fleet.Failed, facts.Aborted, true)}, check},
		"stopped by others":                     {fleet.RunStopped, []fleet.MoveResult{model(fleet.Well, facts.Migrated, false)}, again},
		"out of time, with a tolerated failure": {fleet.RunPartly, []fleet.MoveResult{model(fleet.Failed, facts.Aborted, true)}, again},
		"blocked by a check":                    {fleet.RunBlocked, []fleet.MoveResult{model(fleet.Stayed, "", false), model(fleet.Stayed, facts.Refused, true)}, check},
		"blocked by a refusal that may end":     {fleet.RunBlocked, []fleet.MoveResult{model(fleet.Stayed, facts.NotStarted, false)}, again},
		"blocked by another migration":          {fleet.RunBlocked, []fleet.MoveResult{moving}, again},
		"blocked, and no check says why":        {fleet.RunBlocked, []fleet.MoveResult{model(fleet.Stayed, "", false)}, ""},
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

// Each end of a drain names the command that helps then, whether the controller is cordoned or not.
func TestWhatFollowsADrain(t *testing.T) {
	stays := func(reason fleet.Reason) []fleet.Left { return []fleet.Left{{Reason: reason, Model: prod}} }
	moved := func(state fleet.State, outcome facts.Outcome, settled bool) fleet.MoveResult {
		r := migration.Result{Outcome: outcome, Model: facts.Model{UUID: prod}, Target: facts.Controller{Name: "east", UUID: "e"}}
		if settled {
			r.Reason = migration.ReasonStays
		}
		return fleet.MoveResult{Entry: fleet.Entry{Model: prod, Source: "west", Route: []fleet.Step{{Controller: "east"}}}, State: state, Result: r}
	}
	plan := fleet.Plan{Goal: fleet.Drain, Of: "west", Moves: []fleet.Entry{{Model: prod, Source: "west", Route: []fleet.Step{{Controller: "east"}}}}}
	const drain, locate = "/leader drain-controller controller=west targets=east expect=30 --background", " locate-model model=" + prod
	for name, c := range map[string]struct {
		run    fleet.RunOutcome
		moved  []fleet.MoveResult
		found  fleet.Evidence
		dryRun bool
		byPlan bool
		next   string
	}{
		"drained":                                   {found: fleet.Evidence{Asked: true}},
		"drained as recorded":                       {},
		"some can move":                             {found: fleet.Evidence{Movable: []string{prod}}, next: drain},
		"some arrive":                               {found: fleet.Evidence{Arriving: []string{prod}}, next: drain},
		"a gap":                                     {found: fleet.Evidence{Gaps: []string{"x"}}, next: drain},
		"stopped gently":                            {run: fleet.RunStopped, found: fleet.Evidence{Movable: []string{prod}}, next: drain},
		"stopped after the canary":                  {run: fleet.StoppedAfter, found: fleet.Evidence{Movable: []string{prod}}, next: drain},
		"stopped by a model":                        {run: fleet.RunStopped, moved: []fleet.MoveResult{moved(fleet.Failed, facts.Aborted, true)}, found: fleet.Evidence{Movable: []string{prod}}, next: " check-migration model=" + prod + " target-controller=east"},
		"a model is in doubt":                       {run: fleet.RunUnknown, moved: []fleet.MoveResult{moved(fleet.Failed, facts.Unknown, false)}, next: locate},
		"a conflict":                                {run: fleet.RunConflict, found: fleet.Evidence{Conflicts: []string{prod + " x"}}, next: " collect-diagnostics model=" + prod},
		"a model that JIMM lost":                    {run: fleet.RunConflict, moved: []fleet.MoveResult{moved(fleet.Failed, facts.LostFromJIMM, false)}, found: fleet.Evidence{Conflicts: []string{prod + " x"}}, next: locate},
		"a model on two controllers":                {run: fleet.RunConflict, moved: []fleet.MoveResult{moved(fleet.Failed, facts.Conflict, false)}, found: fleet.Evidence{Conflicts: []string{prod + " x"}}, next: " collect-diagnostics model=" + prod},
		"a conflict of a run before":                {found: fleet.Evidence{Conflicts: []string{prod + " x"}}, next: " collect-diagnostics model=" + prod},
		"blocked by a check":                        {moved: []fleet.MoveResult{moved(fleet.Stayed, facts.Refused, true)}, found: fleet.Evidence{Stuck: stays("machines")}, next: " check-migration model=" + prod + " target-controller=east"},
		"blocked by a refusal that may end":         {moved: []fleet.MoveResult{moved(fleet.Stayed, facts.NotStarted, false)}, found: fleet.Evidence{Stuck: stays("refused")}, next: drain},
		"blocked by another model, after two tries": {moved: []fleet.MoveResult{moved(fleet.Stayed, facts.Refused, true), moved(fleet.Well, facts.Migrated, false)}, found: fleet.Evidence{Strangers: stays(fleet.LeftUnknownToJIMM)}, next: locate},
		"blocked by a dying model":                  {found: fleet.Evidence{Stuck: stays(fleet.LeftNotAlive)}},
		"blocked by what is excluded":               {found: fleet.Evidence{Stuck: stays(fleet.LeftExcluded)}},
		"blocked by the targets":                    {found: fleet.Evidence{Stuck: stays(fleet.LeftNoTarget)}, next: " list-migration-targets model=" + prod},
		"blocked by an unknown model":               {found: fleet.Evidence{Asked: true, Strangers: stays(fleet.LeftUnknownToJIMM)}, next: locate},
		"blocked by a copy":                         {found: fleet.Evidence{Asked: true, Strangers: stays(fleet.LeftOver)}, next: locate},
		"blocked by a half-import":                  {found: fleet.Evidence{Asked: true, Strangers: stays(fleet.LeftHalfImported)}, next: " remove-left-over model=" + prod + " controller=west confirm=" + prod + " --wait=15m"},
		"dry run":                                   {dryRun: true, found: fleet.Evidence{Movable: []string{prod}}, next: "/leader drain-controller controller=west targets=east expect=1 --background"},
		"dry run of a plan":                         {dryRun: true, byPlan: true, found: fleet.Evidence{Movable: []string{prod}}, next: "/leader drain-controller --params plan.yaml controller=west targets=east --background"},
		"a plan is not done":                        {byPlan: true, found: fleet.Evidence{Movable: []string{prod}}, next: "/leader drain-controller --params plan.yaml controller=west targets=east --background"},
		"a plan is done, others are left":           {byPlan: true, found: fleet.Evidence{Movable: []string{"another"}}, next: "/leader drain-controller controller=west targets=east dry-run=true --background"},
	} {
		for _, after := range []fleet.Cordon{fleet.Cordoned, fleet.Uncordoned, fleet.CordonHidden} {
			d := report.Drained{Controller: "west", Plan: plan, After: after, DryRun: c.dryRun, ByPlan: c.byPlan, Evidence: c.found, Parameters: []string{"targets=east", "expect=30"}}
			d.Add(fleet.Done{Outcome: c.run, Moves: c.moved})
			out := report.DrainResults(d, run)
			next, _ := out["next"].(string)
			if !strings.HasSuffix(next, c.next) || next != "" && c.next == "" {
				t.Errorf("%s, cordoned %s: next is %q, want …%q", name, after, next, c.next)
			}
			if again := strings.Contains(next, " drain-controller "); out["outcome"] == "blocked" && out["retry-safe"] != again {
				t.Errorf("%s: retry-safe is %v, and next %q", name, out["retry-safe"], next)
			}
		}
	}
	d := report.Drained{Controller: "west", Plan: plan, ByPlan: true, Evidence: fleet.Evidence{Arriving: []string{"another"}}}
	if next, _ := report.DrainResults(d, run)["next"].(string); !strings.HasSuffix(next, " controller=west targets=east dry-run=true --background") {
		t.Errorf("without targets those of the plan serve: %q", next)
	}
}

// What cannot be seen at the end of a drain is not reported as absent.
func TestACordonThatIsNotVisible(t *testing.T) {
	for name, c := range map[string]struct {
		set      bool
		after    fleet.Cordon
		end, new string
	}{
		"set by this run":  {true, fleet.CordonHidden, "; this run cordoned the controller, and JIMM does not show whether it is still cordoned", "JIMM does not show whether west is cordoned"},
		"not by this run":  {false, fleet.CordonHidden, "there was nothing to migrate", "JIMM does not show whether west is cordoned"},
		"visible":          {true, fleet.Cordoned, "; the controller stays cordoned", ""},
		"lifted meanwhile": {true, fleet.Uncordoned, "there was nothing to migrate", "west is not reported as cordoned"},
	} {
		d := report.Drained{Controller: "west", Set: c.set, After: c.after, Traits: facts.Traits{AutoRecords: true}, Evidence: fleet.Evidence{Gaps: []string{"x"}}}
		out := report.DrainResults(d, run)
		if summary, _ := out["summary"].(string); !strings.HasSuffix(summary, c.end) {
			t.Errorf("%s: the summary is %q", name, summary)
		}
		after, _ := out["after"].(map[string]any)
		if said, _ := after["new-models"].(string); !strings.HasPrefix(said, c.new) || said != "" && c.new == "" {
			t.Errorf("%s: new-models is %q", name, said)
		}
	}
}

// A model that others have migrated or removed is not reported as staying.
func TestSkippedModelsDoNotStay(t *testing.T) {
	moved := func(reason fleet.Reason, detail string) fleet.MoveResult {
		return fleet.MoveResult{Entry: fleet.Entry{Model: prod, Name: "alice/prod"}, State: fleet.Stayed, Reason: string(reason), Detail: detail}
	}
	elsewhere, gone := moved(fleet.LeftMovedOn, `it is on "north"`), moved(fleet.LeftGone, "JIMM no longer lists it")
	sick := moved("machines", "machine 0 is down")
	checked := moved("machines", "")
	checked.Result = migration.Result{Outcome: facts.Refused, Findings: []checks.Finding{{Check: checks.Machines, Level: checks.Fail, Evidence: "machine 1 is down"}}}
	for want, m := range map[string]fleet.MoveResult{
		`alice/prod is skipped: moved-on: it is on "north"`:    elsewhere,
		"alice/prod is skipped: gone: JIMM no longer lists it": gone,
		"alice/prod stays: machines: machine 0 is down":        sick,
		"alice/prod stays: machines: machine 1 is down":        checked,
	} {
		var lines report.RunLines
		if got := joined(lines.Lines(fleet.EndedEvent{Move: m})); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	for want, moves := range map[string][]fleet.MoveResult{
		"0 of 2 models are on their target; 2 skipped: migrated or removed by another client":          {elsewhere, gone},
		"0 of 2 models are on their target; 1 stays; 1 skipped: migrated or removed by another client": {sick, gone},
	} {
		if got := report.RunSummary(fleet.Done{Outcome: fleet.Applied, Counts: fleet.Counts{Planned: 2, Left: 2}, Moves: moves}, fleet.Plan{}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
