package soak_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"jimm-migrator/src/report"
)

// granted is the one user, besides the owner, who has been given access to the model itself in some worlds.
const granted = "bob@example.com"

// makeGrant gives a user access to the model. It has a random source of its own, so that the other choices of a seed stay
// the same.
func (p *plan) makeGrant() {
	if rand.New(rand.NewPCG(p.seed, 27)).IntN(100) < 50 {
		p.world.Models[0].Grants = map[string]string{granted: "read"}
	}
}

// grants checks that the commands which give access to a lost model again give it to those who had been given it, and to
// no one else: the administrators of JIMM have access without a rule of the model.
func (s *story) grants(l *life) {
	repair, _ := report.MigrationResults(l.result, report.Run{CLI: "juju jaas"})["repair"].(map[string]any)
	commands, _ := repair["grants"].(string)
	if commands == "" {
		return
	}
	s.cell("access is given again")
	for command := range strings.SplitSeq(commands, "\n") {
		if s.world.Models[0].Grants[granted] == "" || command != fmt.Sprintf("juju jaas add-permission user-%s reader model-%s", granted, s.uuid) {
			s.blame("repair.grants gives access that was not given: %s", command)
		}
	}
}
