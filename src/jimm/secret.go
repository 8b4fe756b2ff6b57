package jimm

import "jimm-migrator/src/juju"

// Secret contains a client secret, and reveals it only through its method Reveal.
type Secret = juju.Secret

// NewSecret makes a Secret of value.
func NewSecret(value string) Secret { return juju.NewSecret(value) }
