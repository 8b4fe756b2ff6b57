package realjuju_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/juju/juju/api"
	apicontroller "github.com/juju/juju/api/controller/controller"
	"github.com/juju/names/v5"

	"jimm-migrator/tests/engine"
	"jimm-migrator/tests/realjuju/controller"
	"jimm-migrator/tests/realjuju/jaas"
	"jimm-migrator/tests/realjuju/process"
	"jimm-migrator/tests/sim/jimm"
)

// TestVersions starts controllers in processes of their own that report different releases. The checks fail for what
// Juju refuses because of that, and a model that Juju accepts is migrated. All of it is the code of 3.5.4: only the
// reported version differs.
func TestVersions(t *testing.T) {
	t.Parallel()
	// JIMM does not know of these migrations, which Juju's client starts: its poller would forget a model if the source
	// refuses to describe it while it is removed. This test is only about what the controllers do.
	generation := jimm.Generation2026()
	generation.PollInterval = 0
	j, err := jaas.StartJIMM(generation)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.Close)
	var differences []string
	for _, c := range []struct{ west, east string }{
		{"3.5.3", "3.5.4"}, {"3.4.6", "3.5.4"}, {"3.5.4", "3.5.3"}, {"3.5.4", "3.4.6"}, {"3.1.8", "3.5.4"}, {"2.9.49", "3.5.4"}, {"2.9.42", "3.5.4"}, {"3.5.4", "3.6.1"},
	} {
		t.Run(c.west+" to "+c.east, func(t *testing.T) {
			var both []*process.Process
			for name, version := range map[string]string{"west": c.west, "east": c.east} {
				p, err := process.Start(t.Context(), process.Options{Name: name, UUID: uuid.NewString(), Version: version, JWKS: j.JWKS()}, controllerArgument)
				if err != nil {
					t.Fatal(err)
				}
				defer p.Close()
				both = append(both, p)
			}
			west, east := both[0], both[1]
			if west.Name == "east" {
				west, east = east, west
			}
			j.Adopt("west", west.UUID, west.Addr, west.CACert, c.west)
			j.Adopt("east", east.UUID, east.Addr, east.CACert, c.east)
			name := "prod-" + c.west + "-" + c.east
			model, err := west.AddModel("prod")
			if err == nil {
				err = east.Expect("prod", model)
			}
			if err != nil {
				t.Fatal(err)
			}
			j.JIMM.AddModel(jimm.Model{UUID: model, Name: name, Owner: "admin", Controller: "west", Cloud: "dummy", Region: "dummy-region", Agent: c.west})
			report, err := j.Engine(true).Check(t.Context(), engine.Request{Model: model, Target: "east"})
			if err != nil {
				t.Fatal(err)
			}
			refusal := initiateRemote(t, west, east, model)
			if d := disagreement(refusal, report); d != "" {
				differences = append(differences, t.Name()+": "+d)
			}
			if refusal != nil {
				return
			}
			moved := migrate(t, j.Engine(true), engine.Request{Model: model, Target: "east", Ignore: failedChecks(report)})
			has, err := east.Has(model)
			if err != nil || !has || moved.Outcome != "migrated" && moved.Outcome != "recorded" {
				t.Errorf("%s; east has the model: %v, %v: %s", moved.Outcome, has, err, moved.Summary)
			}
		})
	}
	expected(t, "versions", differences)
}

func failedChecks(r engine.Report) (ids []string) {
	for _, f := range r.Failed {
		ids = append(ids, f.Check)
	}
	return ids
}

// initiateRemote starts a migration with Juju's own client and returns Juju's refusal.
func initiateRemote(t *testing.T, west, east *process.Process, model string) error {
	t.Helper()
	conn, err := api.Open(&api.Info{Addrs: []string{west.Addr}, CACert: west.CACert, Tag: names.NewUserTag("admin"), Password: controller.AdminPassword}, controller.DialOptions())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = apicontroller.NewClient(conn).InitiateMigration(apicontroller.MigrationSpec{
		ModelUUID: model, TargetControllerUUID: east.UUID, TargetControllerAlias: "east", TargetAddrs: []string{east.Addr},
		TargetCACert: east.CACert, TargetUser: "admin", TargetPassword: controller.AdminPassword,
	})
	return err
}
