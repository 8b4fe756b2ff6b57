package juju

import "crypto/x509"

// WithSystemRoots returns the options with other roots for the system's.
func WithSystemRoots(opts Options, pool *x509.CertPool) Options {
	opts.systemRoots = pool
	return opts
}
