package facts_test

import (
	"errors"
	"strings"
	"testing"

	"jimm-migrator/src/migration/facts"
)

// From a list with gaps only a UUID or a full name selects: a missing model may have
// the same bare name.
func TestAListWithGapsGuessesNoModel(t *testing.T) {
	one := facts.Model{UUID: "9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10", Name: "prod", Owner: "alice@example.com"}
	gaps := errors.New("one model could not be read")
	for selector, certain := range map[string]bool{
		one.UUID: true, strings.ToUpper(one.UUID): true, "alice@example.com/prod": true, "prod": false, "other": false,
	} {
		m, err := facts.ModelList{Models: []facts.Model{one}, Gaps: gaps}.Select(selector)
		if certain != (err == nil) || certain != (m.UUID == one.UUID) || !certain && !errors.Is(err, gaps) {
			t.Errorf("%s, with gaps: %s, %v", selector, m.UUID, err)
		}
		_, err = facts.ModelList{Models: []facts.Model{one}}.Select(selector)
		if known := selector != "other"; known != (err == nil) || !known && facts.NotSelected(err) == nil {
			t.Errorf("%s: %v", selector, err)
		}
	}
}
