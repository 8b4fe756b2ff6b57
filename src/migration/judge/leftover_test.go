package judge_test

import (
	"testing"
	"time"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/src/redact"
)

// leftBehind is an observation of a model in use on west, and a half-imported copy on east.
func leftBehind(recorded facts.Controller) judge.CopyObservation {
	return judge.CopyObservation{
		Recorded: recorded, Quiet: true,
		Observation: facts.Observation{
			Record: facts.Record{State: facts.RecordAt, Controller: recorded.UUID},
			Info:   facts.Info{Kind: facts.InfoLive, Controller: recorded.UUID, Status: "available"},
			Copies: map[facts.ControllerUUID]facts.Copy{
				"w": {State: facts.CopyActive}, "e": {State: facts.CopyImporting}, "n": {State: facts.CopyAbsent},
			},
		},
	}
}

// Anything that is not known or not as required is a refusal, in either observation, and then nothing may be removed.
func TestOnlyWhatIsProvedToBeLeftOverMayBeRemoved(t *testing.T) {
	at := func(name string, uuid facts.ControllerUUID) facts.Controller {
		return facts.Controller{Name: name, UUID: uuid}
	}
	west, east, north := at("west", "w"), at("east", "e"), at("north", "n")
	says := func(uuid facts.ControllerUUID, c facts.Copy) func(*judge.CopyObservation) {
		return func(l *judge.CopyObservation) { l.Observation.Copies[uuid] = c }
	}
	live := func(status, text string) facts.Info {
		return facts.Info{Kind: facts.InfoLive, Status: status, StatusText: redact.Raw(text)}
	}
	running := facts.Attempt{Text: "exporting model", Start: time.Unix(1, 0)}
	for name, c := range map[string]struct {
		change func(*judge.CopyObservation)
		kind   judge.RefusalKind
		about  string
	}{
		"left over":                           {func(*judge.CopyObservation) {}, judge.NoRefusal, ""},
		"its administrator sees it importing": {says("e", facts.Copy{State: facts.CopyImporting, Info: live("busy", "importing")}), judge.NoRefusal, ""},
		"the same on Juju 4":                  {says("e", facts.Copy{State: facts.CopyImporting, Info: live("busy", facts.TextImporting)}), judge.NoRefusal, ""},
		"with a credential that is not valid": {says("e", facts.Copy{State: facts.CopyImporting, Info: live("suspended", "")}), judge.NoRefusal, ""},
		"another one is left over too":        {says("n", facts.Copy{State: facts.CopyImporting}), judge.NoRefusal, ""},
		"it came by way of another":           {says("n", facts.Copy{State: facts.CopyMoved, To: "w"}), judge.NoRefusal, ""},
		"its administrator sees it in use":    {says("e", facts.Copy{State: facts.CopyImporting, Info: live("available", "")}), judge.NotImporting, "east"},
		"it is silent":                        {says("e", facts.Copy{}), judge.SilentController, "east"},
		"it has none":                         {says("e", facts.Copy{State: facts.CopyAbsent}), judge.NoCopy, "east"},
		"it has moved it":                     {says("e", facts.Copy{State: facts.CopyMoved}), judge.NoCopy, "east"},
		"it has some copy":                    {says("e", facts.Copy{State: facts.CopyPresent}), judge.NotImporting, "east"},
		"it hosts it":                         {says("e", facts.Copy{State: facts.CopyActive}), judge.NotImporting, "east"},
		"it moves it away":                    {says("e", facts.Copy{State: facts.CopyExporting}), judge.NotImporting, "east"},
		"JIMM records it there":               {func(l *judge.CopyObservation) { l.Recorded = east }, judge.RecordedThere, "east"},
		"the recorded one exports it":         {says("w", facts.Copy{State: facts.CopyExporting}), judge.MigrationRuns, "west"},
		"another one exports it":              {says("n", facts.Copy{State: facts.CopyExporting}), judge.MigrationRuns, "north"},
		"JIMM sees a migration":               {func(l *judge.CopyObservation) { l.Observation.Info.Attempt = running }, judge.MigrationRuns, "west"},
		"one was requested":                   {func(l *judge.CopyObservation) { l.Quiet = false }, judge.MayBegin, "west"},
		"another one is silent":               {says("n", facts.Copy{}), judge.SilentController, "north"},
		"another one was not asked":           {func(l *judge.CopyObservation) { delete(l.Observation.Copies, "n") }, judge.SilentController, "north"},
		"another one hosts it":                {says("n", facts.Copy{State: facts.CopyActive}), judge.SecondCopy, "north"},
		"another one has some copy":           {says("n", facts.Copy{State: facts.CopyPresent}), judge.SecondCopy, "north"},
		"the recorded one is silent":          {says("w", facts.Copy{}), judge.SilentController, "west"},
		"the recorded one does not say which": {says("w", facts.Copy{State: facts.CopyPresent}), judge.NotInUse, "west"},
		"the recorded one has none":           {says("w", facts.Copy{State: facts.CopyAbsent}), judge.NotInUse, "west"},
		"the recorded one has moved it":       {says("w", facts.Copy{State: facts.CopyMoved, To: "n"}), judge.NotInUse, "west"},
		"the recorded one imports it":         {says("w", facts.Copy{State: facts.CopyImporting}), judge.NotInUse, "west"},
		"JIMM knows no such controller": {func(l *judge.CopyObservation) {
			l.Recorded = at("", "x")
			l.Observation.Copies["x"] = facts.Copy{State: facts.CopyActive}
			l.Observation.Copies["w"] = facts.Copy{State: facts.CopyAbsent}
		}, judge.NotInUse, "x"},
	} {
		all := facts.Controllers{east, north, west}
		good, other := leftBehind(west), leftBehind(west)
		c.change(&other)
		got := other.Refusal(east, all)
		if got.Kind != c.kind || got.Controller.String() != c.about {
			t.Errorf("%s: refusal %d about %q, want %d about %q", name, got.Kind, got.Controller, c.kind, c.about)
		}
		for _, pair := range [][2]judge.CopyObservation{{good, other}, {other, good}} {
			removal := judge.JudgeRemoval(judge.LeftOverCopy{
				Model: facts.Model{UUID: "m"}, On: east, Confirm: "m", Controllers: all, First: pair[0], Second: pair[1],
			})
			if removal.Valid() != (c.kind == judge.NoRefusal) {
				t.Errorf("%s: may be removed: %v", name, removal.Valid())
			}
			if removal.Valid() && (removal.Model().UUID != "m" || removal.Controller().Name != "east") {
				t.Errorf("%s: another copy may be removed: %+v", name, removal)
			}
		}
	}
}

// Nothing may be removed without the model's UUID from the user, or if JIMM's record
// has changed between the observations.
func TestARemovalHasToBeConfirmed(t *testing.T) {
	west, east, north := facts.Controller{Name: "west", UUID: "w"}, facts.Controller{Name: "east", UUID: "e"}, facts.Controller{Name: "north", UUID: "n"}
	good := judge.LeftOverCopy{
		Model: facts.Model{UUID: "m"}, On: east, Confirm: "m", Controllers: facts.Controllers{east, north, west},
		First: leftBehind(west), Second: leftBehind(west),
	}
	if !judge.JudgeRemoval(good).Valid() {
		t.Fatal("what is left over may not be removed")
	}
	for name, change := range map[string]func(*judge.LeftOverCopy){
		"not confirmed":           func(c *judge.LeftOverCopy) { c.Confirm = "" },
		"another UUID":            func(c *judge.LeftOverCopy) { c.Confirm = "n" },
		"no model":                func(c *judge.LeftOverCopy) { c.Model.UUID, c.Confirm = "", "" },
		"no controller":           func(c *judge.LeftOverCopy) { c.On = facts.Controller{} },
		"no controller was asked": func(c *judge.LeftOverCopy) { c.Controllers = nil },
		"the record changed": func(c *judge.LeftOverCopy) {
			c.Second = leftBehind(north)
			c.Second.Observation.Copies["n"], c.Second.Observation.Copies["w"] = facts.Copy{State: facts.CopyActive}, facts.Copy{State: facts.CopyAbsent}
		},
	} {
		c := good
		change(&c)
		if judge.JudgeRemoval(c).Valid() {
			t.Errorf("%s: may be removed", name)
		}
	}
	if (judge.Removal{}).Valid() {
		t.Error("the zero value is valid")
	}
}
