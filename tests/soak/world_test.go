package soak_test

import (
	"math/rand/v2"
	"slices"
	"time"

	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/controller"
)

func (p *plan) makeWorld() {
	version := pick(p.rng, "2024", "2025", "2026", "2026")
	p.cell("JIMM %s", version)
	poller := p.chance(70)
	p.world.JIMM = sim.JIMM{
		Version: version, Poller: &poller, Mended: version == "2026",
		ServiceAccounts: []sim.ServiceAccount{{ID: account, Secret: canary, Administrator: true}, {ID: human, Secret: "x", Administrator: true}},
	}
	p.makeControllers()
	m := sim.Model{Controller: p.source, CreatedHere: p.chance(50)}
	m.Name, m.Owner, m.UUID = "prod", owner, p.uuid
	left := p.makePast(&m)
	if p.chance(30) {
		strands := len(m.History) == 0 && p.chance(20) // or it would have been left behind already
		m.Machines = []controller.Machine{{ID: "0", Strands: strands}}
		m.Applications = []controller.Application{{Name: "db", Units: []controller.Unit{{Name: "db/0", Machine: "0"}}}}
	}
	for range 1 + p.rng.IntN(2) {
		m.Migrations = append(m.Migrations, p.makeOutcome())
	}
	if p.alike() && len(m.History) == 0 && m.RecordedOn == "" && m.Mode == "" && len(m.Copies) == 0 && m.Migrations[0].Refuse == "" && !left && p.chance(15) {
		m.MigratingTo = pick(p.rng, p.target, p.target, p.third)
		p.cell("runs at first")
	}
	p.world.Models = []sim.Model{m}
	for _, name := range []string{p.target, p.source} {
		if p.chance(50) {
			other := sim.Model{Controller: name}
			other.Name, other.Owner = "other-on-"+name, owner
			p.world.Models = append(p.world.Models, other)
		}
	}
	p.world.Speed = pick(p.rng, 1.0, 2.0, 3.0, 4.0, 5.0)
}

// alike reports whether a model can migrate between all controllers.
func (p *plan) alike() bool {
	return !slices.ContainsFunc(p.world.Controllers, func(c sim.Controller) bool { return c.Version != "3.6.14" })
}

func (p *plan) makeControllers() {
	versions := []string{"3.6.14", "3.6.14", "3.6.14", "3.6.14", "3.6.14", "3.6.14", "3.6.14", "3.6.14", "3.6.14", "3.6.14", "3.6.12", "3.5.5", "3.4.5", "4.0.14"}
	if p.world.JIMM.Version != "2026" {
		versions = versions[:len(versions)-1] // older JIMM does not speak Juju 4's ModelManager
	}
	redirects := pick(p.rng, "users", "all")
	skew := pick(p.rng, 0, 0, 50*time.Second, 20*time.Minute)
	p.skewed = skew > time.Minute
	p.cell("clock skew %v", skew)
	off := func() time.Duration {
		if skew == 0 {
			return 0
		}
		return p.between(-skew, skew)
	}
	p.world.JIMM.Skew = off()
	older := p.olderSource()
	for _, name := range []string{"east", "north", "west"} {
		c := sim.Controller{Name: name, Redirects: redirects, Version: pick(p.rng, versions...), Skew: off()}
		if older != "" && name == p.source {
			c.Version = older
		}
		if p.chance(5) {
			c.Status = pick(p.rng, "deprecated", "unavailable")
		}
		p.cell("controller %s", c.Version)
		p.world.Controllers = append(p.world.Controllers, c)
	}
}

// olderSource returns the release before 3.6 that the source runs in some worlds: in REAP, it denies the model earlier
// than its successors. It has a random source of its own, so that the other choices of a seed stay the same.
func (p *plan) olderSource() string {
	rng := rand.New(rand.NewPCG(p.seed, 12))
	if rng.IntN(100) >= 25 {
		return ""
	}
	return pick(rng, "3.4.5", "3.5.5")
}

// makePast decides what has happened before, and reports whether a copy is left on the controller that another
// migration would go to.
func (p *plan) makePast(m *sim.Model) (left bool) {
	kind := pick(p.rng, "", "", "", "", "", "", "", "aborted", "aborted", "aborted elsewhere", "away and back", "moved", "moved", "kept a copy", "recorded too early", "recorded elsewhere", "not recorded", "two copies", "stuck mode")
	if kind == "stuck mode" && p.world.JIMM.Version != "2026" {
		kind = ""
	}
	for i := range p.world.Controllers { // of one version, so that it can have happened
		if kind != "" {
			p.world.Controllers[i].Version = "3.6.14"
		}
	}
	past := sim.Past{To: p.target}
	switch kind {
	case "aborted", "aborted elsewhere":
		past.AbortAt, past.LeaveCopy = controller.Import, p.chance(20)
		if kind == "aborted elsewhere" {
			past.To = p.third
		}
		m.History = []sim.Past{past}
		left = past.LeaveCopy
	case "away and back":
		m.History = []sim.Past{{To: pick(p.rng, p.target, p.third)}, {To: p.source}}
	case "moved": // migrated by hand, and not recorded in JIMM
		m.History, m.RecordedOn, p.told, p.byHand = []sim.Past{past}, p.source, false, p.chance(33)
	case "kept a copy":
		past.ReapFails = "no rights"
		m.History, m.RecordedOn, p.told, p.byHand = []sim.Past{past}, p.source, false, p.chance(50)
	case "recorded too early":
		m.RecordedOn, p.told = p.target, false
	case "recorded elsewhere":
		m.RecordedOn, p.told = p.third, false
	case "not recorded":
		m.RecordedOn, p.told = "none", false
	case "two copies":
		m.Copies = []string{p.target}
	case "stuck mode":
		m.Mode = "migrating-internally"
	}
	p.cell("past: %q", kind)
	return left
}

// makeOutcome scripts a migration.
func (p *plan) makeOutcome() controller.Outcome {
	leak := `credential attribute mismatch: map[secret-key:` + canary + `] != map[secret-key:x]`
	kind := pick(p.rng, "success", "success", "success", "success", "abort", "abort", "reap fails", "refused", "stall", "loop", "restart in abort", "agents", "activation lost")
	p.cell("migration: %s", kind)
	switch kind {
	case "abort":
		at := pick(p.rng, controller.Quiesce, controller.Import, controller.ProcessRelations, controller.Validation)
		p.cell("aborts at %s", at)
		return controller.Outcome{AbortAt: at, Reason: pick(p.rng, "", leak), LeaveCopy: p.chance(20)}
	case "reap fails":
		return controller.Outcome{ReapFails: pick(p.rng, "no rights", leak)}
	case "refused":
		return controller.Outcome{Refuse: pick(p.rng, "source prechecks failed: no", "target prechecks failed: "+leak)}
	case "stall":
		return controller.Outcome{Stall: pick(p.rng, "quiescing", "uploading", "validating", "successful, transferring"), StallFor: p.between(time.Minute, 8*time.Minute)}
	case "loop":
		return controller.Outcome{Loop: pick(p.rng, controller.Validation, controller.Success, controller.LogTransfer), LoopTimes: 2}
	case "restart in abort":
		return controller.Outcome{AbortAt: controller.Import, RestartInAbort: true}
	case "agents":
		return controller.Outcome{AgentsFail: pick(p.rng, controller.Quiesce, controller.Validation, controller.Success)}
	case "activation lost":
		return controller.Outcome{ActivationLost: true}
	default:
		return controller.Outcome{}
	}
}
