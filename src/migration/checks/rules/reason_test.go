package rules_test

import (
	"regexp"
	"strings"
	"testing"

	"jimm-migrator/src/migration/checks/rules"
)

func TestUnknownWordsGiveNoReason(t *testing.T) {
	if got, ok := rules.Explain("words that are not Juju's", rules.Facts{}); ok {
		t.Errorf("unknown words are %q", got.ID)
	}
}

// The same text means something else between other versions.
func TestReasonsFitTheVersions(t *testing.T) {
	const (
		description = "target prechecks failed: cannot deserialize model \"UUID\" description during prechecks: version: expected int, got nothing"
		mismatch    = "credential attribute mismatch: map[] != map[]"
		backend     = "secret backend \"k8s\" not found"
		agents      = "model data transfer failed, failed to migrate binaries: cannot upload agent binaries: uploading agent binaries for sha256 \"ab\" and version \"4.0.15-ubuntu-amd64\": not today"
	)
	for _, c := range []struct{ text, source, target, id string }{
		{description, "4.0.5", "4.0.5", "target-description"},
		{description, "3.6.14", "4.0.0", "target-takes-no-juju3"},
		{mismatch, "3.1.9", "3.6.9", "credential"},
		{mismatch, "3.6.28", "4.0.14", "credential-rbac"},
		{backend, "3.6.28", "3.6.28", "secret-backends"},
		{backend, "3.6.28", "4.0.10", "secret-backends-juju4"},
		{agents, "3.6.28", "3.6.28", "agents-refused"},
		{agents, "3.6.28", "4.0.15", "agents-refused-juju4"},
		{"user \"carol\" not found", "", "", "unknown-user"},
		{"remoteentitites: offer for app \"c9f6\" not found", "3.6.28", "3.6.28", "connected-offers"},
	} {
		if got, _ := rules.Explain(c.text, rules.Facts{Source: c.source, Target: c.target}); got.ID != c.id {
			t.Errorf("%q from %s to %s is %q, want %q", c.text, c.source, c.target, got.ID, c.id)
		}
	}
}

// An explanation fits the given versions: if the release that a remedy names is
// already running, the text means something else.
func TestNoRemedyIsAnUpgradeToWhatRuns(t *testing.T) {
	upgrade := regexp.MustCompile(`upgrade (?:the )?(target|source)[a-z ]* to (?:Juju )?(\d+\.\d+(?:\.\d+)?)`)
	found := 0
	for _, r := range rules.All().Reasons {
		for _, m := range upgrade.FindAllStringSubmatch(r.Do, -1) {
			found++
			version := m[2]
			if strings.Count(version, ".") == 1 {
				version += ".0"
			}
			runs := rules.Facts{Target: version}
			if m[1] == "source" {
				runs = rules.Facts{Source: version}
			}
			if r.Apt(runs) != rules.FitsNot {
				t.Errorf("%s: the remedy is %q, also where the %s runs %s", r.ID, r.Do, m[1], version)
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d remedies name a release", found)
	}
}
