package cos_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/config"
	"jimm-migrator/src/cos"
	"jimm-migrator/tests/unit"
)

func TestLokiIsReachedByTheModelsProxy(t *testing.T) {
	g := &unit.Gateway{First: make(chan struct{})}
	server := httptest.NewServer(g)
	defer server.Close()
	agent := unit.Start(t, charmtest.Options{
		Config: unit.Config(nil), Proxy: charmtest.Proxy{HTTP: server.URL, NoProxy: "excepted.invalid"},
		Relations: []charmtest.Relation{{Endpoint: "logging", RemoteApp: "loki", Units: map[string]map[string]string{
			"loki/0": {"endpoint": `{"url": "http://loki.example.com:3100/loki/api/v1/push"}`},
			"loki/1": {"endpoint": `{"url": "http://loki-0.loki-endpoints.cos.svc.cluster.local:3100/loki/api/v1/push"}`},
			"loki/2": {"endpoint": `{"url": "http://excepted.invalid/loki/api/v1/push"}`},
		}}},
	})
	unit.Act(t, agent, func(ctx context.Context, u config.Unit) error {
		loki := cos.Loki(ctx, u, time.Millisecond)
		loki.Push("line")
		select {
		case <-g.First:
		case <-ctx.Done():
		}
		_ = loki.Close() // nothing accepts it
		return nil
	})
	for _, request := range g.Requests() {
		if request != "POST loki.example.com:3100" {
			t.Errorf("the proxy was asked for %s", request)
		}
	}
}
