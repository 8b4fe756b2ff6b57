package rules_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"jimm-migrator/src/migration/checks/rules"
)

// catchAll are the reasons for what no other one explains: they only say who refuses what.
func catchAll() map[string]bool {
	return map[string]bool{
		"import": true, "export": true, "transfer": true, "binaries": true, "activation": true,
		"source-prechecks": true, "target-prechecks": true,
	}
}

// Each text of Juju's source has the reason that it should have. testdata/texts.yaml
// says from where it is.
func TestTextsOfJuju(t *testing.T) {
	data, err := os.ReadFile("testdata/texts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var groups []struct {
		From, Source, Target, Before string
		Texts                        map[string]string
	}
	if err := yaml.Unmarshal(data, &groups); err != nil {
		t.Fatal(err)
	}
	texts, own := 0, 0
	for _, g := range groups {
		if g.From == "" || g.Source == "" || g.Target == "" || len(g.Texts) == 0 {
			t.Errorf("%+v says too little", g)
		}
		for text, id := range g.Texts {
			texts++
			if !catchAll()[id] {
				own++
			}
			got, ok := rules.Explain(g.Before+text, rules.Facts{Source: g.Source, Target: g.Target})
			if !ok || got.ID != id {
				t.Errorf("%s, %s to %s: %q is %q, want %q", g.From, g.Source, g.Target, g.Before+text, got.ID, id)
			}
			// As the client of JIMM passes it on.
			passed := `cannot migrate model "c0ffee" to controller "east": ` + g.Before + text
			if strings.HasPrefix(g.Before+text, "cannot ") {
				continue
			}
			if got, _ := rules.Explain(passed, rules.Facts{Source: g.Source, Target: g.Target}); got.ID != id {
				t.Errorf("%s, %s to %s: %q is %q, want %q", g.From, g.Source, g.Target, passed, got.ID, id)
			}
		}
	}
	t.Logf("%d texts of %d places; %d have a reason of their own", texts, len(groups), own)
}

// The same command can only help later where what is in the way ends by itself.
func TestWhatEndsByItself(t *testing.T) {
	want := []string{
		"agent-time-limit", "agents-away", "agents-upgrading", "cleanup", "controller-reading", "controller-upgrade", "dying", "finishing", "hidden", "import-cleanup",
		"jimm-authorization", "jimm-error", "leader-gone", "leaving-target", "not-logged-in", "reboot", "record-denied", "record-target-away", "relation-joining", "running", "scaling",
		"source-away", "source-machines", "target-machines", "target-unreachable",
	}
	var got []string
	for _, r := range rules.All().Reasons {
		if r.Retry {
			got = append(got, r.ID)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
