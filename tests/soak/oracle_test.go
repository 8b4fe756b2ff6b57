package soak_test

import (
	"context"
	"maps"
	"slices"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/tests/sim/controller"
)

// oracle is the actual state, which no client can see.
type oracle struct {
	recorded string            // "": JIMM has no row
	on       map[string]string // the state of the copy by controller
	running  bool
	reap     bool // the source of the latest migration could not remove its copy
}

func (s *story) actual() oracle {
	t := oracle{on: map[string]string{}}
	if row, ok := s.jaas.Record(s.uuid); ok {
		t.recorded = row.Controller
	}
	for _, p := range s.jaas.Where(s.uuid) {
		t.on[p.Controller] = p.State
	}
	for _, name := range []string{"east", "north", "west"} {
		// Between the removal and DONE there is no copy any more.
		m, ok := s.jaas.Controller(name).Migration(s.uuid)
		t.running = t.running || ok && !m.Phase.Terminal()
		t.reap = t.reap || ok && m.Phase == controller.ReapFailed && t.on[name] != ""
	}
	return t
}

// active reports whether the model is in use on the controller.
func (t oracle) active(name string) bool { return t.on[name] == controller.StateActive }

// holders are the controllers that host the model.
func (t oracle) holders() (names []string) {
	for _, name := range slices.Sorted(maps.Keys(t.on)) {
		if t.active(name) {
			names = append(names, name)
		}
	}
	return names
}

// remembered is how long a former state may still be reported while another client changes things: as long as the
// engine may observe the result of an end.
func (s *story) remembered() time.Duration {
	return 2*time.Minute + max(migration.TimeToResolve, migration.LeastPolls*s.poll)
}

// remember keeps the recent states as long as another client may change them.
func (s *story) remember(ctx context.Context) {
	if !s.other.moves() {
		return
	}
	for ctx.Err() == nil {
		now := s.actual()
		s.mu.Lock()
		s.past = append(s.past, now)
		if n := len(s.past) - int(s.remembered()/time.Second); n > 0 {
			s.past = s.past[n:]
		}
		s.mu.Unlock()
		pause(ctx, time.Second)
	}
}

// ever reports whether a condition is true now or, if another client changes things, was true a short time ago.
func (s *story) ever(holds func(oracle) bool) bool {
	if holds(s.actual()) {
		return true
	}
	s.mu.Lock()
	past := slices.Clone(s.past)
	s.mu.Unlock()
	return slices.ContainsFunc(past, holds)
}
