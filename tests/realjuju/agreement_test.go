package realjuju_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/juju/juju/state"

	"jimm-migrator/tests/engine"
	"jimm-migrator/tests/sim/jimm"
)

// TestChecksAgreeWithJuju: our checks fail a model that Juju refuses to migrate, and pass one that it migrates.
func TestChecksAgreeWithJuju(t *testing.T) {
	t.Parallel()
	j := start(t, jimm.Generation2026())
	var differences []string
	for i, fault := range slices.Concat(faults(), rarerFaults(), stateFaults()) {
		t.Run(fault.name, func(t *testing.T) {
			model, _, err := j.AddIdleModel(fmt.Sprintf("m%d", i))
			if err != nil {
				t.Fatal(err)
			}
			if err := j.West.Do(model.UUID, func(st *state.State) error {
				s := &spoiled{t, j.West, j.East, model.UUID, st}
				fault.do(s)
				if fault.undo != nil {
					defer fault.undo(s)
				}
				reports := map[string]engine.Report{}
				for name, accounts := range map[string]bool{"without accounts": false, "with accounts": true} {
					report, err := j.Engine(accounts).Check(t.Context(), engine.Request{Model: model.UUID, Target: "east"})
					if err != nil {
						return err
					}
					reports[name] = report
				}
				_, refusal := j.West.Initiate(model.UUID, j.East)
				for name, report := range reports {
					if d := disagreement(refusal, report); d != "" {
						differences = append(differences, strings.ReplaceAll(fmt.Sprintf("%s, %s: %s", fault.name, name, d), model.Name, "MODEL"))
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		})
	}
	expected(t, "truth", differences)
}

// disagreement says in what Juju's verdict and ours differ, or "".
func disagreement(refusal error, report engine.Report) string {
	switch {
	case refusal != nil && len(report.Failed) == 0:
		var warned []string
		for _, w := range report.Warned {
			if !slices.Contains([]string{"freeze-changes", "target-addresses", "advisories"}, w.Check) { // of every migration here
				warned = append(warned, w.Check)
			}
		}
		if len(warned) == 0 {
			return fmt.Sprintf("Juju says %q, the checks pass", refusal)
		}
		return fmt.Sprintf("Juju says %q, the checks warn: %s", refusal, strings.Join(warned, ", "))
	case refusal == nil && len(report.Failed) > 0:
		return "Juju takes it, the checks fail: " + report.Failed[0].Check
	}
	return ""
}
