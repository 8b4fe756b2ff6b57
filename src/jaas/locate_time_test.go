package jaas_test

import (
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/jaas"
	"jimm-migrator/src/migration/locate"
	"jimm-migrator/tests/sim/wire"
)

// If every answer takes a second, locate-model takes as many seconds as it has round trips
// that wait for each other: the login to JIMM and the call that unmasks its lists; both
// lists at once (JIMM of December 2024 and newer logs in to the controllers for the list of
// models); and the login and one call of all probes at once. At the same time, JIMM until
// early 2025 describes the model, and logs in to its controller for that.
func TestLocateWaitsForFewRoundTrips(t *testing.T) {
	const delay = time.Second
	for year, trips := range map[string]int{"2024": 6, "2025": 8, "2026": 7} {
		t.Run(year, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := startWorld(t, year, "controllers: [{name: west}, {name: east}, {name: north}]\nmodels: [{name: prod, created-here: true}]\n")
				defer w.Close()
				for _, server := range []string{"jimm", "west", "east", "north"} {
					w.Faults(server).Add(wire.Fault{Action: wire.Delay, Delay: delay})
				}
				began := time.Now()
				opened, err := jaas.Connect(t.Context(), w.settings)
				if err != nil {
					t.Fatal(err)
				}
				defer opened.Close()
				found, err := locate.Locate(t.Context(), opened.Engine, locate.Options{Model: "prod", Probe: true})
				if err != nil || len(found.Locations) != 1 || found.Locations[0].State != locate.StateActive {
					t.Fatalf("%+v, %v", found, err)
				}
				if took, want := time.Since(began), time.Duration(trips)*delay; took != want {
					t.Errorf("located after %v, want %v", took, want)
				}
			})
		})
	}
}
