package juju_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
)

// canned is a Caller that gives the same answer to every question.
type canned []byte

func (c canned) Call(_ context.Context, _ rpc.Request, _, reply any) error {
	return json.Unmarshal(c, reply)
}

// BenchmarkSummaries decodes JIMM's list of 10,000 models, 5 MB, which every
// locate-model does once, and migrate-model at each observation of a JIMM of 2026.
func BenchmarkSummaries(b *testing.B) {
	const model = `{"result":{"name":"prod-%05d","uuid":"6f0e1c5e-3f0a-4d7e-8a57-8b6f3a1%05d","type":"iaas",` +
		`"controller-uuid":"a1a1a1a1-0000-4000-8000-0000000000a1","is-controller":false,"provider-type":"ec2","cloud-tag":"cloud-aws",` +
		`"cloud-region":"us-east-1","cloud-credential-tag":"cloudcred-aws_alice@canonical.com_main","owner-tag":"user-alice@canonical.com","life":"alive",` +
		`"status":{"status":"available","info":"","since":"2026-11-22T11:45:12.596155346Z"},"user-access":"admin",` +
		`"last-connection":null,"counts":[{"entity":"machines","count":3},{"entity":"cores","count":12},{"entity":"units","count":9}],"agent-version":"3.6.14"}}`
	const n = 10_000
	items := make([]string, n)
	for i := range items {
		items[i] = fmt.Sprintf(model, i, i)
	}
	answer := canned(`{"results":[` + strings.Join(items, ",") + `]}`)
	models := juju.NewModelManager(answer, 9)
	b.SetBytes(int64(len(answer)))
	b.ReportAllocs()
	for b.Loop() {
		got, err := models.ListModelSummaries(b.Context(), "user-migrator@serviceaccount", true)
		if err != nil || len(got) != n || got[n-1].Name != "prod-09999" {
			b.Fatalf("%d models, %v", len(got), err)
		}
	}
}
