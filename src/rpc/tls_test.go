package rpc_test

import (
	"crypto/tls"
	"testing"

	"jimm-migrator/tests/sim/wire"
)

// newAuthority makes a private CA for one test.
func newAuthority(t *testing.T) *wire.CA {
	t.Helper()
	ca, err := wire.NewCA("test CA")
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// leaf returns a server certificate as Juju controllers have it.
func leaf(t *testing.T, ca *wire.CA) tls.Certificate {
	t.Helper()
	certificate, err := ca.Leaf()
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}
