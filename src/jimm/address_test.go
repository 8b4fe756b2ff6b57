package jimm_test

import (
	"strings"
	"testing"

	"jimm-migrator/src/jimm"
)

func TestParseAddress(t *testing.T) {
	tests := []struct{ raw, want string }{
		{"wss://jimm.example.com", "wss://jimm.example.com"},
		{"https://jimm.example.com/", "wss://jimm.example.com"},
		{"ws://10.1.2.3:8080/api", "ws://10.1.2.3:8080"},
		{"http://jimm.jimm.svc.cluster.local:8080/api/", "ws://jimm.jimm.svc.cluster.local:8080"},
		{"jimm.example.com", "wss://jimm.example.com"},
		{"jimm.example.com:443/jimm-jimm", "wss://jimm.example.com:443/jimm-jimm"},
		{"localhost:17070", "wss://localhost:17070"},
		{"wss://test-jimm.localhost", "wss://test-jimm.localhost"},
		{"wss://[fd42::1]:17070", "wss://[fd42::1]:17070"},
		{"[fd42::1]", "wss://[fd42::1]"},
		// What the k8s charm of JIMM publishes behind an ingress.
		{"wss://https://jimm.example.com/jimm-jimm", "wss://jimm.example.com/jimm-jimm"},
		{"wss://http://10.64.140.43/jimm-jimm", "ws://10.64.140.43/jimm-jimm"},
		{"ws://https://jimm.example.com", "wss://jimm.example.com"},
		{"wss://jaas.example.com:443/jimm/api", "wss://jaas.example.com:443/jimm"},
		{"HTTPS://JAAS.Example.COM/Prod//", "wss://jaas.example.com/Prod"},
		{"  wss://jimm.example.com\n", "wss://jimm.example.com"},
		{"wss://jimm_dev.example.com/a%20b", "wss://jimm_dev.example.com/a%20b"},
		{"wss://model.example.com/model/api", "wss://model.example.com/model"},
	}
	for _, test := range tests {
		t.Run(test.raw, func(t *testing.T) {
			addr, err := jimm.ParseAddress(test.raw)
			if err != nil {
				t.Fatal(err)
			}
			if got := addr.String(); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if got := addr.API(); got != test.want+"/api" {
				t.Errorf("API %s", got)
			}
			if got := addr.Model(modelUUID); got != test.want+"/model/"+modelUUID+"/api" {
				t.Errorf("model %s", got)
			}
			plain := strings.HasPrefix(test.want, "ws:")
			if got := addr.Plaintext(); got != plain {
				t.Errorf("plaintext %v", got)
			}
			info := strings.Replace(test.want, "ws", "http", 1) + "/debug/info"
			if got := addr.DebugInfo(); got != info {
				t.Errorf("debug info %s, want %s", got, info)
			}
		})
	}
}

func TestAddressHostname(t *testing.T) {
	for raw, want := range map[string]string{
		"wss://[fd42::1]:17070/x": "fd42::1", "10.1.2.3:8080": "10.1.2.3", "jimm.example.com": "jimm.example.com",
	} {
		addr, err := jimm.ParseAddress(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := addr.Hostname(); got != want {
			t.Errorf("%s: got %s", raw, got)
		}
	}
}

func TestParseAddressRefuses(t *testing.T) {
	tests := []struct{ raw, why string }{
		{"", "empty"},
		{" \n", "empty"},
		{"ftp://jimm.example.com", `scheme "ftp"`},
		{"wss://ftp://jimm.example.com", `scheme "ftp"`},
		{"wss://https://wss://jimm.example.com", "schemes"},
		{"wss://", "no host"},
		{"wss:///jimm", "no host"},
		{"//jimm.example.com", "no host"},
		{"wss://:443", "no host"},
		{"wss://None", "dns-name"},
		{"wss://jimm.example.com:", "port is empty"},
		{"wss://jimm.example.com:0", `"0" is not a port`},
		{"wss://jimm.example.com:70000", `"70000" is not a port`},
		{"wss://jimm.example.com:x", "port"},
		{"wss://fd42::1", "fd42::1"},
		{"wss://[jimm]", "jimm"},
		{"wss://[fe80::1%25eth0]", "zone"},
		{"wss://jimm..example.com", "host name"},
		{"wss://jimm$.example.com", "host name"},
		{"wss://jimm example.com", "space"},
		{"wss://jimm.exämple.com", "ASCII"},
		{"wss://jimm.example.com/a/../b", "not clean"},
		{"wss://jimm.example.com/a//b", "not clean"},
		{"wss://jimm.example.com/model/" + modelUUID + "/api", "address of a model"},
		{"wss://jimm.example.com/x/model/" + modelUUID, "address of a model"},
	}
	for _, test := range tests {
		t.Run(test.raw, func(t *testing.T) {
			addr, err := jimm.ParseAddress(test.raw)
			if err == nil {
				t.Fatalf("got %s, want an error", addr)
			}
			if !strings.HasPrefix(err.Error(), "cannot use") || !strings.Contains(err.Error(), test.why) {
				t.Errorf("error %q does not say %q", err, test.why)
			}
		})
	}
}

func TestParseAddressDoesNotQuoteSecrets(t *testing.T) {
	for _, raw := range []string{
		"wss://admin:" + canary + "@jimm.example.com", "wss://" + canary + "@x:y", canary + "@jimm",
		"wss://jimm.example.com/?token=" + canary, "wss://jimm.example.com/#" + canary,
	} {
		_, err := jimm.ParseAddress(raw)
		if err == nil {
			t.Errorf("%s: no error", raw)
		} else if strings.Contains(err.Error(), canary) {
			t.Errorf("the error quotes it: %v", err)
		}
	}
}

func FuzzParseAddress(f *testing.F) {
	for _, seed := range []string{
		"wss://jimm.example.com", "wss://https://jimm.example.com/jimm-jimm", "jimm.example.com:443/jimm-jimm",
		"wss://[fd42::1%25eth0]:17070/api/", "ws://a/api/api", "a:b", "://", "wss://None", "/api", "x/%2e%2e/api",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		addr, err := jimm.ParseAddress(raw)
		if err != nil {
			return
		}
		again, err := jimm.ParseAddress(addr.String())
		if err != nil {
			t.Fatalf("%q: the normal form %q is refused: %v", raw, addr, err)
		}
		if again != addr && !strings.HasSuffix(addr.String(), "/api") {
			t.Errorf("%q: %q is read as %q", raw, addr, again)
		}
		if addr.Hostname() == "" || strings.ContainsAny(addr.String(), " @?#\n") {
			t.Errorf("%q gives %q", raw, addr)
		}
	})
}
