//go:debug tlsmlkem=0
package fleet_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/config"
	"jimm-migrator/src/fleet"
	"jimm-migrator/src/jaas"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/wire"
)

// TestMain parses the flags of this package.
func TestMain(m *testing.M) {
	flag.Uint64("seed", 0, "the only seed to run")
	flag.Uint64("from", 1, "the first of the seeds that TestFleets runs")
	flag.Uint64("seeds", 6, "how many seeds TestFleets runs")
	flag.Uint64("models", 64, "how many models TestRunKeepsItsBudgets moves")
	flag.Uint64("parallel", 8, "how many of them at once")
	m.Run()
}

func number(t *testing.T, name string) uint64 {
	t.Helper()
	n, ok := flag.Lookup(name).Value.(flag.Getter).Get().(uint64)
	if !ok {
		t.Fatalf("-%s is no number", name)
	}
	return n
}

// story is a world of many models and the events in it.
type story struct {
	*rand.Rand
	world sim.World
	caps  fleet.Caps
	rules fleet.Rules
	edges [][2]string // names
	kills []int       // the number of messages after which each process but the last is killed
	moves []foreign   // what other clients do
	named bool        // the models are named one by one, so that connected ones are migrated too
	// resign is when another unit becomes the leader, and also applies the plan; 0: never.
	resign time.Duration
	// cordon is when an administrator cordons all targets; 0: never.
	cordon time.Duration
	// accounts reports that there is an account on each controller.
	accounts bool
	silent   bool // The controller that is drained goes down at the end.
	// rivals reports that another application of the charm runs, with the account of the other client.
	rivals bool
	// version is the one that the agents are to run, if the plan is one of upgrades.
	version string
	// see gets all messages; may be nil.
	see func(wire.Event)

	jaas    *sim.JAAS
	network *wire.Network
	wrong   []string

	mu    sync.Mutex
	asked []request // when another client asked for a migration
	texts []string
	cells map[string]int
}

// The accounts of the application under test, and of all others.
const (
	ours   = "migrator"
	theirs = "other"
)

// foreign is a migration that another client requests.
type foreign struct {
	after         time.Duration
	model, target string
}

func (s *story) blame(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong = append(s.wrong, fmt.Sprintf(format, args...))
}

// newStory decides what happens.
func newStory(seed uint64) *story {
	r := rand.New(rand.NewPCG(seed, 11))
	s := &story{Rand: r, cells: map[string]int{}, rules: fleet.Rules{Canary: r.IntN(3) > 0, Failures: r.IntN(3) * r.IntN(4), ModelTimeout: time.Hour}}
	s.caps = fleet.Caps{Parallel: 1 + r.IntN(6), Source: 1 + r.IntN(4), Target: 1 + r.IntN(3), Agents: 10 + r.IntN(60)}
	s.world.JIMM = sim.JIMM{
		Version:         []string{"2024", "2026"}[r.IntN(2)],
		ServiceAccounts: []sim.ServiceAccount{{ID: ours, Secret: "s3cr3t", Administrator: true}, {ID: theirs, Secret: "s3cr3t", Administrator: true}},
	}
	s.world.Speed = 5
	for _, name := range []string{"west", "east", "north"} {
		s.world.Controllers = append(s.world.Controllers, sim.Controller{Name: name})
	}
	if r.IntN(3) == 0 {
		s.world.Controllers = append(s.world.Controllers, sim.Controller{Name: "south"})
	}
	troubled := r.IntN(2) == 0
	for i := range 3 + r.IntN(12) {
		m := sim.Model{Model: controller.Model{Name: fmt.Sprintf("m%02d", i)}, CreatedHere: true, Controller: "west"}
		if len(s.world.Controllers) > 3 && r.IntN(3) == 0 {
			m.Controller = "south"
		}
		m.Applications = []controller.Application{{Name: "db"}, {Name: "app"}}
		for n := range r.IntN(4) {
			id := strconv.Itoa(n)
			m.Machines = append(m.Machines, controller.Machine{ID: id})
		}
		if troubled && r.IntN(5) == 0 {
			m.Migrations = append(m.Migrations, s.trouble())
		}
		s.world.Models = append(s.world.Models, m)
	}
	for range r.IntN(3) {
		a, b := r.IntN(len(s.world.Models)), r.IntN(len(s.world.Models))
		if a == b {
			continue
		}
		offerer, consumer := &s.world.Models[a], &s.world.Models[b]
		s.edges = append(s.edges, [2]string{offerer.Name, consumer.Name})
		relate(offerer, consumer, fmt.Sprintf("remote%d", a))
	}
	s.named = true
	for range r.IntN(3) {
		s.kills = append(s.kills, 5+r.IntN(400))
	}
	for range r.IntN(3) {
		s.moves = append(s.moves, foreign{time.Duration(r.IntN(600)) * time.Second, s.world.Models[r.IntN(len(s.world.Models))].Name, []string{"east", "north"}[r.IntN(2)]})
	}
	if r.IntN(4) == 0 {
		s.resign = time.Duration(20+r.IntN(400)) * time.Second
	}
	if r.IntN(8) == 0 {
		s.cordon = time.Duration(30+r.IntN(300)) * time.Second
	}
	return s
}

// relate makes a model use the offer of another.
func relate(offerer, consumer *sim.Model, remote string) {
	offerer.Offers = []controller.Offer{{Name: "o", Application: "db", Endpoints: []controller.Endpoint{{Name: "db", Role: "provider", Interface: "mysql"}}}}
	consumer.RemoteApplications = append(consumer.RemoteApplications, controller.RemoteApplication{
		Name: remote, OfferURL: "alice@example.com/" + offerer.Name + ".o",
	})
	consumer.Relations = append(consumer.Relations, controller.Relation{
		ID: len(consumer.Relations), Endpoints: []controller.Endpoint{{Application: remote, Name: "db"}, {Application: "app", Name: "db"}},
	})
}

// trouble is a way for a migration to fail.
func (s *story) trouble() controller.Outcome {
	switch s.IntN(5) {
	case 0:
		return controller.Outcome{AbortAt: "IMPORT"}
	case 1:
		return controller.Outcome{AbortAt: "VALIDATION"}
	case 2:
		return controller.Outcome{Refuse: "source prechecks failed: machine 0 not running (down)"}
	case 3:
		return controller.Outcome{Refuse: "target prechecks failed: upgrade in progress"}
	default:
		return controller.Outcome{AbortAt: "IMPORT", Reason: `failed to import model into target controller: remoteentitites: offer for app "c9f6" not found`}
	}
}

func sharedOptions(t *testing.T) sim.Options {
	t.Helper()
	options, err := sim.SharedOptions()
	if err != nil {
		t.Fatal(err)
	}
	return options
}

// play plays a story.
func play(t *testing.T, shared sim.Options, seed uint64) *story {
	t.Helper()
	s := newStory(seed)
	return s.play(t, shared, s.happen)
}

// play starts the world and plays the story in it.
func (s *story) play(t *testing.T, options sim.Options, happen func(context.Context)) *story {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		options.Network, options.Log = wire.NewNetwork(), s.see
		j, err := sim.Start(t.Context(), s.world, options)
		if err != nil {
			s.blame("the world cannot be: %v", err)
			return
		}
		s.jaas, s.network = j, options.Network
		happen(t.Context())
		for _, v := range j.Violations() {
			if (strings.HasPrefix(v.User, ours) || s.rivals && strings.HasPrefix(v.User, theirs)) && !s.raced(v) {
				s.blame("%v%s", v, s.printed())
			}
		}
		_ = j.Close()
	})
	return s
}

func (s *story) happen(ctx context.Context) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	plan := s.plan(ctx)
	if len(plan.Moves) == 0 {
		s.count("nothing to do")
		return
	}
	rules := sim.Fleet{Parallel: s.caps.Parallel, PerSource: s.caps.Source, PerTarget: s.caps.Target, BothEnds: true, Once: true}
	for _, e := range plan.Moves {
		rules.Planned = append(rules.Planned, sim.PlannedStart{Model: e.Model, From: e.Source, To: e.Target()})
	}
	var others sync.WaitGroup
	for _, f := range s.moves {
		others.Go(func() { s.interfere(ctx, f) })
	}
	if s.cordon > 0 {
		others.Go(func() { s.cordonAll(ctx, true) })
	}
	if s.resign > 0 {
		two := rules
		two.Once = false // A model that was refused to the first unit is retried by the second.
		s.twoUnits(ctx, plan, two)
	}
	for _, kill := range s.kills {
		s.jaas.BeginRun(rules)
		if l := s.run(ctx, plan, kill); !l.dead() {
			s.judge(plan, l)
		}
		pause(ctx, time.Duration(s.IntN(300))*time.Second)
	}
	alive := func() *life {
		s.jaas.BeginRun(rules)
		l := s.run(ctx, plan, 0)
		s.judge(plan, l)
		return l
	}
	alive()
	others.Wait()
	s.cordonAll(ctx, false)
	// Nothing else happens now: all models are migrated, or left for a reason; and another run has nothing to do.
	s.land(ctx)
	last := s.untilIdle(ctx, alive)
	if !s.idle(last) {
		s.blame("it never has nothing to do: %s", s.printed())
	}
	s.final(plan, last)
}

// land waits until no model is being migrated, and a while longer.
func (s *story) land(ctx context.Context) {
	for range 60 {
		if !s.flying() {
			break
		}
		pause(ctx, time.Minute)
	}
	pause(ctx, 10*time.Minute)
}

// untilIdle repeats the run until it has nothing left to start, and returns the last one.
func (s *story) untilIdle(ctx context.Context, run func() *life) *life {
	var last *life
	for range 8 {
		if last = run(); s.idle(last) {
			break
		}
		pause(ctx, 5*time.Minute)
	}
	return last
}

// idle reports whether a run has started nothing that JIMM has passed on. A model with a mode that a killed request has
// left behind (JIMM of 2026) must be repaired by hand first.
func (s *story) idle(l *life) bool {
	started := l.done.Starts
	for _, m := range l.done.Moves {
		if s.world.JIMM.Version == "2026" && len(s.kills) > 0 && m.State == fleet.Failed && m.Result.Outcome == facts.NotStarted && strings.Contains(m.Result.Detail, "already in migration mode") {
			s.count("mode left behind")
			started--
		}
	}
	return started <= 0
}

// plan makes the plan of the story.
func (s *story) plan(ctx context.Context) fleet.Plan { return s.planTo(ctx, "east", "north") }

// planTo makes a plan of migrations to these targets.
func (s *story) planTo(ctx context.Context, targets ...string) fleet.Plan {
	l := s.newLife(0)
	defer l.kill()
	p, err := s.open(ctx, l)
	if err != nil {
		s.blame("no plan: %v", err)
		return fleet.Plan{}
	}
	defer p.Close()
	snapshot, err := p.survey(ctx)
	if err != nil {
		s.blame("no plan: %v", err)
		return fleet.Plan{}
	}
	policy := fleet.Policy{Goal: fleet.Move, Caps: s.caps, Rules: s.rules, Models: []string{"*"}}
	for _, name := range targets {
		policy.Targets = append(policy.Targets, fleet.Weighted{Name: name, Weight: 1})
	}
	if s.named {
		policy.Models = nil
		for _, m := range s.world.Models {
			policy.Models = append(policy.Models, s.jaas.UUID(m.Name))
		}
	}
	plan, err := fleet.Make(snapshot, policy)
	if s.version != "" {
		plan, err = fleet.MakeUpgrade(snapshot, policy, s.version)
	}
	if err != nil {
		s.blame("no plan: %v", err)
	}
	read, err := fleet.Parse(plan.Text())
	if err != nil {
		s.blame("the plan cannot be read back: %v", err)
	}
	return read
}

// life is one process of an application.
type life struct {
	account string
	network *wire.Network
	cancel  context.CancelFunc
	die     int // killed after this many messages; 0: never

	mu     sync.Mutex
	killed bool
	count  int
	conns  []net.Conn

	done fleet.Done
	err  error
}

func (s *story) newLife(die int) *life {
	return &life{account: ours, network: s.network, die: die, cancel: func() {}}
}

func (l *life) dead() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.killed
}

// kill ends all connections at once, and the process with them.
func (l *life) kill() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.killed = true
	for _, c := range l.conns {
		_ = c.Close()
	}
	l.cancel()
}

// sends counts a message.
func (l *life) sends() {
	l.mu.Lock()
	l.count++
	dies := l.die > 0 && l.count == l.die
	l.mu.Unlock()
	if dies {
		l.kill()
	}
}

func (l *life) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if l.dead() {
		return nil, net.ErrClosed
	}
	conn, err := l.network.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns = append(l.conns, conn)
	return &tap{conn, l}, nil
}

type tap struct {
	net.Conn
	life *life
}

func (t *tap) Write(b []byte) (int, error) {
	n, err := t.Conn.Write(b)
	t.life.sends()
	return n, err
}

// process is a life that is connected to JIMM, and the reads of its run.
type process struct {
	*jaas.JAAS
	uuid    string // of the JAAS
	lists   *fleet.Lists
	book    *fleet.Book
	traffic *fleet.Traffic
}

const poll = 5 * time.Second

func (s *story) settings(id string, l *life) config.Settings {
	dial := s.network.DialContext
	if l != nil {
		dial = l.dial
	}
	return config.Settings{
		JIMM:             jimm.Options{URL: s.jaas.URL(), ClientID: id, ClientSecret: jimm.NewSecret("s3cr3t"), DialContext: dial},
		ProbeControllers: true, PollInterval: poll, Controllers: s.credentials(),
	}
}

func (s *story) open(ctx context.Context, l *life) (*process, error) {
	j, err := jaas.Connect(ctx, s.settings(l.account, l))
	if err != nil {
		return nil, err
	}
	j.Pace()
	p := &process{JAAS: j, lists: fleet.NewLists(j.Engine.Fleet, poll), book: fleet.NewBook(j.Many(), 25*time.Hour, poll)}
	p.traffic = fleet.NewTraffic(p.lists, p.book, j.Engine.Witness, fleet.TrafficOptions{Poll: poll, Probe: true})
	if p.uuid, err = j.UUID(ctx); err != nil {
		j.Close()
		return nil, err
	}
	return p, nil
}

// survey returns what a plan is made from.
func (p *process) survey(ctx context.Context) (fleet.Snapshot, error) {
	base := fleet.Snapshot{JAAS: p.uuid, Traits: p.Engine.Traits, Unit: "jimm-migrator/0"}
	return fleet.Survey(ctx, p.traffic, p.Many(), fleet.Question{Base: base, Edges: true})
}

// apply applies the plan in the options, as the leader as long as leads says so.
func (p *process) apply(ctx context.Context, w migration.Writer, leads func() bool, options fleet.RunOptions) (fleet.Done, error) {
	means := fleet.Means{
		Traffic: p.traffic, Book: p.book, Reader: p.Many(), Writer: w,
		Leader: func(context.Context) (bool, error) { return leads(), nil },
		View:   func(model string, quiet bool) (survey.JAAS, func()) { return p.View(p.lists, p.book, model, quiet) },
	}
	if options.Plan.Goal == fleet.Upgrade {
		means.Upgrader = p.Upgrader()
	}
	options.JAAS = p.uuid
	options.Model = migration.Options{Options: survey.Options{Unit: "jimm-migrator/0", Probe: true}, PollInterval: poll}
	return fleet.Apply(ctx, means, options)
}

// always is a unit that remains the leader.
func always() bool { return true }

// run is one process of our application.
func (s *story) run(ctx context.Context, plan fleet.Plan, die int) *life {
	return s.live(ctx, s.newLife(die), plan, always)
}

// twoUnits changes the leader in the middle of a run. The second unit applies the plan while the first watches the
// migrations that it has started.
func (s *story) twoUnits(ctx context.Context, plan fleet.Plan, rules sim.Fleet) {
	s.jaas.BeginRun(rules)
	var first sync.WaitGroup
	until := time.Now().Add(s.resign)
	var one *life
	first.Go(func() { one = s.live(ctx, s.newLife(0), plan, func() bool { return time.Now().Before(until) }) })
	pause(ctx, s.resign+time.Second)
	s.say("another unit leads")
	s.jaas.BeginRun(rules) // Whatever stopped the first run.
	s.count("led by another")
	two := s.run(ctx, plan, 0)
	first.Wait()
	s.judge(plan, one)
	s.judge(plan, two)
}

// raced reports whether a start was wrong only because another client requested a migration at the same moment: no
// observation before the start can show that.
func (s *story) raced(v sim.Violation) bool {
	if v.Rule != sim.RuleOverCap && v.Rule != sim.RuleSecondStart && v.Rule != sim.RuleBothEnds {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.ContainsFunc(s.asked, func(r request) bool {
		return !strings.HasPrefix(v.User, r.by) && !v.At.Before(r.began) && (r.ended.IsZero() || v.At.Sub(r.ended) <= aMoment)
	}) {
		return false
	}
	s.cells["raced"]++
	return true
}

// request is the time during which a request of an account was under way.
type request struct {
	by           string
	began, ended time.Time
}

// asks records that a request of an account is under way; the function that it returns records the answer.
func (s *story) asks(by string) (answered func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := len(s.asked)
	s.asked = append(s.asked, request{by: by, began: time.Now()})
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.asked[at].ended = time.Now()
	}
}

// pen records when an application requests a migration.
type pen struct {
	migration.Writer
	story *story
	by    string
}

// StartMigration requests it.
func (p pen) StartMigration(ctx context.Context, model facts.Model, target facts.Controller) (string, error) {
	defer p.story.asks(p.by)()
	return p.Writer.StartMigration(ctx, model, target)
}

// aMoment is how long our own observation and request take.
const aMoment = 2 * time.Second

// live applies a plan in one process, which is the leader as long as leads says so.
func (s *story) live(ctx context.Context, l *life, plan fleet.Plan, leads func() bool) *life {
	ctx, l.cancel = context.WithCancel(ctx)
	defer l.kill()
	p, err := s.open(ctx, l)
	if err != nil {
		l.err = err
		return l
	}
	defer p.Close()
	s.say("%s: a life begins; it ends after %d messages", l.account, l.die)
	l.done, l.err = p.apply(ctx, pen{p.Writer(), s, l.account}, leads, fleet.RunOptions{
		Plan: plan, Timeout: 6 * time.Hour,
		Report: func(e fleet.Event) {
			if stop, ok := e.(fleet.StoppedEvent); ok {
				if leads() && l.account == ours { // Otherwise another unit starts what is left.
					go s.stopped(ctx, stop.Why)
				}
				s.say("%s: stopped: %s", l.account, stop.Why)
			}
			if end, ok := e.(fleet.EndedEvent); ok {
				s.say("%s: %s: %d %s %s %s %s", l.account, end.Move.Entry.Name, end.Move.State, end.Move.Reason, end.Move.Result.Outcome, end.Move.Result.Cause, end.Move.Result.Detail)
			}
		},
	})
	s.say("%s: ended as %s %+v %s %v", l.account, l.done.Outcome, l.done.Counts, l.done.Stopped, l.err)
	if !l.dead() {
		s.count("ended as " + string(l.done.Outcome))
	} else {
		s.count("killed")
	}
	return l
}

// stopped makes every later start a violation; a request already under way is allowed a moment.
func (s *story) stopped(ctx context.Context, why string) {
	pause(ctx, time.Second)
	if ctx.Err() == nil {
		s.jaas.StopStarts(why)
	}
}

// flying reports whether any model is being migrated.
func (s *story) flying() bool {
	return slices.ContainsFunc(s.world.Models, func(m sim.Model) bool {
		return slices.ContainsFunc(s.jaas.Where(m.Name), func(p sim.Place) bool { return p.Migrating })
	})
}

func (s *story) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.texts = append(s.texts, time.Now().Format("15:04:05 ")+fmt.Sprintf(format, args...))
}

// count counts what has happened.
func (s *story) count(cell string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cells[cell]++
}

func (s *story) printed() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return "\n" + strings.Join(s.texts, "\n")
}

// interfere migrates a model as another client would.
func (s *story) interfere(ctx context.Context, f foreign) {
	pause(ctx, f.after)
	other, err := jimm.Connect(ctx, s.settings(theirs, nil).JIMM)
	if err != nil {
		return
	}
	defer other.Close()
	answered := s.asks(theirs)
	_, err = other.MigrateModel(ctx, s.jaas.UUID(f.model), f.target)
	answered()
	s.say("another client moves %s to %s: %v", f.model, f.target, err)
	if err == nil {
		s.count("moved by others")
	}
	// A good client records what it has migrated (2024).
	for range 60 {
		pause(ctx, time.Minute)
		row, ok := s.jaas.Record(f.model)
		places := s.jaas.Where(f.model)
		if !ok || len(places) != 1 || places[0].Migrating {
			continue
		}
		if places[0].Controller != row.Controller {
			_ = other.UpdateMigratedModel(ctx, s.jaas.UUID(f.model), places[0].Controller)
		}
		return
	}
}

// cordonAll cordons the targets, or uncordons them.
func (s *story) cordonAll(ctx context.Context, mark bool) {
	if mark {
		pause(ctx, s.cordon)
		s.say("another client cordons the targets")
		s.count("cordoned")
	}
	other, err := jimm.Connect(ctx, s.settings(theirs, nil).JIMM)
	if err != nil {
		return
	}
	defer other.Close()
	for _, name := range []string{"east", "north"} {
		if _, err := other.SetControllerDeprecated(ctx, name, mark); err != nil {
			s.blame("cannot cordon: %v", err)
		}
	}
}

func pause(ctx context.Context, d time.Duration) { _ = wire.Wait(ctx, d) }

// judge compares what a run reports with the actual state.
func (s *story) judge(plan fleet.Plan, l *life) {
	if l.err != nil {
		s.blame("a run could not begin: %v", l.err)
		return
	}
	total := 0
	for _, m := range l.done.Moves {
		total++
		places, row := s.jaas.Where(m.Entry.Model), ""
		if r, ok := s.jaas.Record(m.Entry.Model); ok {
			row = r.Controller
		}
		if m.State == fleet.Well && !s.movedByOthers(m.Entry.Model) {
			if row != m.Entry.Target() || len(places) != 1 || places[0].Controller != m.Entry.Target() || places[0].State != controller.StateActive {
				s.blame("%s is said to be on %s; it is recorded on %s, and on %+v%s", m.Entry.Name, m.Entry.Target(), row, places, s.printed())
			}
		}
	}
	c := l.done.Counts
	if sum := c.Moved + c.Already + c.Moving + c.Failed + c.Left + c.Waiting; sum != total || total != len(plan.Moves) {
		s.blame("counts %+v do not add up to %d", c, total)
	}
	if l.done.Outcome == fleet.Applied && c.Moved+c.Already+c.Left != c.Planned {
		s.blame("applied, with %+v", c)
	}
}

// movedByOthers reports whether another client migrates the model in this story.
func (s *story) movedByOthers(uuid string) bool {
	return slices.ContainsFunc(s.moves, func(f foreign) bool { return s.jaas.UUID(f.model) == uuid })
}

// final checks the end: every model is on one controller, where it is recorded, and on its target unless it was left
// for a reason.
func (s *story) final(plan fleet.Plan, last *life) {
	stays := map[string]bool{}
	for _, m := range last.done.Moves {
		if m.State != fleet.Well {
			stays[m.Entry.Model] = true
		}
	}
	for _, e := range plan.Moves {
		places := s.jaas.Where(e.Model)
		row, ok := s.jaas.Record(e.Model)
		switch {
		case !ok || len(places) != 1 || places[0].Controller != row.Controller:
			s.blame("%s is recorded on %q and on %+v%s", e.Name, row.Controller, places, s.printed())
		case stays[e.Model] || s.movedByOthers(e.Model):
		case row.Controller != e.Target():
			s.blame("%s is on %s, not on %s%s", e.Name, row.Controller, e.Target(), s.printed())
		}
	}
}

// TestSeed repeats one seed of TestFleets.
func TestSeed(t *testing.T) { again(t, play) }

// again repeats the seed of the flag.
func again(t *testing.T, play func(*testing.T, sim.Options, uint64) *story) {
	t.Helper()
	seed := number(t, "seed")
	if seed == 0 {
		t.Skip("needs -seed=N")
	}
	s := play(t, sharedOptions(t), seed)
	t.Logf("JIMM of %s, accounts %t, caps %+v, rules %+v, edges %v, kills %v, others %+v, cordon %v%s", s.world.JIMM.Version, s.accounts, s.caps, s.rules, s.edges, s.kills, s.moves, s.cordon, s.printed())
	for _, what := range s.wrong {
		t.Error(what)
	}
}

// TestFleets plays many stories.
func TestFleets(t *testing.T) { playMany(t, play, "TestSeed", number(t, "seeds")) }

// playMany plays the stories of n seeds, starting with the one that the flag names, and counts what happened in them.
// Again is the test that plays one of them.
func playMany(t *testing.T, play func(*testing.T, sim.Options, uint64) *story, again string, n uint64) map[string]int {
	t.Helper()
	shared := sharedOptions(t)
	cells := map[string]int{}
	from := number(t, "from")
	for seed := from; seed < from+n; seed++ {
		s := play(t, shared, seed)
		for cell, count := range s.cells {
			cells[cell] += count
		}
		if len(s.wrong) > 0 {
			t.Errorf("seed %d: %s\n  go test ./tests/soak/fleet -run %s -seed=%d -v", seed, s.wrong[0], again, seed)
		}
	}
	for _, cell := range slices.Sorted(maps.Keys(cells)) {
		t.Logf("%6d %s", cells[cell], cell)
	}
	return cells
}
