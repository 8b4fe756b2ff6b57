package operator

import (
	"context"
	"crypto/x509"
)

// Addresses are where JIMM may be, best first.
func Addresses(s Settings) []string { return s.addresses }

// Stored makes an .xz file.
func Stored(data []byte) []byte { return stored(data) }

// ReceivedCAs are the authorities that relations have brought.
func ReceivedCAs(ctx context.Context, u Relations) ([]*x509.Certificate, error) {
	return receivedCAs(ctx, u)
}
