package migration_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/locate"
)

// JIMM of 2026 deletes its row when the recorded controller refuses to describe the model, which a
// target that hosts it can do. So a login shows what the target has.
func TestTheTargetIsNeverAskedForDetails(t *testing.T) {
	for _, probe := range []bool{false, true} {
		for _, targetFirst := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				f := newFake(true)
				f.running("east", true)
				f.mode, f.probe, f.targetFirst, f.record = false, probe, targetFirst, east().UUID
				f.began = f.began.Add(-time.Hour)
				f.details = func(i *facts.Info) {
					*i = facts.Info{Kind: facts.InfoDenied, Err: errors.New("permission denied")}
				}
				found, err := locate.Locate(t.Context(), f.jaas(), locate.Options{Model: "prod", Probe: probe})
				if err != nil || f.forgot || found.Locations[0].Holder.Name != "east" {
					t.Errorf("probe %v, target first %v: located on %q, JIMM forgot it: %v, %v", probe, targetFirst, found.Locations[0].Holder.Name, f.forgot, err)
				}
				if res := migrate(t, f, func(o *migration.Options) { o.Probe = probe }); f.forgot || res.Outcome != facts.AlreadyThere {
					t.Errorf("probe %v, target first %v: %s (%s), JIMM forgot it: %v", probe, targetFirst, res.Outcome, res.Cause, f.forgot)
				}
			})
		}
	}
}
