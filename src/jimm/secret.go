package jimm

import "jimm-migrator/src/juju"

// Secret holds a client secret, and gives it away only by its method Reveal.
type Secret = juju.Secret

// NewSecret makes a Secret of value.
func NewSecret(value string) Secret { return juju.NewSecret(value) }
