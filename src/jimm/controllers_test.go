package jimm_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
)

const (
	listRequest = `
C-> {"params":{},"request":"ListControllers","request-id":3,"type":"JIMM","version":4}
`
	list2024 = listRequest + `
<-C {"request-id":3,"response":{"controllers":[{"name":"ctl-a","uuid":"aaaaaaaa-0000-4000-8000-000000000001","public-address":"localhost:17171","api-addresses":["127.0.0.1:17171"],"ca-certificate":"<PEM>","cloud-tag":"cloud-localhost","cloud-region":"localhost","username":"","agent-version":"3.5.4","status":{"status":"deprecated","info":"","since":null}},{"name":"ctl-b","uuid":"bbbbbbbb-0000-4000-8000-000000000002","public-address":"localhost:17172","api-addresses":["127.0.0.1:17172"],"ca-certificate":"<PEM>","cloud-tag":"cloud-localhost","cloud-region":"localhost","username":"","agent-version":"3.5.4","status":{"status":"unavailable","info":"","since":"2026-11-22T10:18:09.292Z"}}]}}
`
	list2026 = listRequest + `
<-C {"request-id":3,"response":{"controllers":[{"name":"ctl-a","uuid":"aaaaaaaa-0000-4000-8000-000000000001","public-address":"localhost:27171","api-addresses":["127.0.0.1:27171"],"ca-certificate":"<PEM>","cloud-tag":"cloud-localhost","cloud-region":"localhost","agent-version":"3.6.14","status":{"status":"available","info":"","since":null}}]}}
`
	listOthers2024 = listRequest + `
<-C {"request-id":2,"response":{"controllers":[{"name":"jaas","uuid":"3217dbc9-8ea9-4381-9e97-01eab0b3f6bb","username":"","agent-version":"0.0.0","status":{"status":"available","info":"","since":null}}]}}
`
	listEmpty = listRequest + `
<-C {"request-id":2,"response":{"controllers":[]}}
`
	listSome = listRequest + `
<-C {"request-id":2,"response":{"controllers":[{"name":"ctl-b","uuid":"bbbbbbbb-0000-4000-8000-000000000002","agent-version":"3.6.14","status":{"status":"available","info":"","since":null}}]}}
`
)

func TestListControllers(t *testing.T) {
	since := time.Date(2026, 11, 22, 10, 18, 9, 292e6, time.UTC)
	ctlA := jimm.Controller{
		Name: "ctl-a", UUID: ctlA, PublicAddress: "localhost:17171", APIAddresses: []string{"127.0.0.1:17171"},
		CACertificate: "<PEM>", CloudTag: "cloud-localhost", CloudRegion: "localhost", AgentVersion: "3.5.4",
		Status: juju.EntityStatus{Status: "deprecated"},
	}
	ctlB := jimm.Controller{
		Name: "ctl-b", UUID: ctlB, PublicAddress: "localhost:17172", APIAddresses: []string{"127.0.0.1:17172"},
		CACertificate: "<PEM>", CloudTag: "cloud-localhost", CloudRegion: "localhost", AgentVersion: "3.5.4",
		Status: juju.EntityStatus{Status: "unavailable", Since: &since},
	}
	newA := ctlA
	newA.PublicAddress, newA.APIAddresses, newA.AgentVersion = "localhost:27171", []string{"127.0.0.1:27171"}, "3.6.14"
	newA.Status = juju.EntityStatus{Status: "available"}
	someB := jimm.Controller{Name: "ctl-b", UUID: ctlB.UUID, AgentVersion: "3.6.14", Status: newA.Status}

	none := []jimm.Controller{}
	tests := []struct {
		name, login, list string
		opts              func(*jimm.Options)
		want              []jimm.Controller
		refused           bool
	}{
		{"2024", login2024, list2024, nil, []jimm.Controller{ctlA, ctlB}, false},
		{"2026", login2026, list2026, nil, []jimm.Controller{newA}, false},
		{"administrator of an empty JIMM", login2026, listEmpty, nil, none, false},
		{"no administrator, 2024", loginPlain2024, listOthers2024, asPlain, none, true},
		{"no administrator, 2026", loginPlain2026, listEmpty, asPlain, none, true},
		{"no administrator, shown some", loginPlain2026, listSome, asPlain, []jimm.Controller{someB}, true},
		{"administrator shown JIMM itself", login2024, listOthers2024, nil, none, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := serve(t, map[string]string{"/api": test.login + test.list})
			if test.opts == nil {
				test.opts = func(*jimm.Options) {}
			}
			got, err := f.connect(test.opts).ListControllers(t.Context())
			if errors.Is(err, jimm.ErrNotAdministrator) != test.refused || err != nil && !test.refused {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("controllers (-want +got):\n%s", diff)
			}
		})
	}
}

func TestListMigrationTargets(t *testing.T) {
	f := serve(t, map[string]string{"/api": login2026 + `
C-> {"params":{"model-tag":"model-9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10"},"request":"ListMigrationTargets","request-id":2,"type":"JIMM","version":4}
<-C {"request-id":2,"response":{"controllers":[{"name":"ctl-b","uuid":"bbbbbbbb-0000-4000-8000-000000000002","public-address":"localhost:27172","api-addresses":["127.0.0.1:27172"],"ca-certificate":"<PEM>","cloud-tag":"cloud-localhost","cloud-region":"localhost","agent-version":"3.6.14","status":{"status":"available","info":"","since":null}}]}}
C-> {"params":{"model-tag":"model-00000000-1111-4222-8333-444444444444"},"request":"ListMigrationTargets","request-id":4,"type":"JIMM","version":4}
<-C {"request-id":4,"error":"model not found","error-code":"not found","response":{}}
`})
	client := f.connect()
	targets, err := client.ListMigrationTargets(t.Context(), modelUUID)
	if err != nil || len(targets) != 1 || targets[0].Name != "ctl-b" {
		t.Errorf("targets %v, error %v", targets, err)
	}
	if _, err := client.ListMigrationTargets(t.Context(), "00000000-1111-4222-8333-444444444444"); !errors.Is(err, rpc.CodeNotFound) {
		t.Errorf("error %v", err)
	}
}

func TestMethodsThatOlderJIMMLacksAreNotImplemented(t *testing.T) {
	f := serve(t, map[string]string{"/api": login2024 + `
C-> {"params":{},"request":"Version","request-id":2,"type":"JIMM","version":4}
<-C {"request-id":2,"error":"no such request - method JIMM(4).Version is not implemented","error-code":"not implemented","response":{}}
C-> {"params":{"model":"9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10"},"request":"ModelControllerInfo","request-id":3,"type":"JIMM","version":4}
<-C {"request-id":3,"error":"no such request - method JIMM(4).ModelControllerInfo is not implemented","error-code":"not implemented","response":{}}
C-> {"params":{"model-tag":"model-9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10"},"request":"ListMigrationTargets","request-id":4,"type":"JIMM","version":4}
<-C {"request-id":4,"error":"no such request - method JIMM(4).ListMigrationTargets is not implemented","error-code":"not implemented","response":{}}
`})
	client := f.connect()
	_, err := client.Version(t.Context())
	if !errors.Is(err, rpc.CodeNotImplemented) {
		t.Errorf("Version: %v", err)
	}
	if _, err := client.ModelControllerInfo(t.Context(), modelUUID); !errors.Is(err, rpc.CodeNotImplemented) {
		t.Errorf("ModelControllerInfo: %v", err)
	}
	if _, err := client.ListMigrationTargets(t.Context(), modelUUID); !errors.Is(err, rpc.CodeNotImplemented) {
		t.Errorf("ListMigrationTargets: %v", err)
	}
}

func TestVersion(t *testing.T) {
	f := serve(t, map[string]string{"/api": login2026 + `
C-> {"params":{},"request":"Version","request-id":3,"type":"JIMM","version":4}
<-C {"request-id":3,"response":{"version":"unknown version","commit":"unknown git commit"}}
C-> {"params":{},"request":"Version","request-id":4,"type":"JIMM","version":4}
<-C {"request-id":4,"response":{"version":"v3.1.12","commit":"0123abcd"}}
`})
	client := f.connect()
	for _, want := range []jimm.ServerInfo{{}, {Version: "v3.1.12", Commit: "0123abcd"}} {
		if got, err := client.Version(t.Context()); err != nil || got != want {
			t.Errorf("got %v, error %v, want %v", got, err, want)
		}
	}
}

func TestDisableControllerUUIDMasking(t *testing.T) {
	const request = `
C-> {"params":{},"request":"DisableControllerUUIDMasking","request-id":3,"type":"JIMM","version":4}
`
	f := serve(t, map[string]string{"/api": login2024 + request + `
<-C {"request-id":3,"response":{}}
` + request + `
<-C {"request-id":3,"error":"unauthorized","error-code":"unauthorized access","response":{}}
`})
	client := f.connect()
	if err := client.DisableControllerUUIDMasking(t.Context()); err != nil {
		t.Error(err)
	}
	if err := client.DisableControllerUUIDMasking(t.Context()); !errors.Is(err, rpc.CodeUnauthorized) {
		t.Errorf("error %v", err)
	}
}

func TestUpdateMigratedModel(t *testing.T) {
	const request = `C-> {"params":{"model-tag":"model-9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10","target-controller":"ctl-b"},"request":"UpdateMigratedModel","request-id":2,"type":"JIMM","version":4}` + "\n<-C "
	tests := []struct {
		name, answer string
		code         rpc.Code
	}{
		{"done", `{"request-id":2,"response":{}}`, ""},
		{"unknown controller", `{"request-id":2,"error":"controller not found","error-code":"not found","response":{}}`, rpc.CodeNotFound},
		{"unknown model", `{"request-id":3,"error":"model not found","error-code":"model not found","response":{}}`, rpc.CodeModelNotFound},
		{"target denies", `{"request-id":2,"error":"permission denied","error-code":"unauthorized access","response":{}}`, rpc.CodeUnauthorized},
		{"target redirects", `{"request-id":2,"error":"redirection to alternative server required","error-code":"redirection required","response":{}}`, rpc.CodeRedirect},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := serve(t, map[string]string{"/api": login2024 + request + test.answer})
			err := f.connect().UpdateMigratedModel(t.Context(), modelUUID, "ctl-b")
			if test.code == "" && err != nil || test.code != "" && !errors.Is(err, test.code) {
				t.Errorf("error %v, want code %q", err, test.code)
			}
		})
	}
}

// JIMM of 2024 uses the first controller of its database for an empty name; the two others would
// use the name as it is.
func TestCallsRefusedBeforeSending(t *testing.T) {
	f := serve(t, map[string]string{"/api": login2024})
	client := f.connect()
	ctx := t.Context()
	badModels := []string{
		"", "prod", "alice@example.com/prod", "model-" + modelUUID, "9E0A4C8E-4B3F-4A52-8C0B-3A0F4D2F6A10",
		"9e0a4c8e4b3f4a528c0b3a0f4d2f6a10", "{" + modelUUID + "}", modelUUID + " ", modelUUID + "\n",
	}
	check := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, rpc.ErrNotSent) {
			t.Errorf("%s: error %v, want one of ErrNotSent", what, err)
		}
	}
	for _, model := range badModels {
		_, err := client.MigrateModel(ctx, model, "ctl-b")
		check("MigrateModel "+model, err)
		check("UpdateMigratedModel "+model, client.UpdateMigratedModel(ctx, model, "ctl-b"))
		_, err = client.ModelInfo(ctx, model)
		check("ModelInfo "+model, err)
		_, err = client.ListMigrationTargets(ctx, model)
		check("ListMigrationTargets "+model, err)
		_, err = client.DialModel(ctx, model)
		check("DialModel "+model, err)
	}
	for _, target := range []string{"", " ", "ctl b", "ctl-b\n"} {
		_, err := client.MigrateModel(ctx, modelUUID, target)
		check("MigrateModel to "+target, err)
		check("UpdateMigratedModel to "+target, client.UpdateMigratedModel(ctx, modelUUID, target))
	}
	for _, model := range []string{"", "prod", "/prod", "alice/", "a/b/c", "model-" + modelUUID, "alice /prod"} {
		_, err := client.ModelControllerInfo(ctx, model)
		check("ModelControllerInfo "+model, err)
	}
	if got := f.dialled(); len(got) != 1 {
		t.Errorf("dialled %v", got)
	}
}

// JIMM gives a silent controller 60 s for ModelInfo and has no limit for the
// other calls; ours must not end before JIMM's answer can come, and must end.
func TestTimeLimits(t *testing.T) {
	tests := []struct {
		name, request string
		call          func(context.Context, *jimm.Client) error
		limit         time.Duration
	}{
		{
			"Version", `{"params":{},"request":"Version","type":"JIMM","version":4}`,
			func(ctx context.Context, c *jimm.Client) error { _, err := c.Version(ctx); return err },
			time.Minute,
		},
		{
			"ModelInfo", `{"params":{"entities":[{"tag":"model-9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10"}]},"request":"ModelInfo","type":"ModelManager","version":9}`,
			func(ctx context.Context, c *jimm.Client) error { _, err := c.ModelInfo(ctx, modelUUID); return err },
			75 * time.Second,
		},
		{
			"UpdateMigratedModel", `{"params":{"model-tag":"model-9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10","target-controller":"ctl-b"},"request":"UpdateMigratedModel","type":"JIMM","version":4}`,
			func(ctx context.Context, c *jimm.Client) error { return c.UpdateMigratedModel(ctx, modelUUID, "ctl-b") },
			3 * time.Minute,
		},
		{
			"MigrateModel", `{"params":{"specs":[{"model-tag":"model-9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10","target-controller":"ctl-b"}]},"request":"MigrateModel","type":"JIMM","version":4}`,
			func(ctx context.Context, c *jimm.Client) error {
				_, err := c.MigrateModel(ctx, modelUUID, "ctl-b")
				return err
			},
			3 * time.Minute,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := serve(t, map[string]string{"/api": login2024 + "C-> " + test.request + "\n<-C silence"})
				client := f.connect()
				start := time.Now()
				err := test.call(t.Context(), client)
				if took := time.Since(start); took != test.limit {
					t.Errorf("ended after %v, want %v", took, test.limit)
				}
				if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, rpc.ErrNotSent) {
					t.Errorf("error %v", err)
				}
				if err := client.Err(); err != nil {
					t.Errorf("the connection ended too: %v", err)
				}
			})
		})
	}
}
