package jimm_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
)

func FuzzStatus(f *testing.F) {
	f.Add(readStatus(f))
	f.Add([]byte(`{"model":{"name":"x"},"applications":{"a":null,"b":[],"c":{"units":{"c/0":{"subordinates":{"d/0":{}}}}}}}`))
	f.Add([]byte(`{"model":{"name":"x"},"relations":[null,1],"controller-timestamp":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		status, err := jimm.DecodeStatus(data)
		if err == nil && status.Model.Name == "" {
			t.Error("a status without a model")
		}
	})
}

// Valid JSON never fails, and a secret in the params is never returned.
func FuzzAuditEvent(f *testing.F) {
	for _, seed := range []string{auditMigrate2024, auditAnswer, auditUpdate, auditDenied, auditLogin2024, auditLogin2026, "null", "[]"} {
		f.Add([]byte(seed), []byte(`{"client-secret":"`+canary+`"}`))
	}
	f.Fuzz(func(t *testing.T, data, params []byte) {
		var event jimm.AuditEvent
		if err := json.Unmarshal(data, &event); err != nil && json.Valid(data) {
			t.Errorf("%s: %v", data, err)
		}
		for _, method := range []string{"LoginWithClientCredentials", "MigrateModel", "UpdateMigratedModel"} {
			if bytes.Contains(params, []byte("controller")) || bytes.Contains(params, []byte("model")) || !json.Valid(params) {
				continue
			}
			whole := fmt.Appendf(nil, `{"facade-name":"JIMM","facade-method":%q,"params":%s}`, method, params)
			if err := json.Unmarshal(whole, &event); err != nil {
				t.Fatalf("%s: %v", whole, err)
			}
			if out := fmt.Sprintf("%+v", event); bytes.Contains([]byte(out), []byte(canary)) {
				t.Errorf("%s: the secret is in %s", whole, out)
			}
		}
	})
}

// ModelInfo, as JIMM serves it, and the meaning of an error in it.
func FuzzModelInfo(f *testing.F) {
	f.Add([]byte(info2024))
	f.Add([]byte(info2026))
	f.Add([]byte(`{"response":{"results":[{"error":{"message":"unauthorized","code":"unauthorized access"}}]}}`))
	f.Fuzz(func(_ *testing.T, data []byte) {
		var answer struct {
			Response struct {
				Results []struct {
					Result *juju.ModelInfo `json:"result"`
					Error  *rpc.Error      `json:"error"`
				} `json:"results"`
			} `json:"response"`
		}
		if json.Unmarshal(data, &answer) != nil {
			return
		}
		for _, item := range answer.Response.Results {
			if item.Error != nil {
				_ = jimm.ReadAnswer(item.Error)
				_, _ = jimm.AlreadyMigrating(item.Error)
			}
			if item.Result != nil {
				_ = item.Result.Owner()
			}
		}
	})
}

func FuzzInfo(f *testing.F) {
	f.Add([]byte(`{"GitCommit":"x","Version":"y"}`))
	f.Add([]byte(`{"GitCommit":"","Version":"\u0000"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		info, err := jimm.ParseInfo(body)
		if err == nil && (info.Version == "" || info.Commit == "" || bytes.ContainsRune([]byte(info.Version+info.Commit), '\n')) {
			t.Errorf("%q gives %+v", body, info)
		}
	})
}
