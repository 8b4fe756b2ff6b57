package juju_test

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
)

func TestProbe(t *testing.T) {
	for name, tt := range map[string]struct {
		answer string
		next   string           // of the watcher that does not exist
		want   juju.ProbeResult // zero: an error
		is     error
	}{
		"here": {
			answer: modelLogin(modelUUID),
			want:   juju.ProbeResult{State: juju.ProbePresent},
		},
		"here, and not moving": {
			answer: modelLogin(modelUUID), next: `"error":"unknown watcher id","error-code":"not found"`, // 3.6.28
			want: juju.ProbeResult{State: juju.ProbeIdle},
		},
		"here, and not moving (4.x)": {
			answer: modelLogin(modelUUID), next: `"error":"worker \"0\" not found","error-code":"not found"`, // 4.1-beta2
			want: juju.ProbeResult{State: juju.ProbeIdle},
		},
		"here, and leaving": {
			answer: modelLogin(modelUUID), next: `"error":"model migration in progress"`,
			want: juju.ProbeResult{State: juju.ProbeExporting},
		},
		"here, and coming": {
			answer: modelLogin(modelUUID), next: `"error":"migration in progress, model is importing"`,
			want: juju.ProbeResult{State: juju.ProbeImporting},
		},
		"here, and an unknown word": {
			answer: modelLogin(modelUUID), next: `"error":"something new","error-code":"not found"`,
			want: juju.ProbeResult{State: juju.ProbePresent},
		},
		"here, and then hung up": {
			answer: modelLogin(modelUUID), next: "hang up",
			want: juju.ProbeResult{State: juju.ProbePresent},
		},
		"left": {
			answer: redirectAnswer,
			want:   juju.ProbeResult{State: juju.ProbeRedirected, RedirectUUID: targetUUID},
		},
		"left, before Juju 2.6": {
			answer: `"error":"go","error-code":"redirection required","error-info":{"servers":[[{"value":"10.0.0.5","port":1}]]}`,
			want:   juju.ProbeResult{State: juju.ProbeRedirected},
		},
		"not here": {
			answer: `"error":"unknown model: \"` + modelUUID + `\"","error-code":"model not found","response":{}`,
			want:   juju.ProbeResult{State: juju.ProbeAbsent},
		},
		"gone for those who had no access (2.9 to 3.6)": {
			answer: `"error":"invalid entity name or password","error-code":"unauthorized access","response":{}`, is: rpc.CodeUnauthorized,
		},
		"4.x without a user tag": {
			answer: `"error":"failed to authenticate request: unauthorized","error-code":"unauthorized access","response":{}`, is: rpc.CodeUnauthorized,
		},
		"JIMM's words for a missing model": {
			answer: `"error":"model not found","error-code":"not found"`, is: rpc.CodeNotFound,
		},
		"the text without the code": {answer: `"error":"unknown model: \"` + modelUUID + `\"","response":{}`},
		"upgrade":                   {answer: `"error":"upgrade in progress","error-code":"upgrade in progress","response":{}`, is: rpc.Code("upgrade in progress")},
		"maintenance":               {answer: `"error":"login failed - maintenance in progress","response":{}`},
		"importing, said at once":   {answer: `"error":"migration in progress, model is importing","response":{}`},
		"database trouble (4.x)":    {answer: `"error":"invoking getDB: database not found","response":{}`},
		"discharge":                 {answer: `"response":{"discharge-required":{"a":1}}`, is: rpc.CodeDischargeRequired},
		"another model":             {answer: modelLogin(otherModel)},
		"the controller itself":     {answer: controllerLogin},
		"empty answer":              {answer: `"response":{}`},
		"no answer at all":          {answer: "silence", is: context.DeadlineExceeded},
		"hung up":                   {answer: "", is: rpc.ErrConnection},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ca := newAuthority(t)
				host := controller(t, ca, func(r request) string {
					switch {
					case r.Type == "Admin":
						return tt.answer
					case tt.next == "hang up":
						return ""
					default:
						return cmp.Or(tt.next, `"response":{}`)
					}
				})
				net := start(t, map[string]*fake{addr: host})
				began := time.Now()
				got, err := juju.Probe(t.Context(), juju.Options{
					Addresses: []string{addr}, CACert: ca.PEM(), ModelUUID: modelUUID, DialContext: net.DialContext,
				})
				if diff := gocmp.Diff(tt.want, got); diff != "" {
					t.Errorf("result differs (-want +got):\n%s", diff)
				}
				if wantErr := tt.want.State == ""; (err != nil) != wantErr || tt.is != nil && !errors.Is(err, tt.is) {
					t.Errorf("error %v, want %v", err, tt.is)
				}
				if took := time.Since(began); took > 20*time.Second {
					t.Errorf("took %v", took)
				}
				synctest.Wait()
				if open, _ := host.connections(); open != 0 || len(host.requests) > 2 || (tt.want.State == "" || tt.want.State == juju.ProbeRedirected || tt.want.State == juju.ProbeAbsent) && len(host.requests) != 1 {
					t.Errorf("%d connections left, sent %q", open, host.requests)
				}
				if !strings.Contains(host.requests[0], `"auth-tag":"user-jujuanonymous","credentials":""`) {
					t.Errorf("sent %s", host.requests[0])
				}
			})
		})
	}
}

func TestProbeOfWhatCannotBeReached(t *testing.T) {
	ca := newAuthority(t)
	web := controller(t, ca, path)
	web.refuse = 400
	net := start(t, map[string]*fake{"web:1": web})
	for _, address := range []string{"web:1", "nobody:1"} {
		got, err := juju.Probe(t.Context(), juju.Options{
			Addresses: []string{address}, CACert: ca.PEM(), ModelUUID: modelUUID, DialContext: net.DialContext,
		})
		if got.State != "" || !errors.Is(err, rpc.ErrConnection) {
			t.Errorf("%s: got %v, %v; want a connection error", address, got, err)
		}
	}
}

// An empty UUID would make it a connection to the controller, where the login
// succeeds: "present" for a model that was never named.
func TestProbeNeedsAModel(t *testing.T) {
	net := start(t, nil)
	for _, uuid := range []string{"", "prod", "../api", strings.ToUpper(modelUUID), "model-" + modelUUID} {
		_, err := juju.Probe(t.Context(), juju.Options{Addresses: []string{addr}, ModelUUID: uuid, DialContext: net.DialContext})
		if err == nil || !strings.Contains(err.Error(), "as a model UUID") {
			t.Errorf("%q: got %v", uuid, err)
		}
	}
	if len(net.dialed) != 0 {
		t.Errorf("dialled %v", net.dialed)
	}
}
