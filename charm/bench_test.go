package charm_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"jimm-migrator/charm"
)

// silent is a Runner that answers nothing.
type silent struct{ calls int }

func (n *silent) Run(context.Context, charm.ToolCall) ([]byte, error) {
	n.calls++
	return nil, nil
}

// BenchmarkDispatchOfNothing is the part of a hook with nothing to do that is ours;
// the whole of it, process and all, is in package dispatch.
func BenchmarkDispatchOfNothing(b *testing.B) {
	app := charm.App{Actions: map[string]charm.ActionFunc{"act": nil}}
	environment := lookup(map[string]string{
		"JUJU_DISPATCH_PATH": "hooks/update-status", "JUJU_UNIT_NAME": "vault/0",
		"JUJU_API_ADDRESSES": "10.0.0.1:17070 10.0.0.2:17070 10.0.0.3:17070",
	})
	n := &silent{}
	b.ReportAllocs()
	for b.Loop() {
		if charm.Dispatch(b.Context(), app, charm.ReadEnv(environment), n) != 0 {
			b.Fatal("failed")
		}
	}
	b.ReportMetric(float64(n.calls)/float64(b.N), "tools/op")
}

// BenchmarkSetResults sets what locate-model might for a thousand models.
func BenchmarkSetResults(b *testing.B) {
	models := make([]any, 1000)
	for i := range models {
		models[i] = map[string]any{
			"name": fmt.Sprintf("alice@example.com/model-%d", i), "uuid": "7c1d1c0e-5f0a-4d5e-8b1a-0d6b8f8f1a55",
			"controller": "east", "state": "active", "drift": false,
		}
	}
	results := map[string]any{"models": models, "count": len(models)}
	n := &silent{}
	app := charm.App{Actions: map[string]charm.ActionFunc{
		"act": func(ctx context.Context, a *charm.Action) error {
			a.Redact(strings.Repeat("s3cr3t", 5))
			for b.Loop() {
				if err := a.SetResults(ctx, results); err != nil {
					return err
				}
			}
			return nil
		},
	}}
	b.ReportAllocs()
	if charm.Dispatch(b.Context(), app, actionEnv("act"), n) != 0 {
		b.Fatal("failed")
	}
	b.ReportMetric(float64(n.calls-1)/float64(b.N), "tools/op")
}
