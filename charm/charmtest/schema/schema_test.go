package schema_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"jimm-migrator/charm/charmtest/schema"
)

func object(t *testing.T, text string) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("bad JSON in the test: %v", err)
	}
	return out
}

func compile(t *testing.T, text string) *schema.Schema {
	t.Helper()
	s, err := schema.Compile(object(t, text))
	if err != nil {
		t.Fatalf("Compile: %v", err)
	}
	return s
}

func TestCompileRefusesWhatJujuRefuses(t *testing.T) {
	for _, test := range []struct{ name, doc, want string }{
		// Seen with Juju 3.6.
		{"draft 6 limit", `{"properties":{"n":{"exclusiveMinimum":0}}}`, "exclusiveMinimum must be of a boolean"},
		{"unknown type", `{"properties":{"n":{"type":"int"}}}`, "int is not a valid type"},
		// Texts of the library that Juju uses.
		{"limit without base", `{"exclusiveMaximum":true}`, "exclusiveMaximum cannot be used without maximum"},
		{"limits crossed", `{"minimum":2,"maximum":1}`, "minimum cannot be greater than maximum"},
		{"negative length", `{"minLength":-1}`, "minLength must be greater than or equal to 0"},
		{"length of text", `{"maxLength":"a"}`, "maxLength must be of an integer"},
		{"bad pattern", `{"pattern":"("}`, "pattern must be a valid regex"},
		{"required twice", `{"required":["a","a"]}`, "required items must be unique"},
		{"required not a list", `{"required":true}`, "required must be of an array"},
		{"properties not a map", `{"properties":[]}`, "properties must be of type object"},
		{"enum twice", `{"enum":["a","a"]}`, "enum items must be unique"},
		{"type twice", `{"type":["string","string"]}`, "string type is duplicated"},
		{"zero step", `{"multipleOf":0}`, "multipleOf must be strictly greater than 0"},
		{"additional text", `{"additionalProperties":"no"}`, "additionalProperties must be of type boolean/schema"},
		{"property not a schema", `{"properties":{"a":1}}`, "schema must be of type object"},
		{"description not text", `{"description":1}`, "description must be of type string"},
		{"not a list", `{"anyOf":{}}`, "anyOf must be of an array"},
		{"items text", `{"items":"a"}`, "items must be of type schema/array of schemas"},
		{"bad dependency", `{"dependencies":{"a":1}}`, "dependency must be of type schema or array of strings"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := schema.Compile(object(t, test.doc))
			if err == nil || err.Error() != test.want {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func TestUnknownKeywordsAreIgnored(t *testing.T) {
	s := compile(t, `{"properties":{"id":{"type":"string","format":"uuid","const":"x","if":{},"then":false}}}`)
	if err := s.Validate(object(t, `{"id":"not a uuid"}`)); err != nil {
		t.Errorf("got %v, want no error: Juju ignores format and const", err)
	}
}

func TestValidateSaysWhatJujuSays(t *testing.T) {
	const props = `{"type":"object","properties":`
	for _, test := range []struct{ name, doc, params, want string }{
		// Seen with Juju 3.6.
		{"missing", props + `{},"required":["target"]}`, `{}`, `(root) : "target" property is missing and required, given {}`},
		{"wrong type", props + `{"model":{"type":"string"}}}`, `{"model":1}`, `(root).model : must be of type string, given 1`},
		{
			"unknown", props + `{},"additionalProperties":false}`, `{"bogus":"<x>"}`,
			`(root) : additional property "bogus" is not allowed, given {"bogus":"\u003cx\u003e"}`,
		},
		{"minimum is inclusive but said otherwise", props + `{"n":{"minimum":1}}}`, `{"n":0}`, `(root).n : must be greater than 1, given "0"`},
		{"enum", props + `{"mode":{"enum":["a","b"]}}}`, `{"mode":"c"}`, `(root).mode : must match one of the enum values ["a","b"], given "c"`},
		{
			"several", props + `{"m":{"type":"string"}},"required":["t"],"additionalProperties":false}`, `{"m":true,"x":null}`,
			`(root) : "t" property is missing and required, given {"m":true,"x":null}; ` +
				`(root) : additional property "x" is not allowed, given {"m":true,"x":null}; (root).m : must be of type string, given true`,
		},
		{"null", props + `{"m":{"type":"string"}}}`, `{"m":null}`, `(root).m : must be of type string, given null`},
		{"list of types", props + `{"m":{"type":["string","integer"]}}}`, `{"m":1.5}`, `(root).m : must be of type [string,integer], given 1.5`},
		{"integer", props + `{"m":{"type":"integer"}}}`, `{"m":1.5}`, `(root).m : must be of type integer, given 1.5`},
		{"short", props + `{"m":{"minLength":1}}}`, `{"m":""}`, `(root).m : string length must be greater or equal to 1, given ""`},
		{"long, in characters", props + `{"m":{"maxLength":2}}}`, `{"m":"äöü"}`, `(root).m : string length must be lower or equal to 2, given "äöü"`},
		{"pattern", props + `{"m":{"pattern":"^[a-z]+$"}}}`, `{"m":"A"}`, `(root).m : does not match pattern '^[a-z]+$', given "A"`},
		{"maximum", props + `{"n":{"maximum":1.5}}}`, `{"n":2}`, `(root).n : must be lower than 1.5, given "2"`},
		{"exclusive", props + `{"n":{"maximum":1,"exclusiveMaximum":true}}}`, `{"n":1}`, `(root).n : must be lower than or equal to 1, given "1"`},
		{"multiple", props + `{"n":{"multipleOf":2}}}`, `{"n":3}`, `(root).n : must be a multiple of 2, given "3"`},
		{"nested", props + `{"a":{"properties":{"b":{"type":"boolean"}}}}}`, `{"a":{"b":"yes"}}`, `(root).a.b : must be of type boolean, given "yes"`},
		{"list item", props + `{"l":{"items":{"type":"string"}}}}`, `{"l":["a",1]}`, `(root).l.1 : must be of type string, given 1`},
		{"list too short", props + `{"l":{"minItems":1}}}`, `{"l":[]}`, `(root).l : array must have at least 1 items, given []`},
		{"list not unique", props + `{"l":{"uniqueItems":true}}}`, `{"l":[1,1]}`, `(root).l : array items must be unique, given [1,1]`},
		{"dependency", props + `{},"dependencies":{"a":["b"]}}`, `{"a":1}`, `(root) : has a dependency on b, given {"a":1}`},
		{"too few", props + `{},"minProperties":1}`, `{}`, `(root) : must have at least 1 properties, given {}`},
		{"not", props + `{"m":{"not":{"type":"string"}}}}`, `{"m":"a"}`, `(root).m : must not validate the schema (not), given "a"`},
		{
			"one of none", props + `{"m":{"oneOf":[{"type":"integer"},{"type":"string","minLength":2}]}}}`, `{"m":"a"}`,
			`(root).m : must validate one and only one schema (oneOf), given "a"; (root).m : string length must be greater or equal to 2, given "a"`,
		},
		{
			"any of none", `{"anyOf":[{"required":["a"]},{"required":["b"]}]}`, `{}`,
			`(root) : must validate at least one schema (anyOf), given {}; (root) : "a" property is missing and required, given {}`,
		},
		{
			"pattern property", `{"patternProperties":{"^x-":{"type":"string"}},"additionalProperties":false}`, `{"x-a":1,"y":2}`,
			`(root).x-a : must be of type string, given 1; (root) : additional property "x-a" is not allowed, given {"x-a":1,"y":2}; ` +
				`(root) : additional property "y" is not allowed, given {"x-a":1,"y":2}`,
		},
		{"tuple of another length is not looked into", props + `{"l":{"items":[{"type":"string"}]}}}`, `{"l":[1,2]}`, ``},
		{"no type, null", props + `{"m":{"minLength":3}}}`, `{"m":null}`, ``},
		{"whole float is an integer", props + `{"m":{"type":"integer"}}}`, `{"m":3.0}`, ``},
		{"unknown passes on Juju 3", props + `{}}`, `{"bogus":1}`, ``},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := ""
			if err := compile(t, test.doc).Validate(object(t, test.params)); err != nil {
				got = err.Error()
			}
			if test.want != "" {
				test.want = "validation failed: " + test.want
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("wrong verdict (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDefaultsAreInsertedUnvalidated(t *testing.T) {
	s := compile(t, `{"properties":{
		"mode":{"enum":["a","b"],"default":"z"},
		"given":{"default":"unused"},
		"nested":{"type":"object","properties":{"deep":{"default":1},"none":{}}},
		"empty":{"type":"object","properties":{"none":{}}}}}`)
	params := map[string]any{"given": "kept"}
	got, err := s.WithDefaults(params)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"mode": "z", "given": "kept", "nested": map[string]any{"deep": 1.0}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("wrong parameters (-want +got):\n%s", diff)
	}
	if len(params) != 1 {
		t.Errorf("the caller's map was changed: %v", params)
	}
}

func TestObjectWithoutListedPropertiesBreaksTheDefaults(t *testing.T) {
	s := compile(t, `{"properties":{"labels":{"type":"object"}}}`)
	if _, err := s.WithDefaults(object(t, `{"labels":{"a":"b"}}`)); err == nil {
		t.Error("no error, but Juju's library panics here")
	}
}
