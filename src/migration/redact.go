package migration

import (
	"regexp"
	"strings"
)

// Redact removes from a server's text what may hold secrets: Juju prints cloud
// credentials in clear when two of one name differ ("credential attribute
// mismatch: map[…] != map[…]", Juju 2.9 to 4.0), and errors can quote tokens.
func Redact(text string) string {
	for _, r := range secretShapes() {
		text = r.shape.ReplaceAllString(text, r.with)
	}
	return strings.TrimSpace(text)
}

type redaction struct {
	shape *regexp.Regexp
	with  string
}

func secretShapes() []redaction {
	return []redaction{
		// Everything behind the words: the values may hold any characters.
		{regexp.MustCompile(`(?is)(credential attribute mismatch:).*`), "$1 [redacted]"},
		{regexp.MustCompile(`(?s)map\[.*\]`), "map[redacted]"},
		{regexp.MustCompile(`(?s)-----BEGIN [A-Z ]+-----.*?(-----END [A-Z ]+-----|$)`), "[redacted PEM]"},
		{regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]+`), "[redacted token]"},
		{regexp.MustCompile(`(?i)\b(password|client-secret|client_secret|secret-key|access-key|session-token|macaroons?|token)("?\s*[:=]\s*)("[^"]*"|[^\s,;}]+)`), "$1$2[redacted]"},
	}
}
