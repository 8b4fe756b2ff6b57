package facts_test

import (
	"testing"

	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
)

func TestParseTextKnowsJujusTexts(t *testing.T) {
	for text, want := range map[string]facts.Phase{
		"starting":                                        facts.PhaseStarting,
		"performing source prechecks":                     facts.PhaseQuiesce,
		"performing target prechecks":                     facts.PhaseQuiesce,
		"quiescing, waiting for agents to report back":    facts.PhaseQuiesce,
		"quiescing, no reports from agents yet":           facts.PhaseQuiesce,
		"quiescing, all agents reported success":          facts.PhaseQuiesce,
		"exporting model":                                 facts.PhaseImport,
		"importing model into target controller":          facts.PhaseImport,
		"uploading model binaries into target controller": facts.PhaseImport,
		"processing relations":                            facts.PhaseProcessRelations,
		"validating, waiting for agents to report back: 1 succeeded, 2 still to report": facts.PhaseValidation,
		"checking machines in migrated model":                                           facts.PhaseValidation,
		"activating model in target controller":                                         facts.PhaseValidation,
		"transferring ownership of cloud resources to target controller":                facts.PhaseSuccess,
		"successful, waiting for agents to report back":                                 facts.PhaseSuccess,
		"successful, some agents reported failure":                                      facts.PhaseSuccess,
		"successful, transferring logs to target controller (3 sent)":                   facts.PhaseLogTransfer,
		"successful, transferred logs to target controller (3 sent)":                    facts.PhaseLogTransfer,
		"successful, removing model from source controller":                             facts.PhaseReap,
		"removing exported model failed: x":                                             facts.PhaseReapFailed,
		"aborted, removing model from target controller: x":                             facts.PhaseAbort,
		"model data transfer failed, model export failed: x":                            facts.PhaseImport,
		"machine sanity check failed, 1 error found":                                    facts.PhaseValidation,
		"model activation failed, x":                                                    facts.PhaseValidation,
		"source prechecks failed: machine 0 not running":                                facts.PhaseQuiesce,
		"target prechecks failed: upgrade in progress":                                  facts.PhaseQuiesce,
		"failed to connect to target controller during prechecks: x":                    facts.PhaseQuiesce,
		"something of tomorrow":                                                         facts.PhaseUnknown,
		"":                                                                              facts.PhaseUnknown,
	} {
		for _, prefix := range []string{"", "migrating: "} {
			if got := facts.ParseText(redact.Raw(prefix + text)); got != want {
				t.Errorf("ParseText(%q) = %s, want %s", prefix+text, got, want)
			}
		}
	}
	if got := facts.AbortReason("aborted, removing model from target controller: no room"); got != "no room" {
		t.Errorf("reason %q", got)
	}
	if got := facts.AbortReason("aborted, removing model from target controller: "); got != "" {
		t.Errorf("empty reason %q", got)
	}
}
