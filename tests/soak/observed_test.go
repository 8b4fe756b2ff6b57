package soak_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/wire"
)

// observe adds behaviour that was seen on real servers: Juju 4 on all controllers, rights that are revoked in the
// middle, and a target that refuses to describe the model. It has a random source of its own, so that the rest of a
// seed stays the same.
func (p *plan) observe() {
	p.rng = rand.New(rand.NewPCG(p.seed, 5))
	mended := !p.chance(50)
	p.observeVersions()
	if p.world.JIMM.Version == "2026" {
		p.world.JIMM.Mended = mended || p.juju4(recordedAt(p.world.Models[0]))
	}
	for i, m := range p.world.Models[1:] {
		if !p.world.JIMM.Mended && p.juju4(m.Controller) {
			p.world.Models[i+1].RecordedOn = "none" // that JIMM has no record there
		}
	}
	old := p.world.JIMM.Version != "2026"
	if old && p.chance(30) {
		p.breaks = append(p.breaks, outage{
			server: "jimm", role: "jimm", kind: pick(p.rng, "has no OpenFGA", "takes our right away"),
			at: p.between(0, 6*time.Minute), away: p.between(2*time.Second, 3*time.Minute),
		})
	}
	if p.chance(25) {
		p.cell("refused read after the record")
		refusal := wire.Fault{
			Facade: "ModelManager", Method: "ModelInfo", Action: wire.Refuse, Times: 1 + p.rng.IntN(20), Skip: p.rng.IntN(3),
			Error: &wire.Error{Message: "permission denied", Code: "unauthorized access"},
		}
		p.fickle = refusal.Skip > 0
		p.faults = append(p.faults,
			sim.Fault{Server: p.target, Fault: refusal},
			sim.Fault{Server: "jimm", Fault: wire.Fault{Method: "UpdateMigratedModel", Action: wire.Refuse, Times: p.rng.IntN(4) + 1}},
		)
	}
}

// recordedAt returns the controller that JIMM records first: of those that host the model after its past, the first.
func recordedAt(m sim.Model) string {
	if m.RecordedOn != "" {
		return m.RecordedOn
	}
	at := m.Controller
	for _, past := range m.History {
		if past.AbortAt == "" {
			at = past.To
		}
	}
	return slices.Min(append(slices.Clone(m.Copies), at))
}

// juju4 reports whether a controller has Juju 4.
func (p *plan) juju4(name string) bool {
	return slices.ContainsFunc(p.world.Controllers, func(c sim.Controller) bool {
		return c.Name == name && strings.HasPrefix(c.Version, "4.")
	})
}

// observeVersions puts a world of equal controllers on Juju 4, as far as the past of the model allows.
func (p *plan) observeVersions() {
	if p.world.JIMM.Version != "2026" || !p.alike() || !p.chance(40) {
		return
	}
	to := "4.1-beta2"
	if len(p.world.Models[0].History) == 0 && p.chance(50) {
		to = pick(p.rng, "4.0.15", "3.6.28")
	}
	for i, c := range p.world.Controllers {
		switch {
		case to == "4.0.15" && c.Name == p.source:
			p.world.Controllers[i].Version = "3.6.28"
		default:
			p.world.Controllers[i].Version = to
		}
		p.cell("controller %s", p.world.Controllers[i].Version)
	}
	// No model can be migrated from 4.0.15, and a phase that 4.1 does not have cannot abort.
	model := &p.world.Models[0]
	model.Migrations = slices.DeleteFunc(model.Migrations, func(o controller.Outcome) bool {
		return o.AbortAt == controller.ProcessRelations
	})
	if to == "4.0.15" {
		model.MigratingTo = ""
	}
}
