package migration_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/migration/survey"
)

// TestEnumeration runs the engine from every state of a JAAS, and checks the design's invariants at
// every write and every outcome: undisturbed, and struck at every step and phase.
func TestEnumeration(t *testing.T) {
	states, leftOut := possible()
	for _, why := range slices.Sorted(maps.Keys(leftOut)) {
		t.Logf("left out %7d: %s", leftOut[why], why)
	}
	struck := representatives(states)
	tally := &tally{cells: map[string]int{}}
	t.Run("states", func(t *testing.T) {
		const parts = 8
		for part := range parts {
			t.Run(strconv.Itoa(part), func(t *testing.T) {
				t.Parallel()
				for i := part; i < len(states); i += parts * share {
					enumerate(t, tally, i, states[i], struck[i])
				}
			})
		}
	})
	t.Logf("%d states, one in %d of them observed, %d runs", len(states), share, tally.runs)
	tally.print(t)
	if share == 1 {
		tally.check(t)
	}
}

func possible() (states []world, leftOut map[string]int) {
	leftOut = map[string]int{}
	worlds(func(s world, impossible string) {
		if impossible != "" {
			leftOut[impossible]++
		} else {
			states = append(states, s)
		}
	})
	return states, leftOut
}

// tally counts what was covered.
type tally struct {
	mu    sync.Mutex
	runs  int
	cells map[string]int
}

func (y *tally) count(runs int, cells ...string) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.runs += runs
	for _, c := range cells {
		y.cells[c]++
	}
}

func (y *tally) print(t *testing.T) {
	t.Helper()
	for _, c := range slices.Sorted(maps.Keys(y.cells)) {
		t.Logf("%8d %s", y.cells[c], c)
	}
}

// check fails for what was never covered.
func (y *tally) check(t *testing.T) {
	t.Helper()
	want := []string{
		"located active", "located migrating", "located moved", "located absent", "located unknown", "located conflict",
		"record-model recorded", "record-model migrated-needs-attention", "record-model refused", "record-model unknown", "record-model conflict", "record-model lost-from-jimm",
		"checked checks-passed", "checked refused", "checked already-there",
	}
	for _, phase := range allPhases() {
		want = append(want, "struck in "+phase)
	}
	for _, step := range []string{"check", "start", "watch", "record", "verify"} {
		for _, hit := range []blow{killBefore, lostAfter, neverAfter} {
			want = append(want, strikeCell(step, hit))
		}
	}
	for _, outcome := range []facts.Outcome{
		facts.Migrated, facts.AlreadyThere, facts.Recorded, facts.Refused, facts.NotStarted,
		facts.Aborted, facts.TimedOut, facts.NeedsAttention, facts.Conflict, facts.LostFromJIMM, facts.Unknown,
	} {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(y.cells)), func(c string) bool { return strings.HasPrefix(c, "outcome "+string(outcome)+" ") }) {
			t.Errorf("no run ends %s", outcome)
		}
	}
	for _, c := range want {
		if y.cells[c] == 0 {
			t.Errorf("never: %s", c)
		}
	}
}

// lived is one run, or the rest of one.
type lived struct {
	result migration.Result
	err    error
	killed bool
	took   time.Duration
	p      *process
}

// begin runs migrate-model until it ends or is killed. The caller must call bury.
func begin(ctx context.Context, w *oracle, strike func(point) blow) (l lived, bury func()) {
	p := newProcess(w, strike)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	began := time.Now()
	go func() {
		defer close(done)
		l.result, l.err = migration.Migrate(ctx, p.jaas(), p, w.options(p))
		l.took = time.Since(began)
	}()
	select {
	case <-done:
	case <-p.died:
	}
	dead := p.dead
	bury = func() {
		cancel()
		close(p.gone)
		<-done
	}
	if dead {
		return lived{killed: true, took: time.Since(began), p: p}, bury
	}
	l.p = p
	return l, bury
}

const runLimit = 30 * time.Minute

func (w *oracle) options(p *process) migration.Options {
	return migration.Options{Options: survey.Options{Model: modelUUID, Target: "east", Probe: w.probe != probeOff}, Timeout: runLimit, Report: p.report}
}

// enumeration is everything that is run from one state.
type enumeration struct {
	*tally
	t     *testing.T
	state world
	n     int // of the state
	wrong []string
}

func (e *enumeration) blame(how string, list ...string) {
	for _, what := range list {
		e.wrong = append(e.wrong, how+": "+what)
	}
}

// enumerate makes all runs from one state: locate, check, and migrate, undisturbed and struck.
func enumerate(t *testing.T, y *tally, n int, s world, struck bool) {
	t.Helper()
	e := &enumeration{tally: y, t: t, state: s, n: n}
	e.bubble(e.locateAndCheck)
	e.records()
	var alive lived
	e.bubble(func(ctx context.Context) { alive = e.alive(ctx) })
	if struck {
		e.strikes(alive)
	}
	for _, what := range e.wrong {
		t.Errorf("%s: %s", s, what)
	}
}

func (e *enumeration) bubble(do func(ctx context.Context)) {
	synctest.Test(e.t, func(t *testing.T) { do(t.Context()) })
}

// alive makes an undisturbed run.
func (e *enumeration) alive(ctx context.Context) lived {
	w := e.state.world()
	l, bury := begin(ctx, w, nil)
	defer bury()
	e.blame("alive", append(w.wrong, w.judge(l)...)...)
	e.count(1, outcomeCell(l.result))
	if w.lost == "hazard" {
		e.count(0, "hazard: JIMM forgot a model over a question while REAP removed it")
	}
	return l
}

func outcomeCell(r migration.Result) string {
	return fmt.Sprintf("outcome %s (%s)", r.Outcome, r.Cause)
}
