//go:build integration

package integration_test

import (
	"flag"
	"net"
	"strings"
	"testing"

	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/controller"
)

// host is the address at which units reach this machine.
var host = flag.String("host", "", "address of this machine for the units; default that of its route to the internet")

// hostAddress returns the address at which units reach this machine. It sends nothing.
func hostAddress(t *testing.T) string {
	t.Helper()
	if *host != "" {
		return *host
	}
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "udp", "192.0.2.1:9") // a test network: nothing is there
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	address, _, err := net.SplitHostPort(conn.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// serveJAAS serves a simulated JAAS on this machine, with a model web on west.
func serveJAAS(t *testing.T) *sim.JAAS {
	t.Helper()
	at := hostAddress(t)
	world := sim.World{
		JIMM:        sim.JIMM{TLS: true},
		Controllers: []sim.Controller{{Name: "west"}, {Name: "east"}},
		Models:      []sim.Model{{Model: controller.Model{Name: "web"}, CreatedHere: true, Controller: "west"}},
		Speed:       20,
	}
	j, err := sim.Start(t.Context(), world, sim.Options{
		Addresses: map[string]string{"jimm": at + ":0", "west": at + ":0", "east": at + ":0"},
		TLSNames:  []string{at}, NoMessages: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := j.Close(); err != nil {
			t.Error(err)
		}
		for _, violation := range j.Violations() {
			t.Errorf("the charm did what it must never do: %v", violation)
		}
	})
	return j
}

// A configured unit is active, and migrates a model. JIMM and its controllers are
// simulated, on this machine; Juju is real.
func TestDeploy_Configured(t *testing.T) {
	m, j := newModel(t), serveJAAS(t)
	account := j.Account("")
	secret := strings.TrimSpace(string(m.juju("add-secret", "jimm-migrator", "client-id="+account.ID, "client-secret="+account.Secret)))
	m.juju("grant-secret", "jimm-migrator", app)
	m.juju("config", app, "jimm-url="+j.URL(), "jimm-ca-certificate="+j.CA(), "jimm-credentials="+secret)
	m.wait("active", func(s status) bool { return s.workload().Current == "active" })
	var tasks map[string]struct {
		Status  string `json:"status"`
		Results struct {
			Outcome string `json:"outcome"`
		} `json:"results"`
	}
	m.read(&tasks, "run", unit, "migrate-model", "model=web", "target-controller=east", "--wait=10m")
	if task := tasks[unit]; task.Status != "completed" || task.Results.Outcome != "migrated" {
		t.Errorf("migrate-model: %+v", task)
	}
	m.waitIdle()
}
