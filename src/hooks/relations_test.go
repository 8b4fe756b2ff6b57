package hooks_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/charm/charmtest"
	"jimm-migrator/tests/unit"
)

func TestWaitingIsAStatusOfItsOwn(t *testing.T) {
	agent := unit.Start(t, charmtest.Options{Config: unit.Config(map[string]any{"jimm-url": nil}), Model: charmtest.Model{Name: "jaas", UUID: unit.OwnModel}})
	id, err := agent.AddRelation(unit.Metrics("jimm", nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	details := charmtest.HookDetails{Relation: id}
	unit.Hook(t, agent, "jimm-metrics-relation-created", details)
	unit.WantStatus(t, agent, "waiting", "waiting for jimm (jimm-metrics) to publish its address")

	err = errors.Join(
		agent.SetRemoteData(id, "jimm/0", map[string]string{}),
		agent.SetRemoteData(id, "jimm", unit.Scrape("jaas", unit.OwnModel, "jimm", "juju-jimm-k8s")),
	)
	if err != nil {
		t.Fatal(err)
	}
	unit.Hook(t, agent, "jimm-metrics-relation-changed", details)
	unit.WantStatus(t, agent, "active", "configured for ws://jimm-endpoints.jaas.svc.cluster.local:8080; run check-access to test it")

	unit.Hook(t, agent, "jimm-metrics-relation-broken", details)
	if got := agent.Status(); got.Status != "blocked" {
		t.Errorf("without the relation the status is %+v", got)
	}
}

func TestRelationsCostNothingWhileTheURLIsSet(t *testing.T) {
	agent := unit.Start(t, charmtest.Options{Config: unit.Config(nil), Relations: []charmtest.Relation{unit.Metrics("jimm", nil, nil), unit.Info("jimm", nil)}})
	unit.Hook(t, agent, "config-changed")
	for tool := range agent.CallCount() {
		if len(tool) > 8 && tool[:8] == "relation" {
			t.Errorf("used %s", tool)
		}
	}
}

// TestTheLeaderAsksForVersion1 checks that the leader, and only the leader,
// writes the value that makes a provider use version 1.
func TestTheLeaderAsksForVersion1(t *testing.T) {
	agent := unit.Start(t, charmtest.Options{Config: unit.Config(nil), NotLeader: true})
	id, err := agent.AddRelation(charmtest.Relation{Endpoint: "receive-ca-cert", RemoteApp: "ca"})
	if err != nil {
		t.Fatal(err)
	}
	unit.Hook(t, agent, "receive-ca-cert-relation-created", charmtest.HookDetails{Relation: id})
	if got := agent.LocalData(id, true); len(got) > 0 {
		t.Errorf("a unit that does not lead has written %v", got)
	}
	agent.SetLeader(true)
	unit.Hook(t, agent, "leader-elected")
	if diff := cmp.Diff(map[string]string{"version": "1"}, agent.LocalData(id, true)); diff != "" {
		t.Errorf("the application's data (-want +got):\n%s", diff)
	}
}
