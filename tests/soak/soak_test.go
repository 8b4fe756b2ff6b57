//go:debug tlsmlkem=0
package soak_test

import (
	"flag"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// enoughSeeds is the number of seeds from which on no cell may be empty.
const enoughSeeds = 4000

// TestMain parses the flags of this package.
func TestMain(m *testing.M) {
	flag.Uint64("seed", 0, "the only seed to run")
	flag.Uint64("from", 1, "the first of the seeds that TestSoak runs")
	flag.Uint64("seeds", seedsByDefault, "how many seeds TestSoak runs")
	debug.SetGCPercent(400) // worlds are short-lived
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

// TestSeed plays one seed.
func TestSeed(t *testing.T) {
	seed := number(t, "seed")
	if seed == 0 {
		t.Skip("needs -seed=N")
	}
	s := play(t, sharedOptions(t), seed)
	t.Logf("%s to %s, probe %v, poll %v, timeout %v, faults %+v, breaks %+v, operator %+v, kills %+v, then %v", s.source, s.target, s.probe, s.poll, s.timeout, s.faults, s.breaks, s.other, s.kills, s.pause)
	t.Logf("JIMM %+v, controllers %+v, model %+v", s.world.JIMM, s.world.Controllers, s.world.Models[0])
	for _, c := range s.jaas.World().Controllers {
		t.Logf("%s is %.4s: %+v", c.Name, c.UUID, c)
	}
	for i, l := range s.lives {
		t.Logf("life %d: killed %v, %s (%s) after %v, %v\n%s", i, l.killed, l.result.Outcome, l.result.Cause, l.took, l.err, strings.Join(l.texts, "\n"))
		t.Logf("its verdicts:\n%s", strings.Join(l.verdicts, "\n"))
	}
	for _, what := range s.wrong {
		t.Error(what)
	}
}

// TestSoak plays many seeds.
func TestSoak(t *testing.T) {
	if number(t, "seed") != 0 {
		t.Skip("one seed is wanted")
	}
	first, seeds := number(t, "from"), number(t, "seeds")
	shared := sharedOptions(t)
	c := &coverage{cells: map[string]int{}}
	var next atomic.Uint64
	began := time.Now()
	t.Run("seeds", func(t *testing.T) {
		for part := range runtime.GOMAXPROCS(0) {
			t.Run(strconv.Itoa(part), func(t *testing.T) {
				t.Parallel()
				for n := next.Add(1); n <= seeds; n = next.Add(1) {
					s := play(t, shared, first+n-1)
					for _, what := range s.wrong {
						t.Errorf("seed %d: %s\n\tagain: go test ./tests/soak -run TestSeed -seed=%d -v -count=20", s.seed, what, s.seed)
					}
					c.add(s)
				}
			})
		}
	})
	took := time.Since(began)
	c.print(t)
	t.Logf("%d seeds in %v: %.1f a second", seeds, took.Round(time.Second), float64(seeds)/took.Seconds())
	if seeds >= enoughSeeds {
		c.check(t)
	}
}
