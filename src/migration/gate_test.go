package migration_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/migration"
)

// Contents of a model can be words of a server too.
func TestEvidenceOfTheChecksIsRedacted(t *testing.T) {
	f := inside(t, migration.CheckApplications, "3.6.14", "3.6.14", "iaas", func(i *migration.Inventory) {
		i.Applications["web"] = migration.Application{Err: "cannot read: password=CANARY"}
	})
	if f.Level != migration.Fail || !strings.Contains(f.Evidence, "web") || strings.Contains(f.Evidence, "CANARY") {
		t.Errorf("%s: %s", f.Level, f.Evidence)
	}
}

// A version that cannot be read is neither too old nor good enough.
func TestAVersionThatCannotBeReadIsSkipped(t *testing.T) {
	for _, c := range [][2]string{{"3.6.14", "strange"}, {"3.6.14", ""}, {"what", ""}} {
		if f := inside(t, migration.CheckVersions, c[0], c[1], "iaas", nil); f.Level != migration.Skip {
			t.Errorf("%q to %q: %s, %s", c[0], c[1], f.Level, f.Evidence)
		}
	}
}

// JIMM's list has the model, made by whatever controller, and nobody says that the
// recorded one has it: the question for its details could make JIMM forget it.
func TestDetailsAreNotAskedWhereNobodyTellsWhoHasTheModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake(true)
		f.redirects, f.probe, f.noHost = false, false, true
		f.running("east", false)
		f.began, f.mode = time.Now().Add(-48*time.Hour), false
		_, err := migration.Check(t.Context(), f.jaas(), migration.Options{Model: "prod", Target: "north"})
		if err != nil || f.forgot {
			t.Errorf("forgot %v, %v", f.forgot, err)
		}
	})
}
