package jimm_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/rpc"
)

func asPlain(opts *jimm.Options) {
	opts.ClientID = "11111111-2222-4333-8444-555555555555"
	opts.ClientSecret = jimm.NewSecret("s3cr3t-plain")
}

func TestConnectSaysWhoWeAre(t *testing.T) {
	tests := []struct {
		name          string
		conversation  string
		opts          func(*jimm.Options)
		identity      string
		administrator bool
		generation    jimm.Generation
	}{
		{"administrator, 2024", login2024, nil, adminID + "@serviceaccount", true, jimm.Generation2024},
		{"administrator, 2026", login2026, nil, adminID + "@serviceaccount", true, jimm.Generation2025},
		{"other, 2024", loginPlain2024, asPlain, "11111111-2222-4333-8444-555555555555@serviceaccount", false, jimm.Generation2024},
		{"other, 2026", loginPlain2026, asPlain, "11111111-2222-4333-8444-555555555555@serviceaccount", false, jimm.Generation2025},
		{
			"only ModelConfig", strings.Replace(login2026, "MigrationTarget", "Other", 1),
			nil, adminID + "@serviceaccount", true, jimm.Generation2025,
		},
		{
			"only MigrationTarget", strings.Replace(login2026, "ModelConfig", "Other", 1),
			nil, adminID + "@serviceaccount", true, jimm.Generation2025,
		},
		{
			"superuser, should JIMM ever say so",
			strings.ReplaceAll(login2024, `"administrator"`, `"superuser"`),
			nil, adminID + "@serviceaccount", true, jimm.Generation2024,
		},
		{
			"suffix in the options is not sent",
			login2024,
			func(o *jimm.Options) { o.ClientID += "@serviceaccount" },
			adminID + "@serviceaccount", true, jimm.Generation2024,
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := serve(t, map[string]string{"/api": test.conversation})
			if test.opts == nil {
				test.opts = func(*jimm.Options) {}
			}
			client := f.connect(test.opts)
			if got := client.Identity(); got != test.identity {
				t.Errorf("identity %q, want %q", got, test.identity)
			}
			if got := client.Administrator(); got != test.administrator {
				t.Errorf("administrator %v, want %v", got, test.administrator)
			}
			if got := client.Generation(); got != test.generation {
				t.Errorf("generation %v, want %v", got, test.generation)
			}
			if got := client.ControllerUUID(); got != jimmUUID {
				t.Errorf("controller uuid %q", got)
			}
			if _, ok := client.Facades().Best("JIMM", 4); !ok {
				t.Errorf("facades %v", client.Facades())
			}
		})
	}
}

func TestConnectKeepsThePathPrefix(t *testing.T) {
	for _, url := range []string{
		"ws://jimm.test/jimm-jimm", "http://jimm.test/jimm-jimm/", "ws://jimm.test/jimm-jimm/api",
		"wss://http://jimm.test/jimm-jimm",
	} {
		t.Run(url, func(t *testing.T) {
			f := serve(t, map[string]string{
				"/jimm-jimm/api":           login2024,
				"/jimm-jimm" + modelPath:   loginModel,
				"/jimm-jimm/api/elsewhere": "",
			})
			client := f.connect(func(o *jimm.Options) { o.URL = url })
			model, err := client.DialModel(t.Context(), modelUUID)
			if err != nil {
				t.Fatal(err)
			}
			_ = model.Close()
		})
	}
}

func TestConnectRefusedKeepsTheCodeAndGivesAHint(t *testing.T) {
	const request = `C-> {"params":{"client-id":"` + adminID + `","client-secret":"s3cr3t-admin"},"request":"LoginWithClientCredentials","request-id":1,"type":"Admin","version":4}` + "\n"
	tests := []struct {
		name, answer string
		code         rpc.Code
		hint         string
	}{
		{
			"wrong secret or no identity provider, 2024",
			`{"request-id":1,"error":"invalid client credentials","error-code":"unauthorized access","response":{}}`,
			rpc.CodeUnauthorized, "identity provider",
		},
		{
			"wrong secret, 2026",
			`{"request-id":1,"error":"invalid client credentials: oauth2: \"invalid_client\" \"Invalid client or Invalid client credentials\"","error-code":"unauthorized access","response":{}}`,
			rpc.CodeUnauthorized, "identity provider",
		},
		{
			"OpenFGA down, 2024",
			`{"request-id":1,"error":"cannot check relation: Post \"http://127.0.0.1:18080/stores/x/check\": dial tcp 127.0.0.1:18080: connect: connection refused","error-code":"unauthorized access","response":{}}`,
			rpc.CodeUnauthorized, "OpenFGA",
		},
		{
			"before v3.1.0, or a controller",
			`{"request-id":1,"error":"no such request - method Admin(4).LoginWithClientCredentials is not implemented","error-code":"not implemented","response":{}}`,
			rpc.CodeNotImplemented, "older than v3.1.0",
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := serve(t, map[string]string{"/api": request + "<-C " + test.answer})
			_, err := jimm.Connect(t.Context(), f.options())
			if !errors.Is(err, test.code) || errors.Is(err, rpc.ErrConnection) {
				t.Fatalf("error %v, want code %q", err, test.code)
			}
			if _, ok := errors.AsType[*rpc.Error](err); !ok {
				t.Errorf("no *rpc.Error in %v", err)
			}
			if !strings.HasPrefix(err.Error(), "cannot log in to JIMM at ws://jimm.test as \""+adminID+"\": ") ||
				!strings.Contains(err.Error(), test.hint) {
				t.Errorf("error %q", err)
			}
		})
	}
}

func TestConnectSendsNothingWithoutCredentials(t *testing.T) {
	for name, spoil := range map[string]func(*jimm.Options){
		"no id":           func(o *jimm.Options) { o.ClientID = "" },
		"only the suffix": func(o *jimm.Options) { o.ClientID = "@serviceaccount" },
		"space":           func(o *jimm.Options) { o.ClientID = "a b" },
		"no secret":       func(o *jimm.Options) { o.ClientSecret = jimm.Secret{} },
	} {
		t.Run(name, func(t *testing.T) {
			f := serve(t, nil)
			opts := f.options()
			spoil(&opts)
			if _, err := jimm.Connect(t.Context(), opts); !errors.Is(err, rpc.ErrNotSent) {
				t.Errorf("error %v, want one of ErrNotSent", err)
			}
			if len(f.dialled()) > 0 {
				t.Errorf("dialled %v", f.dialled())
			}
		})
	}
}

func TestConnectRefusesAnswersThatAreNotJIMMs(t *testing.T) {
	for name, change := range map[string][2]string{
		"no controller tag": {`"controller-tag":"controller-3217dbc9-8ea9-4381-9e97-01eab0b3f6bb"`, `"x":1`},
		"odd tag":           {"controller-3217dbc9-8ea9-4381-9e97-01eab0b3f6bb", "machine-0"},
		"no facade JIMM":    {`{"name":"JIMM","versions":[4]}`, `{"name":"JIMM","versions":[5]}`},
	} {
		t.Run(name, func(t *testing.T) {
			f := serve(t, map[string]string{"/api": strings.Replace(login2024, change[0], change[1], 1)})
			client, err := jimm.Connect(t.Context(), f.options())
			if err == nil {
				_ = client.Close()
				t.Fatal("no error")
			}
		})
	}
}

func TestConnectPingsWhileTheLoginWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		request, _, _ := strings.Cut(strings.TrimSpace(login2024), "\n")
		f := serve(t, map[string]string{"/api": request + "\n<-C silence"})
		opts := f.options()
		opts.CallTimeout = 85 * time.Second
		_, err := jimm.Connect(t.Context(), opts)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("error %v, want a time-out", err)
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.pings != 2 {
			t.Errorf("%d pings in 85 s without a login, want 2", f.pings)
		}
	})
}

func TestLostConnectionIsDistinguishedFromRefusal(t *testing.T) {
	f := serve(t, map[string]string{"/api": login2024 + `
C-> {"params":{},"request":"Version","request-id":2,"type":"JIMM","version":4}
<-C {"request-id":2,"error":"no such request - method JIMM(4).Version is not implemented","error-code":"not implemented","response":{}}
C-> {"params":{},"request":"ListControllers","request-id":3,"type":"JIMM","version":4}
<-C cut
`})
	client := f.connect()
	if _, err := client.Version(t.Context()); !errors.Is(err, rpc.CodeNotImplemented) || errors.Is(err, rpc.ErrConnection) {
		t.Errorf("refusal: %v", err)
	}
	if err := client.Err(); err != nil {
		t.Errorf("connection: %v", err)
	}
	if _, err := client.ListControllers(t.Context()); !errors.Is(err, rpc.ErrConnection) {
		t.Errorf("loss: %v", err)
	}
	<-client.Done()
	if err := client.Err(); !errors.Is(err, rpc.ErrConnection) {
		t.Errorf("connection: %v", err)
	}
	if got := f.dialled(); len(got) != 1 {
		t.Errorf("the client reconnected by itself: %v", got)
	}
}

func TestConnectVerifiesTheCertificate(t *testing.T) {
	f := serve(t, map[string]string{"/api": login2024})
	server := httptest.NewUnstartedServer(f)
	server.Config.ErrorLog = discardLog()
	server.StartTLS()
	defer server.Close()
	opts := f.options()
	opts.DialContext = nil
	opts.URL = server.URL

	_, err := jimm.Connect(t.Context(), opts)
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok || !errors.Is(err, rpc.ErrConnection) {
		t.Errorf("unknown authority: %v", err)
	}
	opts.RootCAs = x509.NewCertPool()
	opts.RootCAs.AddCert(server.Certificate())
	client, err := jimm.Connect(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	_ = client.Close()
}
