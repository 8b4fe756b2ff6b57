package sim_test

import (
	"crypto/x509"
	"testing"
	"testing/synctest"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/juju"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/wire"
)

// TestOurClientsWorkInAWorld runs one migration with the charm's own clients.
func TestOurClientsWorkInAWorld(t *testing.T) {
	for _, name := range []string{"2024", "2025", "2026"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				world := sample(t, name)
				world.JIMM.TLS, world.JIMM.PathPrefix = true, "/jimm"
				network := wire.NewNetwork()
				j, err := sim.Start(t.Context(), world, sim.Options{Network: network})
				if err != nil {
					t.Fatal(err)
				}
				defer j.Close()
				migrateWithOurClients(t, j, network)
				if v := j.Violations(); len(v) > 0 {
					t.Errorf("violations: %v", v)
				}
			})
		})
	}
}

func migrateWithOurClients(t *testing.T, j *sim.JAAS, network *wire.Network) {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(j.CA()))
	account := j.Account("")
	client, err := jimm.Connect(t.Context(), jimm.Options{
		URL: j.URL(), ClientID: account.ID, ClientSecret: jimm.NewSecret(account.Secret),
		RootCAs: roots, DialContext: network.DialContext,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if !client.Administrator() || client.Identity() != account.ID+"@serviceaccount" {
		t.Errorf("logged in as %q, administrator %v", client.Identity(), client.Administrator())
	}
	controllers, err := client.ListControllers(t.Context())
	if err != nil || len(controllers) != 2 {
		t.Fatalf("controllers %v, %v", controllers, err)
	}
	uuid := j.UUID("prod")
	probe := func() map[string]juju.ProbeState {
		t.Helper()
		states := map[string]juju.ProbeState{}
		for _, c := range controllers {
			result, err := juju.Probe(t.Context(), juju.Options{
				Addresses: c.APIAddresses, CACert: c.CACertificate, ModelUUID: uuid, DialContext: network.DialContext,
			})
			if err != nil {
				t.Errorf("probe of %s: %v", c.Name, err)
			}
			states[c.Name] = result.State
		}
		return states
	}
	if got := probe(); got["west"] != juju.ProbeIdle || got["east"] != juju.ProbeAbsent {
		t.Errorf("before: %v", got)
	}
	if _, err := client.MigrateModel(t.Context(), uuid, "east"); err != nil {
		t.Fatal(err)
	}
	model, err := client.DialModel(t.Context(), uuid)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	if west := j.Controller("west").UUID(); model.ControllerUUID() != west {
		t.Errorf("the model answers on %q, want %q", model.ControllerUUID(), west)
	}
	if _, err := model.FullStatus(t.Context()); err != nil {
		t.Error(err)
	}
	await(t, j, "west", "prod", controller.Done)
	if got := probe(); got["west"] != juju.ProbeRedirected || got["east"] != juju.ProbeIdle {
		t.Errorf("after: %v", got)
	}
	if err := client.UpdateMigratedModel(t.Context(), uuid, "east"); err != nil {
		t.Error(err)
	}
	events, err := client.FindAuditEvents(t.Context(), jimm.AuditQuery{Method: "MigrateModel"})
	want := 2
	if j.World().JIMM.Version == "2025" { // its login resembles that of 2024, so the old spelling is tried first
		want = 4
	}
	if err != nil || len(events) != want {
		t.Errorf("audit events %v, %v", events, err)
	}
}
