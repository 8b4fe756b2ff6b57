package charm

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// redacted stands where a secret stood.
const redacted = "[redacted]"

// minSecret is the length in bytes from which a value is hidden. Redacting shorter
// ones would damage every text, and hide nothing that cannot be guessed.
const minSecret = 4

// redactor hides secrets in texts. Its zero value hides nothing.
type redactor struct {
	mu       sync.RWMutex
	forms    map[string]bool
	replacer *strings.Replacer
}

// add hides values from now on, also when they are quoted or encoded.
func (r *redactor) add(values ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.forms == nil {
		r.forms = map[string]bool{}
	}
	for _, value := range values {
		for _, form := range forms(value) {
			if len(form) >= minSecret {
				r.forms[form] = true
			}
		}
	}
	// A replacer takes the first of its texts that fits: longest first.
	texts := make([]string, 0, len(r.forms))
	for form := range r.forms {
		texts = append(texts, form)
	}
	slices.SortFunc(texts, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	pairs := make([]string, 0, 2*len(texts))
	for _, text := range texts {
		pairs = append(pairs, text, redacted)
	}
	r.replacer = strings.NewReplacer(pairs...)
}

// hide returns the text without secrets.
func (r *redactor) hide(text string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.replacer == nil {
		return text
	}
	return r.replacer.Replace(text)
}

// holds reports whether a text contains a secret.
func (r *redactor) holds(text string) bool { return r.hide(text) != text }

// forms lists the encodings of a value that another program may print.
func forms(value string) []string {
	value = strings.TrimSpace(value)
	if len(value) < minSecret {
		return nil
	}
	list := []string{
		value, url.QueryEscape(value), url.PathEscape(value),
		base64.RawStdEncoding.EncodeToString([]byte(value)),
		base64.RawURLEncoding.EncodeToString([]byte(value)),
	}
	if lines := strings.Split(value, "\n"); len(lines) > 1 {
		list = append(list, strings.Join(strings.Fields(value), " "))
		for _, line := range lines { // of a key in PEM, say
			if line = strings.TrimSpace(line); len(line) >= 16 {
				list = append(list, line)
			}
		}
	}
	return append(list, quotedForms(value)...)
}

// quotedForms quotes a value as Go and as JSON do, and the outcome again, as
// happens when one error quotes another.
func quotedForms(value string) []string {
	list := []string{value}
	for range 2 {
		for _, form := range list {
			list = append(list, inner(strconv.Quote(form)))
			if encoded, err := json.Marshal(form); err == nil {
				list = append(list, inner(string(encoded)))
			}
		}
		slices.Sort(list)
		list = slices.Compact(list)
	}
	return list
}

// inner removes the quotes around a text.
func inner(quoted string) string { return quoted[1 : len(quoted)-1] }
