package scenario_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/wire"
)

// The service accounts that every world has.
const (
	charmAccount    = "migrator" // the charm's, unless the world describes others
	operatorAccount = "operator" // for the administrator's own commands
)

// stage is the place where one story is played in one age.
type stage struct {
	t           *testing.T
	story       story
	age         age
	environment environment
	// canary is part of everything that must stay secret, secret is the charm's.
	canary, secret string

	jaas  *sim.JAAS
	agent *charmtest.Agent
	// scratch is the charm's folder for temporary files; empty: the charm is not a process.
	scratch string
	// network is in memory; nil: loopback.
	network *wire.Network
	dialled connections // Of the charm, in memory.

	secrets   map[string]string // URIs by name
	files     map[string]string // files that an administrator has saved for --params, by name
	relations map[string]int    // numbers by "ENDPOINT APP"
	begun     map[string]int    // migrations before the story, by model
	logsSeen  map[int]bool      // the records of the unit's log that were expected
	tasks     []*task
	// callsBefore is how many hook tools there were before the latest hook or task.
	callsBefore int
	events      strings.Builder // the events, for the report
	// killer kills the first action, where there is one.
	killer *killer

	mu        sync.Mutex
	lines     map[string][]string // of progress, by task
	spoken    []time.Time         // when each line was shown
	changed   chan struct{}       // closed and made again with each line and message
	inspected map[string]bool     // tasks with processes that were inspected
	leaks     []string
}

// environment runs the charm and the servers.
type environment interface {
	// options completes the options of the unit and of the world.
	options(s *stage, unit *charmtest.Options, world *sim.Options) error
	// limit ends a story that does not make progress.
	limit() time.Duration
}

// play plays a story from its beginning to its end.
func play(t *testing.T, story story, a age, env environment) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), env.limit())
	defer cancel()
	s := newStage(t, story, a, env)
	s.open(ctx)
	for _, step := range story.steps {
		if !step.counts(a) {
			continue
		}
		s.note("%s", step.text)
		if err := s.perform(ctx, step); err != nil {
			t.Fatal(story.wrong(step.line, "%v", err))
		}
		if t.Failed() {
			return
		}
	}
	s.finish()
}

func newStage(t *testing.T, story story, a age, env environment) *stage {
	t.Helper()
	s := &stage{
		t: t, story: story, age: a, environment: env, canary: "canary-" + strings.ToLower(rand.Text()),
		secrets: map[string]string{}, files: map[string]string{}, relations: map[string]int{}, begun: map[string]int{}, logsSeen: map[int]bool{},
		lines: map[string][]string{}, changed: make(chan struct{}), inspected: map[string]bool{},
	}
	t.Cleanup(s.report)
	s.secret = s.canary + "-secret"
	return s
}

// open builds the stage, which is removed when the test ends.
func (s *stage) open(ctx context.Context) {
	s.t.Helper()
	if err := s.build(ctx); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := s.jaas.Close(); err != nil {
			s.t.Error(err)
		}
	})
}

// build starts the world and deploys the charm.
func (s *stage) build(ctx context.Context) error {
	world, err := s.world()
	if err != nil {
		return err
	}
	dir := charmDir
	if len(s.story.files) > 0 {
		dir = archive(s.t) // related applications may get files of the archive
	}
	unit := charmtest.Options{CharmDir: dir, Machine: s.story.machine, OnLog: s.logged, BeforeTool: s.beforeTool, AfterTool: s.afterTool}
	servers := sim.Options{CA: built.ca, Keys: built.keys, Log: s.heard}
	if err := s.environment.options(s, &unit, &servers); err != nil {
		return err
	}
	if s.jaas, err = sim.Start(ctx, world, servers); err != nil {
		return err
	}
	for _, m := range s.jaas.World().Models {
		s.begun[m.UUID] = s.migrations(m.UUID)
	}
	s.agent = charmtest.Start(s.t, unit)
	if s.story.unconfigured {
		return nil
	}
	return s.configure(ctx)
}

// world reads the story's world and adds what all worlds have in common.
func (s *stage) world() (sim.World, error) {
	text := strings.ReplaceAll(s.story.world, "{canary}", s.canary)
	w, err := sim.Load([]byte(text))
	if err != nil {
		return w, err
	}
	var said struct {
		Speed *float64
		JIMM  struct{ TLS, Poller *bool }
	}
	if err := yaml.Unmarshal([]byte(text), &said); err != nil {
		return w, err
	}
	switch {
	case said.Speed != nil:
	case s.age.memory && s.age.pair() == usualPair:
		w.Speed = 5 // a minute: JIMM's poller has a round while it runs
	default:
		w.Speed = 100
	}
	// The poller runs every minute: too often in real time on a slow machine, so it is off.
	poller := s.age.memory
	if said.JIMM.Poller != nil {
		poller = *said.JIMM.Poller
	}
	w.JIMM.Poller = &poller
	for i := range w.Controllers {
		if w.Controllers[i].Version == usualVersion {
			w.Controllers[i].Version = s.age.target
			if i == 0 {
				w.Controllers[i].Version = s.age.source
			}
		}
	}
	// In an age in which JIMM has models on Juju 4, it is a mended one.
	w.JIMM.Mended = w.JIMM.Mended || release(s.age.target, "4")
	for i := range w.Faults {
		if f := &w.Faults[i]; f.Method == "MigrateModel" && s.age.year == "2025" {
			f.Skip++ // The spelling of 2024 comes first; its refusal is not an error.
		}
	}
	w.JIMM.Version, w.JIMM.TLS = s.age.year, said.JIMM.TLS == nil || *said.JIMM.TLS
	for i := range w.JIMM.ServiceAccounts {
		w.JIMM.ServiceAccounts[i].Secret = s.secret
	}
	w.JIMM.ServiceAccounts = append(w.JIMM.ServiceAccounts,
		sim.ServiceAccount{ID: operatorAccount, Secret: "operator's own", Administrator: true})
	return w, nil
}

// configure does what an administrator does after juju deploy.
func (s *stage) configure(ctx context.Context) error {
	for _, command := range []string{
		"juju add-secret jimm client-id=" + s.jaas.World().JIMM.ServiceAccounts[0].ID + " client-secret={secret}",
		"juju grant-secret jimm jimm-migrator",
		"juju config jimm-migrator jimm-url={jimm} jimm-credentials={jimm-secret} poll-interval=1s",
		"juju config jimm-migrator jimm-ca-certificate=@ca.pem",
	} {
		command, err := s.fill(command)
		if err != nil {
			return err
		}
		if err := s.operate(ctx, words(command)); err != nil {
			return err
		}
	}
	if err := s.agent.Install(ctx); err != nil {
		return err
	}
	if status := s.agent.Status(); status.Status != "active" {
		return fmt.Errorf("the unit is %s after its installation: %s", status.Status, status.Message)
	}
	return nil
}

// fill replaces {names}: {jimm}, {secret}, {canary}, {task}, {remedy} and {remedy-2} for the commands in the unit's
// status, {NAME-secret}, {result:KEY} of the last task, and the UUIDs of models (name, or owner/name) and controllers;
// their releases are {NAME-version}.
func (s *stage) fill(text string) (string, error) {
	var unknown []string
	values := s.names()
	out := regexp.MustCompile(`\{[\w@./:()-]+\}`).ReplaceAllStringFunc(text, func(name string) string {
		name = strings.Trim(name, "{}")
		if key, ok := strings.CutPrefix(name, "result:"); ok && len(s.tasks) > 0 {
			if key, err := s.fill(strings.NewReplacer("(", "{", ")", "}").Replace(key)); err == nil {
				return s.last().task.Result(key)
			}
		}
		value, ok := values[name]
		if !ok {
			unknown = append(unknown, name)
		}
		return value
	})
	if unknown != nil {
		return "", fmt.Errorf("no such name: %q; there are %q", unknown, slices.Sorted(maps.Keys(values)))
	}
	return out, nil
}

func (s *stage) names() map[string]string {
	names := map[string]string{"jimm": s.jaas.URL(), "secret": s.secret, "canary": s.canary}
	names["ca-json"] = strings.ReplaceAll(s.jaas.CA(), "\n", `\n`)
	names["jimm-port"] = s.jaas.URL()[strings.LastIndexByte(s.jaas.URL(), ':')+1:]
	names["jimm-host"] = regexp.MustCompile(`^wss?://`).ReplaceAllString(s.jaas.URL(), "")
	for i, command := range remedies(s.agent.Status().Message) {
		names["remedy-"+strconv.Itoa(i+1)] = command
		if i == 0 {
			names["remedy"] = command
		}
	}
	if len(s.tasks) > 0 {
		names["task"] = s.last().id
	}
	for name, uri := range s.secrets {
		names[name+"-secret"] = uri
	}
	for _, c := range s.jaas.World().Controllers {
		names[c.Name], names[c.Name+"-version"] = c.UUID, c.Version
	}
	for _, c := range s.jaas.JIMM().Controllers() {
		names[c.Name+"-address"] = c.PublicAddress
	}
	for _, m := range s.jaas.World().Models {
		names[m.Owner+"/"+m.Name] = m.UUID
		if s.jaas.UUID(m.Name) == m.UUID {
			names[m.Name] = m.UUID
		}
	}
	return names
}

func (s *stage) last() *task { return s.tasks[len(s.tasks)-1] }

// note logs an event, for the report of a failure.
func (s *stage) note(format string, args ...any) { fmt.Fprintf(&s.events, format+"\n", args...) }

// logged is called with every line of progress, while the tool that logs it
// waits for the answer.
func (s *stage) logged(id string, message charmtest.LogMessage) {
	s.killer.line(message.Message)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.inspected[id] && s.scratch != "" {
		s.inspected[id] = true
		s.leaks = append(s.leaks, inspectProcesses(s.canary)...)
	}
	s.lines[id] = append(s.lines[id], message.Message)
	s.spoken = append(s.spoken, time.Now())
	s.wake()
}

// heard is called with every message of every server.
func (s *stage) heard(e wire.Event) {
	s.killer.heard(e)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake()
}

func (s *stage) beforeTool(tool string) error { return s.killer.before(tool) }

func (s *stage) afterTool(tool string) { s.killer.after(tool) }

// wake wakes everything that awaits a change. The caller holds mu.
func (s *stage) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}
