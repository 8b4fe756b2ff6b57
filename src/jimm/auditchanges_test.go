package jimm_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/jimm"
)

// Params as recorded with JIMM of October 2024 and July 2026, except for
// RemoveController and UpgradeTo, which are from the source.
func TestAuditEventReadsWhatChangesWhereModelsAre(t *testing.T) {
	about := func(c jimm.ChangeRequest) []jimm.ChangeRequest {
		c.ModelUUID = modelUUID
		return []jimm.ChangeRequest{c}
	}
	for name, test := range map[string]struct {
		method, params string
		want           []jimm.ChangeRequest
	}{
		"migrate of 2024": {"JIMM.MigrateModel", `{"specs":[{"model-tag":"model-` + modelUUID + `","target-controller":"ctl-a"}]}`, about(jimm.ChangeRequest{Controller: "ctl-a"})},
		"migrate by path": {"JIMM.MigrateModel", `{"specs":[{"model-tag":"alice@canonical.com/my-model","target-controller":"ctl-a"}]}`, []jimm.ChangeRequest{{ModelPath: "alice@canonical.com/my-model", Controller: "ctl-a"}}},
		"record":          {"JIMM.UpdateMigratedModel", `{"model-tag":"model-` + modelUUID + `","target-controller":"ctl-b"}`, about(jimm.ChangeRequest{Controller: "ctl-b"})},
		"import":          {"JIMM.ImportModel", `{"controller":"ctl-a","model-tag":"model-` + modelUUID + `","owner":"alice@canonical.com"}`, about(jimm.ChangeRequest{Controller: "ctl-a"})},
		"lift a cordon":   {"JIMM.SetControllerDeprecated", `{"deprecated": false, "name": "f"}`, []jimm.ChangeRequest{{Controller: "f"}}},
		// A missing mark lifts it, and without a name JIMM of 2024 means its first
		// controller.
		"no mark":           {"JIMM.SetControllerDeprecated", `{"name":"d"}`, []jimm.ChangeRequest{{Controller: "d"}}},
		"no name":           {"JIMM.SetControllerDeprecated", `{"deprecated":true}`, []jimm.ChangeRequest{{Deprecated: true}}},
		"remove":            {"JIMM.RemoveController", `{"name":"d","force":true}`, []jimm.ChangeRequest{{Controller: "d", Force: true}}},
		"upgrade":           {"ModelUpgrader.UpgradeModel", `{"model-tag":"model-` + modelUUID + `","target-version":"3.6.28","agent-stream":"","ignore-agent-versions":false,"dry-run":true}`, about(jimm.ChangeRequest{Version: "3.6.28", DryRun: true})},
		"upgrade to":        {"JIMM.UpgradeTo", `{"model-uuids":["` + modelUUID + `"],"target-controller-name":"ctl-b"}`, about(jimm.ChangeRequest{Controller: "ctl-b"})},
		"upgrade to, early": {"JIMM.UpgradeTo", `{"model-tag":"model-` + modelUUID + `","target-controller-name":"ctl-b"}`, about(jimm.ChangeRequest{Controller: "ctl-b"})},
		"out of the JAAS":   {"Controller.InitiateMigration", `{"specs":[{"model-tag":"model-` + modelUUID + `","target-info":{"controller-tag":"controller-` + ctlB + `","addrs":["10.0.0.1:17070"],"auth-tag":"user-admin","password":"CANARY-9f3c"}}]}`, about(jimm.ChangeRequest{Controller: ctlB})},
		"redacted":          {"JIMM.MigrateModel", `{"params":"redacted"}`, []jimm.ChangeRequest{{}}},
		"odd":               {"JIMM.MigrateModel", `[1]`, []jimm.ChangeRequest{{}}},
		"another facade":    {"Client.UpgradeModel", `{}`, nil},
		"another method":    {"JIMM.ListControllers", `{}`, nil},
	} {
		facade, method, _ := strings.Cut(test.method, ".")
		var event jimm.AuditEvent
		raw := fmt.Sprintf(`{"time":"2026-11-28T23:20:02.062Z","conversation-id":"a500e246823a312e","message-id":3,"facade-name":%q,"facade-method":%q,"facade-version":4,"user-tag":"user-ADMIN","is-response":false,"params":%s}`, facade, method, test.params)
		if err := json.Unmarshal([]byte(raw), &event); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(test.want, event.Changes); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if strings.Contains(fmt.Sprintf("%+v", event), "CANARY") {
			t.Errorf("%s: a secret was kept", name)
		}
	}
	var answer jimm.AuditEvent
	if err := json.Unmarshal([]byte(auditAnswer), &answer); err != nil || answer.Changes != nil {
		t.Errorf("an answer asks for %v, error %v", answer.Changes, err)
	}
}
