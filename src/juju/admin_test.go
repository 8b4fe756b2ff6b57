package juju_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
)

func TestPrechecks(t *testing.T) {
	model := juju.Precheck{
		UUID: modelUUID, Name: "prod", Owner: "alice@canonical.com", AgentVersion: "3.6.14", ControllerVersion: "3.6.15",
		Facades: juju.FacadeVersions{"Controller": {11, 12}, "ModelManager": {9}},
	}
	const params = `{"uuid":"` + modelUUID + `","name":"prod","owner-tag":"user-alice@canonical.com","agent-version":"3.6.14","controller-agent-version":"3.6.15"`
	for version, want := range map[int]string{
		1: "MigrationTarget.Prechecks 1 " + params + "}",
		2: "MigrationTarget.Prechecks 2 " + params + "}",
		3: "MigrationTarget.Prechecks 3 " + params + `,"facade-versions":{"Controller":[11,12],"ModelManager":[9]}}`,
	} {
		server := &caller{response: "{}"}
		target := juju.NewMigrationTarget(server, version)
		if err := target.Prechecks(t.Context(), model); err != nil || target.Version() != version {
			t.Errorf("version %d: %v", target.Version(), err)
		}
		if diff := cmp.Diff([]string{want}, server.calls); diff != "" {
			t.Errorf("calls differ (-want +got):\n%s", diff)
		}
	}
	refuses := juju.NewMigrationTarget(&caller{err: &rpc.Error{Message: `model named "prod" already exists`}}, 3)
	answer, ok := errors.AsType[*rpc.Error](refuses.Prechecks(t.Context(), model))
	if !ok || answer.Message != `model named "prod" already exists` {
		t.Errorf("got %v", answer)
	}
	model.UUID = ""
	server := &caller{response: "{}"}
	if err := juju.NewMigrationTarget(server, 3).Prechecks(t.Context(), model); err == nil || len(server.calls) > 0 {
		t.Errorf("an empty UUID was sent: %v", server.calls)
	}
}

// A model is named by its UUID, and an answer that is an error keeps its text.
func TestAbortOfAnImport(t *testing.T) {
	server := &caller{response: "{}"}
	if err := juju.NewImportAborter(server, 7).Abort(t.Context(), modelUUID); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{`MigrationTarget.Abort 7 {"model-tag":"model-` + modelUUID + `"}`}, server.calls); diff != "" {
		t.Errorf("calls differ (-want +got):\n%s", diff)
	}
	refuses := &caller{err: &rpc.Error{Message: "migration mode for the model is not importing"}}
	answer, ok := errors.AsType[*rpc.Error](juju.NewImportAborter(refuses, 1).Abort(t.Context(), modelUUID))
	if !ok || answer.Message != "migration mode for the model is not importing" {
		t.Errorf("got %v", answer)
	}
	server = &caller{response: "{}"}
	if err := juju.NewImportAborter(server, 3).Abort(t.Context(), ""); err == nil || len(server.calls) > 0 {
		t.Errorf("an empty UUID was sent: %v", server.calls)
	}
}

// The answers are those of Juju 3.6, and of 4.0-beta8 as recorded, shortened.
func TestUsersAndClouds(t *testing.T) {
	server := &caller{response: `{"results":[{"result":{"username":"admin","display-name":"admin","access":"superuser","disabled":false}},{"result":{"username":"bob","disabled":true}},{}]}`}
	users, err := juju.NewUserManager(server).Users(t.Context())
	if diff := cmp.Diff([]juju.LocalUser{{Name: "admin"}, {Name: "bob", Disabled: true}}, users); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if diff := cmp.Diff([]string{`UserManager.UserInfo 3 {"entities":[],"include-disabled":true}`}, server.calls); diff != "" {
		t.Error(diff)
	}
	for _, broken := range []*caller{
		{response: `{"results":[{"error":{"message":"permission denied","code":"unauthorized access"}}]}`},
		{err: &rpc.Error{Message: "permission denied", Code: rpc.CodeUnauthorized}},
	} {
		if users, err := juju.NewUserManager(broken).Users(t.Context()); !errors.Is(err, rpc.CodeUnauthorized) || users != nil {
			t.Errorf("got %v, %v", users, err)
		}
	}

	server = &caller{response: `{"clouds":{"cloud-aws":{"type":"ec2","regions":[{"name":"us-east-1"},{"name":"eu-west-1"}]},"cloud-k8s":{"type":"kubernetes"}}}`}
	clouds, err := juju.NewCloud(server).Clouds(t.Context())
	if diff := cmp.Diff(map[string][]string{"aws": {"us-east-1", "eu-west-1"}, "k8s": nil}, clouds); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if diff := cmp.Diff([]string{"Cloud.Clouds 7 null"}, server.calls); diff != "" {
		t.Error(diff)
	}
	if _, err := juju.NewCloud(&caller{err: &rpc.Error{Code: rpc.CodeUnauthorized}}).Clouds(t.Context()); !errors.Is(err, rpc.CodeUnauthorized) {
		t.Errorf("got %v", err)
	}

	for response, want := range map[string]string{`{"result":""}`: "", `{"result":"https://id.example.com"}`: "https://id.example.com"} {
		if got, err := juju.NewController(&caller{response: response}, 12).IdentityProviderURL(t.Context()); err != nil || got != want {
			t.Errorf("%s: %q, %v", response, got, err)
		}
	}
	denied := juju.NewController(&caller{err: &rpc.Error{Code: rpc.CodeUnauthorized}}, 13)
	if _, err := denied.IdentityProviderURL(t.Context()); !errors.Is(err, rpc.CodeUnauthorized) {
		t.Errorf("got %v", err)
	}
}

func TestFacadesOfTwoConnectionsAreOne(t *testing.T) {
	a := juju.FacadeVersions{"Controller": {11, 12}, "Pinger": {1}}
	b := juju.FacadeVersions{"Client": {6, 7}, "Pinger": {1}, "Controller": {3, 12}}
	want := juju.FacadeVersions{"Controller": {3, 11, 12}, "Pinger": {1}, "Client": {6, 7}}
	if diff := cmp.Diff(want, a.Union(b)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(juju.FacadeVersions{"Controller": {11, 12}, "Pinger": {1}}, a); diff != "" {
		t.Errorf("the first list has changed:\n%s", diff)
	}
}

// A target lists what is wrong with a copy; if it cannot compare, the error is its answer.
func TestCheckOfAnImport(t *testing.T) {
	server := &caller{response: `{"results":[{"error":{"message":"couldn't find instance \"i-1\" for machine 0","code":""}},{}]}`}
	problems, err := juju.NewImportChecker(server, 3).CheckMachines(t.Context(), modelUUID)
	if diff := cmp.Diff([]string{`couldn't find instance "i-1" for machine 0`}, problems); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if diff := cmp.Diff([]string{`MigrationTarget.CheckMachines 3 {"model-tag":"model-` + modelUUID + `"}`}, server.calls); diff != "" {
		t.Errorf("calls differ (-want +got):\n%s", diff)
	}
	const text = `credential "default" not valid`
	refuses := &caller{err: &rpc.Error{Message: text, Code: "not valid"}}
	if answer, ok := errors.AsType[*rpc.Error](func() error {
		_, err := juju.NewImportChecker(refuses, 1).CheckMachines(t.Context(), modelUUID)
		return err
	}()); !ok || answer.Message != text {
		t.Errorf("got %v", answer)
	}
	server = &caller{response: "{}"}
	if _, err := juju.NewImportChecker(server, 3).CheckMachines(t.Context(), ""); err == nil || len(server.calls) > 0 {
		t.Errorf("an empty UUID was sent: %v", server.calls)
	}
}

func TestCredential(t *testing.T) {
	const tag = "cloudcred-aws_bob%40canonical.com_main%5f1"
	server := &caller{response: `{"results":[{"result":{"auth-type":"access-key","attrs":{"access-key":"AK"},"redacted":["secret-key"]}}]}`}
	got, err := juju.NewCloud(server).Credential(t.Context(), tag)
	want := juju.Credential{AuthType: "access-key", Attributes: map[string]string{"access-key": "AK"}, Redacted: []string{"secret-key"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if diff := cmp.Diff([]string{`Cloud.Credential 7 {"entities":[{"tag":"` + tag + `"}]}`}, server.calls); diff != "" {
		t.Error(diff)
	}
	for response, code := range map[string]rpc.Code{
		`{"results":[{"error":{"message":"credential \"main\" not found","code":"not found"}}]}`: rpc.CodeNotFound,
		`{"results":[{"error":{"message":"permission denied","code":"unauthorized access"}}]}`:   rpc.CodeUnauthorized,
	} {
		if _, err := juju.NewCloud(&caller{response: response}).Credential(t.Context(), tag); !errors.Is(err, code) {
			t.Errorf("%s: %v", response, err)
		}
	}
	for _, response := range []string{`{"results":[]}`, `{"results":[{}]}`} {
		if got, err := juju.NewCloud(&caller{response: response}).Credential(t.Context(), tag); err == nil {
			t.Errorf("%s: %v", response, got)
		}
	}
	for tag, want := range map[string]string{tag: "bob@canonical.com", "cloudcred-aws_bob_main": "bob", "cloudcred-aws": "", "user-bob": "", "": ""} {
		if got := juju.CredentialOwner(tag); got != want {
			t.Errorf("%s: %q", tag, got)
		}
	}
}
