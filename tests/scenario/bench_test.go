package scenario_test

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/wire"
)

// The budget of the charm's process for locating in a JAAS of 10,000 models and 50 controllers (design).
const (
	budgetCPU = time.Second
	budgetRSS = 64 << 20
)

// large is a unit of the charm in a JAAS of 10,000 models and 50 controllers, and the usage of its process right before
// it sets its results.
type large struct {
	*charmtest.Agent

	used usage
}

// inALargeJAAS starts one. The option more is added to the world.
func inALargeJAAS(b *testing.B, more string) *large {
	b.Helper()
	return inJAAS(b, "jimm: {tls: true, poller: false}\nmany: {controllers: 48, models: 10000, units: 2}\ncontrollers: [{name: west}, {name: east}]\n"+more, nil, nil)
}

// inJAAS starts a unit of the charm beside a JAAS. see gets its messages, unless it is nil.
func inJAAS(b *testing.B, yaml string, config map[string]any, see func(wire.Event)) *large {
	b.Helper()
	world, err := sim.Load([]byte(yaml))
	if err != nil {
		b.Fatal(err)
	}
	jaas, err := sim.Start(b.Context(), world, sim.Options{CA: built.ca, Keys: built.keys, NoMessages: true, Log: see})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = jaas.Close() })
	l := &large{}
	account := jaas.Account("")
	all := map[string]any{"jimm-url": jaas.URL(), "jimm-ca-certificate": jaas.CA(), "jimm-credentials": "secret:9m4e2mr0ui3e8a215n4g"}
	maps.Copy(all, config)
	l.Agent = charmtest.Start(b, charmtest.Options{
		CharmDir: charmDir, Dispatch: built.dispatch, Tools: built.tools, Config: all,
		Secrets: []charmtest.Secret{{
			ID: "9m4e2mr0ui3e8a215n4g", Content: map[string]string{"client-id": account.ID, "client-secret": account.Secret},
		}},
		BeforeTool: func(tool string) error {
			if tool == "action-set" {
				l.used = usageOfDispatch()
			}
			return nil
		},
	})
	return l
}

// measure runs an action as often as the benchmark asks for, and compares it with a budget. It returns the last task.
func (l *large) measure(b *testing.B, cpu time.Duration, action string, params map[string]any) (task charmtest.Task) {
	b.Helper()
	var all usage
	for b.Loop() {
		var err error
		task, err = l.RunAction(b.Context(), action, params)
		if err != nil || task.Status != charmtest.TaskCompleted || l.used.err != nil {
			b.Fatalf("%s: %s, %v, %v", task.Status, task.Message, err, l.used.err)
		}
		all.cpu += l.used.cpu
		all.rss = max(all.rss, l.used.rss)
	}
	mean := all.cpu / time.Duration(b.N)
	b.ReportMetric(float64(mean.Milliseconds()), "cpu-ms/op")
	b.ReportMetric(float64(all.rss)/(1<<20), "rss-MiB")
	if mean > cpu || all.rss > budgetRSS {
		b.Errorf("%v of CPU and %d bytes are over the budget", mean, all.rss)
	}
	return task
}

// BenchmarkLocateInALargeJAAS runs the real binary against a JAAS of 10,000 models
// and 50 controllers.
func BenchmarkLocateInALargeJAAS(b *testing.B) {
	l := inALargeJAAS(b, "")
	for _, model := range []string{"*", "model-00042"} {
		b.Run(model, func(b *testing.B) { l.measure(b, budgetCPU, "locate-model", map[string]any{"model": model}) })
	}
}

// BenchmarkListInALargeJAAS lists a page of its models.
func BenchmarkListInALargeJAAS(b *testing.B) {
	inALargeJAAS(b, "").measure(b, budgetCPU, "list-models", nil)
}

// BenchmarkPlanInALargeJAAS plans to migrate 500 models, the most that fit one plan, to any of the controllers.
func BenchmarkPlanInALargeJAAS(b *testing.B) {
	task := inALargeJAAS(b, "").measure(b, 2*budgetCPU, "plan-migrations", map[string]any{"goal": "move", "models": "*", "targets": "*"})
	if n := task.Result("counts.planned"); n != "500" {
		b.Errorf("%s models were planned", n)
	}
}

// BenchmarkRunInALargeJAAS applies a plan with twenty migrations that make no progress, and measures the process for
// half a minute. Its budget is a tenth of a processor.
func BenchmarkRunInALargeJAAS(b *testing.B) {
	const flying, watched = 20, 30 * time.Second
	var more strings.Builder
	more.WriteString("models:\n")
	for i := range flying {
		fmt.Fprintf(&more, "  - {name: stands-%02d, created-here: true, controller: west, migrations: [{stall: validating}]}\n", i)
	}
	l := inALargeJAAS(b, more.String())
	task, err := l.RunAction(b.Context(), "plan-migrations", map[string]any{
		"goal": "move", "models": "stands-*", "targets": "east", "max-parallel": flying, "max-per-source": flying, "max-per-target": flying, "canary": false,
	})
	if err != nil || task.Result("counts.planned") != strconv.Itoa(flying) {
		b.Fatalf("%s, %v", task.Message, err)
	}
	var run sync.WaitGroup
	run.Go(func() {
		_, _ = l.RunAction(b.Context(), "apply-plan", map[string]any{"plan": task.Result("plan"), "plan-hash": task.Result("plan-hash")})
	})
	defer run.Wait()
	defer func() { _ = l.Kill() }()
	<-time.After(watched) // All have started.
	before := usageOfDispatch()
	for b.Loop() {
		<-time.After(watched)
	}
	after := usageOfDispatch()
	if err := errors.Join(before.err, after.err); err != nil {
		b.Fatal(err)
	}
	share := (after.cpu - before.cpu).Seconds() / b.Elapsed().Seconds()
	b.ReportMetric(1000*share, "cpu-ms/s")
	b.ReportMetric(float64(after.rss)/(1<<20), "rss-MiB")
	if share > 0.1 || after.rss > budgetRSS {
		b.Errorf("%.3f of a processor and %d bytes are over the budget", share, after.rss)
	}
}

// models is how many models BenchmarkMoveMany migrates: "make bench-fleet" sets 1000.
var models = flag.Int("models", 8, "how many models BenchmarkMoveMany moves")

// BenchmarkMoveMany migrates models with the real binary, over TLS and Juju's websockets, plan after plan. The
// migrations take a third of a second, so the time is that of the charm: it makes five calls per poll interval and
// waits between its polls.
func BenchmarkMoveMany(b *testing.B) {
	for _, year := range []string{"2024", "2026"} {
		b.Run(year, func(b *testing.B) {
			if b.N != 1 {
				b.Fatal("it measures one run: -benchtime=1x")
			}
			var calls atomic.Int64
			var yaml strings.Builder
			yaml.WriteString("speed: 1000\njimm: {version: " + year + ", tls: true, poller: false}\ncontrollers: [{name: west}, {name: east}, {name: north}]\nmodels:\n")
			for i := range *models {
				fmt.Fprintf(&yaml, "  - {name: moves-%04d, created-here: true, machines: [{id: \"0\"}]}\n", i)
			}
			l := inJAAS(b, yaml.String(), map[string]any{"poll-interval": "1s"}, func(e wire.Event) {
				if e.Server == "jimm" && e.Kind == wire.Received {
					calls.Add(1)
				}
			})
			var all usage
			act := func(name string, params map[string]any) charmtest.Task {
				task, err := l.RunAction(b.Context(), name, params)
				if err != nil || task.Status != charmtest.TaskCompleted || l.used.err != nil {
					b.Fatalf("%s: %s, %v, %v", task.Status, task.Message, err, l.used.err)
				}
				all.cpu, all.rss = all.cpu+l.used.cpu, max(all.rss, l.used.rss)
				return task
			}
			moved := 0
			for {
				plan := act("plan-migrations", map[string]any{
					"goal": "drain", "from": "west", "targets": "east,north", "max-parallel": 50, "max-per-source": 50, "max-per-target": 25,
				})
				if plan.Result("outcome") == "nothing-to-do" {
					break
				}
				run := act("apply-plan", map[string]any{"plan": plan.Result("plan"), "plan-hash": plan.Result("plan-hash"), "timeout": "12h"})
				n, _ := strconv.Atoi(run.Result("counts.moved"))
				moved += n
			}
			if moved != *models {
				b.Errorf("%d of %d models have moved", moved, *models)
			}
			b.ReportMetric(float64(calls.Load())/float64(*models), "calls/model")
			b.ReportMetric(float64(all.cpu.Milliseconds())/float64(*models), "cpu-ms/model")
			b.ReportMetric(float64(all.rss)/(1<<20), "rss-MiB")
			if all.rss > budgetRSS {
				b.Errorf("%d bytes are over the budget", all.rss)
			}
		})
	}
}

// usage is what a process has used.
type usage struct {
	cpu time.Duration
	rss int // the maximum so far, in bytes
	err error
}

// usageOfDispatch reads the usage of this test's dispatch process that runs now.
func usageOfDispatch() usage {
	environs, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, name := range environs {
		dir := filepath.Dir(name)
		env, err := os.ReadFile(name)
		exe, _ := os.Readlink(filepath.Join(dir, "exe"))
		if err == nil && bytes.Contains(env, []byte("JUJU_CONTEXT_ID=")) && filepath.Base(exe) == "dispatch" && parentOf(dir) == os.Getpid() {
			return usageOf(dir)
		}
	}
	return usage{err: errors.New("cannot find the process of dispatch")}
}

// parentOf returns the parent of a process; 0 if it has ended.
func parentOf(dir string) int {
	stat, _ := os.ReadFile(filepath.Join(dir, "stat"))
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1])
	return parent
}

func usageOf(dir string) usage {
	status, err := os.ReadFile(filepath.Join(dir, "status"))
	stat, err2 := os.ReadFile(filepath.Join(dir, "stat"))
	if err := errors.Join(err, err2); err != nil {
		return usage{err: err}
	}
	_, peak, _ := strings.Cut(string(status), "VmHWM:")
	kib, err := strconv.Atoi(strings.Fields(peak)[0])
	// Behind the name in parentheses, the 12th and 13th fields are the times in
	// user and kernel mode, in hundredths of a second.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, err2 := strconv.Atoi(fields[11])
	kernel, err3 := strconv.Atoi(fields[12])
	return usage{
		cpu: time.Duration(user+kernel) * 10 * time.Millisecond, rss: kib << 10,
		err: errors.Join(err, err2, err3),
	}
}
