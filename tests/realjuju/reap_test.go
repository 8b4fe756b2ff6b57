package realjuju_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"jimm-migrator/tests/engine"
	"jimm-migrator/tests/realjuju/jaas"
	"jimm-migrator/tests/sim/jimm"
)

// TestReap locates a model while the source, which it has left, removes it document by document and waits at each. The
// half-removed model causes answers that no other phase has ("not found" of a user, of settings, of itself). At no step
// is it reported as on the source, in conflict, absent or lost, JIMM never forgets it, and the migration that is
// watched meanwhile ends as migrated. A migration that JIMM did not start is the dangerous one: JIMM of 2026 forgets a
// model that its controller reports as "not found".
func TestReap(t *testing.T) {
	t.Parallel()
	for _, generation := range []jimm.Generation{jimm.Generation2024(), jimm.Generation2026()} {
		for _, started := range []string{"by JIMM", "by another client"} {
			for accounts, with := range map[bool]string{true: "with accounts", false: "without accounts"} {
				t.Run(fmt.Sprintf("JIMM %s, started %s, %s", generation.Name, started, with), func(t *testing.T) {
					t.Parallel()
					reap(t, generation, started == "by another client", accounts)
				})
			}
		}
	}
}

func reap(t *testing.T, generation jimm.Generation, foreign, accounts bool) {
	t.Helper()
	j := start(t, generation)
	m := addModel(t, j, "prod")
	slow := &slowReap{jaas: j, model: m, engine: j.Engine(accounts)}
	j.West.BeforeRemoval(slow.before)
	if foreign {
		if _, err := j.West.Initiate(m.UUID, j.East); err != nil {
			t.Fatal(err)
		}
	}
	report := migrate(t, j.Engine(accounts), engine.Request{Model: m.UUID, Target: "east"})
	j.West.BeforeRemoval(nil)
	if !strings.HasPrefix(report.Outcome, "migrated") && report.Outcome != "recorded" {
		t.Errorf("outcome %q: %s", report.Outcome, report.Summary)
	}
	for _, lie := range append(slow.lies, lies(report, actualOf(j, m))...) {
		t.Error(lie)
	}
	t.Logf("%d removals were waited for", slow.steps)
	if slow.steps == 0 {
		t.Error("no removal was seen")
	}
}

// slowReap locates a model before each removal of the phase REAP.
type slowReap struct {
	jaas   *jaas.JAAS
	model  *jaas.Model
	engine engine.JAAS

	mu    sync.Mutex
	steps int
	lies  []string
}

func (s *slowReap) before(collections []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now, err := s.jaas.West.Migration(s.model.UUID); err == nil && now.Phase != "REAP" || !active(s.jaas.East, s.model.UUID) {
		return
	}
	s.steps++
	lie := func(format string, args ...any) {
		s.lies = append(s.lies, fmt.Sprintf("before the removal of %v: %s", collections, fmt.Sprintf(format, args...)))
	}
	if _, ok := s.jaas.JIMM.Model(s.model.UUID); !ok {
		lie("JIMM has forgotten the model")
	}
	at, err := s.engine.Locate(context.Background(), engine.Request{Model: s.model.UUID})
	switch {
	case err != nil:
		lie("cannot locate: %v", err)
	case at.State == "conflict" || at.State == "absent" || at.State == "lost" || at.Controller == "west":
		lie("it is said to be %s on %q: %s", at.State, at.Controller, at.Proof)
	}
}

// TestReap_WhileJIMMPolls runs JIMM's own poller, which in 2026 asks every minute for the details of each model, and
// forgets one that its controller denies, as a source does while it removes a model. It does not forget a model of a
// migration that JIMM has started. So a migration by another client can make JIMM forget the model: the charm must then
// report that.
func TestReap_WhileJIMMPolls(t *testing.T) {
	t.Parallel()
	for foreign, want := range map[bool]string{true: "lost-from-jimm", false: "migrated"} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			j := start(t, jimm.Generation2026())
			m := addModel(t, j, "prod")
			polled := false
			j.West.BeforeRemoval(func([]string) {
				if now, err := j.West.Migration(m.UUID); err == nil && now.Phase == "REAP" {
					polled = true
					j.JIMM.PollOnce(t.Context())
				}
			})
			if foreign {
				if _, err := j.West.Initiate(m.UUID, j.East); err != nil {
					t.Fatal(err)
				}
			}
			report := migrate(t, j.Engine(true), engine.Request{Model: m.UUID, Target: "east"})
			now := actualOf(j, m)
			for _, lie := range lies(report, now) {
				t.Error(lie)
			}
			if report.Outcome != want || !polled || foreign != (now.forgotten != "") {
				t.Errorf("outcome %q, want %q; JIMM polled: %v, and forgot the model for %q: %s", report.Outcome, want, polled, now.forgotten, report.Summary)
			}
		})
	}
}
