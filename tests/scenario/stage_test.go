package scenario_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"gopkg.in/yaml.v3"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/wire"
)

// The service accounts that every world has.
const (
	charmAccount    = "migrator" // the charm's, unless the world describes others
	operatorAccount = "operator" // of the operator's own commands
)

// stage is where one story is played in one year.
type stage struct {
	t     *testing.T
	story story
	year  string
	// canary is in everything that must stay secret, secret is the charm's.
	canary, secret string

	jaas  *sim.JAAS
	agent *charmtest.Agent
	// scratch is the folder that the charm gets for temporary files.
	scratch string

	secrets  map[string]string // URIs by name
	begun    map[string]int    // migrations before the story, by model
	logsSeen map[int]bool      // the records of the unit's log that were expected
	tasks    []*task
	// callsBefore is how many hook tools there were before the latest hook or task.
	callsBefore int
	events      strings.Builder // what happened, for the report

	mu        sync.Mutex
	lines     map[string][]string // of progress, by task
	changed   chan struct{}       // closed and made anew with each line and message
	inspected map[string]bool     // tasks whose processes were looked at
	leaks     []string
}

// play plays a story from its beginning to its end.
func play(t *testing.T, story story, year string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	s := &stage{
		t: t, story: story, year: year, canary: "canary-" + strings.ToLower(rand.Text()),
		secrets: map[string]string{}, begun: map[string]int{}, logsSeen: map[int]bool{},
		lines: map[string][]string{}, changed: make(chan struct{}), inspected: map[string]bool{},
	}
	t.Cleanup(s.report)
	s.secret = s.canary + "-secret"
	if err := s.build(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.jaas.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, step := range story.steps {
		if step.year != "" && step.year != year {
			continue
		}
		s.tell("%s", step.text)
		if err := s.perform(ctx, step); err != nil {
			t.Fatal(story.wrong(step.line, "%v", err))
		}
		if t.Failed() {
			return
		}
	}
	s.finish()
}

// build starts the world and deploys the charm.
func (s *stage) build(ctx context.Context) error {
	world, err := s.world()
	if err != nil {
		return err
	}
	if s.jaas, err = sim.Start(ctx, world, sim.Options{CA: built.ca, Log: s.heard}); err != nil {
		return err
	}
	for _, m := range s.jaas.World().Models {
		s.begun[m.UUID] = s.migrations(m.UUID)
	}
	s.scratch = s.t.TempDir()
	if err := os.Chmod(s.scratch, 0o777); err != nil {
		return err
	}
	s.agent = charmtest.Start(s.t, charmtest.Options{
		CharmDir: charmDir, Dispatch: built.dispatch, Tools: built.tools, Machine: s.story.machine,
		OnLog: s.logged, ExtraEnv: []string{"TMPDIR=" + s.scratch},
	})
	if s.story.unconfigured {
		return nil
	}
	return s.configure(ctx)
}

// world reads the story's world and adds what all have in common.
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
	if said.Speed == nil {
		w.Speed = 100
	}
	// The poller comes every minute of real time: on a slow machine only, that is.
	poller := said.JIMM.Poller != nil && *said.JIMM.Poller
	w.JIMM.Poller = &poller
	w.JIMM.Version, w.JIMM.TLS = s.year, said.JIMM.TLS == nil || *said.JIMM.TLS
	for i := range w.JIMM.ServiceAccounts {
		w.JIMM.ServiceAccounts[i].Secret = s.secret
	}
	w.JIMM.ServiceAccounts = append(w.JIMM.ServiceAccounts,
		sim.ServiceAccount{ID: operatorAccount, Secret: "operator's own", Administrator: true})
	return w, nil
}

// configure does what an operator does after juju deploy.
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

// fill puts values in the place of {names}: {jimm}, {secret}, {canary}, {task},
// {remedy} for the command in the unit's status,
// {NAME-secret}, {result:KEY} of the last task, and the UUIDs of models
// (name, or owner/name) and controllers.
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
	names["jimm-host"] = regexp.MustCompile(`^wss?://`).ReplaceAllString(s.jaas.URL(), "")
	if i := strings.Index(s.agent.Status().Message, "juju "); i >= 0 {
		names["remedy"] = s.agent.Status().Message[i:]
	}
	if len(s.tasks) > 0 {
		names["task"] = s.last().id
	}
	for name, uri := range s.secrets {
		names[name+"-secret"] = uri
	}
	for _, c := range s.jaas.World().Controllers {
		names[c.Name] = c.UUID
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

// tell notes what happens, for the report of a failure.
func (s *stage) tell(format string, args ...any) { fmt.Fprintf(&s.events, format+"\n", args...) }

// logged is called with every line of progress, while the tool that logs it
// waits for the answer.
func (s *stage) logged(id string, message charmtest.LogMessage) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.inspected[id] {
		s.inspected[id] = true
		s.leaks = append(s.leaks, inspectProcesses(s.canary)...)
	}
	s.lines[id] = append(s.lines[id], message.Message)
	s.wake()
}

// heard is called with every message of every server.
func (s *stage) heard(wire.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wake()
}

// wake wakes who awaits something. The caller holds mu.
func (s *stage) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}
