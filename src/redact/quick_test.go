package redact_test

import (
	"testing"

	"jimm-migrator/src/redact"
)

// The quick test must find every text that the shapes would change.
func FuzzRedactQuickCheck(f *testing.F) {
	for _, text := range []string{
		"password=x", "PASSWD: x", "pa\u017fsword=x", "to\u212Aen=x", "a map[x:y]", "eyJhbGciOiJSUzI1NiJ9", "s64=x", "V64:y",
		"AgEabcdefghijklmnopqrstuvwxyz0123", "MDAxYmxvY2F0aW9uIGp1anUCANARYKMDAxNmlk", "https://u:p@h", "Basic abcdefghijkl",
		"credential attribute mismatch: a", "-----begin KEY-----", "api_key=1", "Authorization: none", "cookie='a'", "PWD=x", "pass_phrase: y", "MAAS-OAUTH=a:b:c", "x-amz-date=1", "HVS.abcdefghijklmnopqrstuvwxyz", "the agents are there",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if quick, slow := redact.String(text), redact.RedactShapes(text); quick != slow {
			t.Errorf("Redact(%q) = %q, the shapes make %q", text, quick, slow)
		}
	})
}
