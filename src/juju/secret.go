package juju

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted is what a [Secret] prints as.
const redacted = "[redacted]"

// Secret contains a password or a client secret. It prints, marshals and logs as "[redacted]"; the
// value is behind a function, where a printer that walks structs by reflection does not see it
// either. The zero value is empty.
type Secret struct{ reveal func() string }

// NewSecret returns a secret of the value.
func NewSecret(value string) Secret { return Secret{reveal: func() string { return value }} }

// Reveal returns the value, for the wire only.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool { return s.Reveal() == "" }

// String returns "[redacted]".
func (s Secret) String() string { return redacted }

// Format prints "[redacted]" for every verb.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redacted) }

// MarshalText returns "[redacted]", for JSON, YAML and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue returns "[redacted]", for slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
