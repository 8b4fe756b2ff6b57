package config

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"syscall"

	"jimm-migrator/charm"
	"jimm-migrator/src/jimm"
	"jimm-migrator/src/redact"
	"jimm-migrator/src/rpc"
)

// Diagnose explains why JIMM could not be reached, or refused the login: it
// returns a [*ProblemError] if the administrator has to act, a [*WaitError] if
// JIMM may answer later, and nil for nil.
func (s Settings) Diagnose(env charm.Env, err error) error {
	app, at := env.App(), s.JIMM.URL
	if err == nil {
		return nil
	}
	certificate, badCertificate := errors.AsType[*tls.CertificateVerificationError](err)
	switch {
	case untrusted(err):
		return &ProblemError{
			What:   "the authority that signed the certificate of " + at + " is not trusted",
			Remedy: fmt.Sprintf("juju config %s jimm-ca-certificate=@ca.pem, or juju integrate %s:%s CA", app, app, EndpointCA),
		}
	case badCertificate:
		return &ProblemError{
			What:   fmt.Sprintf("the certificate of %s is not valid: %v", at, certificate.Err),
			Remedy: fmt.Sprintf("juju config %s jimm-url=wss://jimm.example.com, with a name in the certificate", app),
		}
	case errors.Is(err, jimm.ErrNotJIMM) && s.related:
		return &ProblemError{What: fmt.Sprintf("%s is related, but the server at %s is not JIMM", s.neighbour, at), Remedy: s.neighbour.removal(app)}
	case errors.Is(err, jimm.ErrNotJIMM), errors.Is(err, rpc.CodeNotImplemented), servesNoJIMM(err):
		return &ProblemError{What: "no JIMM v3.1 or later answers at " + at, Remedy: "juju config " + app + " jimm-url=wss://jimm.example.com", MayPass: true}
	case errors.Is(err, jimm.ErrRightsUnknown):
		return &WaitError{For: fmt.Sprintf("JIMM at %s to check rights: its OpenFGA does not answer", at)}
	case errors.Is(err, rpc.CodeUnauthorized):
		return &ProblemError{
			What:   fmt.Sprintf("JIMM refuses the service account %q, or its identity provider does not answer", s.JIMM.ClientID),
			Remedy: fmt.Sprintf("juju update-secret %s client-id=ID client-secret=SECRET, then juju run %s check-access", s.secret, env.Unit),
			// Its identity provider may come back.
			MayPass: true,
		}
	}
	return &WaitError{For: fmt.Sprintf("JIMM at %s to answer (%s)", at, reason(err))}
}

// servesNoJIMM reports whether a web server answers that has no JIMM at this path.
func servesNoJIMM(err error) bool {
	handshake, ok := errors.AsType[*rpc.HandshakeError](err)
	return ok && handshake.StatusCode == http.StatusNotFound
}

// NotAdministrator is the problem of a service account without the right.
func NotAdministrator(env charm.Env, generation jimm.Generation, identity string) *ProblemError {
	return &ProblemError{
		What:   fmt.Sprintf("%q is not a JIMM administrator", identity),
		Remedy: fmt.Sprintf("%s, then juju run %s check-access", GrantCommand(generation, identity), env.Unit),
	}
}

// GrantCommand is the command that makes an identity a JIMM administrator.
func GrantCommand(g jimm.Generation, identity string) string {
	tuple := " user-" + identity + " administrator controller-jimm"
	if g == jimm.Generation2025 {
		return "juju jaas add-permission" + tuple
	}
	return "jimmctl auth relation add" + tuple
}

// reason returns, in a few words, why a server does not answer. It leaves out
// details that change each time, such as ports, because the status must not change
// for no reason.
func reason(err error) string {
	var (
		number    syscall.Errno
		name      *net.DNSError
		handshake *rpc.HandshakeError
		answer    *rpc.Error
	)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.As(err, &name):
		return "its name is not known"
	case errors.As(err, &number):
		return number.Error()
	case errors.As(err, &handshake):
		return fmt.Sprintf("HTTP status %d", handshake.StatusCode)
	case errors.As(err, &answer):
		return redact.String(answer.Error())
	default:
		return "no connection"
	}
}
