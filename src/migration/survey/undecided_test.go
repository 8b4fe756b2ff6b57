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
	for copies, want := range map[*map[facts.ControllerUUID]facts.Copy]string{
		{}:                                seen + "; controllers are not asked (probe-controllers=false)",
		{"e": {}}:                         seen + "; controllers are not asked (probe-controllers=false)",
		{"e": {}, "n": {}}:                seen + ", which does not answer",
		{"n": {State: facts.CopyPresent}}: seen,
	} {
		o := facts.Observation{Destinations: []facts.ControllerUUID{"n"}, Copies: *copies}
		got := survey.Undecided{Recorded: east, Controllers: facts.Controllers{east, north}, Observation: o}.String()
		if got != want {
			t.Errorf("%v: %s\nwant %s", *copies, got, want)
		}
	}
}
