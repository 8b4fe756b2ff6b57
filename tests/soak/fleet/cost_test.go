package fleet_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/fleet"
	"jimm-migrator/src/migration"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/wire"
)

// The budgets of a run. A model that is migrated alone, with a poll every five seconds, takes 83 calls with JIMM of
// 2024 and 155 with that of 2026.
const (
	callsPerModel2024 = 50
	callsPerModel2026 = 90
	callsPerSecond    = 5
	leastEfficiency   = 0.95
)

// cost is what a run costs, in virtual time: it does not depend on the machine.
type cost struct {
	models int
	// took is how long it lasted, and bound the minimum that its caps allow: the time of all migrations, and of one
	// poll after each, divided by how many may run at once, and what a run waits for JIMM's last record.
	took, bound time.Duration
	calls       int // on JIMM, of any kind
	busiest     int // in one minute
	methods     map[string]int
}

func (c cost) efficiency() float64 { return float64(c.bound) / float64(c.took) }

func (c cost) perModel() float64 { return float64(c.calls) / float64(c.models) }

func (c cost) String() string {
	return fmt.Sprintf("%d models in %v, at least %v (%.3f); %d calls on JIMM, %.1f for a model, %.2f a second, %.2f in the busiest minute: %v",
		c.models, c.took, c.bound, c.efficiency(), c.calls, c.perModel(), float64(c.calls)/c.took.Seconds(), float64(c.busiest)/60, c.methods)
}

// crowd is a world in which all models migrate from west to east and north. Each takes four and a half to six minutes,
// five on average: models with more agents take longer.
func crowd(year string, models int) sim.World {
	w := sim.World{JIMM: sim.JIMM{
		Version: year, ServiceAccounts: []sim.ServiceAccount{{ID: "migrator", Secret: "s3cr3t", Administrator: true}},
	}}
	for _, name := range []string{"west", "east", "north"} {
		w.Controllers = append(w.Controllers, sim.Controller{Name: name})
	}
	for i := range models {
		agents := 1 + i%10
		pace := controller.DefaultPace()
		pace.Quiesce += time.Duration(agents*8) * time.Second
		m := sim.Model{
			Model: controller.Model{Name: fmt.Sprintf("m%04d", i)}, CreatedHere: true, Controller: "west",
			Migrations: []controller.Outcome{{Pace: &pace}},
		}
		for n := range agents {
			m.Machines = append(m.Machines, controller.Machine{ID: strconv.Itoa(n)})
		}
		w.Models = append(w.Models, m)
	}
	return w
}

// meter counts the calls on JIMM: each is two rows of its audit log.
type meter struct {
	mu      sync.Mutex
	total   int
	minutes map[int64]int
	methods map[string]int
}

func (m *meter) see(e wire.Event) {
	if e.Server != "jimm" || e.Kind != wire.Received {
		return
	}
	_, rest, _ := strings.Cut(string(e.Data), `"request":"`)
	method, _, _ := strings.Cut(rest, `"`)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.total++
	m.minutes[e.Time.Unix()/60]++
	m.methods[method]++
}

// reset sets the counts to zero.
func (m *meter) reset() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.total, m.minutes, m.methods = 0, map[int64]int{}, map[string]int{}
}

// measure migrates all models of the world in one run.
func measure(t *testing.T, options sim.Options, w sim.World, caps fleet.Caps) cost {
	t.Helper()
	var m meter
	m.reset()
	options.Network, options.Log = wire.NewNetwork(), m.see
	j, err := sim.Start(t.Context(), w, options)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	s := &story{world: w, caps: caps, rules: fleet.Rules{ModelTimeout: time.Hour}, jaas: j, network: options.Network}
	plan := s.plan(t.Context())
	l := s.newLife(0)
	defer l.kill()
	p, err := s.open(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	m.reset()
	done, err := p.apply(t.Context(), p.Writer(), always, fleet.RunOptions{Plan: plan, Timeout: 1000 * time.Hour})
	if err != nil || done.Counts.Moved != len(w.Models) {
		t.Fatalf("%+v %s %v", done.Counts, done.Stopped, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	c := cost{models: len(w.Models), took: done.Took, calls: m.total, methods: m.methods}
	for _, n := range m.minutes {
		c.busiest = max(c.busiest, n)
	}
	var work time.Duration
	to := map[string]time.Duration{}
	for _, moved := range done.Moves {
		latest, known := j.Controller("west").Migration(moved.Entry.Model)
		if !known || latest.End == nil {
			t.Fatalf("%s has not moved", moved.Entry.Name)
		}
		d := latest.End.Sub(latest.Start) + poll
		work += d
		to[moved.Entry.Target()] += d
	}
	c.bound = work / time.Duration(min(caps.Parallel, caps.Source))
	for _, d := range to {
		c.bound = max(c.bound, d/time.Duration(caps.Target))
	}
	if w.JIMM.Version != "2024" { // It records by itself, and the last record is read again after that time.
		c.bound += migration.TimeToForget
	}
	return c
}

// A run keeps its slots full and JIMM's audit log small, in virtual time: the numbers are the same on every machine.
func TestRunKeepsItsBudgets(t *testing.T) {
	shared := sharedOptions(t)
	parallel := small(t, "parallel")
	caps := fleet.Caps{Parallel: parallel, Source: parallel, Target: parallel / 2, Agents: 600}
	for year, most := range map[string]float64{"2024": callsPerModel2024, "2026": callsPerModel2026} {
		synctest.Test(t, func(t *testing.T) {
			c := measure(t, shared, crowd(year, small(t, "models")), caps)
			t.Logf("JIMM of %s: %v", year, c)
			if c.perModel() > most {
				t.Errorf("JIMM of %s: %.1f calls for a model, at most %.0f are wanted", year, c.perModel(), most)
			}
			if c.busiest > 60*callsPerSecond {
				t.Errorf("JIMM of %s: %d calls in one minute, at most %d a second are wanted", year, c.busiest, callsPerSecond)
			}
			if c.efficiency() < leastEfficiency {
				t.Errorf("JIMM of %s: %v is %.3f of the least that the caps allow, %v", year, c.took, c.efficiency(), c.bound)
			}
		})
	}
}

// small is a flag for a number of models that fits one plan.
func small(t *testing.T, name string) int {
	t.Helper()
	n := number(t, name)
	if n > fleet.MostModels {
		t.Fatalf("-%s=%d is too large", name, n)
	}
	return int(n)
}
