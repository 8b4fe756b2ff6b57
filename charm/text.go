package charm

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of texts, in characters. Juju has none of its own; people do.
const (
	maxLine = 500   // a line of progress, a status message
	maxText = 1_000 // the sentence that fails an action
)

// valid replaces what no argument may contain, bytes that are not UTF-8 and NUL.
func valid(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	return strings.ReplaceAll(text, "\x00", "\uFFFD")
}

// oneLine makes a single line of at most limit characters out of any text:
// each run of white space and control characters becomes one space.
func oneLine(text string, limit int) string {
	text = strings.Join(strings.FieldsFunc(valid(text), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	return string([]rune(text)[:limit-1]) + "…"
}

// spellPercent removes percent signs. The client of Juju up to 3.6.4 prints a
// line of progress as a format string, "50% done" as "50%!d(MISSING)one"; that of
// 3.6.10 and later prints it as it is.
func spellPercent(text string) string {
	if !strings.Contains(text, "%") {
		return text
	}
	var out strings.Builder
	before, runes := ' ', []rune(text)
	for i, r := range runes {
		after := ' '
		if i+1 < len(runes) {
			after = runes[i+1]
		}
		switch {
		case r != '%':
			out.WriteRune(r)
		case unicode.IsDigit(before) && !unicode.IsLetter(after) && !unicode.IsDigit(after):
			out.WriteString(" percent")
		default:
			out.WriteString("(percent)")
		}
		before = r
	}
	return out.String()
}

// cut returns the longest beginning of text that has at most limit bytes and
// does not end inside a character.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}
