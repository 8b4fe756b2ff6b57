//go:build integration

package integration_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// Without configuration the status says what the charm needs, and an action fails with the same words.
func TestDeploy(t *testing.T) {
	m := newModel(t)
	s := m.wait("blocked", func(s status) bool { return strings.Contains(s.workload().Message, "jimm-url") })
	if s.Applications[app].Version == "" {
		t.Error("juju status shows no version of the charm")
	}
	var tasks map[string]struct {
		Status  string `json:"status"`
		Message string `json:"message"`
	}
	m.read(&tasks, "run", unit, "check-access")
	if task := tasks[unit]; task.Status != "failed" || !strings.Contains(task.Message, "jimm-url") {
		t.Errorf("check-access without configuration: %+v", task)
	}
}

// Any application can be related as JIMM. If it is not JIMM, the status says so.
func TestEndpoint_JIMMInfo(t *testing.T) {
	m := newModel(t)
	m.juju("deploy", "self-signed-certificates", "other")
	m.juju("integrate", app+":jimm-info", "other:juju-info")
	m.wait("aware of the relation", func(s status) bool { return strings.Contains(s.workload().Message, "other") })
}

// An application that publishes the address of its metrics also names its charm.
func TestEndpoint_JIMMMetrics(t *testing.T) {
	m := newModel(t)
	m.juju("deploy", "alertmanager-k8s", "--trust")
	m.juju("integrate", app+":jimm-metrics", "alertmanager-k8s:self-metrics-endpoint")
	m.wait("aware of the charm at the other end", func(s status) bool {
		return s.workload().Current == "blocked" && strings.Contains(s.workload().Message, `"alertmanager-k8s"`)
	})
}

// The charm accepts a certificate authority without an error.
func TestEndpoint_ReceiveCACert(t *testing.T) {
	m := newModel(t)
	m.juju("deploy", "self-signed-certificates")
	m.juju("integrate", app+":receive-ca-cert", "self-signed-certificates:send-ca-cert")
	m.waitIdle()
}

// Loki gets the alert rules.
func TestEndpoint_Logging(t *testing.T) {
	m := newModel(t)
	m.juju("deploy", "loki-k8s", "--trust")
	m.juju("integrate", app+":logging", "loki-k8s:logging")
	m.waitIdle()
	rules := m.published("loki-k8s/0", "logging")["alert_rules"]
	if !json.Valid([]byte(rules)) || !strings.Contains(rules, `"groups"`) {
		t.Errorf("alert rules: %s", rules)
	}
}

// Grafana gets the dashboard.
func TestEndpoint_GrafanaDashboard(t *testing.T) {
	m := newModel(t)
	m.juju("deploy", "grafana-k8s", "--trust")
	m.juju("integrate", app+":grafana-dashboard", "grafana-k8s:grafana-dashboard")
	m.waitIdle()
	dashboards := m.published("grafana-k8s/0", "grafana-dashboard")["dashboards"]
	if !json.Valid([]byte(dashboards)) || !strings.Contains(dashboards, `"templates"`) {
		t.Errorf("dashboards: %s", dashboards)
	}
}
