package config_test

import (
	"net/http/httptest"
	"slices"
	"testing"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/unit"
)

// TestTheModelsProxyIsUsed puts JIMM and Loki behind the model's proxy. Hosts in the cluster, hosts
// that a relation has named, and excepted hosts are reached directly.
func TestTheModelsProxyIsUsed(t *testing.T) {
	for name, test := range map[string]struct {
		url       string
		noProxy   string
		relations []charmtest.Relation
		asks      string // "" for none
	}{
		"wss":                   {url: "wss://jimm.example.com", asks: "CONNECT jimm.example.com:443"},
		"ws":                    {url: "ws://jimm.example.com:8080", asks: "GET jimm.example.com:8080"},
		"excepted by name":      {url: "wss://jimm.invalid", noProxy: "other.invalid,.invalid"},
		"excepted by range":     {url: "wss://127.0.0.77:1", noProxy: "127.0.0.0/8"},
		"a name in the cluster": {url: "ws://jimm-endpoints.jaas.svc.cluster.local:8080"},
		"found by a relation":   {relations: []charmtest.Relation{unit.Info("jimm", map[string]map[string]string{"jimm/0": unit.Ingress("127.0.0.78")})}},
	} {
		t.Run(name, func(t *testing.T) {
			g := &unit.Gateway{}
			server := httptest.NewServer(g)
			defer server.Close()
			changes := map[string]any{"jimm-url": test.url, "allow-plaintext": true, "jimm-port": "1"}
			if test.url == "" {
				changes["jimm-url"] = nil
			}
			agent := unit.Start(t, charmtest.Options{
				Config: unit.Config(changes), Relations: test.relations,
				Proxy: charmtest.Proxy{HTTP: server.URL, HTTPS: server.URL, NoProxy: test.noProxy},
			})
			unit.Hook(t, agent, "update-status")
			if got := agent.Status(); got.Status != "waiting" {
				t.Errorf("the status is %+v", got)
			}
			if test.asks == "" && len(g.Requests()) > 0 || test.asks != "" && !slices.Contains(g.Requests(), test.asks) {
				t.Errorf("the proxy was asked for %q, want %q", g.Requests(), test.asks)
			}
		})
	}
}
