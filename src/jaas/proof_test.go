package jaas_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/jaas"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/judge"
	"jimm-migrator/tests/sim/wire"
)

// Without a proof, the writer sends nothing.
func TestWriterRecordsNothingWithoutProof(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := startWorld(t, "2024", twoControllers+"models: [{name: prod}]\n")
		defer w.Close()
		opened, err := jaas.Connect(t.Context(), w.settings)
		if err != nil {
			t.Fatal(err)
		}
		defer opened.Close()
		if err := opened.Writer().RecordController(t.Context(), judge.Proof{}); err == nil || !strings.Contains(err.Error(), "without proof") {
			t.Errorf("recorded without proof: %v", err)
		}
		if n := w.Count("jimm", "JIMM.UpdateMigratedModel"); n > 0 {
			t.Errorf("sent %d times", n)
		}
	})
}

// Unknown texts and codes prove nothing, even after the point of no return.
func TestAnswersThatAreNotKnownProveNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := startWorld(t, "2024", twoControllers+"models: [{name: prod, migrations: [{stall: transferring ownership}]}]\n")
		defer w.Close()
		time.AfterFunc(5*time.Minute, func() {
			w.Faults("jimm").Add(wire.Fault{Method: "ModelInfo", Action: wire.Refuse, Error: &wire.Error{Message: "new words", Code: "new code"}})
		})
		res, _ := w.migrate(t, func(o *migration.Options) { o.Probe, o.Timeout = false, 15*time.Minute })
		if res.Outcome != facts.TimedOut || !res.Phase.PastReturn() || w.Count("jimm", "JIMM.UpdateMigratedModel") > 0 {
			t.Errorf("%s (%s) in %s, %d requests to record", res.Outcome, res.Cause, res.Phase, w.Count("jimm", "JIMM.UpdateMigratedModel"))
		}
	})
}
