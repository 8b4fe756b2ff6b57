package jimm

import (
	"cmp"
	"encoding/json"
	"strings"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
)

// UnmarshalJSON decodes an event as JIMM sends it. It never fails on what is
// valid JSON: a field that is not as expected stays zero, because one odd event
// must not hide the others. Parameters of any method but those of [ChangeMethods]
// are dropped here, unread.
func (e *AuditEvent) UnmarshalJSON(data []byte) error {
	var wire struct {
		Time           Time            `json:"time"`
		ConversationID string          `json:"conversation-id"`
		MessageID      uint64          `json:"message-id"`
		Facade         string          `json:"facade-name"`
		Method         string          `json:"facade-method"`
		UserTag        string          `json:"user-tag"`
		Response       bool            `json:"is-response"`
		Params         json.RawMessage `json:"params"`
		Errors         json.RawMessage `json:"errors"`
	}
	if err := lenient(json.Unmarshal(data, &wire)); err != nil {
		return err
	}
	*e = AuditEvent{
		Time:           wire.Time.Time,
		ConversationID: wire.ConversationID,
		MessageID:      wire.MessageID,
		Facade:         wire.Facade,
		Method:         wire.Method,
		User:           juju.TagID(juju.KindUser, wire.UserTag),
		Response:       wire.Response,
	}
	if e.Response {
		e.Error = auditError(wire.Errors)
		return nil
	}
	if e.Facade == "JIMM" {
		e.Migrations = auditMigrations(e.Method, wire.Params)
	}
	e.Changes = auditChanges(e.Facade, e.Method, wire.Params)
	return nil
}

// auditChanges decodes the params of [ChangeMethods]. Params may be "redacted",
// absent or odd: then what they name stays empty, and the request is there all the
// same.
func auditChanges(facade, method string, params json.RawMessage) []ChangeRequest {
	var out []ChangeRequest
	switch facade + "." + method {
	case "JIMM.MigrateModel", "JIMM.UpdateMigratedModel":
		out = migrationChanges(method, params)
	case "JIMM.ImportModel":
		out = importChange(params)
	case "JIMM.UpgradeTo":
		out = upgradeToChanges(params)
	case "JIMM.SetControllerDeprecated":
		out = deprecationChange(params)
	case "JIMM.RemoveController":
		out = removalChange(params)
	case "ModelUpgrader.UpgradeModel":
		out = upgradeModelChange(params)
	case "Controller.InitiateMigration":
		out = initiationChanges(params)
	default:
		return nil
	}
	if len(out) == 0 {
		return []ChangeRequest{{}}
	}
	return out
}

// decodeParams decodes as much of the params as is as expected.
func decodeParams(params json.RawMessage, into any) { _ = lenient(json.Unmarshal(params, into)) }

func migrationChanges(method string, params json.RawMessage) []ChangeRequest {
	var out []ChangeRequest
	for _, m := range auditMigrations(method, params) {
		out = append(out, ChangeRequest{ModelUUID: m.ModelUUID, ModelPath: m.ModelPath, Controller: m.TargetController})
	}
	return out
}

func importChange(params json.RawMessage) []ChangeRequest {
	var wire struct {
		Model      string `json:"model-tag"`
		Controller string `json:"controller"`
	}
	decodeParams(params, &wire)
	return []ChangeRequest{aboutModel(wire.Model, ChangeRequest{Controller: wire.Controller})}
}

func upgradeToChanges(params json.RawMessage) []ChangeRequest {
	var wire struct {
		Models []string `json:"model-uuids"`
		Model  string   `json:"model-tag"` // before May 2026
		Target string   `json:"target-controller-name"`
	}
	decodeParams(params, &wire)
	if wire.Model != "" {
		wire.Models = append(wire.Models, wire.Model)
	}
	var out []ChangeRequest
	for _, model := range wire.Models {
		out = append(out, aboutModel(model, ChangeRequest{Controller: wire.Target}))
	}
	return out
}

func deprecationChange(params json.RawMessage) []ChangeRequest {
	var wire struct {
		Name       string `json:"name"`
		Deprecated bool   `json:"deprecated"`
	}
	decodeParams(params, &wire)
	return []ChangeRequest{{Controller: wire.Name, Deprecated: wire.Deprecated}}
}

func removalChange(params json.RawMessage) []ChangeRequest {
	var wire struct {
		Name  string `json:"name"`
		Force bool   `json:"force"`
	}
	decodeParams(params, &wire)
	return []ChangeRequest{{Controller: wire.Name, Force: wire.Force}}
}

func upgradeModelChange(params json.RawMessage) []ChangeRequest {
	var wire struct {
		Model   string `json:"model-tag"`
		Version string `json:"target-version"`
		DryRun  bool   `json:"dry-run"`
	}
	decodeParams(params, &wire)
	return []ChangeRequest{aboutModel(wire.Model, ChangeRequest{Version: wire.Version, DryRun: wire.DryRun})}
}

// initiationChanges leaves the target's credentials unread, which the specs have too.
func initiationChanges(params json.RawMessage) []ChangeRequest {
	var wire struct {
		Specs []struct {
			Model  string `json:"model-tag"`
			Target struct {
				Tag   string `json:"controller-tag"`
				Alias string `json:"controller-alias"`
			} `json:"target-info"`
		} `json:"specs"`
	}
	decodeParams(params, &wire)
	var out []ChangeRequest
	for _, spec := range wire.Specs {
		target := cmp.Or(spec.Target.Alias, juju.TagID(juju.KindController, spec.Target.Tag))
		out = append(out, aboutModel(spec.Model, ChangeRequest{Controller: target}))
	}
	return out
}

// aboutModel names the model of a change.
func aboutModel(model string, c ChangeRequest) ChangeRequest {
	m := migrateSpec{ModelTag: model}.request()
	c.ModelUUID, c.ModelPath = m.ModelUUID, m.ModelPath
	return c
}

// auditMigrations decodes the params of the two methods.
func auditMigrations(method string, params json.RawMessage) []MigrationRequest {
	var specs []migrateSpec
	switch method {
	case "MigrateModel":
		var wire migrateParams
		_ = lenient(json.Unmarshal(params, &wire)) // params may be "redacted", absent or odd: no specs then
		specs = wire.Specs
	case "UpdateMigratedModel":
		var wire migrateSpec
		_ = lenient(json.Unmarshal(params, &wire)) // as above
		if wire != (migrateSpec{}) {
			specs = []migrateSpec{wire}
		}
	}
	var requests []MigrationRequest
	for _, spec := range specs {
		requests = append(requests, spec.request())
	}
	return requests
}

// request reads the model in any of its spellings.
func (s migrateSpec) request() MigrationRequest {
	request := MigrationRequest{TargetController: s.TargetController}
	uuid := strings.TrimPrefix(s.ModelTag, "model-")
	switch {
	case juju.IsUUID(uuid):
		request.ModelUUID = uuid
	case checkModelRef(s.ModelTag) == nil:
		request.ModelPath = s.ModelTag
	}
	return request
}

// auditError returns the first error of an answer that says anything. JIMM
// records {"results":[{"error":{"code":"","message":""}}]}.
func auditError(raw json.RawMessage) *rpc.Error {
	var wire struct {
		Results []struct {
			Error *rpc.Error `json:"error"`
		} `json:"results"`
	}
	_ = lenient(json.Unmarshal(raw, &wire)) // absent or odd: no error known
	for _, result := range wire.Results {
		if isError(result.Error) {
			return result.Error
		}
	}
	return nil
}
