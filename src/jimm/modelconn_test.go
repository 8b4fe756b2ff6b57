package jimm_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
)

func TestDialModelNamesTheHostingController(t *testing.T) {
	f := serve(t, map[string]string{"/api": login2024, modelPath: loginModel})
	model, err := f.connect().DialModel(t.Context(), modelUUID)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	if model.ControllerUUID() != ctlB || model.ModelUUID() != modelUUID || model.ServerVersion() != "3.5.4" {
		t.Errorf("controller %s, model %s, version %s", model.ControllerUUID(), model.ModelUUID(), model.ServerVersion())
	}
	if got := model.Facades()["Client"]; !slices.Equal(got, []int{6, 7}) {
		t.Errorf("Client %v", got)
	}
	if err := model.Close(); err != nil {
		t.Error(err)
	}
	<-model.Done()
	if !errors.Is(model.Err(), rpc.ErrConnection) {
		t.Errorf("after closing: %v", model.Err())
	}
}

// JIMM newer than July 2026 takes a client without a version for one of Juju 3.6, and
// refuses it a connection to a model on Juju 4 (canonical/jimm#2065).
func TestDialModelTellsTheVersionOfTheClient(t *testing.T) {
	f := serve(t, map[string]string{"/api": login2024, modelPath: loginModel})
	model, err := f.connect().DialModel(t.Context(), modelUUID)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	if want := []string{"", "4.0.13"}; !slices.Equal(f.versions, want) {
		t.Errorf("versions %q on %q, want %q", f.versions, f.dials, want)
	}
}

// As recorded: errors that JIMM makes itself have no response and often no
// code, those of the controller are passed through.
func TestDialModelRefusals(t *testing.T) {
	tests := []struct {
		name, answer string
		code         rpc.Code
		want         jimm.Answer
	}{
		{"unknown model, 2024", `{"request-id":1,"error":"model not found","error-code":"not found"}`, rpc.CodeNotFound, jimm.AnswerUnrecorded},
		{"unknown model, 2026", `{"request-id":1,"error":"failed to find model: model not found","error-code":"not found"}`, rpc.CodeNotFound, jimm.AnswerUnrecorded},
		{"controller never had it", `{"request-id":1,"error":"unknown model: \"9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10\"","error-code":"model not found","response":{}}`, rpc.CodeModelNotFound, jimm.AnswerGone},
		{"controller down, 2024", `{"request-id":1,"error":"no urls to dial"}`, "", jimm.AnswerUnreachable},
		{"controller down, 2026", `{"request-id":1,"error":"basic dial failed: dial tcp 127.0.0.1:27171: connect: connection refused"}`, "", jimm.AnswerUnreachable},
		{"wrong secret, 2026", `{"request-id":1,"error":"invalid client credentials: oauth2: \"invalid_client\"","error-code":"fatal login error"}`, jimm.CodeFatalLogin, jimm.AnswerUnknown},
		{"wrong secret, 2024", `{"request-id":1,"error":"invalid client credentials","error-code":"unauthorized access"}`, rpc.CodeUnauthorized, jimm.AnswerUnknown},
		{"model left, record stays", `{"request-id":1,"error":"invalid entity name or password","error-code":"unauthorized access","response":{}}`, rpc.CodeUnauthorized, jimm.AnswerDenied},
		{"model left, JIMM migrates it", `{"request-id":1,"error":"model is finishing migration, please retry later","error-code":"model migrating","response":{}}`, rpc.CodeModelMigrating, jimm.AnswerMigrating},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			request, _, _ := strings.Cut(strings.TrimSpace(loginModel), "\n")
			f := serve(t, map[string]string{"/api": login2024, modelPath: request + "\n<-C " + test.answer})
			_, err := f.connect().DialModel(t.Context(), modelUUID)
			answer, ok := errors.AsType[*rpc.Error](err)
			if !ok || answer.Code != test.code {
				t.Fatalf("error %v, want an *rpc.Error with code %q", err, test.code)
			}
			if got := jimm.ReadAnswer(err); got != test.want {
				t.Errorf("answer %v, want %v", got, test.want)
			}
			if !strings.HasPrefix(err.Error(), "cannot connect to model \""+modelUUID+"\" through JIMM: ") {
				t.Errorf("error %q", err)
			}
		})
	}
}

// Only a server that supports storage reports it; from any other, its absence
// proves nothing.
func TestFullStatusAndStorageSaysWhetherStorageIsReported(t *testing.T) {
	for _, test := range []struct {
		versions, request string
		reported          bool
	}{
		{"6,8", `"params":{"include-storage":true,"patterns":[]},"request":"FullStatus","request-id":2,"type":"Client","version":8`, true},
		{"6", `"params":{"patterns":[]},"request":"FullStatus","request-id":2,"type":"Client","version":6`, false},
	} {
		login := strings.Replace(loginModel, `"versions":[6,7]`, `"versions":[`+test.versions+`]`, 1)
		f := serve(t, map[string]string{"/api": login2024, modelPath: login + `
C-> {` + test.request + `}
<-C {"request-id":2,"response":{"model":{"name":"prod"},"storage":[{"storage-tag":"storage-data-0","kind":2}]}}
`})
		model, err := f.connect().DialModel(t.Context(), modelUUID)
		if err != nil {
			t.Fatal(err)
		}
		status, reported, err := model.FullStatusAndStorage(t.Context())
		if err != nil || reported != test.reported || len(status.Storage) != 1 {
			t.Errorf("Client %s: reported %v, %v, %v", test.versions, reported, status.Storage, err)
		}
		_ = model.Close()
	}
}

func TestDialModelKeepsWhereARedirectGoes(t *testing.T) {
	request, _, _ := strings.Cut(strings.TrimSpace(loginModel), "\n")
	f := serve(t, map[string]string{"/api": login2026, modelPath: request + `
<-C {"request-id":1,"error":"redirection to alternative server required","error-code":"redirection required","error-info":{"ca-cert":"<PEM>","controller-alias":"ctl-b","controller-tag":"controller-bbbbbbbb-0000-4000-8000-000000000002","servers":[[{"port":27172,"scope":"local-machine","type":"ipv4","value":"127.0.0.1"}]]},"response":{}}
`})
	_, err := f.connect().DialModel(t.Context(), modelUUID)
	redirect, ok := errors.AsType[*juju.RedirectError](err)
	if !ok || !errors.Is(err, rpc.CodeRedirect) {
		t.Fatalf("error %v", err)
	}
	if redirect.ControllerUUID != ctlB || redirect.ControllerAlias != "ctl-b" {
		t.Errorf("redirect %+v", redirect)
	}
	if got := jimm.ReadAnswer(err); got != jimm.AnswerRedirected {
		t.Errorf("answer %v", got)
	}
}

func TestDialModelRefusesALoginToSomethingElse(t *testing.T) {
	for name, change := range map[string][2]string{
		"another model": {"model-" + modelUUID, "model-00000000-1111-4222-8333-444444444444"},
		"no model":      {`"model-tag":"model-` + modelUUID + `",`, ""},
		"no controller": {`"controller-tag":"controller-bbbbbbbb-0000-4000-8000-000000000002",`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := serve(t, map[string]string{"/api": login2024, modelPath: strings.Replace(loginModel, change[0], change[1], 1)})
			if model, err := f.connect().DialModel(t.Context(), modelUUID); err == nil {
				_ = model.Close()
				t.Error("no error")
			}
		})
	}
}

func TestDialModelCutIsALostConnection(t *testing.T) {
	request, _, _ := strings.Cut(strings.TrimSpace(loginModel), "\n")
	f := serve(t, map[string]string{"/api": login2024, modelPath: request + "\n<-C cut"})
	client := f.connect()
	_, err := client.DialModel(t.Context(), modelUUID)
	if !errors.Is(err, rpc.ErrConnection) || jimm.ReadAnswer(err) != jimm.AnswerNone {
		t.Errorf("error %v", err)
	}
	if client.Err() != nil {
		t.Errorf("the client's own connection is lost too: %v", client.Err())
	}
}

const statusRequest = `C-> {"params":{"patterns":[]},"request":"FullStatus","request-id":2,"type":"Client","version":%d}` + "\n<-C "

func TestFullStatusUsesTheHighestCommonVersion(t *testing.T) {
	// Recorded: 3.5.4 behind JIMM of 2024.
	const answer = `{"request-id":2,"response":{"applications":{},"branches":{},"controller-timestamp":null,"machines":{},"model":{"cloud-tag":"cloud-localhost","model-status":{"data":{},"info":"","since":null,"status":"available"},"name":"my-model","type":"iaas","version":"3.5.4"},"offers":{},"relations":[],"remote-applications":{}}}`
	for versions, want := range map[string]string{"[6,7]": "7", "[6,7,8]": "8", "[1,2,3,4,5,6]": "6", "[8,9,10]": "8"} {
		t.Run(versions, func(t *testing.T) {
			f := serve(t, map[string]string{
				"/api":    login2024,
				modelPath: strings.Replace(loginModel, `"Client","versions":[6,7]`, `"Client","versions":`+versions, 1) + strings.Replace(statusRequest, "%d", want, 1) + answer,
			})
			model, err := f.connect().DialModel(t.Context(), modelUUID)
			if err != nil {
				t.Fatal(err)
			}
			defer model.Close()
			status, err := model.FullStatus(t.Context())
			if err != nil || status.Model.Name != "my-model" || status.Model.Status.Status != "available" {
				t.Errorf("status %+v, error %v", status, err)
			}
		})
	}
}

func TestFullStatusRefusals(t *testing.T) {
	tests := []struct {
		name, answer string
		want         jimm.Answer
	}{
		{"while JIMM migrates", `{"request-id":2,"error":"model is finishing migration, please retry later","error-code":"model migrating","response":{}}`, jimm.AnswerMigrating},
		{"importing copy, 4.0", `{"request-id":2,"error":"migration in progress, model is importing","response":{}}`, jimm.AnswerPresent},
		{"exporting, a call not allowed", `{"request-id":2,"error":"model migration in progress","response":{}}`, jimm.AnswerPresent},
		{"no response key, 2024", `{"request-id":2,"error":"unexpected end of JSON input"}`, jimm.AnswerUnknown},
		{"no model in it", `{"request-id":2,"response":{"applications":{}}}`, jimm.AnswerUnknown},
		{"empty", `{"request-id":2,"response":{}}`, jimm.AnswerUnknown},
		{"nothing", `{"request-id":2}`, jimm.AnswerUnknown},
		{"another form", `{"request-id":2,"response":{"model":{"name":"x"},"applications":[1]}}`, jimm.AnswerUnknown},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := serve(t, map[string]string{"/api": login2024, modelPath: loginModel + strings.Replace(statusRequest, "%d", "7", 1) + test.answer})
			model, err := f.connect().DialModel(t.Context(), modelUUID)
			if err != nil {
				t.Fatal(err)
			}
			defer model.Close()
			if _, err = model.FullStatus(t.Context()); err == nil || jimm.ReadAnswer(err) != test.want {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestFullStatusOfTheFutureIsNotCalled(t *testing.T) {
	f := serve(t, map[string]string{"/api": login2024, modelPath: strings.Replace(loginModel, `"versions":[6,7]`, `"versions":[9]`, 1)})
	model, err := f.connect().DialModel(t.Context(), modelUUID)
	if err != nil {
		t.Fatal(err)
	}
	defer model.Close()
	if _, err := model.FullStatus(t.Context()); !errors.Is(err, rpc.ErrNotSent) {
		t.Errorf("error %v", err)
	}
}
