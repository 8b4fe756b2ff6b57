package schema_test

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"jimm-migrator/charm/charmtest/schema"
)

// FuzzVerdictIsDraft4 compares our verdicts with those of a maintained
// draft-4 implementation, for the keywords in which Juju's library keeps to
// the draft.
func FuzzVerdictIsDraft4(f *testing.F) {
	for _, doc := range []string{
		`{"a":"x"}`, `{"a":""}`, `{"a":1,"b":2}`, `{"n":0}`, `{"n":1.5}`, `{"n":10}`, `{"n":9007199254740991}`,
		`{"l":[]}`, `{"l":["a","a"]}`, `{"l":["a","b","c"]}`, `{"o":{}}`, `{"o":{"x":true,"y":1}}`, `{"x-1":"s"}`, `{"x-1":2}`,
		`{"e":"a"}`, `{"e":null}`, `{"c":"abc"}`, `{"c":3}`, `{"c":"a"}`, `{"d":1}`, `{"d":1,"a":"x"}`, `{"t":[1,2]}`,
	} {
		f.Add(doc)
	}
	doc := draft4Schema(f)
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft4)
	if err := compiler.AddResource("mem:///s.json", any(doc)); err != nil {
		f.Fatal(err)
	}
	oracle, err := compiler.Compile("mem:///s.json")
	if err != nil {
		f.Fatal(err)
	}
	ours, err := schema.Compile(doc)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		params, ok := parse(text)
		if !ok {
			t.Skip()
		}
		theirs := oracle.Validate(any(params))
		got := ours.Validate(params)
		if (theirs == nil) != (got == nil) {
			t.Errorf("%s\nours:   %v\ntheirs: %v", text, got, theirs)
		}
	})
}

// draft4Schema is the schema of the comparison.
func draft4Schema(tb testing.TB) map[string]any {
	tb.Helper()
	doc, ok := parse(`{
		"type":"object",
		"properties":{
			"a":{"type":"string","minLength":1,"maxLength":8,"pattern":"^[a-z]*$"},
			"b":{"type":["integer","null"]},
			"n":{"type":"number","minimum":0,"exclusiveMinimum":true,"maximum":10,"multipleOf":0.5},
			"l":{"type":"array","items":{"type":"string"},"minItems":1,"maxItems":2,"uniqueItems":true},
			"t":{"type":"array","additionalItems":false,"items":[{}]},
			"o":{"type":"object","properties":{"x":{"type":"boolean"}},"required":["x"],"additionalProperties":{"type":"integer"},"maxProperties":2},
			"e":{"enum":["a",1,null]},
			"c":{"oneOf":[{"type":"string","minLength":2},{"type":"string","maxLength":2},{"type":"integer"}]},
			"d":{"anyOf":[{"minimum":1},{"type":"string"}],"not":{"enum":[7]}}
		},
		"patternProperties":{"^x-":{"type":"string"}},
		"additionalProperties":false,
		"dependencies":{"d":["a"]}
	}`)
	if !ok {
		tb.Fatal("bad JSON in the test")
	}
	return doc
}

// parse reads an object whose numbers are all as exact as Juju keeps them.
func parse(text string) (map[string]any, bool) {
	var out map[string]any
	if err := json.Unmarshal([]byte(text), &out); err != nil || out == nil {
		return nil, false
	}
	return out, exact(out)
}

func exact(value any) bool {
	switch value := value.(type) {
	case float64:
		return math.Abs(value) < 1<<50 && (value == 0 || math.Abs(value) > 1e-6)
	case []any:
		return !slices.ContainsFunc(value, func(one any) bool { return !exact(one) })
	case map[string]any:
		for _, one := range value {
			if !exact(one) {
				return false
			}
		}
	}
	return true
}
