package charm_test

import (
	"net/url"
	"strings"
	"testing"

	"jimm-migrator/charm"
)

func TestProxyFor(t *testing.T) {
	proxy := charm.Proxy{
		HTTP:  "http://plain:3128",
		HTTPS: "squid.internal:3129",
		NoProxy: "10.0.0.0/8, .svc.cluster.local,example.com,*.star.org,192.0.2.7," +
			"port.net:8443,2001:db8::/32,[fd00::1]:443",
	}
	const plain, tls, direct = "http://plain:3128", "http://squid.internal:3129", ""
	for target, want := range map[string]string{
		"http://a.com":                     plain,
		"ws://a.com/api":                   plain,
		"https://a.com":                    tls,
		"wss://a.com/api":                  tls,
		"ftp://a.com":                      direct, // none configured
		"wss://localhost:17070":            direct,
		"wss://127.0.0.53":                 direct,
		"wss://[::1]:17070":                direct,
		"wss://10.152.183.1:17070":         direct,
		"wss://[::ffff:10.1.2.3]":          direct,
		"wss://11.0.0.1":                   tls,
		"wss://jimm.ops.svc.cluster.local": direct,
		"wss://svc.cluster.local":          tls,
		"wss://example.com":                direct,
		"wss://EXAMPLE.com.":               direct,
		"wss://api.example.com":            direct,
		"wss://badexample.com":             tls,
		"wss://a.star.org":                 direct,
		"wss://star.org":                   tls,
		"wss://192.0.2.7:1":                direct,
		"wss://192.0.2.70":                 tls,
		"wss://port.net:8443":              direct,
		"wss://port.net":                   tls,
		"wss://[2001:db8::5]":              direct,
		"wss://[fd00::1]":                  direct,
		"wss://[fd00::1]:444":              tls,
	} {
		u, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		got, err := proxy.For(u)
		if err != nil {
			t.Errorf("%s: %v", target, err)
		}
		via := ""
		if got != nil {
			via = got.String()
		}
		if via != want {
			t.Errorf("%s: got proxy %q, want %q", target, via, want)
		}
	}
}

func TestProxyExceptsEverythingByStar(t *testing.T) {
	got, err := charm.Proxy{HTTPS: "http://p", NoProxy: "*"}.For(&url.URL{Scheme: "https", Host: "a.com"})
	if got != nil || err != nil {
		t.Errorf("got %v, %v, want neither", got, err)
	}
}

func TestProxyThatIsNoURLIsAnErrorWithoutItsPassword(t *testing.T) {
	_, err := charm.Proxy{HTTPS: "http://user:hunter2@pro xy:%zz"}.For(&url.URL{Scheme: "wss", Host: "a.com"})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v, want an error without the password", err)
	}
}
