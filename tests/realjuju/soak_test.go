package realjuju_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"jimm-migrator/tests/engine"
	"jimm-migrator/tests/realjuju/controller"
	"jimm-migrator/tests/realjuju/jaas"
	"jimm-migrator/tests/sim/jimm"
)

// The flags of the soak.
var (
	seeds = flag.Uint64("seeds", 3, "how many seeds the soak plays")
	from  = flag.Uint64("from", 1, "the first seed")
)

// TestSoak runs migrations between real controllers with a failure that the seed chooses; the engine may also be
// killed. The databases judge each run; when all failures are over, another run must settle the migration.
func TestSoak(t *testing.T) {
	t.Parallel()
	for seed := *from; seed < *from+*seeds; seed++ {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) { playSeed(t, rand.New(rand.NewPCG(seed, 0))) })
	}
}

func playSeed(t *testing.T, random *rand.Rand) {
	t.Helper()
	generations := []jimm.Generation{jimm.Generation2024(), jimm.Generation2026()}
	j := start(t, generations[random.IntN(len(generations))])
	m := addModel(t, j, "prod")
	accounts := random.IntN(2) == 0
	phases := []string{"QUIESCE", "IMPORT", "VALIDATION", "SUCCESS", "LOGTRANSFER", "REAP"}
	phase := phases[random.IntN(len(phases))]
	story := "nothing goes wrong"
	var while moment
	switch random.IntN(6) {
	case 0:
		story = "an agent fails in " + phase
		m.Agents[random.IntN(2)].Fail(phase)
	case 1:
		story, while = "the target goes away in "+phase, away(east, inPhase(phase), later(time.Duration(random.IntN(4000))*time.Millisecond))
	case 2:
		story, while = "the source goes away in "+phase, away(west, inPhase(phase), later(time.Duration(random.IntN(4000))*time.Millisecond))
	case 3:
		story = "JIMM restarts in " + phase
		while = then(inPhase(phase), func(context.Context, scene) error {
			j.JIMM.Restart()
			return nil
		})
	case 4:
		story = "another client starts the migration"
		if _, err := j.West.Initiate(m.UUID, j.East); err != nil {
			t.Fatal(err)
		}
	}
	ctx, kill := context.WithCancel(within(t))
	defer kill()
	at := random.IntN(90) // some are more than there are lines: not killed
	t.Logf("JIMM, accounts %v: %s; killed at line %d", accounts, story, at)
	calm, over := context.WithCancel(within(t))
	defer over()
	happened := make(chan error, 1)
	go func() {
		if while == nil {
			happened <- nil
			return
		}
		happened <- while(calm, scene{j, m, nil})
	}()
	seen := 0
	report, err := j.Engine(accounts).Migrate(ctx, engine.Request{Model: m.UUID, Target: "east", Timeout: time.Minute, Progress: func(string) {
		if seen++; seen == at {
			kill()
		}
	}})
	if err == nil {
		judgeSeed(t, "first", report, actualOf(j, m))
	}
	settleSeed(t, j, m, over, happened)
	again := migrate(t, j.Engine(accounts), engine.Request{Model: m.UUID, Target: "east"})
	judgeSeed(t, "second", again, actualOf(j, m))
	t.Logf("first %q, then %q; JIMM forgot the model for %q", report.Outcome, again.Outcome, j.ForgottenFor(m.UUID))
}

// settleSeed returns when the failure is over and no migration runs. If none has begun, a failure that waits for one of
// its phases is cancelled.
func settleSeed(t *testing.T, j *jaas.JAAS, m *jaas.Model, over func(), happened <-chan error) {
	t.Helper()
	if _, err := j.West.Migration(m.UUID); err != nil && active(j.West, m.UUID) {
		over()
		if err := <-happened; err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		return
	}
	if err := <-happened; err != nil {
		t.Fatal(err)
	}
	if err := j.West.Await(within(t), func() bool {
		now, err := j.West.Migration(m.UUID)
		return err != nil || now.Ended()
	}); err != nil {
		t.Fatalf("the migration does not end: %v", err)
	}
}

func judgeSeed(t *testing.T, run string, report engine.Report, now actual) {
	t.Helper()
	for _, lie := range lies(report, now) {
		t.Errorf("the %s run: %s", run, lie)
	}
	if run == "second" && now.migration == (controller.Migration{}) && now.east && now.row != "east" {
		t.Errorf("the %s run: %s, and JIMM records %q: %s", run, report.Outcome, now.row, report.Summary)
	}
}
