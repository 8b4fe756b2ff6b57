package fleet_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/jaas"
	"jimm-migrator/src/juju"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/wire"
)

// drained is the controller that the stories of this file empty.
const drained = "west"

// newDrain is a story in which west is drained: with models that JIMM does not know, models that are added meanwhile,
// models that stay behind, and JIMM's access rules.
func newDrain(seed uint64) *story {
	s := newStory(seed)
	s.edges, s.named, s.cordon = nil, false, 0
	for i := range s.world.Models {
		m := &s.world.Models[i]
		m.Offers, m.RemoteApplications = nil, nil
		if s.IntN(24) == 0 {
			m.Migrations = []controller.Outcome{{ReapFails: "no route to host", HalfReaped: s.IntN(2) == 0}}
		}
		if s.IntN(40) == 0 {
			m.Life = "dying"
		}
	}
	if s.IntN(6) == 0 {
		s.world.Models = append(s.world.Models, sim.Model{Model: controller.Model{Name: "raw"}, Controller: drained, RecordedOn: "none"})
	}
	if s.IntN(6) == 0 {
		s.world.Models = append(s.world.Models, sim.Model{
			Model: controller.Model{Name: "half"}, CreatedHere: true, Controller: "east",
			History: []sim.Past{{To: drained, Outcome: controller.Outcome{AbortAt: "IMPORT", LeaveCopy: true}}},
		})
	}
	if s.IntN(6) == 0 {
		s.world.Models = append(s.world.Models, sim.Model{Model: controller.Model{Name: "guest"}, CreatedHere: true, Controller: "north"})
		s.moves = append(s.moves, foreign{time.Duration(s.IntN(1200)) * time.Second, "guest", drained})
	}
	for n := range max(s.IntN(6)-3, 0) {
		s.world.Adds = append(s.world.Adds, sim.Add{After: time.Duration(s.IntN(1800)) * time.Second, Name: fmt.Sprintf("new%d", n)})
	}
	if s.IntN(8) == 0 {
		s.world.Models = append(s.world.Models, sim.Model{Model: controller.Model{Name: "double"}, CreatedHere: true, Controller: drained, RecordedOn: drained, Copies: []string{"east"}})
	}
	s.silent = s.IntN(6) == 0
	s.accounts = s.IntN(2) == 0
	for i := range s.world.Controllers {
		s.world.Controllers[i].Users = []controller.User{{Name: "admin", Password: "JIMM's own", Access: "superuser"}, {Name: "migrator", Password: "s3cr3t", Access: "superuser"}}
	}
	return s
}

// drain drains west repeatedly, as drain-controller does, and compares each verdict with the actual state.
func (s *story) drain(ctx context.Context) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	for _, f := range s.moves {
		go s.interfere(ctx, f)
	}
	for _, kill := range append(slices.Clone(s.kills), 0, 0, 0) {
		s.jaas.BeginRun(sim.Fleet{Parallel: s.caps.Parallel, PerSource: s.caps.Source, PerTarget: s.caps.Target, Once: true})
		s.drainOnce(ctx, s.newLife(kill))
		pause(ctx, time.Duration(s.IntN(600))*time.Second)
	}
}

// drainOnce is one run, in one process.
func (s *story) drainOnce(ctx context.Context, l *life) {
	ctx, l.cancel = context.WithCancel(ctx)
	defer l.kill()
	p, err := s.open(ctx, l)
	if err != nil {
		return
	}
	defer p.Close()
	policy := fleet.Policy{Goal: fleet.Drain, From: drained, Targets: []fleet.Weighted{{Name: "east", Weight: 1}, {Name: "north", Weight: 1}}, Caps: s.caps, Rules: s.rules}
	snapshot, err := p.survey(ctx)
	if err == nil {
		err = fleet.CheckDrain(snapshot, drained)
	}
	if err != nil {
		s.say("not drained: %v", err)
		s.count("drain refused")
		return
	}
	plan, err := fleet.Make(snapshot, policy)
	if err != nil {
		s.blame("no plan of a drain: %v", err)
		return
	}
	l.done, l.err = p.apply(ctx, pen{p.Writer(), s, l.account}, always, fleet.RunOptions{Plan: plan, Timeout: 2 * time.Hour})
	if l.dead() || l.err != nil {
		s.count("drain killed")
		return
	}
	if s.silent { // It goes down when all models have been migrated.
		s.jaas.Faults(drained).Add(wire.Fault{Method: "Login", Action: wire.NoAnswer})
		defer s.jaas.Faults(drained).Clear()
	}
	before := s.actual()
	if snapshot, err = p.survey(ctx); err != nil {
		return
	}
	left, err := fleet.Remaining(snapshot, policy)
	if err != nil {
		s.blame("no plan of what is left: %v", err)
		return
	}
	e := fleet.Gather(ctx, p.Engine, snapshot, fleet.End{Controller: drained, Left: left, Moved: l.done.Moves, Probe: true})
	if l.dead() {
		return
	}
	verdict := fleet.Prove(e)
	s.say("%s: drained: %s, %+v", l.account, verdict, e)
	s.count("verdict " + string(verdict))
	after := s.actual()
	if why := before.denies(verdict); why != "" && after.denies(verdict) != "" {
		s.blame("the verdict is %s: %s; %+v%s", verdict, why, e, s.printed())
	}
	s.repair(ctx, p.JAAS, snapshot, fleet.Stays(snapshot, l.done.Moves, e.Departed))
}

// repair corrects JIMM's access rules and checks them.
func (s *story) repair(ctx context.Context, j *jaas.JAAS, snapshot fleet.Snapshot, stays []fleet.Stay) {
	access := fleet.RepairAccess(ctx, j.Engine, j.Rehoster(), snapshot, stays)
	if ctx.Err() != nil {
		return
	}
	s.count("access repaired")
	for _, model := range access.Repaired {
		var hosts []string
		for _, tuple := range s.jaas.JIMM().Tuples() {
			if tuple.Relation == "controller" && tuple.Target == "model-"+model {
				hosts = append(hosts, tuple.Object)
			}
		}
		if s.movedByOthers(model) {
			continue // It may have been migrated since.
		}
		for _, p := range s.jaas.Where(model) {
			c := s.jaas.Controller(p.Controller)
			if p.State == controller.StateActive && (len(hosts) != 1 || hosts[0] != "controller-"+c.UUID()) {
				s.blame("the rules of %s name %v; it is on %s%s", model, hosts, p.Controller, s.printed())
			}
		}
	}
}

// reality is the actual state of west.
type reality struct {
	// recorded are models that JIMM records there; held are those of which it has a copy.
	recorded, held []string
	// twice are those that are active on two controllers.
	twice []string
	// moving reports that a migration is running.
	moving bool
}

func (s *story) actual() (r reality) {
	uuids := map[string]bool{}
	for _, m := range s.world.Models {
		uuids[s.jaas.UUID(m.Name)] = true
	}
	for _, row := range s.jaas.JIMM().Models() {
		uuids[row.UUID] = true
		if row.Controller == drained {
			r.recorded = append(r.recorded, row.Name)
		}
	}
	for _, uuid := range slices.Sorted(maps.Keys(uuids)) {
		active := 0
		for _, p := range s.jaas.Where(uuid) {
			r.moving = r.moving || p.Migrating
			if p.State == controller.StateActive {
				active++
			}
			if p.Controller == drained {
				r.held = append(r.held, uuid)
			}
		}
		if active > 1 {
			r.twice = append(r.twice, uuid)
		}
	}
	return r
}

// denies returns why a verdict claims more than is true, or "".
func (r reality) denies(v fleet.Verdict) string {
	switch {
	case v == fleet.Drained && len(r.held) > 0:
		return fmt.Sprintf("it holds %v", r.held)
	case (v == fleet.Drained || v == fleet.DrainedAsRecorded) && len(r.recorded) > 0:
		return fmt.Sprintf("JIMM records %v there", r.recorded)
	case (v == fleet.Blocked || v == fleet.Partly) && len(r.recorded) == 0 && len(r.held) == 0 && !r.moving:
		return "nothing is there, and nothing moves"
	case v == fleet.InConflict && len(r.twice) == 0:
		return "no model is active in two places"
	default:
		return ""
	}
}

// credentials are the accounts on the controllers, if the story has them.
func (s *story) credentials() map[string]juju.Credentials {
	if !s.accounts {
		return nil
	}
	out := map[string]juju.Credentials{}
	for _, c := range s.world.Controllers {
		out[c.Name] = juju.Credentials{User: "migrator", Password: juju.NewSecret("s3cr3t")}
	}
	return out
}

// playDrain plays a drain.
func playDrain(t *testing.T, shared sim.Options, seed uint64) *story {
	t.Helper()
	s := newDrain(seed)
	return s.play(t, shared, s.drain)
}

// TestDrainSeed repeats one seed of TestDrains.
func TestDrainSeed(t *testing.T) { again(t, playDrain) }

// TestDrains drains a controller in many worlds. No verdict claims more than is true, JIMM's access rules name the
// controller that has the model, and no other, and the worlds of the first seeds lead to every verdict.
func TestDrains(t *testing.T) {
	n := 2 * number(t, "seeds")
	cells := playMany(t, playDrain, "TestDrainSeed", n)
	if number(t, "from") > 1 || n < 12 {
		return
	}
	for _, v := range []fleet.Verdict{fleet.Drained, fleet.DrainedAsRecorded, fleet.Partly, fleet.Blocked, fleet.InConflict, fleet.NotKnown} {
		if cells["verdict "+string(v)] == 0 {
			t.Errorf("no drain is %s", v)
		}
	}
}
