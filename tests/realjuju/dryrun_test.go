package realjuju_test

import (
	"errors"
	"testing"

	"jimm-migrator/src/juju"
)

// TestDryRunIsNotRequestedFrom354 requires that the charm's own client sends no dry run to Juju 3.5.4, which would
// migrate the model, but reports the release that the server states at login. The model stays as it is.
func TestDryRunIsNotRequestedFrom354(t *testing.T) {
	t.Parallel()
	west, east := startController(t, "west", nil), startController(t, "east", nil)
	model, err := west.AddModel("prod")
	if err != nil {
		t.Fatal(err)
	}
	conn := dial(t, west)
	refusal, err := conn.DryRun(t.Context(), juju.DryRun{
		ModelUUID: model, TargetUUID: east.UUID, TargetName: "east", Addresses: []string{east.Addr}, CACert: east.CACert,
		Account: juju.Credentials{User: "admin", Password: juju.NewSecret("canary")}, // If it were sent, the target would refuse it.
	})
	if ignored, is := errors.AsType[*juju.DryRunIgnoredError](err); !is || ignored.Version != "3.5.4" || refusal != nil {
		t.Errorf("got %v, %v", refusal, err)
	}
	models, err := conn.ModelManager()
	if err != nil {
		t.Fatal(err)
	}
	if info, err := models.ModelInfo(t.Context(), model); err != nil || info.Migration != nil {
		t.Errorf("the model is %+v, %v", info, err)
	}
	if east.HasModel(model) {
		t.Error("the target has got a copy")
	}
}
