package jimm

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted is what a [Secret] prints as, whatever it holds.
const redacted = "[redacted]"

// Secret holds a client secret and gives it away only by [Secret.Reveal].
// Printed with any verb, marshalled as JSON or text, or logged with slog it
// is "[redacted]". The value sits behind a function, so that a printer that
// walks the fields of a struct by reflection cannot reach it either.
//
// The zero value is the empty secret.
type Secret struct {
	reveal func() string
}

// NewSecret makes a Secret of value.
func NewSecret(value string) Secret {
	if value == "" {
		return Secret{}
	}
	return Secret{reveal: func() string { return value }}
}

// Reveal returns the secret itself. It is for the wire only.
func (s Secret) Reveal() string {
	if s.reveal == nil {
		return ""
	}
	return s.reveal()
}

// IsZero reports whether the secret is empty.
func (s Secret) IsZero() bool {
	return s.Reveal() == ""
}

// String returns "[redacted]".
func (s Secret) String() string { return redacted }

// GoString returns "[redacted]", for %#v.
func (s Secret) GoString() string { return redacted }

// Format writes "[redacted]" for every verb and flag.
func (s Secret) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, redacted)
}

// MarshalText returns "[redacted]"; JSON and YAML encoders use it.
func (s Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// MarshalJSON returns the JSON string "[redacted]".
func (s Secret) MarshalJSON() ([]byte, error) { return []byte(`"` + redacted + `"`), nil }

// LogValue returns "[redacted]", for slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(redacted) }
