package charmtest_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"jimm-migrator/charm"
	"jimm-migrator/charm/charmtest"
)

func BenchmarkToolAsProcess(b *testing.B) {
	agent := benchAgent(b, charmtest.Options{Tools: tools}, `
		i=0; while [ $i -lt 50 ]; do action-log -- message; i=$((i+1)); done`)
	for b.Loop() {
		if _, err := agent.RunAction(b.Context(), "look", nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/50, "µs/tool")
}

func benchAgent(b *testing.B, opts charmtest.Options, script string) *charmtest.Agent {
	b.Helper()
	opts.CharmDir = charmDir(b, nil)
	if script != "" {
		if err := os.WriteFile(filepath.Join(opts.CharmDir, "dispatch"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			b.Fatal(err)
		}
	}
	agent, err := charmtest.New(opts)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { agent.Close() })
	return agent
}

func BenchmarkStartOfAProgram(b *testing.B) {
	for b.Loop() {
		if err := exec.Command("/bin/true").Run(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkToolInProcess(b *testing.B) {
	agent := benchAgent(b, charmtest.Options{Func: func(ctx context.Context, _ []string, tools charm.Runner) int {
		for b.Loop() {
			if _, err := tools.Run(ctx, charm.ToolCall{Tool: "state-set", Args: []string{"--", "a=b"}}); err != nil {
				return 1
			}
		}
		return 0
	}}, "")
	if _, err := agent.RunAction(b.Context(), "look", nil); err != nil {
		b.Fatal(err)
	}
}
