package prechecks_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"github.com/juju/juju/api"
	apicontroller "github.com/juju/juju/api/controller/controller"
	coremigration "github.com/juju/juju/core/migration"
	environscloudspec "github.com/juju/juju/environs/cloudspec"
	"github.com/juju/juju/migration"
	"github.com/juju/juju/state"
	"github.com/juju/names/v5"
	"github.com/juju/version/v2"

	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/controller"
)

// The flags of this package.
var (
	cases = flag.Int("cases", 300, "how many models to make up")
	seed  = flag.Uint64("seed", 1, "which ones")
)

const (
	westUUID  = "a1111111-0000-4000-8000-00000000000a"
	eastUUID  = "b2222222-0000-4000-8000-00000000000b"
	modelUUID = "9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10"
)

// TestPrechecks compares Juju's own prechecks with the simulated controllers for generated models, to the letter.
func TestPrechecks(t *testing.T) {
	random := rand.New(rand.NewPCG(*seed, 1))
	answers, differences := map[string]int{}, map[string]int{}
	for i := range *cases {
		s := generate(random)
		juju := s.juju()
		simulated, err := s.simulated(t.Context())
		if err != nil {
			t.Fatalf("case %d: %v", i, err)
		}
		answers[juju]++
		if simulated == juju {
			continue
		}
		kind := fmt.Sprintf("Juju says %q, sim %q", juju, simulated)
		if differences[kind]++; differences[kind] > 1 {
			continue
		}
		small := s.shrink(t.Context())
		simulated, err = small.simulated(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.MarshalIndent(small, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		t.Errorf("case %d: Juju says %q, sim %q\n%s", i, small.juju(), simulated, raw)
	}
	t.Logf("%d models; Juju gave %d different answers", *cases, len(answers))
}

// situation is the input of both.
type situation struct {
	Source, Target     string // versions of the controllers
	Model              controller.Model
	Others             []controller.Model // on the target
	Importing, Active  bool               // a copy of the model is on the target
	SourceUp, TargetUp bool               // the controller is being upgraded
	// Machines of the controllers themselves.
	SourceMachines, TargetMachines []controller.Machine
}

// juju returns the error of Juju's own prechecks, as Controller.InitiateMigration words it; "" if the model may
// migrate.
func (s situation) juju() string {
	m := s.Model
	west := &backend{m: controllerModel(westUUID, s.Source, s.SourceMachines), version: version.MustParse(s.Source), upgrading: s.SourceUp}
	source := &backend{m: &m, version: version.MustParse(m.AgentVersion), ctl: west}
	cloud := func(names.ModelTag) (environscloudspec.CloudSpec, error) {
		return environscloudspec.CloudSpec{Type: "dummy"}, nil
	}
	if err := migration.SourcePrecheck(source, seen{&m}, seen{west.m}, cloud); err != nil {
		return "source prechecks failed: " + err.Error()
	}
	target := &backend{m: controllerModel(eastUUID, s.Target, s.TargetMachines), version: version.MustParse(s.Target), upgrading: s.TargetUp}
	models := pool{}
	for _, other := range s.Others {
		models[other.UUID] = model{&other, state.MigrationModeNone}
		target.uuids = append(target.uuids, other.UUID)
	}
	if s.Importing || s.Active {
		mode := state.MigrationModeNone
		if s.Importing {
			mode = state.MigrationModeImporting
		}
		models[m.UUID] = model{&m, mode}
		target.uuids = append(target.uuids, m.UUID)
	}
	slices.Sort(target.uuids)
	if err := migration.TargetPrecheck(target, models, coremigration.ModelInfo{
		UUID: m.UUID, Name: m.Name, Owner: names.NewUserTag(m.Owner), AgentVersion: version.MustParse(m.AgentVersion), ControllerAgentVersion: version.MustParse(s.Source),
	}, seen{target.m}); err != nil {
		return "target prechecks failed: " + err.Error()
	}
	return ""
}

func controllerModel(uuid, agent string, machines []controller.Machine) *controller.Model {
	return &controller.Model{Name: "controller", UUID: uuid[:34] + "cc", Owner: "admin", Life: "alive", Type: "iaas", AgentVersion: agent, Machines: machines}
}

// simulated returns the error of simulated controllers for the same input, asked by Juju's own client.
func (s situation) simulated(ctx context.Context) (refusal string, err error) {
	j, err := sim.StartControllers(ctx, sim.World{Controllers: []sim.Controller{
		{Name: "west", UUID: westUUID, Version: s.Source, Upgrading: s.SourceUp, Machines: s.SourceMachines}, {Name: "east", UUID: eastUUID, Version: s.Target, Upgrading: s.TargetUp, Machines: s.TargetMachines},
	}, Models: []sim.Model{{Model: s.Model, Controller: "west"}}}, sim.Options{})
	if err != nil {
		return "", err
	}
	defer func() { _ = j.Close() }()
	east := j.Controller("east")
	for _, other := range s.Others {
		if err := east.AddModel(other); err != nil {
			return "", err
		}
	}
	switch {
	case s.Importing:
		err = east.AddImportingCopy(s.Model)
	case s.Active:
		err = east.AddModel(s.Model)
	}
	if err != nil {
		return "", err
	}
	from, to := j.Registration("west"), j.Registration("east")
	conn, err := api.Open(&api.Info{Addrs: []string{from.PublicAddress}, CACert: from.CACertificate, Tag: names.NewUserTag(from.Username), Password: from.Password}, api.DefaultDialOpts())
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	if _, err := apicontroller.NewClient(conn).InitiateMigration(apicontroller.MigrationSpec{
		ModelUUID: s.Model.UUID, TargetControllerUUID: to.UUID, TargetControllerAlias: "east", TargetAddrs: []string{to.PublicAddress},
		TargetCACert: to.CACertificate, TargetUser: to.Username, TargetPassword: to.Password,
	}); err != nil {
		return err.Error(), nil
	}
	return "", nil
}

// generate makes a case; only a few things are wrong at a time, so that each is seen.
func generate(r *rand.Rand) situation {
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	rarely := func(otherwise string, s ...string) string {
		if r.IntN(12) == 0 {
			return pick(s...)
		}
		return otherwise
	}
	p := situation{Source: pick("3.5.4", "3.5.3", "3.4.6"), Target: rarely("3.5.4", "3.5.2", "3.4.6", "3.6.14", "3.6.1", "3.3.7")}
	agent := rarely(p.Source, "3.3.1", "2.9.51", "3.5.1", "3.1.10", "2.9.30", "2.8.9", "3.0.3")
	m := controller.Model{
		Name: "prod", UUID: modelUUID, Owner: rarely("admin", "alice@external"), Type: "iaas", Life: rarely("alive", "dying", "dead"), AgentVersion: agent,
		Credential: "cred", CredentialRevoked: r.IntN(25) == 0, CleanupNeeded: r.IntN(25) == 0,
	}
	if r.IntN(25) == 0 {
		m.Blockers = []string{"the model hosts deprecated ubuntu machine(s): ubuntu@18.04(1)"}
	}
	machine := func(id, agent string) controller.Machine {
		return controller.Machine{
			ID: id, AgentStatus: rarely("started", "down", "pending", "stopped", "error"), InstanceStatus: rarely("running", "pending", "provisioning error", "unknown", "allocating", "stopped"),
			AgentVersion: rarely(agent, "3.1.0"), Life: rarely("alive", "dying", "dead"), Reboot: rarely("", "reboot", "shutdown"),
		}
	}
	for i := range r.IntN(3) {
		m.Machines = append(m.Machines, machine(strconv.Itoa(i), agent))
	}
	for i := range r.IntN(3) {
		n := fmt.Sprintf("app%d", i)
		a := controller.Application{Name: n, Charm: n, Revision: 7, Life: rarely("alive", "dying", "dead"), MinUnits: r.IntN(15) / 14 * 3}
		for k := range r.IntN(3) {
			a.Units = append(a.Units, controller.Unit{
				Name: fmt.Sprintf("%s/%d", n, k), Machine: "0", AgentStatus: rarely("idle", "executing", "lost", "allocating", "failed", "error", "rebooting"),
				AgentVersion: rarely(agent, "3.1.0"), Life: rarely("alive", "dying", "dead"), Upgrading: r.IntN(15) == 0,
			})
		}
		m.Applications = append(m.Applications, a)
	}
	if len(m.Applications) == 2 {
		rel := controller.Relation{ID: 1, Interface: "x", Endpoints: []controller.Endpoint{{Application: "app0", Name: "db", Role: "requirer", Interface: "x"}, {Application: "app1", Name: "server", Role: "provider", Interface: "x"}}}
		for _, a := range m.Applications {
			for _, u := range a.Units {
				if r.IntN(12) == 0 {
					rel.NotJoined = append(rel.NotJoined, u.Name)
				}
			}
		}
		m.Relations = append(m.Relations, rel)
	}
	p.Model = m
	if r.IntN(4) == 0 {
		p.SourceMachines = append(p.SourceMachines, machine("0", p.Source))
	}
	if r.IntN(4) == 0 {
		p.TargetMachines = append(p.TargetMachines, machine("0", p.Target))
	}
	if r.IntN(8) == 0 {
		p.Others = append(p.Others, controller.Model{Name: pick("prod", "other"), UUID: "11111111-1111-4222-8333-44444444444" + strconv.Itoa(r.IntN(9)), Owner: pick(m.Owner, "admin", "carol"), Type: "iaas", Life: "alive", AgentVersion: p.Target})
	}
	p.Importing, p.Active = r.IntN(20) == 0, r.IntN(20) == 0
	if len(p.Others) > 0 {
		p.Importing, p.Active = false, false // two models with the same name cannot be on one controller
	}
	return p
}

// shrink makes the case smaller as long as the answers differ.
func (s situation) shrink(ctx context.Context) situation {
	bad := func(q situation) bool {
		got, err := q.simulated(ctx)
		return err == nil && got != q.juju()
	}
	try := func(change func(*situation)) {
		b, _ := json.Marshal(s)
		var q situation
		_ = json.Unmarshal(b, &q)
		change(&q)
		if !reflect.DeepEqual(s, q) && bad(q) {
			s = q
		}
	}
	try(func(q *situation) { q.Model.Relations = nil })
	try(func(q *situation) { q.Model.Applications, q.Model.Relations = nil, nil })
	try(func(q *situation) { q.Model.Machines = nil })
	try(func(q *situation) { q.Others = nil })
	try(func(q *situation) { q.Importing, q.Active = false, false })
	try(func(q *situation) { q.SourceUp = false })
	try(func(q *situation) { q.SourceMachines = nil })
	try(func(q *situation) { q.TargetMachines = nil })
	try(func(q *situation) { q.TargetUp = false })
	try(func(q *situation) { q.Model.CleanupNeeded = false })
	try(func(q *situation) { q.Model.CredentialRevoked = false })
	try(func(q *situation) { q.Model.Blockers = nil })
	for i := range slices.Backward(s.Model.Machines) {
		try(func(q *situation) { q.Model.Machines = append(q.Model.Machines[:i], q.Model.Machines[i+1:]...) })
	}
	for i := range s.Model.Applications {
		for k := range slices.Backward(s.Model.Applications[i].Units) {
			try(func(q *situation) {
				u := q.Model.Applications[i].Units
				q.Model.Applications[i].Units = append(u[:k], u[k+1:]...)
			})
		}
	}
	return s
}
