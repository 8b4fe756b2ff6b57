package juju

import (
	"errors"
	"net"
	"strconv"

	"jimm-migrator/src/rpc"
)

// HostPort is an address of an API server.
type HostPort struct {
	// Value is an IP address or a host name.
	Value string `json:"value"`
	// Type is ipv4, ipv6 or hostname.
	Type string `json:"type"`
	// Scope is public, local-cloud, local-machine, … or empty.
	Scope string `json:"scope"`
	Port  int    `json:"port"`
}

// String returns the address as host:port, an IPv6 host in brackets.
func (h HostPort) String() string { return net.JoinHostPort(h.Value, strconv.Itoa(h.Port)) }

// RedirectError reports that a model has left for another controller, and where
// to: the target of the migration as its source knew it. It wraps the
// [*rpc.Error], whose code is rpc.CodeRedirect. Every other member may be
// empty: JIMM removes them from ModelInfo, Juju before 2.6 had no tag.
type RedirectError struct {
	Servers         [][]HostPort
	CACert          string
	ControllerUUID  string
	ControllerAlias string

	err *rpc.Error
}

// Error returns the server's message.
func (e *RedirectError) Error() string { return e.err.Error() }

// Unwrap returns the *rpc.Error.
func (e *RedirectError) Unwrap() error { return e.err }

// Addresses returns all servers in one list, as host:port.
func (e *RedirectError) Addresses() []string {
	var all []string
	for _, server := range e.Servers {
		for _, address := range server {
			all = append(all, address.String())
		}
	}
	return all
}

// AsRedirect returns the redirection that err carries, if it does: that of a
// model login (Juju 2.9 to 4.x), of an item of ModelInfo or, from Juju 4, of
// ModelStatus. Details that do not decode are left empty.
func AsRedirect(err error) (*RedirectError, bool) {
	if redirect, ok := errors.AsType[*RedirectError](err); ok {
		return redirect, true
	}
	answer, isAnswer := errors.AsType[*rpc.Error](err)
	if !isAnswer || answer.Code != rpc.CodeRedirect {
		return nil, false //nolint:nilerr // err is what is asked about
	}
	var info struct {
		Servers         [][]HostPort `json:"servers"`
		CACert          string       `json:"ca-cert"`
		ControllerTag   string       `json:"controller-tag"`
		ControllerAlias string       `json:"controller-alias"`
	}
	_ = answer.DecodeInfo(&info) // what does decode is used, the rest stays empty
	return &RedirectError{
		Servers:         info.Servers,
		CACert:          info.CACert,
		ControllerUUID:  TagID(KindController, info.ControllerTag),
		ControllerAlias: info.ControllerAlias,
		err:             answer,
	}, true
}

// withRedirect returns err, made a [*RedirectError] if it is a redirection.
func withRedirect(err error) error {
	if redirect, ok := AsRedirect(err); ok {
		return redirect
	}
	return err
}
