package jimm

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"jimm-migrator/src/juju"
)

// Address reports where a JIMM is: whether with TLS, on which host and port, and
// under which path prefix. Get one with [ParseAddress].
type Address struct {
	plaintext bool
	host      string // host or host:port, lower case, IPv6 in brackets
	prefix    string // "" or "/…", escaped, no trailing slash
}

// ParseAddress reads the address of a JIMM as people and charms write it.
//
// The scheme is one of wss, https (both with TLS), ws, http (both without), or
// absent (TLS). A path is kept as prefix, as in https://jaas.example.com/prod;
// a trailing slash and one trailing /api are dropped. The k8s charm of JIMM
// publishes its ingress address behind a second scheme, as in
// wss://https://jaas.example.com/prod or wss://http://10.64.140.43/prod: the
// inner scheme is the one that the ingress serves, so it decides.
//
// A user, a query, a fragment, other schemes and what is not a host or port
// are refused. The error never quotes a part that may contain a password or token.
func ParseAddress(raw string) (Address, error) {
	text := strings.TrimSpace(raw)
	if text == "" {
		return Address{}, errors.New("cannot use an empty JIMM address: set it to, for example, wss://jaas.example.com")
	}
	// These may carry a secret, so the text is not quoted.
	if strings.Contains(text, "@") {
		return Address{}, errors.New("cannot use the JIMM address: it must not contain a user or a password")
	}
	if strings.ContainsAny(text, "?#") {
		return Address{}, errors.New("cannot use the JIMM address: it must not contain a query or a fragment")
	}
	addr, err := parseAddress(text)
	if err != nil {
		return Address{}, fmt.Errorf("cannot use JIMM address %q: %w", text, err)
	}
	return addr, nil
}

func parseAddress(text string) (Address, error) {
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return Address{}, errors.New("it contains a space or a character that is not ASCII")
	}
	plaintext, rest, err := cutSchemes(text)
	if err != nil {
		return Address{}, err
	}
	u, err := url.Parse("wss://" + rest)
	if err != nil {
		return Address{}, innerURLError(err)
	}
	host, err := checkHost(u)
	if err != nil {
		return Address{}, err
	}
	prefix, err := checkPrefix(u.EscapedPath())
	if err != nil {
		return Address{}, err
	}
	return Address{plaintext: plaintext, host: host, prefix: prefix}, nil
}

// cutSchemes takes up to two schemes off text; the inner one decides.
func cutSchemes(text string) (plaintext bool, rest string, err error) {
	rest = text
	for range 2 {
		scheme, after, found := strings.Cut(rest, "://")
		if !found || strings.Contains(scheme, "/") {
			break
		}
		switch strings.ToLower(scheme) {
		case "wss", "https":
			plaintext = false
		case "ws", "http":
			plaintext = true
		default:
			return false, "", fmt.Errorf("scheme %q is not supported; use wss, https, ws or http", scheme)
		}
		rest = after
	}
	if strings.Contains(rest, "://") {
		return false, "", errors.New("it has too many schemes")
	}
	return plaintext, rest, nil
}

// checkHost returns the host with its port, in lower case.
func checkHost(u *url.URL) (string, error) {
	name := u.Hostname()
	switch {
	case name == "":
		return "", errors.New("it has no host")
	case name == "None":
		// A machine charm of JIMM formats an unset dns-name like this.
		return "", errors.New(`its host is "None": JIMM has no dns-name configured`)
	case strings.HasPrefix(u.Host, "["):
		if ip, err := netip.ParseAddr(name); err != nil || !ip.Is6() || ip.Zone() != "" {
			return "", fmt.Errorf("%q is not an IPv6 address without a zone", name)
		}
	case !isHostName(name):
		return "", fmt.Errorf("%q is not a host name", name)
	}
	if strings.HasSuffix(u.Host, ":") {
		return "", errors.New("its port is empty")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return "", fmt.Errorf("%q is not a port", port)
		}
	}
	return strings.ToLower(u.Host), nil
}

// checkPrefix returns path without trailing slashes and one trailing /api.
func checkPrefix(path string) (string, error) {
	path = strings.TrimRight(path, "/")
	path = strings.TrimRight(strings.TrimSuffix(path, "/api"), "/")
	if path == "" {
		return "", nil
	}
	segments := strings.Split(path[1:], "/")
	for i, segment := range segments {
		switch {
		case segment == "" || segment == "." || segment == "..":
			return "", fmt.Errorf("its path %q is not clean", path)
		case segment == "model" && i+1 < len(segments) && juju.IsUUID(segments[i+1]):
			return "", errors.New("it is the address of a model, not of JIMM")
		}
	}
	return path, nil
}

// isHostName allows what DNS and /etc/hosts use in practice, underscores too.
func isHostName(name string) bool {
	if strings.HasPrefix(name, ".") || strings.Contains(name, "..") {
		return false
	}
	for _, r := range name {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
		default:
			return false
		}
	}
	return true
}

// innerURLError drops the address from an error of net/url: it is in ours.
func innerURLError(err error) error {
	if parse, ok := errors.AsType[*url.Error](err); ok {
		return parse.Err
	}
	return err
}

// String returns the address in its one normal form, such as
// wss://jaas.example.com/prod. ParseAddress gives the same Address for it, unless
// the prefix itself ends in /api.
func (a Address) String() string { return a.scheme("wss", "ws") + a.host + a.prefix }

// API returns the websocket address of JIMM's own API.
func (a Address) API() string { return a.String() + "/api" }

// Model returns the websocket address of the model with that uuid, through
// JIMM's proxy.
func (a Address) Model(uuid string) string { return a.String() + "/model/" + uuid + "/api" }

// DebugInfo returns the HTTP address of JIMM's version page.
func (a Address) DebugInfo() string {
	return a.scheme("https", "http") + a.host + a.prefix + "/debug/info"
}

// Plaintext reports whether a secret sent to this address can be read on the
// way: ws and http.
func (a Address) Plaintext() bool { return a.plaintext }

// Hostname returns the host without port and brackets.
func (a Address) Hostname() string {
	u := url.URL{Host: a.host}
	return u.Hostname()
}

func (a Address) scheme(secure, plain string) string {
	if a.plaintext {
		return plain + "://"
	}
	return secure + "://"
}
