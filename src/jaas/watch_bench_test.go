package jaas_test

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/config"
	"jimm-migrator/src/jaas"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/survey"
	"jimm-migrator/src/report"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/wire"
)

const (
	watched      = 200
	budgetRSS    = 64 << 20
	serveMany    = "serve-many-migrations"
	watchedFor   = 20 * time.Second
	apart        = 40 * time.Millisecond // between two starts: 200 do not start at once
	standsStill  = "validating"
	modelsByName = "moving-%03d"
)

// manyMigrations is a world in which this many models stop during their migration.
func manyMigrations(n int) string {
	var yaml strings.Builder
	yaml.WriteString(twoControllers + "models:\n")
	for i := range n {
		fmt.Fprintf(&yaml, "  - {name: "+modelsByName+", created-here: true, migrating-to: east, migrations: [{stall: %s}]}\n", i, standsStill)
	}
	return yaml.String()
}

// A watched migration calls JIMM at most once a second, whatever the poll interval and the number
// of other watches: the budget of the design, in virtual time.
func TestWatchedMigrationsAskJIMMOnceASecondAtMost(t *testing.T) {
	const n, seconds = 3, 60
	for _, year := range []string{"2024", "2026"} {
		for _, probe := range []bool{true, false} {
			synctest.Test(t, func(t *testing.T) {
				w := startWorld(t, year, manyMigrations(n))
				defer w.Close()
				ctx, stop := context.WithCancel(t.Context())
				var all sync.WaitGroup
				for i := range n {
					all.Go(func() {
						err := watch(ctx, w.settings, i, migration.Options{Options: survey.Options{Probe: probe}, PollInterval: time.Second})
						if err != nil {
							t.Errorf("%s: %v", year, err)
						}
					})
				}
				virtually(30)
				before := askedOf(w)
				virtually(seconds)
				calls := askedOf(w) - before
				stop()
				all.Wait()
				// Without probes, JIMM of 2026 is asked for its list alone, once a minute.
				if calls > n*(seconds+1) || calls < n*seconds/60 {
					t.Errorf("%s, probe %v: %d calls to JIMM in %d s by %d migrations", year, probe, calls, seconds, n)
				}
			})
		}
	}
}

// A watch asks JIMM of 2026 for its list, for which JIMM connects to every controller, at most once
// a minute while the list shows the same. With 50 controllers, a list at each poll was 36,000
// connections an hour.
func TestAWatchListsModelsOnceAMinuteAtMost(t *testing.T) {
	const settled, minutes = 100, 5
	for _, c := range []struct {
		year  string
		probe bool
		away  string
	}{
		{"2026", true, ""},
		{"2026", false, ""},
		{"2026", true, "west"},
		{"2026", false, "west"},
		{"2026", true, "east"},
		// It has no ModelControllerInfo, so that its record is in the list alone.
		{"2025", true, ""},
		{"2025", false, ""},
		{"2025", true, "west"},
		{"2025", false, "west"},
		{"2025", true, "east"},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := startWorld(t, c.year, manyMigrations(1))
			defer w.Close()
			ctx, stop := context.WithCancel(t.Context())
			var following sync.WaitGroup
			following.Go(func() {
				err := watch(ctx, w.settings, 0, migration.Options{Options: survey.Options{Probe: c.probe}, PollInterval: 5 * time.Second})
				if err != nil {
					t.Errorf("%s, probe %v, without %q: %v", c.year, c.probe, c.away, err)
				}
			})
			virtually(5)
			if c.away != "" {
				if err := w.Stop(c.away); err != nil {
					t.Error(err)
				}
			}
			virtually(settled)
			before := listsOf(w)
			virtually(60 * minutes)
			lists := listsOf(w) - before
			stop()
			following.Wait()
			if lists > minutes+1 || before == 0 {
				t.Errorf("%s, probe %v, without %q: %d lists in %d minutes, %d before", c.year, c.probe, c.away, lists, minutes, before)
			}
		})
	}
}

// listsOf counts how often JIMM was asked for its list of models.
func listsOf(w world) int {
	return received(w, func(message string) bool { return strings.Contains(message, `"ListModelSummaries"`) })
}

// askedOf counts all calls of JIMM except pings.
func askedOf(w world) int {
	return received(w, func(message string) bool { return !strings.Contains(message, `"Pinger"`) })
}

// received counts the messages to JIMM that count.
func received(w world, counts func(message string) bool) int {
	n := 0
	for _, e := range w.Messages() {
		if e.Server == "jimm" && e.Kind == wire.Received && counts(string(e.Data)) {
			n++
		}
	}
	return n
}

// watch follows a migration as one action does, with a connection of its own.
func watch(ctx context.Context, settings config.Settings, i int, opts migration.Options) error {
	opened, err := jaas.Connect(ctx, settings)
	if err != nil {
		return err
	}
	defer opened.Close()
	opts.Model, opts.Target, opts.Timeout = fmt.Sprintf(modelsByName, i), "east", time.Hour
	opts.Report = func(e migration.Event) { _ = report.Line(e) }
	_, err = migration.Migrate(ctx, opened.Engine, opened.Writer(), opts)
	return err
}

// TestServeManyMigrations is not a test: it is the other process of the benchmark below, so that
// its servers do not count.
func TestServeManyMigrations(t *testing.T) {
	year := ""
	for i, arg := range os.Args[:len(os.Args)-1] {
		if arg == serveMany {
			year = os.Args[i+1]
		}
	}
	if year == "" {
		t.Skip("serves BenchmarkWatch only")
	}
	w, err := sim.Load([]byte("speed: 1000\njimm: {version: " + year + ", tls: true, poller: false}\n" + manyMigrations(watched)))
	if err != nil {
		t.Fatal(err)
	}
	j, err := sim.Start(t.Context(), w, sim.Options{NoMessages: true})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	account := j.Account("")
	_ = json.NewEncoder(os.Stderr).Encode(served{j.URL(), j.CA(), account.ID, account.Secret})
	_, _ = io.Copy(io.Discard, os.Stdin) // until the benchmark is over
}

// served is where the other process serves.
type served struct{ URL, CA, ID, Secret string }

// BenchmarkWatch watches 200 migrations at once for twenty seconds, each with a connection and a
// poll interval of five seconds, as in an action. The budget is 64 MiB: rss-MiB is the memory that
// the process has, live-MiB what it needs.
func BenchmarkWatch(b *testing.B) {
	for _, year := range []string{"2024", "2026"} {
		b.Run(year, func(b *testing.B) {
			settings := elsewhere(b, year)
			debug.FreeOSMemory()
			idle := resident(b)
			ctx, stop := context.WithCancel(b.Context())
			var all sync.WaitGroup
			defer all.Wait()
			defer stop()
			for i := range watched {
				<-time.After(apart)
				all.Go(func() {
					err := watch(ctx, settings, i, migration.Options{Options: survey.Options{Probe: true}})
					if err != nil && ctx.Err() == nil {
						b.Error(err)
					}
				})
			}
			<-time.After(watchedFor / 4) // all have attached
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			cpu := processor(b)
			for b.Loop() {
				<-time.After(watchedFor)
			}
			cpu = processor(b) - cpu
			runtime.ReadMemStats(&after)
			seconds := b.Elapsed().Seconds()
			b.ReportMetric(float64(cpu.Milliseconds())/seconds, "cpu-ms/s")
			b.ReportMetric(float64(after.Mallocs-before.Mallocs)/seconds/watched, "allocs/s/migration")
			b.ReportMetric(float64(resident(b)-idle)/(1<<20), "rss-MiB")
			runtime.GC()
			runtime.ReadMemStats(&after)
			live := after.HeapAlloc + after.StackInuse
			b.ReportMetric(float64(live)/(1<<20), "live-MiB")
			if live > budgetRSS {
				b.Errorf("%d bytes are over the budget", live)
			}
		})
	}
}

// elsewhere serves the world in another process.
func elsewhere(b *testing.B, year string) config.Settings {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0], "-test.run=^TestServeManyMigrations$", serveMany, year)
	until, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = until.Close()
		_ = cmd.Wait()
	})
	var at served
	if err := json.NewDecoder(out).Decode(&at); err != nil {
		b.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(at.CA))
	return config.Settings{JIMM: jimm.Options{URL: at.URL, ClientID: at.ID, ClientSecret: jimm.NewSecret(at.Secret), RootCAs: roots}}
}

// processor is the processor time of this process.
func processor(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// resident is the present memory of this process.
func resident(b *testing.B) int {
	b.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		b.Fatal(err)
	}
	_, rss, _ := strings.Cut(string(status), "VmRSS:")
	kib, err := strconv.Atoi(strings.Fields(rss)[0])
	if err != nil {
		b.Fatal(err)
	}
	return kib << 10
}
