package survey_test

import (
	"testing"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// A controller that was not asked is not said to be silent, even if another has spoken.
func TestUndecidedSaysWhoWasAsked(t *testing.T) {
	east := facts.Controller{Name: "east", UUID: "e", AgentVersion: "4.0.15"}
	north := facts.Controller{Name: "north", UUID: "n", AgentVersion: "4.0.15"}
	const seen = `"east" (Juju 4.0.15) does not show through JIMM whether a migration is running, or how it has ended; JIMM's audit log shows a request to migrate the model to "north"`
	type copies = map[facts.ControllerUUID]facts.Copy
	for _, c := range []struct {
		copies copies
		want   string
	}{
		{nil, seen + "; controllers are not asked (probe-controllers=false)"},
		{copies{"e": {}}, seen + "; controllers are not asked (probe-controllers=false)"},
		{copies{"e": {}, "n": {}}, seen + ", which does not answer"},
		{copies{"n": {State: facts.CopyPresent}}, seen},
	} {
		o := facts.Observation{Destinations: []facts.ControllerUUID{"n"}, Copies: c.copies}
		got := survey.Undecided{Recorded: east, Controllers: facts.Controllers{east, north}, Observation: o}.String()
		if got != c.want {
			t.Errorf("%v: %s\nwant %s", c.copies, got, c.want)
		}
	}
}
