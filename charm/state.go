package charm

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of the state that Juju keeps for a unit, in bytes (Juju 2.9 to 4.0;
// the last is the default of controller config max-charm-state-size).
const (
	MaxStateKey   = 256
	MaxStateValue = 65_536
	MaxStateTotal = 2 << 20
)

// State returns the state that earlier dispatches of this unit have stored, and this one. It is stored in the
// controller, is not shared between units, and is never nil.
func (u *Unit) State(ctx context.Context) (map[string]string, error) {
	state := map[string]string{}
	if err := u.agent.query(ctx, &state, "state-get"); err != nil {
		return nil, fmt.Errorf("cannot read the unit's state: %w", err)
	}
	if state == nil {
		state = map[string]string{}
	}
	return state, nil
}

// SetState adds to the unit's state. Juju writes it when the dispatch ends with
// exit code 0, and forgets it otherwise: use it for hints, not as a journal.
// Limits and characters are checked before; secrets are refused.
func (u *Unit) SetState(ctx context.Context, values map[string]string) error {
	if len(values) == 0 {
		return nil
	}
	total := 0
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if err := u.checkData(key, values[key]); err != nil {
			return fmt.Errorf("cannot save state %q: %w", key, err)
		}
		if len(key) > MaxStateKey || len(values[key]) > MaxStateValue {
			return fmt.Errorf("cannot save state %q of %d bytes: a key has at most %d bytes, a value %d",
				cut(key, MaxStateKey), len(values[key]), MaxStateKey, MaxStateValue)
		}
		total += len(key) + len(values[key])
	}
	if total > MaxStateTotal {
		return fmt.Errorf("cannot save state of %d bytes: the unit has at most %d", total, MaxStateTotal)
	}
	call := ToolCall{Tool: "state-set", Args: []string{"--file", "-"}, Stdin: yamlSafe(values)}
	if err := u.agent.report(ctx, call); err != nil {
		return fmt.Errorf("cannot save state: %w", err)
	}
	return nil
}

// checkData checks a key and value that are sent to the controller as data. Data is not read by people, so a secret in
// it is refused rather than replaced.
func (u *Unit) checkData(key, value string) error {
	switch {
	case key == "" || strings.ContainsFunc(key, unicode.IsControl):
		return fmt.Errorf("key %q is empty or has control characters", key)
	case !utf8.ValidString(key) || !utf8.ValidString(value):
		return errors.New("it is not UTF-8")
	case u.agent.secrets.holds(key) || u.agent.secrets.holds(value):
		return errors.New("it contains a secret")
	}
	return nil
}

// yamlSafe encodes values for --file -, which reads YAML. JSON is YAML but for
// some characters that JSON takes as they are and YAML refuses, or folds.
func yamlSafe(values map[string]string) []byte {
	encoded, _ := json.Marshal(values) // a map of strings always encodes
	var out bytes.Buffer
	for _, r := range string(encoded) {
		switch {
		case r >= 0x7f && r <= 0x9f, r == 0xfeff, r == 0xfffe, r == 0xffff:
			fmt.Fprintf(&out, `\u%04x`, r)
		default:
			out.WriteRune(r)
		}
	}
	return out.Bytes()
}
