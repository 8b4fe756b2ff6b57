package soak_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"jimm-migrator/tests/sim"
)

// plan holds all the choices of a seed.
type plan struct {
	seed  uint64
	rng   *rand.Rand
	world sim.World

	source, target, third string
	model                 string // as the operator names it
	uuid                  string
	probe                 bool
	admin                 bool // we have accounts on the controllers
	poll, timeout         time.Duration
	prelude               string // the action before the first process: "", "check" or "locate"
	skewed                bool   // the clocks differ by more than the engine allows
	byHand                bool   // another client has already recorded the target in JIMM
	fickle                bool   // the target describes the model at first, and refuses to do so later, for a while
	told                  bool   // the log of JIMM contains everything that has happened

	faults []sim.Fault
	breaks []outage
	other  other
	kills  []kill // of each of our processes but the last
	// dryRuns reports whether every run asks the source for a dry run first.
	dryRuns bool
	// removals are when an administrator tries to remove a leftover copy.
	removals []time.Duration
	pause    time.Duration
	cells    []string
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

func (p *plan) chance(percent int) bool { return p.rng.IntN(100) < percent }

func (p *plan) between(from, to time.Duration) time.Duration {
	return from + time.Duration(p.rng.Int64N(int64(to-from)))
}

func (p *plan) cell(format string, args ...any) {
	p.cells = append(p.cells, fmt.Sprintf(format, args...))
}

// The accounts: ours, and that of another client who administers JIMM.
const (
	account = "migrator"
	human   = "human"
	owner   = "alice@example.com"
)

// newPlan makes all the choices of a seed.
func newPlan(seed uint64) *plan {
	p := &plan{seed: seed, rng: rand.New(rand.NewPCG(seed, 4)), told: true}
	names := []string{"east", "north", "west"}
	p.rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	p.source, p.target, p.third = names[0], names[1], names[2]
	p.uuid = "11111111-2222-4333-8444-555555555555"
	p.model = pick(p.rng, "prod", owner+"/prod", p.uuid)
	p.probe = p.chance(50)
	p.admin = p.probe && p.chance(30)
	p.poll = pick(p.rng, 5*time.Second, 8*time.Second, 15*time.Second, 30*time.Second)
	p.timeout = time.Duration(pick(p.rng, 120, 360)) * p.poll // every wait is a multiple of the poll interval
	p.prelude = pick(p.rng, "", "", "", "check", "locate")
	p.makeWorld()
	p.makeFaults()
	p.makeBreaks()
	p.other = other{
		kind: pick(p.rng, "", "", "", "", "second unit", "second unit elsewhere", "hand-made record", "hand-made start", "start elsewhere", "curious"),
		at:   p.between(0, pick(p.rng, 5*time.Second, 7*time.Minute)),
	}
	p.makeKills()
	p.observe()
	p.makeRefusal()
	p.makeGrant()
	p.makeRemovals()
	p.makeDryRuns()
	p.cell("operator: %q", p.other.kind)
	p.cell("prelude: %q", p.prelude)
	p.cell("lives %d", len(p.kills)+1)
	p.cell("probe %v, credentials %v", p.probe, p.admin)
	return p
}

// kill is the point at which a process of ours ends.
type kill struct {
	step   string
	n      int    // in that step its n-th message, or the n-th piece of an answer
	how    string // see hows
	silent bool   // the connections stay open for a while, as when a node is lost
}

// hows are the ways to be killed: the message is lost, or has arrived, or the answer has also arrived.
func hows() []string { return []string{"lost", "arrived", "answered"} }

// steps are those of the engine.
func steps() []string { return []string{"check", "start", "watch", "record", "verify"} }

func (p *plan) makeKills() {
	for range pick(p.rng, 0, 0, 1, 1, 2) {
		k := kill{step: pick(p.rng, append(steps(), "start", "record", "record")...), how: pick(p.rng, hows()...), silent: p.chance(20)}
		switch k.step {
		case "check":
			k.n = 1 + p.rng.IntN(60)
		case "watch":
			k.n = 1 + p.rng.IntN(100)
		case "start", "record": // one call
			k.n = 1
		default:
			k.n = 1 + p.rng.IntN(4)
		}
		p.kills = append(p.kills, k)
	}
	p.pause = pick(p.rng, time.Second, 30*time.Second, 6*time.Minute)
}
