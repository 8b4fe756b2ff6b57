package config

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"jimm-migrator/charm"
	"jimm-migrator/src/jimm"
)

// checkURL checks the address that the administrator has set.
func checkURL(c options, env charm.Env) error {
	at, err := jimm.ParseAddress(c.URL)
	if err != nil {
		return &ProblemError{What: "jimm-url is not the address of a JIMM", Remedy: "juju config " + env.App() + " jimm-url=wss://jimm.example.com", Err: err}
	}
	if at.Plaintext() && !c.AllowPlaintext && !private(at.Hostname(), env.KubernetesHost != "") {
		return &ProblemError{
			What:   "the secret would be sent unencrypted to " + at.String(),
			Remedy: "juju config " + env.App() + " jimm-url=wss://" + at.Hostname(),
		}
	}
	return nil
}

// private reports whether data for the host stays on this machine or, on
// Kubernetes, inside the cluster: names of services and addresses of pods.
func private(host string, kubernetes bool) bool {
	addr, err := netip.ParseAddr(strings.Trim(host, "[]"))
	switch {
	case host == "localhost" || err == nil && addr.IsLoopback():
		return true
	case !kubernetes:
		return false
	case err == nil:
		return addr.IsPrivate() || sharedAddresses().Contains(addr.Unmap())
	default:
		return InCluster(host)
	}
}

// sharedAddresses is the range of RFC 6598, which some clouds give to pods.
func sharedAddresses() netip.Prefix { return netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64}), 10) }

// InCluster reports whether the name is that of a service in a Kubernetes
// cluster with the usual domain. Another name with ".svc." in it may lead anywhere.
func InCluster(host string) bool {
	host = strings.TrimSuffix(host, ".")
	return strings.HasSuffix(host, ".svc") || strings.HasSuffix(host, ".svc.cluster.local")
}

// Proxy makes the model's proxy settings usable for connections. Hosts inside
// the cluster, and those that were found through a relation, are reached
// directly, because the model's proxy does not lead there.
func Proxy(env charm.Env, neighbours []string) func(*http.Request) (*url.URL, error) {
	return func(r *http.Request) (*url.URL, error) {
		host := r.URL.Hostname()
		if env.KubernetesHost != "" && InCluster(host) || slices.Contains(neighbours, host) {
			return nil, nil //nolint:nilnil // Go's way to say: no proxy.
		}
		return env.Proxy.For(r.URL)
	}
}
