package sim_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"strings"
	"testing"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim"
	"jimm-migrator/tests/sim/controller"
	"jimm-migrator/tests/sim/jimm"
)

func TestKeySetOverHTTPS(t *testing.T) {
	server := jimm.New(jimm.Options{Generation: jimm.Generation2026(), Accounts: []jimm.Account{{ID: "migrator", Secret: "s3cr3t"}}})
	server.Grant(jimm.Tuple{Object: "user-migrator@serviceaccount", Relation: "administrator", Target: "controller-jimm"})
	server.Start()
	defer server.Close()
	web := httptest.NewUnstartedServer(server)
	web.Config.ErrorLog = log.New(io.Discard, "", 0) // errors of clients that do not trust it are expected
	web.StartTLS()
	defer web.Close()
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	for name, trusted := range map[string]*x509.CertPool{"trusted": roots, "strange": x509.NewCertPool()} {
		t.Run(name, func(t *testing.T) {
			j, err := sim.StartControllers(t.Context(), load(t, "controllers: [{name: west-"+name+"}]"), sim.Options{
				JWKSURL: web.URL + "/.well-known/jwks.json", JWKSRoots: trusted,
			})
			if err != nil {
				t.Fatal(err)
			}
			defer j.Close()
			conn, err := rpc.Dial(t.Context(), "wss"+strings.TrimPrefix(web.URL, "https")+"/api", rpc.DialOptions{RootCAs: roots})
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			c := client{t, conn}
			c.call("Admin", 4, "LoginWithClientCredentials", map[string]string{"client-id": "migrator", "client-secret": "s3cr3t"})
			seen := c.call("JIMM", 4, "AddController", j.Registration("west-"+name))
			if added := strings.Contains(seen, `"agent-version":"3.6.14"`); added != (trusted == roots) {
				t.Errorf("AddController: %s", seen)
			}
		})
	}
}

func TestControllersOnlyOnChosenAddresses(t *testing.T) {
	reserved := listen(t)
	address := reserved.Addr().String()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	_ = reserved.Close()
	j, err := sim.StartControllers(t.Context(), load(t, `
controllers:
  - {name: west}
  - {name: east, listen: "0.0.0.0:0"}
  - {name: north, addresses: ["north.example.com:17070"]}
models:
  - {name: moving, migrating-to: east, migrations: [{stall: exporting}]}
`), sim.Options{Addresses: map[string]string{"west": address}, TLSNames: []string{"west.example.com"}})
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(j.CA()))
	for name, good := range map[string]bool{
		"localhost": true, "127.0.0.1": true, "west.example.com": true, "juju-apiserver": true, "other.example.com": false,
	} {
		dialer := tls.Dialer{Config: &tls.Config{RootCAs: roots, ServerName: name, MinVersion: tls.VersionTLS12}}
		conn, err := dialer.DialContext(t.Context(), "tcp", address)
		if (err == nil) != good {
			t.Errorf("as %s: %v", name, err)
		}
		if err == nil {
			conn.Close()
		}
	}
	west, east := j.Registration("west"), j.Registration("east")
	if west.PublicAddress != "localhost:"+port || west.APIAddresses[0] != address || west.Username != "admin" || west.CACertificate != j.CA() {
		t.Errorf("registration %s, at %s, %v", west, west.PublicAddress, west.APIAddresses)
	}
	if !strings.HasPrefix(east.PublicAddress, "localhost:") || !strings.HasPrefix(east.APIAddresses[0], "127.0.0.1:") {
		t.Errorf("east listens on %s, %v", east.PublicAddress, east.APIAddresses)
	}
	if north := j.Registration("north"); north.APIAddresses[0] != "north.example.com:17070" {
		t.Errorf("north is at %v", north.APIAddresses)
	}
	for _, format := range []string{"%v", "%+v", "%#v"} {
		if text := fmt.Sprintf(format, west); strings.Contains(text, west.Password) {
			t.Errorf("%s prints %s", format, text)
		}
	}
	if m, ok := j.Controller("west").Migration(j.UUID("moving")); !ok || m.Phase.Terminal() {
		t.Errorf("migration %+v", m)
	}
	if _, ok := j.Record("moving"); ok || j.URL() != "" || j.JIMM() != nil {
		t.Error("there is a JIMM")
	}
	if n := len(j.Messages()); n > 0 {
		t.Errorf("%d messages are kept", n)
	}
	if places := j.Where("moving"); len(places) != 1 || places[0].State != controller.StateExporting {
		t.Errorf("places %+v", places)
	}
}
