package juju

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// address is an address of a controller, checked.
type address struct{ host, port string }

// String returns host:port, an IPv6 host in brackets.
func (a address) String() string { return net.JoinHostPort(a.host, a.port) }

// numeric reports whether the host is an IP address, which no public
// authority vouches for.
func (a address) numeric() bool {
	_, err := netip.ParseAddr(a.host)
	return err == nil
}

// parseAddress checks a host:port; an IPv6 host is in brackets.
func parseAddress(s string) (address, error) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return address{}, fmt.Errorf("cannot use controller address %q: need host:port, with an IPv6 host in brackets", s)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return address{}, fmt.Errorf("cannot use controller address %q: bad port", s)
	}
	if host == "" || strings.ContainsAny(host, "/?#@\\ \t\r\n") {
		return address{}, fmt.Errorf("cannot use controller address %q: bad host", s)
	}
	return address{host: host, port: port}, nil
}

// parseAddresses checks the addresses, in their order and each once. Those
// that cannot be used are left out, unless none is left.
func parseAddresses(all []string) ([]address, error) {
	var good []address
	var bad []error
	for _, s := range all {
		a, err := parseAddress(strings.TrimSpace(s))
		switch {
		case err != nil:
			bad = append(bad, err)
		case !slices.Contains(good, a):
			good = append(good, a)
		}
	}
	switch {
	case len(good) > 0:
		return good, nil
	case len(bad) > 0:
		return nil, joined(bad)
	}
	return nil, errors.New("cannot dial controller: it has no address")
}

// joined makes one error of several, on one line.
func joined(errs []error) error {
	if len(errs) == 1 {
		return errs[0]
	}
	return joinedError(errs)
}

// joinedError is several errors, for errors.Is and errors.As.
type joinedError []error

// Error lists the errors, each text once.
func (e joinedError) Error() string {
	var texts []string
	for _, err := range e {
		if text := err.Error(); !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	return strings.Join(texts, "; ")
}

// Unwrap returns the errors.
func (e joinedError) Unwrap() []error { return e }
