package realjuju_test

import (
	"errors"
	"testing"

	"github.com/juju/juju/api"
	"github.com/juju/juju/api/client/modelmanager"
	"github.com/juju/names/v5"

	"jimm-migrator/tests/engine"
	"jimm-migrator/tests/realjuju/controller"
	"jimm-migrator/tests/realjuju/jaas"
	"jimm-migrator/tests/sim/jimm"
)

// TestMigrate migrates a model with the engine between real controllers, behind JIMM of 2024 and of 2026, with and
// without accounts and probes. Juju's own client shows which controller has the model.
func TestMigrate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name            string
		generation      jimm.Generation
		accounts, blind bool
	}{
		{"2024", jimm.Generation2024(), false, false},
		{"2024 with accounts", jimm.Generation2024(), true, false},
		{"2026", jimm.Generation2026(), false, false},
		{"2026 with accounts", jimm.Generation2026(), true, false},
		{"2026 without probes", jimm.Generation2026(), false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			j := start(t, c.generation)
			m := addModel(t, j, "prod")
			report := migrate(t, j.Engine(c.accounts), engine.Request{Model: m.UUID, Target: "east", Blind: c.blind})
			if c.blind {
				// JIMM of 2026 hides the source's answers while it assumes that it migrates the model: the result is
				// only seen by chance. "unknown" is then correct.
				for _, lie := range lies(report, actualOf(j, m)) {
					t.Error(lie)
				}
				return
			}
			if report.Outcome != "migrated" {
				t.Errorf("outcome %q, want migrated", report.Outcome)
			}
			wantOn(t, j, m, "east")
		})
	}
}

// wantOn asks Juju's own client, the databases and JIMM which controller has a model.
func wantOn(t *testing.T, j *jaas.JAAS, m *jaas.Model, name string) {
	t.Helper()
	if row, _ := j.JIMM.Model(m.UUID); row.Controller != name {
		t.Errorf("JIMM records %q, want %q", row.Controller, name)
	}
	has, other := j.East, j.West
	if name == "west" {
		has, other = j.West, j.East
	}
	if other.HasModel(m.UUID) {
		t.Errorf("the database of %q has the model", other.Name)
	}
	conn, err := api.Open(has.Info(""), controller.DialOptions())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	infos, err := modelmanager.NewClient(conn).ModelInfo([]names.ModelTag{names.NewModelTag(m.UUID)})
	if err != nil || infos[0].Error != nil || infos[0].Result.Status.Status != "available" {
		t.Errorf("%q says of the model: %+v, %v", name, infos, err)
	}
	_, err = api.Open(other.Info(m.UUID), controller.DialOptions())
	if redirect := (*api.RedirectError)(nil); !errors.As(err, &redirect) || redirect.CACert != has.CACert {
		t.Errorf("%q says of the model: %v, want a redirect to %q", other.Name, err, name) // JIMM of 2024 sends no alias
	}
}
