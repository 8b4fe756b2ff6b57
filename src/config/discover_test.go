package config_test

import (
	"context"
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/src/config"
	"jimm-migrator/tests/unit"
)

// TestWhereJIMMIs tries everything that relations can publish. Facts: JIMM's
// charms of October 2024 and of 2026, prometheus_scrape of 2026, Juju 3.6.
func TestWhereJIMMIs(t *testing.T) {
	own := func(app string) map[string]string { return unit.Scrape("jaas", unit.OwnModel, app, "juju-jimm-k8s") }
	const service = "ws://jimm-endpoints.jaas.svc.cluster.local:8080"
	for name, test := range map[string]struct {
		config    map[string]any
		machine   string
		relations []charmtest.Relation
		want      []string
		err       string
	}{
		"jimm-url goes before all": {
			config:    map[string]any{"jimm-url": "wss://jaas.example.com"},
			relations: []charmtest.Relation{unit.Metrics("other", own("other"), nil), unit.Info("jimm", nil)},
			want:      []string{"wss://jaas.example.com"},
		},
		"metrics: the headless service, then the pods": {
			relations: []charmtest.Relation{unit.Metrics("jimm", own("jimm"), map[string]map[string]string{
				"jimm/0": {"prometheus_scrape_unit_address": "10.1.0.7", "prometheus_scrape_unit_fqdn": "jimm-0.jimm-endpoints.jaas.svc.cluster.local"},
				"jimm/1": {"prometheus_scrape_unit_address": "10.1.0.8"},
			})},
			want: []string{service, "ws://jimm-0.jimm-endpoints.jaas.svc.cluster.local:8080", "ws://10.1.0.7:8080", "ws://10.1.0.8:8080"},
		},
		"metrics across models: names of the other side": {
			relations: []charmtest.Relation{unit.Metrics("saas", unit.Scrape("iam", unit.ModelA, "jimm", "juju-jimm-k8s"), nil)},
			want:      []string{"ws://jimm-endpoints.iam.svc.cluster.local:8080"},
		},
		"the port of metrics is not that of the API": {
			config: map[string]any{"jimm-port": 8081},
			relations: []charmtest.Relation{unit.Metrics("jimm", map[string]string{
				"scrape_metadata": own("jimm")["scrape_metadata"],
				"scrape_jobs":     `[{"static_configs": [{"targets": ["*:9090"]}]}]`,
			}, nil)},
			want: []string{"ws://jimm-endpoints.jaas.svc.cluster.local:8081"},
		},
		"metrics go before info": {
			relations: []charmtest.Relation{
				unit.Info("jimm", map[string]map[string]string{"jimm/0": unit.Ingress("10.1.0.9")}),
				unit.Metrics("jimm", own("jimm"), nil),
			},
			want: []string{service},
		},
		"info on Kubernetes": {
			relations: []charmtest.Relation{unit.Info("jimm", map[string]map[string]string{
				"jimm/0": {"ingress-address": "10.152.183.4", "private-address": "10.1.0.7"},
			})},
			want: []string{service, "ws://10.152.183.4:8080", "ws://10.1.0.7:8080"},
		},
		"addresses in the shared range are pods too": {
			relations: []charmtest.Relation{unit.Info("jimm", map[string]map[string]string{"jimm/0": unit.Ingress("100.64.3.2")})},
			want:      []string{service, "ws://100.64.3.2:8080"},
		},
		"public addresses are no pods": {
			relations: []charmtest.Relation{unit.Info("jimm", map[string]map[string]string{"jimm/0": unit.Ingress("203.0.113.9")})},
			want:      []string{service},
		},
		"info on machines, if plaintext is allowed": {
			machine: "0", config: map[string]any{"allow-plaintext": true},
			relations: []charmtest.Relation{unit.Info("jimm", map[string]map[string]string{
				"jimm/10": unit.Ingress("10.2.0.10"), "jimm/9": unit.Ingress("fd42::1"),
			})},
			want: []string{"ws://10.2.0.10:8080", "ws://[fd42::1]:8080"},
		},
		"info on machines": {
			machine:   "0",
			relations: []charmtest.Relation{unit.Info("jimm", map[string]map[string]string{"jimm/0": unit.Ingress("10.2.0.10")})},
			err: "the secret would be sent unencrypted to ws://10.2.0.10:8080: juju config jimm-migrator jimm-url=wss://jimm.example.com, " +
				"or, if that network is trusted, juju config jimm-migrator allow-plaintext=true",
		},
		"loopback on machines": {
			machine:   "0",
			relations: []charmtest.Relation{unit.Info("jimm", map[string]map[string]string{"jimm/0": unit.Ingress("127.0.0.1")})},
			want:      []string{"ws://127.0.0.1:8080"},
		},
		"nothing published": {
			relations: []charmtest.Relation{unit.Metrics("jimm", nil, nil)},
			err:       "waiting for jimm (jimm-metrics) to publish its address",
		},
		"no unit yet, on machines": {
			machine:   "0",
			relations: []charmtest.Relation{unit.Info("jimm", nil)},
			err:       "waiting for jimm (jimm-info) to publish its address",
		},
		"a unit without an address": {
			machine:   "0",
			relations: []charmtest.Relation{unit.Info("jimm", map[string]map[string]string{"jimm/0": unit.Ingress("not an address")})},
			err:       "waiting for jimm (jimm-info) to publish an address",
		},
		"two JIMMs": {
			relations: []charmtest.Relation{unit.Metrics("jimm", own("jimm"), nil), unit.Info("old-jimm", nil)},
			err:       "related to two different JIMMs, jimm (jimm-metrics) and old-jimm (jimm-info): juju remove-relation jimm-migrator:jimm-info old-jimm",
		},
		"two JIMMs of one name in two models": {
			relations: []charmtest.Relation{unit.Metrics("jimm", own("jimm"), nil), unit.Metrics("remote", unit.Scrape("jaas", unit.ModelB, "jimm", "juju-jimm-k8s"), nil)},
			err:       "related to two different JIMMs, jimm (jimm-metrics) and remote (jimm-metrics): juju remove-relation jimm-migrator:jimm-metrics remote",
		},
		"not JIMM": {
			relations: []charmtest.Relation{unit.Metrics("traefik", unit.Scrape("jaas", unit.OwnModel, "traefik", "traefik-k8s"), nil)},
			err:       `traefik (jimm-metrics) is related as JIMM, but reports that its charm is "traefik-k8s": juju remove-relation jimm-migrator:jimm-metrics traefik`,
		},
		"metadata that is none": {
			relations: []charmtest.Relation{unit.Metrics("jimm", map[string]string{"scrape_metadata": "{"}, nil)},
			err:       "jimm (jimm-metrics) does not name its application in scrape_metadata: juju remove-relation jimm-migrator:jimm-metrics jimm",
		},
		"metadata that would make another host": {
			relations: []charmtest.Relation{unit.Metrics("jimm", unit.Scrape("jaas.svc.cluster.local:1/x?", unit.OwnModel, "jimm", "juju-jimm-k8s"), nil)},
			err:       "jimm (jimm-metrics) does not name its application in scrape_metadata: juju remove-relation jimm-migrator:jimm-metrics jimm",
		},
		"a port that is none": {
			config:    map[string]any{"jimm-port": 0},
			relations: []charmtest.Relation{unit.Info("jimm", nil)},
			err:       "jimm-port 0 is not a port: juju config jimm-migrator jimm-port=8080",
		},
	} {
		t.Run(name, func(t *testing.T) {
			changes := map[string]any{"jimm-url": nil}
			maps.Copy(changes, test.config)
			agent := unit.Start(t, charmtest.Options{
				Config: unit.Config(changes), Machine: test.machine, Relations: test.relations,
				Model: charmtest.Model{Name: "jaas", UUID: unit.OwnModel},
			})
			var got []string
			var err error
			unit.Act(t, agent, func(ctx context.Context, u config.Unit) error {
				var s config.Settings
				s, err = config.Read(ctx, u)
				got = config.Addresses(s)
				return nil
			})
			if test.err != "" {
				if err == nil || err.Error() != test.err {
					t.Errorf("error is %v\nwant %s", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("addresses (-want +got):\n%s", diff)
			}
		})
	}
}
