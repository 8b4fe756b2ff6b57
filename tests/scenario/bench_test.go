package scenario_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/sim"
)

// What locating in a JAAS of 10,000 models and 50 controllers may cost the charm's
// process (design).
const (
	budgetCPU = time.Second
	budgetRSS = 64 << 20
)

// BenchmarkLocateInALargeJAAS runs the real binary against a JAAS of 10,000 models
// and 50 controllers, and looks at its process right before it hands over its
// results: what it has used of the processors, and of memory at most.
func BenchmarkLocateInALargeJAAS(b *testing.B) {
	world, err := sim.Load([]byte("jimm: {tls: true, poller: false}\nmany: {controllers: 49, models: 10000}\ncontrollers: [{name: west}]\n"))
	if err != nil {
		b.Fatal(err)
	}
	jaas, err := sim.Start(b.Context(), world, sim.Options{CA: built.ca, Keys: built.keys, NoMessages: true})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = jaas.Close() })
	var used usage
	account := jaas.Account("")
	agent := charmtest.Start(b, charmtest.Options{
		CharmDir: charmDir, Dispatch: built.dispatch, Tools: built.tools,
		Config: map[string]any{"jimm-url": jaas.URL(), "jimm-ca-certificate": jaas.CA(), "jimm-credentials": "secret:9m4e2mr0ui3e8a215n4g"},
		Secrets: []charmtest.Secret{{
			ID: "9m4e2mr0ui3e8a215n4g", Content: map[string]string{"client-id": account.ID, "client-secret": account.Secret},
		}},
		BeforeTool: func(tool string) error {
			if tool == "action-set" {
				used = usageOfDispatch()
			}
			return nil
		},
	})
	for _, model := range []string{"*", "model-00042"} {
		b.Run(model, func(b *testing.B) {
			var all usage
			for b.Loop() {
				task, err := agent.RunAction(b.Context(), "locate-model", map[string]any{"model": model})
				if err != nil || task.Status != charmtest.TaskCompleted || used.err != nil {
					b.Fatalf("%s: %s, %v, %v", task.Status, task.Message, err, used.err)
				}
				all.cpu += used.cpu
				all.rss = max(all.rss, used.rss)
			}
			cpu := all.cpu / time.Duration(b.N)
			b.ReportMetric(float64(cpu.Milliseconds()), "cpu-ms/op")
			b.ReportMetric(float64(all.rss)/(1<<20), "rss-MiB")
			if cpu > budgetCPU || all.rss > budgetRSS {
				b.Errorf("%v of CPU and %d bytes are over the budget", cpu, all.rss)
			}
		})
	}
}

// usage is what a process has used.
type usage struct {
	cpu time.Duration
	rss int // the most so far, in bytes
	err error
}

// usageOfDispatch looks at the dispatch that runs now.
func usageOfDispatch() usage {
	environs, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, name := range environs {
		dir := filepath.Dir(name)
		env, err := os.ReadFile(name)
		exe, _ := os.Readlink(filepath.Join(dir, "exe"))
		if err == nil && bytes.Contains(env, []byte("JUJU_CONTEXT_ID=")) && filepath.Base(exe) == "dispatch" {
			return usageOf(dir)
		}
	}
	return usage{err: errors.New("cannot find the process of dispatch")}
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
