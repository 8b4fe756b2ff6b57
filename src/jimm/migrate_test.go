package jimm_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/rpc"
)

const (
	migrateTag  = `C-> {"params":{"specs":[{"model-tag":"model-9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10","target-controller":"ctl-b"}]},"request":"MigrateModel","request-id":2,"type":"JIMM","version":4}` + "\n"
	migrateUUID = `C-> {"params":{"specs":[{"model-tag":"9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10","target-controller":"ctl-b"}]},"request":"MigrateModel","request-id":2,"type":"JIMM","version":4}` + "\n"
	migrated    = `<-C {"request-id":2,"response":{"results":[{"model-tag":"model-9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10","migration-id":"9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10:0"}]}}` + "\n"
	// The two refusals of a spelling, by JIMM of 2026 and of 2024.
	refusedTag  = `<-C {"request-id":2,"response":{"results":[{"model-tag":"","error":{"message":"invalid model target","code":""},"migration-id":""}]}}` + "\n"
	refusedUUID = `<-C {"request-id":2,"response":{"results":[{"model-tag":"","error":{"message":"\"9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10\" is not a valid tag","code":""},"migration-id":""}]}}` + "\n"
	migrationID = modelUUID + ":0"
)

func TestMigrateModelSpeaksBothDialects(t *testing.T) {
	tests := []struct{ name, login, conversation string }{
		{"2024: tag", login2024, migrateTag + migrated + migrateTag + migrated},
		{"2026: bare uuid", login2026, migrateUUID + migrated + migrateUUID + migrated},
		// This is found out once: the second call does not try the other spelling again.
		{"early 2025 wants the uuid", login2024, migrateTag + refusedTag + migrateUUID + migrated + migrateUUID + migrated},
		{"new facades, old dialect", login2026, migrateUUID + refusedUUID + migrateTag + migrated + migrateTag + migrated},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := serve(t, map[string]string{"/api": test.login + test.conversation})
			client := f.connect()
			for range 2 {
				if id, err := client.MigrateModel(t.Context(), modelUUID, "ctl-b"); err != nil || id != migrationID {
					t.Errorf("id %q, error %v", id, err)
				}
			}
		})
	}
}

func TestMigrateModelRemembersTheDialectAfterARefusalToo(t *testing.T) {
	inProgress := `<-C {"response":{"results":[{"model-tag":"","error":{"message":"already in progress","code":""},"migration-id":""}]}}` + "\n"
	f := serve(t, map[string]string{"/api": login2024 + migrateTag + refusedTag + migrateUUID + inProgress + migrateUUID + migrated})
	client := f.connect()
	if _, err := client.MigrateModel(t.Context(), modelUUID, "ctl-b"); err == nil {
		t.Error("no error")
	}
	if _, err := client.MigrateModel(t.Context(), modelUUID, "ctl-b"); err != nil {
		t.Error(err)
	}
}

// Any other answer is final: it may come after the controller has accepted.
// The conversation fails the test if a second request is sent.
func TestMigrateModelIsNeverRepeatedForAnotherError(t *testing.T) {
	item := func(message, code string) string {
		return `<-C {"response":{"results":[{"model-tag":"","error":{"message":"` + message + `","code":"` + code + `"},"migration-id":""}]}}`
	}
	tests := []struct{ name, login, request, answer, message string }{
		{"unknown controller", login2024, migrateTag, item("controller not found", "not found"), "controller not found"},
		{"precheck", login2024, migrateTag, item("target prechecks failed: model with same UUID already exists", ""), "prechecks"},
		{"in progress", login2024, migrateTag, item("already in progress", ""), "in progress"},
		{"source down", login2026, migrateUUID, item("failed to dial the controller: basic dial failed: dial tcp 127.0.0.1:1: connect: connection refused", ""), "failed to dial"},
		{"broken connection", login2026, migrateUUID, item("websocket: close 1006 (abnormal closure): unexpected EOF", ""), "1006"},
		{"refusal of the spelling that was not sent, 2024", login2024, migrateTag, item(`\"9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10\" is not a valid tag`, ""), "not a valid tag"},
		{"refusal of the spelling that was not sent, 2026", login2026, migrateUUID, item("invalid model target", ""), "invalid model target"},
		{"another tag is not valid", login2026, migrateUUID, item(`\"cloud-x\" is not a valid tag`, ""), "cloud-x"},
		{"more than the message", login2024, migrateTag, item("invalid model target: by the source", ""), "by the source"},
		{"call error", login2024, migrateTag, `<-C {"error":"boom","error-code":"server error","response":{}}`, "boom"},
		{"connection cut", login2024, migrateTag, "<-C cut", "no connection"},
		{"no result", login2024, migrateTag, `<-C {"response":{"results":[]}}`, "0 results"},
		{"two results", login2024, migrateTag, `<-C {"response":{"results":[{},{}]}}`, "2 results"},
		{"no id", login2024, migrateTag, `<-C {"response":{"results":[{"model-tag":"model-` + modelUUID + `","migration-id":""}]}}`, "neither"},
		{"another model", login2024, migrateTag, `<-C {"response":{"results":[{"model-tag":"model-x","migration-id":"x:0"}]}}`, "model-x"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := serve(t, map[string]string{"/api": test.login + test.request + test.answer})
			id, err := f.connect().MigrateModel(t.Context(), modelUUID, "ctl-b")
			if err == nil || id != "" {
				t.Fatalf("id %q, error %v", id, err)
			}
			if errors.Is(err, rpc.ErrNotSent) {
				t.Errorf("%v claims that nothing was sent", err)
			}
			if !strings.HasPrefix(err.Error(), `cannot migrate model "`+modelUUID+`" to controller "ctl-b": `) ||
				!strings.Contains(err.Error(), test.message) {
				t.Errorf("error %q does not say %q", err, test.message)
			}
		})
	}
}

func TestMigrateModelTriesTheOtherSpellingOnlyOnce(t *testing.T) {
	f := serve(t, map[string]string{"/api": login2024 + migrateTag + refusedTag + migrateUUID + refusedUUID})
	if _, err := f.connect().MigrateModel(t.Context(), modelUUID, "ctl-b"); err == nil {
		t.Error("no error")
	}
}

func TestMigrateModelKeepsTheCodeOfAnItem(t *testing.T) {
	f := serve(t, map[string]string{"/api": login2026 + migrateUUID +
		`<-C {"response":{"results":[{"model-tag":"model-` + modelUUID + `","error":{"message":"permission denied (unauthorized access)","code":"unauthorized access"},"migration-id":""}]}}`})
	_, err := f.connect().MigrateModel(t.Context(), modelUUID, "ctl-b")
	if !errors.Is(err, rpc.CodeUnauthorized) {
		t.Errorf("error %v", err)
	}
}

func TestMigrateModelIgnoresAnEmptyItemError(t *testing.T) {
	f := serve(t, map[string]string{"/api": login2024 + migrateTag +
		`<-C {"response":{"results":[{"error":{"message":"","code":""},"model-tag":"model-` + modelUUID + `","migration-id":"` + migrationID + `"}]}}`})
	if id, err := f.connect().MigrateModel(t.Context(), modelUUID, "ctl-b"); err != nil || id != migrationID {
		t.Errorf("id %q, error %v", id, err)
	}
}

// The connection must live while MigrateModel waits: JIMM cancels the call when its client
// disconnects, and closes connections without pings.
func TestMigrateModelPingsWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := serve(t, map[string]string{"/api": login2026 + migrateUUID + "<-C silence"})
		client := f.connect(func(o *jimm.Options) { o.CallTimeout = 5 * time.Minute })
		_, err := client.MigrateModel(t.Context(), modelUUID, "ctl-b")
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v", err)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.pings < 9 {
			t.Errorf("%d pings in five minutes", f.pings)
		}
	})
}

func TestAlreadyMigrating(t *testing.T) {
	tests := []struct {
		message, mode string
		want          bool
	}{
		{"already in progress", "", true},
		{"failed to create migration: already in progress", "", true},
		{`model "deadbeef" already has an active migration: model already has an active migration`, "", true}, // 4.0.15
		{`failed to update the model's migration mode: model is already in migration mode "migrating-internally"`, "migrating-internally", true},
		{`failed to update the model's migration mode: model is already in migration mode "exporting"`, "exporting", true},
		{"model is already in migration mode odd", "odd", true},
		{"target prechecks failed: model with same UUID already exists", "", false},
		{"permission denied", "", false},
	}
	for _, test := range tests {
		mode, ok := jimm.AlreadyMigrating(&rpc.Error{Message: test.message})
		if mode != test.mode || ok != test.want {
			t.Errorf("%q: mode %q, %v", test.message, mode, ok)
		}
	}
	for _, err := range []error{nil, errors.New("already in progress")} {
		if _, ok := jimm.AlreadyMigrating(err); ok {
			t.Errorf("%v is not JIMM's word", err)
		}
	}
}
