package redact

// Raw is the text of a server as it came: it may contain secrets. It does not mix with other
// text, and wherever it is printed it is redacted; string(raw) is for code that reads it.
type Raw string

// String returns the text without what may contain secrets: see [String].
func (r Raw) String() string { return String(string(r)) }
