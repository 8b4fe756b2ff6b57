package jimm_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
)

const (
	infoRequest     = `C-> {"params":{"entities":[{"tag":"model-9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10"}]},"request":"ModelInfo","request-id":2,"type":"ModelManager","version":9}` + "\n<-C "
	infoRequest2026 = `C-> {"params":{"entities":[{"tag":"model-9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10"}]},"request":"ModelInfo","request-id":2,"type":"ModelManager","version":10}` + "\n<-C "
	info2024        = `{"request-id":3,"response":{"results":[{"result":{"name":"my-model","type":"iaas","uuid":"9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10","controller-uuid":"aaaaaaaa-0000-4000-8000-000000000001","is-controller":false,"provider-type":"lxd","default-series":"jammy","default-base":"ubuntu@22.04/stable","cloud-tag":"cloud-localhost","cloud-region":"localhost","cloud-credential-tag":"cloudcred-localhost_alice@canonical.com_cred1","cloud-credential-validity":true,"owner-tag":"user-alice@canonical.com","life":"alive","status":{"status":"busy","info":"migrating: starting","since":"2024-10-24T10:05:00Z"},"users":[{"model-tag":"","user":"alice@canonical.com","display-name":"","last-connection":null,"access":"admin"},{"model-tag":"","user":"fca1f605-736e-4d1f-bcd2-aecc726923be@serviceaccount","display-name":"","last-connection":null,"access":"admin"}],"machines":[{"id":"0","hardware":{"mem":2048,"cores":2},"instance-id":"juju-0","status":"started"}],"secret-backends":[],"migration":{"status":"starting","start":"2024-10-24T10:05:00Z"},"sla":{"level":"unsupported","owner":""},"agent-version":"3.5.4"}}]}}`
	info2026        = `{"request-id":3,"response":{"results":[{"result":{"name":"my-model","type":"iaas","uuid":"9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10","controller-uuid":"3217dbc9-8ea9-4381-9e97-01eab0b3f6bb","is-controller":false,"provider-type":"lxd","default-series":"jammy","default-base":"jammy","cloud-tag":"cloud-localhost","cloud-region":"localhost","cloud-credential-tag":"cloudcred-localhost_alice@canonical.com_cred1","cloud-credential-validity":true,"owner-tag":"user-alice@canonical.com","life":"alive","status":{"status":"available","info":"","since":"2024-10-24T10:00:00Z"},"users":[{"model-tag":"","user":"alice@canonical.com","display-name":"","last-connection":null,"access":"admin"}],"machines":[{"id":"0","hardware":{"mem":2048,"cores":2},"instance-id":"juju-0","status":"started"}],"secret-backends":null,"sla":null,"agent-version":"3.5.4"}}]}}`
)

func TestModelInfo2024(t *testing.T) {
	f := serve(t, map[string]string{"/api": login2024 + infoRequest + info2024})
	info, err := f.connect().ModelInfo(t.Context(), modelUUID)
	if err != nil {
		t.Fatal(err)
	}
	if info.UUID != modelUUID || info.ControllerUUID != ctlA || info.Owner() != "alice@canonical.com" || len(info.Users) != 2 {
		t.Errorf("info %+v", info)
	}
	start := time.Date(2024, 10, 24, 10, 5, 0, 0, time.UTC)
	if m := info.Migration; m == nil || m.Status != "starting" || m.Start == nil || !m.Start.Equal(start) || m.End != nil {
		t.Errorf("migration %+v", m)
	}
}

func TestModelInfo2026UsesTheHighestCommonVersion(t *testing.T) {
	f := serve(t, map[string]string{"/api": login2026 + infoRequest2026 + info2026})
	info, err := f.connect().ModelInfo(t.Context(), modelUUID)
	if err != nil || info.ControllerUUID != jimmUUID || info.Migration != nil {
		t.Errorf("info %+v, error %v", info, err)
	}
}

// The recorded answers of ModelInfo and of a proxied login, and what they mean.
func TestModelInfoRefusals(t *testing.T) {
	tests := []struct {
		name, item string
		code       rpc.Code
		answer     jimm.Answer
	}{
		{"unknown to JIMM, or no right to it", `{"message":"unauthorized","code":"unauthorized access"}`, rpc.CodeUnauthorized, jimm.AnswerMasked},
		{"source redirects", `{"message":"redirection to alternative server required","code":"redirection required"}`, rpc.CodeRedirect, jimm.AnswerRedirected},
		{"source redirects the call", `{"message":"redirection to alternative server required (redirection required)","code":"redirection required"}`, rpc.CodeRedirect, jimm.AnswerRedirected},
		{"source denies", `{"message":"permission denied","code":"unauthorized access"}`, rpc.CodeUnauthorized, jimm.AnswerDenied},
		{"source says model not found", `{"message":"model not found","code":"model not found"}`, rpc.CodeModelNotFound, jimm.AnswerGone},
		{"source says not found", `{"message":"model \"9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10\" not found","code":"not found"}`, rpc.CodeNotFound, jimm.AnswerGone},
		{"gone from Juju 4", `{"message":"invoking getDB: database not found","code":""}`, "", jimm.AnswerGone},
		{"source down, 2024", `{"message":"no urls to dial","code":""}`, "", jimm.AnswerUnreachable},
		{"source down, 2026", `{"message":"basic dial failed: dial tcp 127.0.0.1:27171: connect: connection refused","code":""}`, "", jimm.AnswerUnreachable},
		{"source silent", `{"message":"context deadline exceeded","code":""}`, "", jimm.AnswerUnreachable},
		{"source refuses JIMM", `{"message":"authentication failed","code":"connection failed"}`, jimm.CodeConnectionFailed, jimm.AnswerUnreachable},
		{"source released, JIMM stuck", `{"message":"internal server error","code":""}`, "", jimm.AnswerStuck},
		{"a text of the future", `{"message":"the model is on holiday","code":""}`, "", jimm.AnswerUnknown},
		{"a code of the future", `{"message":"permission denied","code":"holiday"}`, "holiday", jimm.AnswerUnknown},
		{"another unauthorized", `{"message":"you are on holiday","code":"unauthorized access"}`, rpc.CodeUnauthorized, jimm.AnswerUnknown},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := serve(t, map[string]string{"/api": login2024 + infoRequest + `{"request-id":2,"response":{"results":[{"error":` + test.item + `}]}}`})
			_, err := f.connect().ModelInfo(t.Context(), modelUUID)
			item, ok := errors.AsType[*rpc.Error](err)
			if !ok || item.Code != test.code {
				t.Fatalf("error %v, want an *rpc.Error with code %q", err, test.code)
			}
			if !strings.HasPrefix(err.Error(), "cannot ") || !strings.Contains(err.Error(), modelUUID) {
				t.Errorf("error %q", err)
			}
			if got := jimm.ReadAnswer(err); got != test.answer {
				t.Errorf("answer %v, want %v", got, test.answer)
			}
			if _, ok := juju.AsRedirect(err); ok != (test.answer == jimm.AnswerRedirected) {
				t.Errorf("redirect %v", ok)
			}
		})
	}
}

func TestModelInfoRefusesAnswersAboutSomethingElse(t *testing.T) {
	for name, answer := range map[string]string{
		"no results":    `{"response":{"results":[]}}`,
		"null results":  `{"response":{"results":null}}`,
		"no response":   `{}`,
		"two results":   `{"response":{"results":[{"result":{"uuid":"` + modelUUID + `"}},{}]}}`,
		"nothing in it": `{"response":{"results":[{}]}}`,
		"other model":   strings.ReplaceAll(info2024, modelUUID, "00000000-1111-4222-8333-444444444444"),
	} {
		t.Run(name, func(t *testing.T) {
			f := serve(t, map[string]string{"/api": login2024 + infoRequest + answer})
			info, err := f.connect().ModelInfo(t.Context(), modelUUID)
			if err == nil || jimm.ReadAnswer(err) != jimm.AnswerUnknown {
				t.Errorf("info %+v, error %v", info, err)
			}
		})
	}
}

func TestListModelSummaries(t *testing.T) {
	const (
		request  = `C-> {"params":{"user-tag":"user-fca1f605-736e-4d1f-bcd2-aecc726923be@serviceaccount","all":true},"request":"ListModelSummaries","request-id":5,"type":"ModelManager","version":9}` + "\n<-C "
		summary  = `{"result":{"name":"my-model","uuid":"9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10","type":"iaas","controller-uuid":"aaaaaaaa-0000-4000-8000-000000000001","is-controller":false,"provider-type":"lxd","default-series":"jammy","cloud-tag":"cloud-localhost","cloud-region":"localhost","cloud-credential-tag":"cloudcred-localhost_alice@canonical.com_cred1","owner-tag":"user-alice@canonical.com","life":"alive","status":{"status":"available","info":"","since":"2024-10-24T10:00:00Z"},"user-access":"admin","last-connection":null,"counts":[{"entity":"machines","count":0}],"sla":{"level":"unsupported","owner":""},"agent-version":"3.5.4"}}`
		unlisted = `{"result":{"name":"other","uuid":"00000000-1111-4222-8333-444444444444","type":"","controller-uuid":"bbbbbbbb-0000-4000-8000-000000000002","is-controller":false,"cloud-tag":"","owner-tag":"user-alice@canonical.com","life":"","status":{"status":"unavailable","info":"","since":null},"user-access":"admin","last-connection":null,"counts":[],"sla":null,"agent-version":null}}`
		failed   = `{"error":{"message":"context deadline exceeded","code":""}}`
	)
	tests := []struct {
		name, results string
		uuids         string
		complete      bool
	}{
		{"one", "[" + summary + "]", modelUUID, true},
		{"unlisted by its controller, 2026", "[" + summary + "," + unlisted + "]", modelUUID + " 00000000-1111-4222-8333-444444444444", true},
		{"none, 2026", "[]", "", true},
		{"none, 2024", "null", "", true},
		{"one failed", "[" + failed + "," + summary + "]", modelUUID, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := serve(t, map[string]string{"/api": login2024 + request + `{"response":{"results":` + test.results + `}}`})
			summaries, err := f.connect().ListModelSummaries(t.Context())
			if (err == nil) != test.complete {
				t.Errorf("error %v", err)
			}
			var uuids []string
			for _, s := range summaries {
				uuids = append(uuids, s.UUID)
			}
			if got := strings.Join(uuids, " "); got != test.uuids {
				t.Errorf("models %q, want %q", got, test.uuids)
			}
		})
	}
}

func TestModelManagerOfTheFutureIsNotCalled(t *testing.T) {
	f := serve(t, map[string]string{"/api": strings.Replace(login2026, `"ModelManager","versions":[9,10]`, `"ModelManager","versions":[11]`, 1)})
	client := f.connect()
	if _, err := client.ModelInfo(t.Context(), modelUUID); !errors.Is(err, rpc.ErrNotSent) || !strings.Contains(err.Error(), "[11]") {
		t.Errorf("ModelInfo: %v", err)
	}
	if _, err := client.ListModelSummaries(t.Context()); !errors.Is(err, rpc.ErrNotSent) {
		t.Errorf("ListModelSummaries: %v", err)
	}
}

func TestModelControllerInfo(t *testing.T) {
	const result = `{"request-id":2,"response":{"model-name":"my-model","model-uuid":"9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10","controller-name":"ctl-a","controller-uuid":"aaaaaaaa-0000-4000-8000-000000000001"%s}}`
	want := jimm.ModelController{ControllerUUID: ctlA}
	upgrading, odd := want, want
	upgrading.Upgrade, odd.Upgrade = "running", "unknown"
	tests := []struct {
		name, model, more string
		want              jimm.ModelController
	}{
		{"uuid", modelUUID, "", want},
		{"owner and name", "alice@canonical.com/my-model", "", want},
		{"with an upgrade job", modelUUID, `,"upgrade-to-job-status":{"detail":{"state":"running","attempt":1,"max_attempts":3},"info":"x"}`, upgrading},
		{"with no upgrade job", modelUUID, `,"upgrade-to-job-status":null`, want},
		{"with an odd upgrade job", modelUUID, `,"upgrade-to-job-status":["x"]`, odd},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := serve(t, map[string]string{"/api": login2026 +
				`C-> {"params":{"model":"` + test.model + `"},"request":"ModelControllerInfo","request-id":2,"type":"JIMM","version":4}` +
				"\n<-C " + strings.Replace(result, "%s", test.more, 1)})
			got, err := f.connect().ModelControllerInfo(t.Context(), test.model)
			if err != nil || got != test.want {
				t.Errorf("got %+v, error %v", got, err)
			}
		})
	}
}

func TestModelControllerInfoRefusals(t *testing.T) {
	for name, test := range map[string]struct {
		answer string
		code   rpc.Code
	}{
		"unknown":     {`{"error":"model not found","error-code":"not found","response":{}}`, rpc.CodeNotFound},
		"no right":    {`{"error":"unauthorized","error-code":"unauthorized access","response":{}}`, rpc.CodeUnauthorized},
		"other model": {`{"response":{"model-uuid":"00000000-1111-4222-8333-444444444444","controller-uuid":"x"}}`, ""},
		"empty":       {`{"response":{}}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := serve(t, map[string]string{"/api": login2026 +
				`C-> {"params":{"model":"` + modelUUID + `"},"request":"ModelControllerInfo","type":"JIMM","version":4}` + "\n<-C " + test.answer})
			_, err := f.connect().ModelControllerInfo(t.Context(), modelUUID)
			if err == nil || test.code != "" && !errors.Is(err, test.code) {
				t.Errorf("error %v, want code %q", err, test.code)
			}
		})
	}
}
