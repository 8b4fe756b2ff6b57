package redact

// RedactShapes is Redact without its quick look.
func RedactShapes(text string) string { return redactShapes(text) }
