package operator_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/operator"
)

// gateway is a proxy that lets nobody through and remembers where they wanted to go.
type gateway struct {
	first chan struct{} // closed by the first request, if it is there

	mu   sync.Mutex
	went []string
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.first != nil && len(g.went) == 0 {
		close(g.first)
	}
	g.went = append(g.went, r.Method+" "+r.Host)
	http.Error(w, "nobody is let through", http.StatusBadGateway)
}

func (g *gateway) asked(where string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Contains(g.went, where)
}

// TestTheModelsProxyIsUsed has JIMM and Loki behind the proxy of the model, and what
// is in the cluster, was found by a relation or is excepted not.
func TestTheModelsProxyIsUsed(t *testing.T) {
	for name, test := range map[string]struct {
		url       string
		noProxy   string
		relations []charmtest.Relation
		asks      string // "" for nobody
	}{
		"wss":                   {url: "wss://jimm.example.com", asks: "CONNECT jimm.example.com:443"},
		"ws":                    {url: "ws://jimm.example.com:8080", asks: "GET jimm.example.com:8080"},
		"excepted by name":      {url: "wss://jimm.invalid", noProxy: "other.invalid,.invalid"},
		"excepted by range":     {url: "wss://127.0.0.77:1", noProxy: "127.0.0.0/8"},
		"a name in the cluster": {url: "ws://jimm-endpoints.jaas.svc.cluster.local:8080"},
		"found by a relation":   {relations: []charmtest.Relation{info("jimm", map[string]map[string]string{"jimm/0": ingress("127.0.0.78")})}},
	} {
		t.Run(name, func(t *testing.T) {
			g := &gateway{}
			server := httptest.NewServer(g)
			defer server.Close()
			changes := map[string]any{"jimm-url": test.url, "allow-plaintext": true, "jimm-port": "1"}
			if test.url == "" {
				changes["jimm-url"] = nil
			}
			agent := start(t, charmtest.Options{
				Config: config(changes), Relations: test.relations,
				Proxy: charmtest.Proxy{HTTP: server.URL, HTTPS: server.URL, NoProxy: test.noProxy},
			})
			hook(t, agent, "update-status")
			if got := agent.Status(); got.Status != "waiting" {
				t.Errorf("the status is %+v", got)
			}
			if test.asks == "" && len(g.went) > 0 || test.asks != "" && !g.asked(test.asks) {
				t.Errorf("the proxy was asked for %q, want %q", g.went, test.asks)
			}
		})
	}
}

func TestLokiIsReachedByTheModelsProxy(t *testing.T) {
	g := &gateway{first: make(chan struct{})}
	server := httptest.NewServer(g)
	defer server.Close()
	agent := start(t, charmtest.Options{
		Config: config(nil), Proxy: charmtest.Proxy{HTTP: server.URL, NoProxy: "excepted.invalid"},
		Relations: []charmtest.Relation{{Endpoint: "logging", RemoteApp: "loki", Units: map[string]map[string]string{
			"loki/0": {"endpoint": `{"url": "http://loki.example.com:3100/loki/api/v1/push"}`},
			"loki/1": {"endpoint": `{"url": "http://loki-0.loki-endpoints.cos.svc.cluster.local:3100/loki/api/v1/push"}`},
			"loki/2": {"endpoint": `{"url": "http://excepted.invalid/loki/api/v1/push"}`},
		}}},
	})
	act(t, agent, func(ctx context.Context, u operator.Unit) error {
		feed := operator.Feed(ctx, u, time.Millisecond)
		feed.Push("line")
		select {
		case <-g.first:
		case <-ctx.Done():
		}
		_ = feed.Close() // nobody takes it
		return nil
	})
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, went := range g.went {
		if went != "POST loki.example.com:3100" {
			t.Errorf("the proxy was asked for %s", went)
		}
	}
}
