// Package schema decides what Juju 3.6 decides about the parameters of an
// action: whether its JSON schema is acceptable, whether given parameters fit,
// what is said when they do not, and which defaults are put in.
//
// Juju's dialect is draft 4 as a library of 2015 understood it, so this
// package follows that library's verdicts and texts rather than the draft:
// format is ignored, const and if/then are unknown, numbers in messages are
// quoted, "greater than" is said for minimum (which is inclusive), the
// positions of a tuple are checked only if the lengths agree, and defaults are
// inserted without being validated.
package schema

import (
	"encoding/json"
	"fmt"
	"regexp"
)

// Schema is a compiled schema of an object.
type Schema struct {
	root *node
	doc  map[string]any
}

// node is one schema of the tree.
type node struct {
	types []string

	properties        map[string]*node
	patternProperties map[string]*node
	patterns          map[string]*regexp.Regexp
	additional        extra // additionalProperties
	required          []string
	minProperties     *int
	maxProperties     *int
	dependencies      map[string]dependency

	items           []*node
	singleItem      bool
	additionalItems extra
	minItems        *int
	maxItems        *int
	uniqueItems     bool

	multipleOf       *float64
	minimum          *float64
	exclusiveMinimum bool
	maximum          *float64
	exclusiveMaximum bool

	minLength *int
	maxLength *int
	pattern   *regexp.Regexp

	enum                []string // as JSON
	allOf, anyOf, oneOf []*node
	not                 *node
}

// extra is the value of additionalProperties or additionalItems.
type extra struct {
	set    bool
	allow  bool
	schema *node
}

// dependency is either a list of properties or a schema.
type dependency struct {
	properties []string
	schema     *node
}

// Compile reads a schema. The error has Juju's text, without the name of the
// action.
func Compile(doc map[string]any) (*Schema, error) {
	clean, err := throughJSON(doc)
	if err != nil {
		return nil, fmt.Errorf("cannot read schema: %w", err)
	}
	object, ok := clean.(map[string]any)
	if !ok {
		return nil, mustBeOfType("schema", "object")
	}
	root, err := compile(object)
	if err != nil {
		return nil, err
	}
	return &Schema{root: root, doc: object}, nil
}

// Validate says whether the parameters fit. The error has Juju's text,
// "validation failed: (root) : …", several problems joined by "; ". Juju
// reports them in random order; here it is the order of the schema's checks
// and the alphabet.
func (s *Schema) Validate(params map[string]any) error {
	if params == nil {
		params = map[string]any{}
	}
	doc, err := throughJSON(params)
	if err != nil {
		return fmt.Errorf("validation failed: %w", err)
	}
	var r result
	s.root.validate(doc, "(root)", &r)
	return r.error()
}

// WithDefaults returns the parameters with the defaults of the schema put in
// where a property is absent, also inside objects that are absent themselves.
// The defaults are not validated. An object given for a property whose schema
// lists no properties is an error, as it is (a panic, recovered) in Juju.
func (s *Schema) WithDefaults(params map[string]any) (map[string]any, error) {
	clean, err := throughJSON(params)
	if err != nil {
		return nil, fmt.Errorf("cannot read parameters: %w", err)
	}
	into, _ := clean.(map[string]any)
	if into == nil {
		into = map[string]any{}
	}
	properties, _ := s.doc["properties"].(map[string]any)
	if err := insert(into, properties); err != nil {
		return nil, err
	}
	return into, nil
}

func insert(into, properties map[string]any) error {
	for name, value := range properties {
		schema, _ := value.(map[string]any)
		inner, hasInner := schema["properties"].(map[string]any)
		if given, ok := into[name]; ok {
			object, ok := given.(map[string]any)
			switch {
			case !ok:
			case !hasInner:
				return fmt.Errorf("schema error caused a panic: "+
					"interface conversion: interface {} is nil, not map[string]interface {} (parameter %q)", name)
			default:
				if err := insert(object, inner); err != nil {
					return err
				}
			}
			continue
		}
		if def, ok := schema["default"]; ok {
			into[name] = def
			continue
		}
		object := map[string]any{}
		if err := insert(object, inner); err != nil {
			return err
		}
		if len(object) > 0 {
			into[name] = object
		}
	}
	return nil
}

// throughJSON copies a value the way it travels between client, controller
// and agent: every number becomes a float64.
func throughJSON(value any) (any, error) {
	data, err := json.Marshal(value)
	if err != nil {
		return nil, err
	}
	var out any
	err = json.Unmarshal(data, &out)
	return out, err
}
