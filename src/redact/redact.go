package redact

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// String removes from a server's text what may contain secrets: Juju prints cloud
// credentials in clear when two of one name differ ("credential attribute
// mismatch: map[…] != map[…]", Juju 2.9 to 4.0), and errors can quote tokens.
// Everything that looks like a secret is removed: a gap in a text is better than
// a leak.
func String(text string) string {
	if harmless(text) {
		return strings.TrimSpace(text)
	}
	return redactShapes(text)
}

// redactShapes replaces until nothing changes: what one shape leaves can
// look like another. A text in which that never ends is hidden whole.
func redactShapes(text string) string {
	const most = 8
	for range most {
		next := text
		for _, r := range secretShapes() {
			next = r.shape.ReplaceAllString(next, r.with)
		}
		if next = strings.TrimSpace(next); next == text {
			return text
		}
		text = next
	}
	return "[redacted]"
}

// harmless reports whether no shape of a secret can be in the text: a quick check
// for what each of them needs. Most texts are, and looking for the shapes takes
// 0.1 ms.
func harmless(text string) bool {
	for _, c := range []byte(text) {
		if c >= utf8.RuneSelf {
			return false // Letters of other alphabets can count as ours.
		}
	}
	low := strings.ToLower(text)
	named := strings.ContainsAny(text, ":=") &&
		hasAny(low, "passw", "pwd", "phrase", "oauth", "x-amz-", "macaroon", "token", "cookie", "secret", "key", "s64", "v64", "authorization")
	return !named && !hasAny(low, "mismatch", "map[", "-----begin", "://", "bearer", "basic", "hvs.", "hvb.", "hvr.") &&
		!hasAny(text, "eyJ", "ZXlK", "MDA", "AgE")
}

func hasAny(text string, parts ...string) bool {
	return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) })
}

type redaction struct {
	shape *regexp.Regexp
	with  string
}

// secretShapes returns what secrets look like, in the order of application.
var secretShapes = sync.OnceValue(func() []redaction { //nolint:gochecknoglobals // a constant that has to be compiled
	const (
		// A name that says that a secret follows, with what may stand around it.
		name = `(?i)([\w.-]*(?:passw(?:or)?d|pwd|pass[-_]?phrase|maas[-_]?oauth|x-amz-[a-z-]+|macaroons?|token|cookie|secret[-_]?key|access[-_]?key|private[-_]?key|client[-_]?key(?:[-_]?data)?|api[-_]?key|(?:client|shared|oauth)[-_]?secret|[sv]64|authorization))`
		// The quotes may be escaped, when one text quotes another.
		is = `(\\*["']?\s*[:=]\s*)`
		// One that is hidden already ends where it does: what follows is another's text.
		value = `(?:\[redacted\]|(?:(?:bearer|basic)\s+)?(?:\\*"[^"]*"|'[^']*'|\S+))`
	)
	return []redaction{
		// Everything after the words: the values may contain any characters.
		{regexp.MustCompile(`(?is)(credential attribute mismatch:)(?: \[redacted\]|.*)`), "$1 [redacted]"},
		// To the last bracket, or to the end of a text that was cut.
		{regexp.MustCompile(`(?s)map\[redacted\]|map\[.*\]`), "map[redacted]"},
		{regexp.MustCompile(`(?s)map\[[^\]]*$`), "map[redacted]"},
		{regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]+-----.*?(-----END [A-Z0-9 ]+-----|$)`), "[redacted PEM]"},
		{regexp.MustCompile(`(://)[^\s/@]+@`), "$1[redacted]@"},
		{regexp.MustCompile(name + is + value), "$1$2[redacted]"},
		{regexp.MustCompile(`(?i)(\bsecret\\*["']\s*[:=]\s*|\bsecret\s*=\s*)` + value), "$1[redacted]"},
		{regexp.MustCompile(`(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=._~-]{8,}`), "$1 [redacted]"},
		// A token of Vault, in which JIMM and models keep secrets.
		{regexp.MustCompile(`(?i)\bhv[sbr]\.[A-Za-z0-9_-]{20,}`), "[redacted token]"},
		// A JWT, one in base64, and a macaroon in base64.
		{regexp.MustCompile(`eyJ[A-Za-z0-9_-]{8,}(\.[A-Za-z0-9_.-]+)?`), "[redacted token]"},
		{regexp.MustCompile(`\b(ZXlK|MDA[A-Za-z0-9]|AgE)[A-Za-z0-9+/=_-]{24,}`), "[redacted token]"},
	}
})

// Own is an error whose text is the charm's own: no part of its text comes from a server,
// and its commands must be shown as they are.
type Own interface {
	error
	// Own does nothing.
	Own()
}

// Error returns the text of an error, redacted unless it is in the charm's own
// words; "no answer" without an error.
func Error(err error) string {
	if err == nil {
		return "no answer"
	}
	if own, ok := err.(Own); ok { //nolint:errorlint // What wraps it may quote a server.
		return own.Error()
	}
	return String(err.Error())
}
