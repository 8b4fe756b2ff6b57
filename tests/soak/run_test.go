package soak_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/config"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/juju"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/wire"
)

// canary is the secret that must appear nowhere.
const canary = "CANARY-5f2e"

func sharedOptions(t *testing.T) sim.Options {
	t.Helper()
	options, err := sim.SharedOptions()
	if err != nil {
		t.Fatal(err)
	}
	return options
}

// story is a plan that is played.
type story struct {
	*plan
	jaas     *sim.JAAS
	url      string // of JIMM
	link     *link
	roots    *x509.CertPool
	lives    []*life
	others   sync.WaitGroup
	refusals atomic.Int64 // of ModelInfo of this model, by any server

	mu      sync.Mutex
	past    []oracle // of the last minutes, as long as another client may change things
	trouble time.Time
	away    map[string]bool // servers that do not answer
	coming  int             // troubles that have not ended
	wrong   []string
}

func (s *story) blame(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong = append(s.wrong, fmt.Sprintf(format, args...))
}

// cell counts what has happened, not what was planned.
func (s *story) cell(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.plan.cell(format, args...)
}

// troubled records that something has just failed, or that another client has acted.
func (s *story) troubled() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble = time.Now()
}

// calm is for how long nothing has failed.
func (s *story) calm() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Since(s.trouble)
}

// play plays the plan of a seed and returns what was wrong.
func play(t *testing.T, options sim.Options, seed uint64) *story {
	t.Helper()
	s := &story{plan: newPlan(seed), away: map[string]bool{}}
	synctest.Test(t, func(t *testing.T) {
		options.Network, options.Log = wire.NewNetwork(), s.heard
		s.link = &link{network: options.Network, cuts: map[string]chan struct{}{}}
		s.trouble = time.Now()
		// A world is made without faults: they start with our runs.
		j, err := sim.Start(t.Context(), s.world, options)
		if err != nil {
			s.blame("the world cannot be: %v", err)
			return
		}
		s.jaas, s.url, s.roots = j, j.URL(), options.CA.Pool()
		s.happen(t.Context())
		_ = j.Close() // it does not matter which connection has gone
		s.others.Wait()
	})
	return s
}

// heard sees every message of every server.
func (s *story) heard(e wire.Event) {
	if e.Fault == "" {
		return
	}
	s.cell("fault %s", e.Fault)
	if e.Fault == wire.Refuse && bytes.Contains(e.Data, []byte(`"request":"ModelInfo"`)) && bytes.Contains(e.Data, []byte(s.uuid)) {
		s.refusals.Add(1)
	}
	for _, method := range []string{"MigrateModel", "UpdateMigratedModel", "InitiateMigration"} {
		if bytes.Contains(e.Data, []byte(`"request":"`+method+`"`)) {
			s.cell("fault %s on %s", e.Fault, method)
		}
	}
	s.troubled()
}

func (s *story) happen(ctx context.Context) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	if s.byHand {
		s.recordByHand(ctx, s.target)
	}
	s.preface(ctx)
	for _, f := range s.faults {
		s.jaas.Faults(f.Server).Add(f.Fault)
	}
	for _, o := range s.breaks {
		s.disturb(func() { s.breakDown(ctx, o) })
	}
	s.disturb(func() { s.interfere(ctx) })
	for _, at := range s.removals {
		s.disturb(func() {
			pause(ctx, at)
			s.remove(ctx)
		})
	}
	s.others.Go(func() { s.remember(ctx) })
	for _, k := range s.kills {
		s.judgeLater(ctx, k)
		pause(ctx, s.pause)
	}
	s.judgeLater(ctx, kill{})
	// All troubles end, and so do the migrations: now the engine must find out the actual state.
	s.awaitOthers(ctx)
	for _, server := range []string{"jimm", "east", "north", "west"} {
		s.jaas.Faults(server).Clear()
	}
	s.rest(ctx)
	s.readWhileAway(ctx)
	s.runAtRest(ctx)
}

// disturb causes trouble meanwhile.
func (s *story) disturb(do func()) {
	s.mu.Lock()
	s.coming++
	s.mu.Unlock()
	s.others.Go(func() {
		do()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.coming--
	})
}

// awaitOthers waits until the other client is done.
func (s *story) awaitOthers(ctx context.Context) {
	for range 120 {
		s.mu.Lock()
		done := s.coming == 0
		s.mu.Unlock()
		if done && s.calm() > 4*time.Minute {
			return
		}
		pause(ctx, 30*time.Second)
	}
}

// rest waits until no migration runs.
func (s *story) rest(ctx context.Context) {
	for range 120 {
		if !s.actual().running {
			return
		}
		pause(ctx, time.Minute)
	}
	s.blame("the world: a migration never ends: %+v", s.actual())
}

func pause(ctx context.Context, d time.Duration) { _ = wire.Wait(ctx, d) }

func (s *story) newLife(k kill) *life {
	return &life{story: s, death: k, link: s.link, judged: s.judged}
}

// run is one process of ours.
func (s *story) run(ctx context.Context, k kill) *life {
	l := s.newLife(k)
	s.lives = append(s.lives, l)
	l.live(ctx, s.settings(account, l), func(ctx context.Context, j survey.JAAS, w migration.Writer) (migration.Result, error) {
		return migration.Migrate(ctx, j, w, s.options(l))
	})
	if !l.killed {
		return l
	}
	s.troubled()
	s.cell("killed in %s: %s", l.diedIn, k.how)
	if k.silent {
		s.cell("lost with its node")
		s.others.Go(func() {
			pause(context.WithoutCancel(ctx), 2*time.Minute)
			l.mu.Lock()
			conns := l.conns
			l.mu.Unlock()
			l.bury(conns)
		})
	}
	return l
}

func (s *story) options(l *life) migration.Options {
	return migration.Options{
		Options:      survey.Options{Model: s.model, Target: s.target, Probe: s.probe, MoveOutOfJIMM: s.uuid},
		PollInterval: s.poll,
		Timeout:      s.timeout,
		Report:       l.report,
	}
}

func (s *story) settings(id string, l *life) config.Settings {
	secret, dial := canary, s.link.network.DialContext
	if id == human {
		secret = "x"
	}
	if l != nil {
		dial = l.dialer()
	}
	settings := config.Settings{JIMM: jimm.Options{
		URL: s.url, ClientID: id, ClientSecret: jimm.NewSecret(secret), RootCAs: s.roots, DialContext: dial,
	}, ProbeControllers: s.probe}
	if s.admin {
		settings.Controllers = map[string]juju.Credentials{}
		for _, c := range s.world.Controllers {
			settings.Controllers[c.Name] = juju.Credentials{User: "admin", Password: juju.NewSecret("password of " + c.Name)}
		}
	}
	return settings
}
