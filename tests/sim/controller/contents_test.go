package controller_test

import (
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/tests/sim/controller"
)

const other = "0f9e1c00-0000-4000-8000-0000000000d9"

// The contents of a model decide whether it can be migrated: containers in their machines, profiles and constraints,
// local charms.
func TestFullStatusShowsWhatDecidesAMigration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := start(t, nil)
		m := prodModel()
		m.Name, m.UUID = "other", other
		m.Machines[0].Constraints, m.Machines[0].LXDProfiles = "spaces=dmz", []string{"juju-prod-pg-1"}
		m.Machines = append(m.Machines, controller.Machine{ID: "0/lxd/0"}, controller.Machine{ID: "0/lxd/0/kvm/1"})
		m.Applications[0].Charm, m.Applications[0].Profile = "local:jammy/postgresql-0", "juju-prod-pg-1"
		m.Applications[1].Units[0].After = &controller.Workload{Status: "error", Message: "hook failed: config-changed"}
		m.Applications[1].Units[0].Subordinates = []controller.Unit{{Name: "nrpe/0", After: &controller.Workload{Status: "blocked"}}}
		if err := b.a.AddModel(m); err != nil {
			t.Fatal(err)
		}
		type machine struct {
			Constraints string
			Profiles    map[string]any `json:"lxd-profiles"`
			Containers  map[string]struct{ Containers map[string]any }
		}
		var st struct {
			Machines     map[string]machine
			Applications map[string]struct {
				Charm   string
				Profile string `json:"charm-profile"`
				Units   map[string]struct {
					Workload     struct{ Status, Info string } `json:"workload-status"`
					Subordinates map[string]struct {
						Workload struct{ Status string } `json:"workload-status"`
					}
				}
			}
		}
		c, _ := b.login(t, addressA, "/model/"+other+"/api", "user-bob", "bob-pw")
		c.decode(c.call("Client", 8, "FullStatus", map[string]any{"patterns": []string{}}), &st)
		if zero := st.Machines["0"]; len(st.Machines) != 2 || len(zero.Containers["0/lxd/0"].Containers) != 1 || zero.Constraints != "spaces=dmz" || len(zero.Profiles) != 1 {
			t.Errorf("machines: %+v", st.Machines)
		}
		if pg := st.Applications["pg"]; pg.Charm != "local:jammy/postgresql-0" || pg.Profile != "juju-prod-pg-1" {
			t.Errorf("application: %+v", pg)
		}
		if unit := st.Applications["app"].Units["app/0"].Workload; unit.Status != "active" {
			t.Errorf("before the move: %+v", unit)
		}
		spec := map[string]any{"specs": []any{map[string]any{"model-tag": "model-" + other, "target-info": b.toB()}}}
		b.admin(t, addressA).call("Controller", 12, "InitiateMigration", spec)
		<-time.After(time.Hour)
		c, _ = b.login(t, addressB, "/model/"+other+"/api", "user-admin", "pw")
		c.decode(c.call("Client", 8, "FullStatus", map[string]any{"patterns": []string{}}), &st)
		if unit := st.Applications["app"].Units["app/0"].Workload; unit.Status != "error" || unit.Info != "hook failed: config-changed" {
			t.Errorf("after the move: %+v", unit)
		}
		if beside := st.Applications["app"].Units["app/0"].Subordinates["nrpe/0"].Workload.Status; beside != "blocked" {
			t.Errorf("the subordinate is %q after the move", beside)
		}
	})
}
