package main_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/jimm"
)

// A JIMM that has only the files that serve writes adds the controllers: its tokens are verified with its keys, over
// https.
func TestServe_ControllersForAnotherJIMM(t *testing.T) {
	t.Parallel()
	server := jimm.New(jimm.Options{Generation: jimm.Generation2026(), Accounts: []jimm.Account{{ID: "migrator", Secret: "s3cr3t"}}})
	server.Grant(jimm.Tuple{Object: "user-migrator@serviceaccount", Relation: "administrator", Target: "controller-jimm"})
	server.Start()
	web := httptest.NewTLSServer(server)
	t.Cleanup(func() {
		server.Close()
		web.Close()
	})
	folder := t.TempDir()
	keys, log := filepath.Join(folder, "keys.pem"), filepath.Join(folder, "messages")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw})
	if err := os.WriteFile(keys, text, 0o600); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	state := serve(t, "add-controller", "--controllers-only", "--log", log,
		"--jwks-url", web.URL+"/.well-known/jwks.json", "--jwks-ca", keys,
		"--listen", "ctl-a="+address, "--tls-name", "ctl-a.example.com", "--tls-name=ctl.example.com",
		world(t, "controllers: [{name: ctl-a}, {name: ctl-b, version: 3.5.4}]"))

	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	conn, err := rpc.Dial(t.Context(), "wss"+strings.TrimPrefix(web.URL, "https")+"/api", rpc.DialOptions{RootCAs: roots})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	login := map[string]string{"client-id": "migrator", "client-secret": "s3cr3t"}
	call(t, conn, rpc.Request{Facade: "Admin", Version: 4, Method: "LoginWithClientCredentials"}, login, nil)
	for name, version := range map[string]string{"ctl-a": "3.6.14", "ctl-b": "3.5.4"} {
		var added struct {
			Version string `json:"agent-version"`
			UUID    string `json:"uuid"`
		}
		params := registration(t, state, name)
		call(t, conn, rpc.Request{Facade: "JIMM", Version: 4, Method: "AddController"}, params, &added)
		if added.Version != version || added.UUID != params["uuid"] {
			t.Errorf("%s was added as %+v", name, added)
		}
	}
	listensAs(t, state, address, "ctl-a.example.com", "ctl.example.com")
	messages, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(messages), `ctl-b#1 [/api] <- {"request-id":1,"type":"Admin","version":3,"request":"Login"`) {
		t.Errorf("the login of JIMM is not in the log:\n%s", messages)
	}
}

// registration reads the file that serve has written about a controller.
func registration(t *testing.T, state, name string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(filepath.Dir(state), name+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var params map[string]any
	if err := yaml.Unmarshal(data, &params); err != nil {
		t.Fatal(err)
	}
	return params
}

// listensAs checks the address of a controller and the names in its certificate.
func listensAs(t *testing.T, state, address string, names ...string) {
	t.Helper()
	ca, err := os.ReadFile(filepath.Join(filepath.Dir(state), "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	for _, name := range append(names, "juju-apiserver", "localhost") {
		dialer := tls.Dialer{Config: &tls.Config{RootCAs: roots, ServerName: name, MinVersion: tls.VersionTLS12}}
		conn, err := dialer.DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Errorf("as %s: %v", name, err)
			continue
		}
		conn.Close()
	}
}

func call(t *testing.T, conn *rpc.Conn, request rpc.Request, params, reply any) {
	t.Helper()
	if err := conn.Call(t.Context(), request, params, reply); err != nil {
		t.Fatalf("%s: %v", request.Method, err)
	}
}

// freeAddress returns a loopback address that is not in use.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(context.WithoutCancel(t.Context()), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
