package realjuju_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/juju/loggo"

	"jimm-migrator/tests/engine"
	"jimm-migrator/tests/realjuju/jaas"
	"jimm-migrator/tests/realjuju/process"
	"jimm-migrator/tests/sim/jimm"
)

// The flags of this package.
var (
	long    = flag.Bool("long", false, "run the tests that take minutes too")
	serve   = flag.Bool("controller-process", false, "be a controller for another process, over stdin and stdout")
	jujuLog = flag.String("juju-log", "", "write what the controllers log to this file")
)

// controllerArgument makes this program run a controller.
const controllerArgument = "-controller-process"

func TestMain(m *testing.M) {
	flag.Parse()
	_, _ = loggo.RemoveWriter(loggo.DefaultWriterName) // otherwise Juju writes warnings to stderr
	if *jujuLog != "" {
		f, err := os.Create(*jujuLog)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		_ = loggo.RegisterWriter("file", loggo.NewSimpleWriter(f, loggo.DefaultFormatter))
		_ = loggo.ConfigureLoggers("<root>=DEBUG")
	}
	if *serve {
		if err := process.Serve(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// slow skips a test that only "make real-long" runs.
func slow(t *testing.T) {
	t.Helper()
	if !*long {
		t.Skip("this takes minutes: make real-long")
	}
}

// start starts a JAAS for a test.
func start(t *testing.T, generation jimm.Generation) *jaas.JAAS {
	t.Helper()
	j, err := jaas.Start(jaas.Options{Generation: generation})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.Close)
	return j
}

// addModel makes a model on west with agents.
func addModel(t *testing.T, j *jaas.JAAS, name string) *jaas.Model {
	t.Helper()
	m, err := j.AddModel(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// patience limits waits that take seconds. No machine is so slow that it takes longer.
const patience = 10 * time.Minute

// migrate runs the engine, with patience if the request has no limit, and logs the run if the test fails.
func migrate(t *testing.T, e engine.JAAS, r engine.Request) engine.Report {
	t.Helper()
	if r.Timeout == 0 {
		r.Timeout = patience
	}
	report, err := e.Migrate(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	logIfFailed(t, report)
	return report
}

func logIfFailed(t *testing.T, report engine.Report) {
	t.Helper()
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		for _, line := range report.Progress {
			t.Log(line)
		}
		t.Logf("%s, cause %q, detail %q, next %q", report.Outcome, report.Cause, report.Detail, report.Next)
	})
}

// within returns a context for a wait, with patience.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}
