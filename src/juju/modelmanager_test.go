package juju_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
)

// caller answers every call with the same response, or error, and records the
// calls.
type caller struct {
	response string
	err      error
	calls    []string
}

func (c *caller) Call(_ context.Context, req rpc.Request, params, reply any) error {
	encoded, err := json.Marshal(params)
	if err != nil {
		return err
	}
	c.calls = append(c.calls, fmt.Sprintf("%s %d %s", req, req.Version, encoded))
	if c.err != nil || reply == nil {
		return c.err
	}
	return json.Unmarshal([]byte(c.response), reply)
}

func at(t *testing.T, s string) *time.Time {
	t.Helper()
	parsed, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		t.Fatal(err)
	}
	return &parsed
}

// The answers below are as recorded, shortened.
func TestModelInfo(t *testing.T) {
	valid := true
	for name, tt := range map[string]struct {
		result string
		want   juju.ModelInfo
		owner  string
	}{
		"Juju 4.0-beta8, version 11": {
			`{"name":"test","type":"iaas","uuid":"` + modelUUID + `","controller-uuid":"` + controllerUUID + `","is-controller":false,` +
				`"provider-type":"dummy","cloud-tag":"cloud-dummy","cloud-region":"dummy-region","cloud-credential-tag":"cloudcred-dummy_admin_default",` +
				`"cloud-credential-validity":true,"qualifier":"prod","life":"alive","status":{"status":"available","info":"","since":"2026-11-22T11:45:07.677453714Z"},` +
				`"users":[{"model-tag":"","user":"admin","display-name":"admin","last-connection":"2026-11-22T11:44:04Z","access":"admin"}],"machines":null,` +
				`"secret-backends":[{"result":{"name":"internal","backend-type":"controller","config":{"token":"canary"}},"id":"","num-secrets":2,"status":"active"}],` +
				`"agent-version":"4.0-beta8","supported-features":[{"name":"juju","description":"x","version":"4.0-beta8"}]}`,
			juju.ModelInfo{
				Name: "test", UUID: modelUUID, ControllerUUID: controllerUUID,
				CloudCredentialTag: "cloudcred-dummy_admin_default", CloudCredentialValidity: &valid, Qualifier: "prod", Life: "alive",
				Status: juju.EntityStatus{Status: "available", Since: at(t, "2026-11-22T11:45:07.677453714Z")},
				Users:  []juju.ModelUser{{Name: "admin", Access: "admin"}},
				SecretBackends: []juju.ModelSecretBackend{{NumSecrets: 2, Result: struct {
					Name        string `json:"name"`
					BackendType string `json:"backend-type"`
				}{"internal", "controller"}}},
				AgentVersion: "4.0-beta8",
			},
			"prod",
		},
		"JIMM of 2026, a migration without end": {
			`{"name":"my-model","type":"iaas","uuid":"` + modelUUID + `","controller-uuid":"` + controllerUUID + `","is-controller":false,` +
				`"default-series":"jammy","owner-tag":"user-alice@canonical.com","life":"alive",` +
				`"status":{"status":"busy","info":"migrating: starting","since":"2026-07-01T10:05:00Z"},"users":[],` +
				`"machines":[{"id":"0","hardware":{"mem":2048,"cores":2},"instance-id":"juju-0","status":"started"}],"secret-backends":null,` +
				`"migration":{"status":"starting","start":"2026-07-01T10:05:00Z"},"sla":null,"agent-version":"3.5.4"}`,
			juju.ModelInfo{
				Name: "my-model", UUID: modelUUID, ControllerUUID: controllerUUID,
				OwnerTag: "user-alice@canonical.com", Life: "alive",
				Status:    juju.EntityStatus{Status: "busy", Info: "migrating: starting", Since: at(t, "2026-07-01T10:05:00Z")},
				Users:     []juju.ModelUser{},
				Migration: &juju.MigrationStatus{Status: "starting", Start: at(t, "2026-07-01T10:05:00Z")},

				AgentVersion: "3.5.4",
			},
			"alice@canonical.com",
		},
		"nothing known but the UUID": {
			`{"uuid":"` + modelUUID + `","agent-version":null,"migration":null,"users":null,"machines":null,"status":null,"sla":null,"new":[{}]}`,
			juju.ModelInfo{UUID: modelUUID},
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := &caller{response: `{"results":[{"result":` + tt.result + `}]}`}
			got, err := juju.NewModelManager(server, 9).ModelInfo(t.Context(), modelUUID)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("info differs (-want +got):\n%s", diff)
			}
			if got.Owner() != tt.owner {
				t.Errorf("owner %q, want %q", got.Owner(), tt.owner)
			}
			if text := fmt.Sprintf("%+v", got); strings.Contains(text, "canary") {
				t.Errorf("kept a secret: %s", text)
			}
			want := []string{`ModelManager.ModelInfo 9 {"entities":[{"tag":"model-` + modelUUID + `"}]}`}
			if diff := cmp.Diff(want, server.calls); diff != "" {
				t.Errorf("calls differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestModelCallsThatFail(t *testing.T) {
	info := `{"error":{"message":"go","code":"redirection required","info":{"controller-tag":"controller-` + targetUUID + `"}}}`
	other := `{"result":{"uuid":"` + otherModel + `"}}`
	for name, tt := range map[string]struct {
		item string // the one result; "" for err
		err  error
		is   error
		text string
	}{
		"item error":           {item: `{"error":{"message":"permission denied","code":"unauthorized access"}}`, is: rpc.CodeUnauthorized, text: "permission denied"},
		"item error, no code":  {item: `{"error":{"message":"invoking getDB: database not found","code":""}}`, text: "database not found"},
		"call error":           {err: &rpc.Error{Message: "no", Code: "try again"}, is: rpc.Code("try again"), text: "no"},
		"item redirect":        {item: info, is: rpc.CodeRedirect, text: "go"},
		"call redirect":        {err: &rpc.Error{Message: "go", Code: rpc.CodeRedirect}, is: rpc.CodeRedirect, text: "go"},
		"no item":              {item: ` `, text: "0 results"},
		"two items":            {item: other + "," + other, text: "2 results"},
		"another model's item": {item: other, text: "answered for"},
		"an empty item":        {item: `{}`, text: "answer"},
		"a wrong item":         {item: `[]`, text: "cannot unmarshal"},
	} {
		server := &caller{err: tt.err, response: `{"results":[` + tt.item + `]}`}
		_, err := juju.NewModelManager(server, 9).ModelInfo(t.Context(), modelUUID)
		if err == nil || tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%s: got %v, want %v", name, err, tt.is)
			continue
		}
		if text := err.Error(); !strings.HasPrefix(text, `cannot read info of model "`+modelUUID+`": `) || !strings.Contains(text, tt.text) {
			t.Errorf("%s: got %q", name, text)
		}
		if redirect, ok := juju.AsRedirect(err); ok != errors.Is(tt.is, rpc.CodeRedirect) || ok && tt.item != "" && redirect.ControllerUUID != targetUUID {
			t.Errorf("%s: redirect %+v, %v", name, redirect, ok)
		}
	}
}

func TestCallsOnBadModelsAreNotSent(t *testing.T) {
	for _, uuid := range []string{"", "prod", strings.ToUpper(modelUUID), "model-" + modelUUID, modelUUID + "\n"} {
		server := &caller{response: `{}`}
		models := juju.NewModelManager(server, 9)
		if _, err := models.ModelInfo(t.Context(), uuid); err == nil {
			t.Errorf("info of %q", uuid)
		}
		if len(server.calls) != 0 {
			t.Errorf("%q: sent %q", uuid, server.calls)
		}
	}
}

func TestListModelSummaries(t *testing.T) {
	server := &caller{response: `{"results":[` +
		`{"result":{"name":"controller","qualifier":"prod","uuid":"` + otherModel + `","type":"iaas","controller-uuid":"` + controllerUUID + `","is-controller":true,` +
		`"cloud-tag":"cloud-dummy","cloud-region":"dummy-region","life":"alive","status":{"status":"available","info":"","since":null},"user-access":"",` +
		`"last-connection":null,"counts":[],"agent-version":"4.0-beta8"}},` +
		`{"result":{"name":"prod","uuid":"` + modelUUID + `","owner-tag":"user-admin","provider-type":"lxd","cloud-credential-tag":"cloudcred-x_admin_y","user-access":"admin",` +
		`"counts":[{"entity":"machines","count":3}],"migration":{"status":"successful, removing model from source controller","start":"2026-07-01T10:05:00Z","end":"2026-07-01T10:06:00Z"},` +
		`"agent-version":null,"sla":{"level":"","owner":""}}}]}`}
	got, err := juju.NewModelManager(server, 11).ListModelSummaries(t.Context(), juju.UserTag("admin"), true)
	if err != nil {
		t.Fatal(err)
	}
	want := []juju.ModelSummary{
		{
			Name: "controller", UUID: otherModel, Type: "iaas", ControllerUUID: controllerUUID, IsController: true,
			CloudTag: "cloud-dummy", CloudRegion: "dummy-region", Qualifier: "prod", Life: "alive",
			Status: juju.EntityStatus{Status: "available"}, Counts: []juju.ModelCount{}, AgentVersion: "4.0-beta8",
		},
		{
			Name: "prod", UUID: modelUUID, OwnerTag: "user-admin", ProviderType: "lxd",
			Counts: []juju.ModelCount{{Entity: "machines", Count: 3}},
			Migration: &juju.MigrationStatus{
				Status: "successful, removing model from source controller",
				Start:  at(t, "2026-07-01T10:05:00Z"), End: at(t, "2026-07-01T10:06:00Z"),
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("summaries differ (-want +got):\n%s", diff)
	}
	if got[0].Owner() != "prod" || got[1].Owner() != "admin" {
		t.Errorf("owners %q and %q", got[0].Owner(), got[1].Owner())
	}
	wantCalls := []string{`ModelManager.ListModelSummaries 11 {"user-tag":"user-admin","all":true}`}
	if diff := cmp.Diff(wantCalls, server.calls); diff != "" {
		t.Errorf("calls differ (-want +got):\n%s", diff)
	}
}

func TestListModelSummariesKeepsWhatCouldBeRead(t *testing.T) {
	const good = `{"result":{"name":"prod","uuid":"` + modelUUID + `"}}`
	for name, tt := range map[string]struct {
		items string
		want  int
		text  string
		is    error
	}{
		"none":           {"", 0, "", nil},
		"all":            {good + "," + good, 2, "", nil},
		"one error":      {good + `,{"error":{"message":"gone","code":"not found"}},` + good, 2, "cannot list 1 of 3 models: gone", rpc.CodeNotFound},
		"one empty":      {good + `,{}`, 1, "cannot list 1 of 2 models: their answers are empty", nil},
		"both in one":    {`{"result":{"name":"x"},"error":{"message":"gone"}}`, 0, "cannot list 1 of 1 models: gone", nil},
		"empty and gone": {`{},{"error":{"message":"gone"}}`, 0, "cannot list 2 of 2 models: gone", nil},
	} {
		got, err := juju.NewModelManager(&caller{response: `{"results":[` + tt.items + `]}`}, 9).ListModelSummaries(t.Context(), "user-admin", false)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if len(got) != tt.want || text != tt.text || tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%s: got %d, %v; want %d, %q", name, len(got), err, tt.want, tt.text)
		}
	}
	_, err := juju.NewModelManager(&caller{err: &rpc.Error{Message: "permission denied", Code: rpc.CodeUnauthorized}}, 9).
		ListModelSummaries(t.Context(), "user-admin", true)
	if !errors.Is(err, rpc.CodeUnauthorized) {
		t.Errorf("got %v", err)
	}
	if got, err := juju.NewModelManager(&caller{response: `{"results":null}`}, 9).ListModelSummaries(t.Context(), "user-admin", true); err != nil || len(got) != 0 {
		t.Errorf("null: got %v, %v", got, err)
	}
}

func TestTimesOfMigrations(t *testing.T) {
	start, end := "2026-07-01T10:05:00Z", "2026-07-01T10:06:00.5+02:00"
	for name, tt := range map[string]struct {
		wire string
		want juju.MigrationStatus
	}{
		"running":              {`{"status":"x","start":"` + start + `"}`, juju.MigrationStatus{Status: "x", Start: at(t, start)}},
		"ended":                {`{"status":"x","start":"` + start + `","end":"` + end + `"}`, juju.MigrationStatus{Status: "x", Start: at(t, start), End: at(t, end)}},
		"null end":             {`{"status":"x","start":"` + start + `","end":null}`, juju.MigrationStatus{Status: "x", Start: at(t, start)}},
		"zero end is no end":   {`{"status":"x","end":"0001-01-01T00:00:00Z"}`, juju.MigrationStatus{Status: "x"}},
		"unreadable is no end": {`{"status":"x","start":"yesterday","end":12}`, juju.MigrationStatus{Status: "x"}},
		"text of the model":    {`{"status":"migrating: exporting model"}`, juju.MigrationStatus{Status: "exporting model"}},
		"nothing":              {`{}`, juju.MigrationStatus{}},
	} {
		var got juju.MigrationStatus
		if err := json.Unmarshal([]byte(tt.wire), &got); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s differs (-want +got):\n%s", name, diff)
		}
	}
}

func TestControllerFacade(t *testing.T) {
	server := &caller{response: `{"user-models":[{"model":{"name":"my-model","uuid":"` + modelUUID + `","type":"iaas","owner-tag":"user-alice@canonical.com"},"last-connection":null},` +
		`{"model":{"name":"b","uuid":"` + otherModel + `","type":"","qualifier":"prod"}}]}`}
	controller := juju.NewController(server, 12)
	models, err := controller.AllModels(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []juju.UserModel{
		{Name: "my-model", UUID: modelUUID, OwnerTag: "user-alice@canonical.com"},
		{Name: "b", UUID: otherModel, Qualifier: "prod"},
	}
	if diff := cmp.Diff(want, models); diff != "" {
		t.Errorf("models differ (-want +got):\n%s", diff)
	}
	if models[0].Owner() != "alice@canonical.com" || models[1].Owner() != "prod" {
		t.Errorf("owners %q, %q", models[0].Owner(), models[1].Owner())
	}
	wantCalls := []string{"Controller.AllModels 12 null"}
	if diff := cmp.Diff(wantCalls, server.calls); diff != "" {
		t.Errorf("calls differ (-want +got):\n%s", diff)
	}
	if models, err := juju.NewController(&caller{response: `{"user-models":null}`}, 12).AllModels(t.Context()); err != nil || len(models) != 0 {
		t.Errorf("null: got %v, %v", models, err)
	}
	denied := juju.NewController(&caller{err: &rpc.Error{Message: "creating Controller facade v13: permission denied", Code: rpc.CodeUnauthorized}}, 13)
	if _, err := denied.AllModels(t.Context()); !errors.Is(err, rpc.CodeUnauthorized) {
		t.Errorf("got %v", err)
	}
}

// FuzzAnswers has a server answer the facades with anything: there is no panic,
// and no model but the requested one.
func FuzzAnswers(f *testing.F) {
	for _, seed := range []string{
		`{"results":[{"result":{"uuid":"` + modelUUID + `","status":{"since":5},"migration":{"end":"x"}}}]}`,
		`{"results":[{"error":{"message":"go","code":"redirection required","info":{"servers":[[{"port":-1}]]}}}]}`,
		`{"user-models":[{"model":null},null]}`,
		`{"results":null}`, `null`, `[]`, `{"facades":[{"name":"A","versions":[1]}],"controller-tag":"x"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		server := &caller{response: string(answer)}
		models := juju.NewModelManager(server, 9)
		if info, err := models.ModelInfo(t.Context(), modelUUID); err == nil && info.UUID != modelUUID {
			t.Errorf("got model %q", info.UUID)
		}
		_, _ = models.ListModelSummaries(t.Context(), "user-admin", true)
		_, _ = juju.NewController(server, 12).AllModels(t.Context())
		var login juju.LoginResult
		_ = json.Unmarshal(answer, &login)
		_, _ = login.Facades.Best("A", 1)
	})
}
