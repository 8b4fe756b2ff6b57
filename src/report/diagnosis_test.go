package report_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"jimm-migrator/src/migration"
	"jimm-migrator/src/migration/facts"
	"jimm-migrator/src/redact"
	"jimm-migrator/src/report"
)

// diagnosis is one in which nothing is empty.
func diagnosis(text string) migration.Diagnosis {
	r := everything()
	r.Model.Life, r.Model.Type, r.Model.AgentVersion = "alive", "iaas", "3.6.14"
	info := facts.Info{Kind: facts.InfoLive, Controller: "x", Status: "busy", StatusText: redact.Raw(text), Attempt: r.Attempt, Err: errors.New(text)}
	info.Attempt.Text = redact.Raw(text)
	d := migration.Diagnosis{
		Model: r.Model, Controllers: []facts.Controller{r.Source}, Source: r.Source, Info: info, Entry: facts.Entry{Kind: facts.InfoListed, Recorded: "x", Status: "busy", StatusText: redact.Raw(text), Attempt: info.Attempt, Err: info.Err},
		Record: facts.Record{State: facts.RecordAt, Controller: "x", Err: errors.New(text)},
		Host:   facts.Host{Kind: facts.HostServes, Controller: "x", Err: errors.New(text)},
		Copies: map[facts.ControllerUUID]facts.Copy{r.Source.UUID: {State: facts.CopyMoved, To: "x", Err: errors.New(text), Info: info}},
		Audit:  facts.Audit{Now: time.Unix(1, 0)}, AuditErr: errors.New(text),
	}
	for range 100 {
		d.Audit.Requests = append(d.Audit.Requests, facts.Request{Kind: facts.RequestMigrate, Target: "east", At: time.Unix(1, 0)})
	}
	return d
}

// diagnosticsKeys are the keys of collect-diagnostics with all that it may have.
func diagnosticsKeys() []string {
	env := report.Environment{CharmVersion: "x", JujuVersion: "x", JIMMVersion: "x", JIMMCommit: "x", Generation: "x", Identity: "x"}
	return flat(report.DiagnosisResults(diagnosis("x"), env), map[string]string{"controllers": "NAME", "audit-log.requests": "N"})
}

func TestADiagnosisIsBoundedAndRedacted(t *testing.T) {
	d := diagnosis("credential attribute mismatch: map[secret-key:" + canary + "] " + strings.Repeat("x", 100000))
	for i := range 1000 {
		d.Controllers = append(d.Controllers, facts.Controller{Name: fmt.Sprintf("c%d", i), UUID: facts.ControllerUUID(fmt.Sprintf("c%d", i))})
	}
	for _, text := range []string{"credential attribute mismatch: map[secret-key:" + canary + "]", strings.Repeat("x", 100000)} {
		d.Info.StatusText, d.AuditErr = redact.Raw(text), errors.New(text)
		out, err := json.Marshal(report.DiagnosisResults(d, report.Environment{}))
		if err != nil {
			t.Fatal(err)
		}
		if len(out) > 32*1024 || strings.Contains(string(out), canary) {
			t.Errorf("%d bytes, a canary: %v", len(out), strings.Contains(string(out), canary))
		}
	}
}
