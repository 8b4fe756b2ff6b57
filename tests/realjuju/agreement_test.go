package realjuju_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/juju/juju/core/migration"
	"github.com/juju/juju/state"
	"github.com/juju/names/v5"

	"jimm-migrator/tests/engine"
	"jimm-migrator/tests/sim/jimm"
)

// TestChecksAgreeWithJuju compares our checks with Juju: they fail for a model that Juju refuses to migrate, or accepts
// and cannot import, and pass for one that it migrates. "make real" imports only models that Juju accepts and the
// checks fail; "make real-long" imports all that Juju accepts.
func TestChecksAgreeWithJuju(t *testing.T) {
	t.Parallel()
	j := start(t, jimm.Generation2026())
	var differences, aborted []string
	for i, fault := range slices.Concat(faults(), rarerFaults(), stateFaults(), contentsFaults(), controllerFaults(), storesFaults(), agentFaults(), relationFaults(), unfinishedFaults()) {
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
				failed := slices.ContainsFunc(slices.Collect(maps.Values(reports)), func(r engine.Report) bool { return len(r.Failed) > 0 })
				abort := ""
				if refusal == nil && (failed || *long) {
					abort = s.importModel()
				}
				for name, report := range reports {
					line := func(d string) string {
						d = regexp.MustCompile(`localhost:\d+`).ReplaceAllString(d, "HOST")
						d = regexp.MustCompile(`\b[0-9a-f]{24}\b`).ReplaceAllString(strings.ReplaceAll(d, model.UUID, "UUID"), "ID")
						// Juju lists users in the order of a map.
						d = regexp.MustCompile(`(\\n  - \w+)+`).ReplaceAllStringFunc(d, func(users string) string {
							return strings.Join(slices.Sorted(strings.SplitSeq(users, `\n`)), `\n`)
						})
						return strings.ReplaceAll(fmt.Sprintf("%s, %s: %s", fault.name, name, d), model.Name, "MODEL")
					}
					switch d := disagreement(refusal, report); {
					case abort == "" && d != "":
						differences = append(differences, line(d))
					case abort != "" && len(report.Failed) == 0:
						aborted = append(aborted, line(fmt.Sprintf("Juju aborts with %q, %s", abort, passed(report))))
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		})
	}
	expected(t, "truth", differences)
	if *long {
		expected(t, "aborted", aborted)
	}
}

// importModel continues an initiated migration until the target has imported the model, with all agents reporting that
// they are quiet; then one of them fails, so that the model does not stay there. It returns why the source aborted
// earlier.
func (s *spoiled) importModel() (abort string) {
	s.Helper()
	latest, err := s.st.LatestMigration()
	s.ok(err)
	machines, err := s.st.AllMachines()
	s.ok(err)
	for _, m := range machines {
		s.ok(latest.SubmitMinionReport(m.Tag(), migration.QUIESCE, true))
	}
	applications, err := s.st.AllApplications()
	s.ok(err)
	for _, a := range applications {
		units, err := a.AllUnits()
		s.ok(err)
		for _, u := range units {
			s.ok(latest.SubmitMinionReport(u.Tag(), migration.QUIESCE, true))
		}
	}
	s.west.RunMaster(s.model)
	defer s.west.StopMaster(s.model)
	imported := false
	s.ok(s.west.Await(within(s.T), func() bool {
		now, err := s.west.Migration(s.model)
		if err == nil && now.Phase == "VALIDATION" && !imported {
			imported = true
			err = latest.SubmitMinionReport(names.NewUnitTag("pg/0"), migration.VALIDATION, false)
		}
		return err != nil || now.Ended()
	}))
	now, err := s.west.Migration(s.model)
	s.ok(err)
	if imported {
		return ""
	}
	return now.Message
}

// disagreement returns the difference between Juju's verdict and ours, or "".
func disagreement(refusal error, report engine.Report) string {
	switch {
	case refusal != nil && len(report.Failed) == 0:
		return fmt.Sprintf("Juju says %q, %s", refusal, passed(report))
	case refusal == nil && len(report.Failed) > 0:
		return "Juju takes it, the checks fail: " + report.Failed[0].Check
	}
	return ""
}

// passed requires that the checks pass, and returns the warnings.
func passed(report engine.Report) string {
	var warned []string
	for _, w := range report.Warned {
		if !slices.Contains([]string{"freeze-changes", "target-addresses", "advisories", "left-overs"}, w.Check) { // of every migration here
			warned = append(warned, w.Check)
		}
	}
	if len(warned) == 0 {
		return "the checks pass"
	}
	return "the checks warn: " + strings.Join(warned, ", ")
}
