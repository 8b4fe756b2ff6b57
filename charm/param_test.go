package charm_test

import (
	"encoding/json"
	"strings"
	"testing"

	"jimm-migrator/charm"
)

func TestNumbersMayBeTexts(t *testing.T) {
	for raw, want := range map[string]int{"1": 1, `"1"`: 1, `"007"`: 7, "999999": 999_999, "null": 0} {
		var got charm.Number
		if err := json.Unmarshal([]byte(raw), &got); err != nil || int(got) != want {
			t.Errorf("%s is %d, %v, want %d", raw, got, err, want)
		}
	}
	for _, raw := range []string{"0", `"0"`, "-1", "1.5", `"1.5"`, `""`, `" 1"`, `"one"`, "true", "1000000", "99999999999999999999"} {
		var got charm.Number
		if err := json.Unmarshal([]byte(raw), &got); err == nil || !strings.Contains(err.Error(), "a whole number from 1 to 999999") {
			t.Errorf("%s is %d, %v", raw, got, err)
		}
	}
}

func TestCountsMayBeZero(t *testing.T) {
	for raw, want := range map[string]int{"0": 0, `"0"`: 0, "7": 7, "null": 0} {
		var got charm.Count
		if err := json.Unmarshal([]byte(raw), &got); err != nil || int(got) != want {
			t.Errorf("%s is %d, %v, want %d", raw, got, err, want)
		}
	}
	for _, raw := range []string{"-1", `""`, "1.5", "1000000"} {
		var got charm.Count
		if err := json.Unmarshal([]byte(raw), &got); err == nil || !strings.Contains(err.Error(), "a whole number from 0 to 999999") {
			t.Errorf("%s is %d, %v", raw, got, err)
		}
	}
}
