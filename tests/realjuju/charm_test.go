package realjuju_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/realjuju/unit"
	"jimm-migrator/tests/sim/jimm"
)

// TestCharm asks a real controller for actions of the charm with Juju's own "juju run". The charm's real dispatch
// binary runs them, over the same controllers.
func TestCharm(t *testing.T) {
	t.Parallel()
	j := start(t, jimm.Generation2026())
	prod, bad, killed := addModel(t, j, "prod"), addModel(t, j, "bad"), addModel(t, j, "killed")
	bad.Agents[1].Fail("VALIDATION")
	kill := make(chan struct{}, 1)
	var u *unit.Unit
	u, err := unit.Start(t.Context(), unit.Options{CharmDir: charmDir, Controller: j.East, JIMM: j.URL, OnLog: func(line string) {
		if strings.HasPrefix(line, "started:") && len(kill) > 0 {
			<-kill
			if err := u.Agent.Kill(); err != nil { // SIGKILL, in the middle of the migration
				t.Errorf("kill: %v", err)
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := u.Close(); err != nil {
			t.Errorf("the unit: %v", err)
		}
	})
	run := func(args ...string) string {
		t.Helper()
		var stdout, stderr bytes.Buffer
		code, err := u.JujuRun(t.Context(), &stdout, &stderr, args...)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%d\n%s%s", code, stdout.String(), stderr.String())
	}
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"locate-model", "model=prod"}, []string{"0\n", "state: active", `"west"`}},
		{[]string{"check-access"}, []string{"0\n", "migrator@serviceaccount"}},
		{[]string{"migrate-model", "model=prod", "target-controller=nowhere"}, []string{`JIMM has no controller "nowhere"`}},
		{[]string{"migrate-model", "mdoel=prod", "target-controller=east"}, []string{"mdoel"}},
		{[]string{"migrate-model", "model=prod", "target-controller=east"}, []string{"0\n", "outcome: migrated"}},
		{[]string{"migrate-model", "model=prod", "target-controller=east", "--format=json"}, []string{"0\n", `"outcome":"already-there"`}},
		{[]string{"migrate-model", "model=bad", "target-controller=east"}, []string{"outcome: aborted", "agents"}},
		{[]string{"migration-status", "model=bad"}, []string{"0\n"}},
		{[]string{"collect-diagnostics", "model=bad"}, []string{"0\n"}},
	} {
		out := run(c.args...)
		for _, want := range c.want {
			if !strings.Contains(out, want) {
				t.Errorf("juju run %v: no %q in\n%s", c.args, want, out)
			}
		}
	}
	wantOn(t, j, prod, "east")

	kill <- struct{}{}
	run("migrate-model", "model=killed", "target-controller=east")
	if !slices.ContainsFunc(u.Agent.Log(), func(r charmtest.LogRecord) bool { return strings.Contains(fmt.Sprint(r), "killed") }) && len(kill) > 0 {
		t.Error("the dispatch was not killed")
	}
	if out := run("migrate-model", "model=killed", "target-controller=east"); !strings.Contains(out, "outcome: ") {
		t.Errorf("the run after the kill has no outcome:\n%s", out)
	}
	wantOn(t, j, killed, "east")
}
