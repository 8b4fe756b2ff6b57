// Thousands of TLS handshakes are made here that protect no secret.
//
//go:debug tlsmlkem=0
package scenario_test

import (
	"maps"
	"slices"
	"testing"
	"testing/synctest"
)

// TestAges plays each story in every age to which it applies: each JIMM, each pair of releases of Juju. With the race
// detector, which takes many times as long, each story is played in some ages only, chosen by its name. One story at a
// time runs for each JIMM: nothing waits in virtual time, and dozens at once need a gigabyte with the race detector.
func TestAges(t *testing.T) {
	t.Parallel()
	all := stories(t)
	for _, year := range years() {
		t.Run(year, func(t *testing.T) {
			t.Parallel()
			n := 0
			for _, name := range slices.Sorted(maps.Keys(all)) {
				for _, a := range all[name].ages() {
					if a.year != year {
						continue
					}
					if n++; n%share != 0 {
						continue
					}
					a.memory = true
					t.Run(name+"/"+a.pair(), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) { play(t, all[name], a, memory{}) })
					})
				}
			}
		})
	}
}
