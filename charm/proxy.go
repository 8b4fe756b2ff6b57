package charm

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// Proxy is the model's proxy configuration (juju-http-proxy and its siblings).
// Juju hands it over as JUJU_CHARM_HTTPS_PROXY and so on, where Go's
// http.ProxyFromEnvironment does not read. For net/http:
//
//	transport.Proxy = func(r *http.Request) (*url.URL, error) { return env.Proxy.For(r.URL) }
type Proxy struct {
	HTTP, HTTPS, FTP string // URLs; without a scheme http:// is meant
	NoProxy          string // comma-separated hosts, domains, addresses, ranges; "*" is all
}

// For returns the proxy to use for a URL, or nil to connect directly. It treats
// ws as http and wss as https. Loopback is always direct.
func (p Proxy) For(target *url.URL) (*url.URL, error) {
	raw := ""
	switch target.Scheme {
	case "https", "wss":
		raw = p.HTTPS
	case "http", "ws":
		raw = p.HTTP
	case "ftp":
		raw = p.FTP
	}
	if raw == "" || p.direct(target) {
		return nil, nil
	}
	if !strings.Contains(raw, "://") {
		raw = "http://" + raw
	}
	proxy, err := url.Parse(raw)
	if err != nil || proxy.Host == "" {
		// The error of url.Parse quotes the URL, which may contain a password.
		return nil, fmt.Errorf("cannot use the model's proxy for %s: not a URL", target.Scheme)
	}
	return proxy, nil
}

// direct reports whether a URL is excepted from the proxy.
func (p Proxy) direct(target *url.URL) bool {
	host := strings.TrimSuffix(strings.ToLower(target.Hostname()), ".")
	addr, addrErr := netip.ParseAddr(host)
	addr = addr.Unmap()
	if host == "" || host == "localhost" || addrErr == nil && addr.IsLoopback() {
		return true
	}
	for rule := range strings.SplitSeq(p.NoProxy, ",") {
		rule = strings.ToLower(strings.TrimSpace(rule))
		if rule == "" {
			continue
		}
		if rule == "*" {
			return true
		}
		if prefix, err := netip.ParsePrefix(rule); err == nil {
			if addrErr == nil && prefix.Contains(addr) {
				return true
			}
			continue
		}
		ruleHost, rulePort, err := net.SplitHostPort(rule)
		if err != nil {
			ruleHost, rulePort = strings.Trim(rule, "[]"), ""
		}
		if rulePort != "" && rulePort != portOf(target) {
			continue
		}
		if matchHost(ruleHost, host, addr) {
			return true
		}
	}
	return false
}

// matchHost compares a host with one rule: "10.0.0.1", "example.com" (with all
// below it), ".example.com" and "*.example.com" (only what is below it).
func matchHost(rule, host string, addr netip.Addr) bool {
	if ruleAddr, err := netip.ParseAddr(rule); err == nil {
		return addr.IsValid() && ruleAddr.Unmap() == addr
	}
	rule = strings.TrimPrefix(rule, "*")
	if strings.HasPrefix(rule, ".") {
		return strings.HasSuffix(host, rule)
	}
	return host == rule || strings.HasSuffix(host, "."+rule)
}

// portOf is the port that a URL leads to.
func portOf(target *url.URL) string {
	if port := target.Port(); port != "" {
		return port
	}
	switch target.Scheme {
	case "https", "wss":
		return "443"
	case "http", "ws":
		return "80"
	}
	return ""
}
