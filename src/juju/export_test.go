package juju

import (
	"context"
	"crypto/x509"

	"jimm-migrator/src/rpc"
)

// Race is race.
func Race(ctx context.Context, n int, attempt func(ctx context.Context, i int) (*rpc.Conn, error)) (*rpc.Conn, int, error) {
	return race(ctx, n, attempt)
}

// WithSystemRoots returns the options with other roots for the system's.
func WithSystemRoots(opts Options, pool *x509.CertPool) Options {
	opts.systemRoots = pool
	return opts
}
