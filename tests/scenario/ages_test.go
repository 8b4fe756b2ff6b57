// Thousands of handshakes are made here that keep no secret from anybody.
//
//go:debug tlsmlkem=0
package scenario_test

import (
	"testing"
	"testing/synctest"
)

// TestAges plays each story in every age in which it makes sense: each JIMM, each pair of releases of Juju.
func TestAges(t *testing.T) {
	t.Parallel()
	for name, story := range stories(t) {
		for _, a := range story.ages() {
			a.memory = true
			t.Run(name+"/"+a.String(), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { play(t, story, a, memory{}) })
			})
		}
	}
}
