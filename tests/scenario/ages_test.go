// Thousands of handshakes are made here that keep no secret from anybody.
//
//go:debug tlsmlkem=0
package scenario_test

import (
	"maps"
	"slices"
	"testing"
	"testing/synctest"
)

// TestAges plays each story in every age in which it makes sense: each JIMM, each pair of releases of Juju. With the
// race detector, which needs many times as long, one in some ages: another one for each story.
func TestAges(t *testing.T) {
	t.Parallel()
	n := 0
	list := stories(t)
	for _, name := range slices.Sorted(maps.Keys(list)) {
		story := list[name]
		for _, a := range story.ages() {
			if n++; n%share != 0 {
				continue
			}
			a.memory = true
			t.Run(name+"/"+a.String(), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { play(t, story, a, memory{}) })
			})
		}
	}
}
