package charm

import (
	"cmp"
	"context"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Limits of results. The kernel takes arguments of at most 131,071 bytes, and
// action-set can read them from nowhere else.
const (
	maxResultCall  = 100_000 // bytes of all the arguments of one action-set
	maxResultDepth = 32
)

// SetResults adds to the results of the action, which Juju shows as nested
// maps of strings. They are kept whatever becomes of the action afterwards.
// Results of the same name replace earlier ones.
//
// Maps with string keys nest, lists become maps with the keys "0", "1" and so
// on, structs are what encoding/json makes of them. Texts, numbers, bools,
// durations, times (RFC 3339, UTC), errors and whatever has a MarshalText or
// String method become text. Nil, empty maps and empty lists set nothing.
//
// Each key is of lower-case letters, digits and inner hyphens; "stdout",
// "stderr" and "…-encoding" of these are Juju's own anywhere, "return-code" at
// the top. All keys are checked before anything is set. Bytes that are not
// UTF-8 are replaced. A text longer than about 100,000 bytes is cut, and says
// so at its end: part of the truth is better than no results.
func (a *Action) SetResults(ctx context.Context, results map[string]any) error {
	f := flattener{secrets: &a.agent.secrets}
	if err := f.walk(nil, results); err != nil {
		return fmt.Errorf("cannot set results: %w", err)
	}
	a.reported = a.reported || len(f.leaves) > 0
	for _, args := range f.calls() {
		call := ToolCall{Tool: "action-set", Args: append([]string{"--"}, args...)}
		if err := a.agent.report(ctx, call); err != nil {
			return fmt.Errorf("cannot set results: %w", err)
		}
	}
	return nil
}

// HasResults reports whether [Action.SetResults] has set any.
func (a *Action) HasResults() bool { return a.reported }

// result is one leaf of the results.
type result struct{ key, value string }

// flattener makes leaves out of nested results.
type flattener struct {
	secrets *redactor
	leaves  []result
}

// walk adds the leaves of a value at a path.
func (f *flattener) walk(path []string, value any) error {
	if len(path) > maxResultDepth {
		return fmt.Errorf("%q nests too deeply", strings.Join(path, "."))
	}
	rv := reflect.ValueOf(value)
	if !rv.IsValid() || rv.Kind() == reflect.Pointer && rv.IsNil() {
		return nil
	}
	text, ok, err := asText(value)
	if err != nil {
		return fmt.Errorf("%q: %w", strings.Join(path, "."), err)
	}
	if ok {
		return f.leaf(path, text)
	}
	switch rv.Kind() {
	case reflect.Pointer:
		return f.walk(path, rv.Elem().Interface())
	case reflect.Map:
		return f.walkMap(path, rv)
	case reflect.Slice, reflect.Array:
		for i := range rv.Len() {
			if err := f.walk(join(path, strconv.Itoa(i)), rv.Index(i).Interface()); err != nil {
				return err
			}
		}
		return nil
	case reflect.Struct:
		plain, err := throughJSON(value)
		if err != nil {
			return fmt.Errorf("%q: %w", strings.Join(path, "."), err)
		}
		return f.walk(path, plain)
	default:
		return fmt.Errorf("%q: a %T cannot be a result", strings.Join(path, "."), value)
	}
}

// walkMap adds the leaves of a map, in the order of its keys.
func (f *flattener) walkMap(path []string, rv reflect.Value) error {
	if rv.Type().Key().Kind() != reflect.String {
		return fmt.Errorf("%q: a %s has no text for keys", strings.Join(path, "."), rv.Type())
	}
	keys := rv.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return cmp.Compare(a.String(), b.String()) })
	for _, key := range keys {
		below := join(path, key.String())
		if err := f.checkKey(below); err != nil {
			return err
		}
		if err := f.walk(below, rv.MapIndex(key).Interface()); err != nil {
			return err
		}
	}
	return nil
}

// leaf adds one result.
func (f *flattener) leaf(path []string, text string) error {
	if len(path) == 0 {
		return errors.New("results must be a map")
	}
	key, text := strings.Join(path, "."), valid(f.secrets.hide(text))
	if room := maxResultCall - len(key) - len("--\x00=\x00"); len(text) > room {
		note := fmt.Sprintf("… [cut, %d bytes in all]", len(text))
		text = cut(text, max(0, room-len(note))) + note
	}
	f.leaves = append(f.leaves, result{key, text})
	return nil
}

// checkKey checks the last key of a path, by Juju's rule.
func (f *flattener) checkKey(path []string) error {
	key, whole := path[len(path)-1], strings.Join(path, ".")
	letters := strings.Trim(key, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
	switch {
	case key == "" || !letters || strings.HasPrefix(key, "-") || strings.HasSuffix(key, "-"):
		return fmt.Errorf("key %q of %q must consist of lower-case letters, digits and inner hyphens", key, whole)
	case slices.Contains([]string{"stdout", "stdout-encoding", "stderr", "stderr-encoding"}, key),
		whole == "return-code":
		return fmt.Errorf("key %q of %q is Juju's own", key, whole)
	case len(whole) > maxResultCall/2:
		return fmt.Errorf("key %q… is too long", cut(whole, 64))
	case f.secrets.holds(whole):
		return errors.New("a key contains a secret")
	}
	return nil
}

// calls returns the arguments of as few action-sets as the limits allow.
func (f *flattener) calls() [][]string {
	slices.SortFunc(f.leaves, func(a, b result) int { return cmp.Compare(a.key, b.key) })
	var calls [][]string
	size := maxResultCall
	for _, leaf := range f.leaves {
		arg := leaf.key + "=" + leaf.value
		if size+len(arg)+1 > maxResultCall {
			calls, size = append(calls, nil), len("--\x00")
		}
		last := len(calls) - 1
		calls[last] = append(calls[last], arg)
		size += len(arg) + 1
	}
	return calls
}

// asText returns the text of a value that is one.
func asText(value any) (text string, ok bool, err error) {
	switch v := value.(type) {
	case error:
		return v.Error(), true, nil
	case time.Time:
		return v.UTC().Format(time.RFC3339), true, nil
	case encoding.TextMarshaler:
		b, err := v.MarshalText()
		return string(b), true, err
	case fmt.Stringer:
		return v.String(), true, nil
	case []byte:
		return string(v), true, nil
	}
	switch rv := reflect.ValueOf(value); rv.Kind() {
	default:
		return "", false, nil
	case reflect.String:
		return rv.String(), true, nil
	case reflect.Bool:
		return strconv.FormatBool(rv.Bool()), true, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(rv.Int(), 10), true, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return strconv.FormatUint(rv.Uint(), 10), true, nil
	case reflect.Float32, reflect.Float64:
		return strconv.FormatFloat(rv.Float(), 'f', -1, rv.Type().Bits()), true, nil
	}
}

// throughJSON turns a struct into maps and lists, numbers kept as written.
func throughJSON(value any) (any, error) {
	encoded, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(strings.NewReader(string(encoded)))
	decoder.UseNumber()
	var plain any
	err = decoder.Decode(&plain)
	return plain, err
}

// join returns a new path, one key longer.
func join(path []string, key string) []string {
	return append(slices.Clone(path), key)
}
