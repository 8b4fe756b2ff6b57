package schema

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// compile reads one schema of the tree. The keywords are read in the order of
// Juju's library, so that of several mistakes the same one is reported.
func compile(doc map[string]any) (*node, error) {
	n := &node{}
	c := &compiler{doc: doc}
	c.annotations()
	n.types = c.types()
	n.properties = c.schemas("properties", "properties")
	n.additional = c.extra("additionalProperties")
	n.patternProperties, n.patterns = c.patternProperties()
	n.dependencies = c.dependencies()
	n.items, n.singleItem = c.items()
	n.additionalItems = c.extra("additionalItems")
	c.numbers(n)
	c.strings(n)
	c.object(n)
	c.array(n)
	n.enum = c.enum()
	n.oneOf = c.list("oneOf")
	n.anyOf = c.list("anyOf")
	n.allOf = c.list("allOf")
	n.not = c.not()
	return n, c.err
}

// compiler reads the keywords of one schema and keeps the first error.
type compiler struct {
	doc map[string]any
	err error
}

func (c *compiler) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

func mustBeOfType(key, kind string) error { return fmt.Errorf("%s must be of type %s", key, kind) }

func mustBeA(key, kind string) error { return fmt.Errorf("%s must be of a %s", key, kind) }

func mustBeAn(key, kind string) error { return fmt.Errorf("%s must be of an %s", key, kind) }

// sub compiles a schema inside this one.
func (c *compiler) sub(value any) *node {
	object, ok := value.(map[string]any)
	if !ok {
		c.fail(mustBeOfType("schema", "object"))
		return &node{}
	}
	n, err := compile(object)
	if err != nil {
		c.fail(err)
	}
	return n
}

func (c *compiler) annotations() {
	for _, key := range []string{"id", "title", "description"} {
		if value, ok := c.doc[key]; ok {
			if _, ok := value.(string); !ok {
				c.fail(mustBeOfType(key, "string"))
			}
		}
	}
	if value, ok := c.doc["definitions"]; ok {
		definitions, ok := value.(map[string]any)
		if !ok {
			c.fail(mustBeOfType("definitions", "array of schemas"))
			return
		}
		for _, definition := range definitions {
			if _, ok := definition.(map[string]any); !ok {
				c.fail(mustBeOfType("definitions", "array of schemas"))
			}
		}
	}
}

func (c *compiler) types() []string {
	var types []string
	add := func(value any) {
		name, ok := value.(string)
		switch {
		case !ok:
			c.fail(mustBeOfType("type", "string/array of strings"))
		case !slices.Contains([]string{"array", "boolean", "integer", "number", "null", "object", "string"}, name):
			c.fail(fmt.Errorf("%s is not a valid type", name))
		case slices.Contains(types, name):
			c.fail(fmt.Errorf("%s type is duplicated", name))
		}
		types = append(types, name)
	}
	switch value := c.doc["type"].(type) {
	case nil:
		if _, ok := c.doc["type"]; ok {
			add(value)
		}
	case []any:
		for _, one := range value {
			add(one)
		}
	default:
		add(value)
	}
	return types
}

func (c *compiler) schemas(key, name string) map[string]*node {
	value, ok := c.doc[key]
	if !ok {
		return nil
	}
	object, ok := value.(map[string]any)
	if !ok {
		c.fail(mustBeOfType(name, "object"))
		return nil
	}
	out := make(map[string]*node, len(object))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		out[key] = c.sub(object[key])
	}
	return out
}

func (c *compiler) extra(key string) extra {
	value, ok := c.doc[key]
	if !ok {
		return extra{}
	}
	switch value := value.(type) {
	case bool:
		return extra{set: true, allow: value}
	case map[string]any:
		return extra{set: true, allow: true, schema: c.sub(value)}
	}
	c.fail(mustBeOfType(key, "boolean/schema"))
	return extra{}
}

func (c *compiler) patternProperties() (map[string]*node, map[string]*regexp.Regexp) {
	nodes := c.schemas("patternProperties", "patternProperties")
	patterns := make(map[string]*regexp.Regexp, len(nodes))
	for _, key := range slices.Sorted(maps.Keys(nodes)) {
		re, err := regexp.Compile(key)
		if err != nil {
			c.fail(fmt.Errorf("Invalid regex pattern '%s'", key)) //nolint:staticcheck // Juju's text
			continue
		}
		patterns[key] = re
	}
	return nodes, patterns
}

func (c *compiler) dependencies() map[string]dependency {
	value, ok := c.doc["dependencies"]
	if !ok {
		return nil
	}
	object, ok := value.(map[string]any)
	if !ok {
		c.fail(mustBeOfType("dependencies", "object"))
		return nil
	}
	out := make(map[string]dependency, len(object))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		switch value := object[key].(type) {
		case map[string]any:
			out[key] = dependency{schema: c.sub(value)}
		case []any:
			names, ok := asStrings(value)
			if !ok {
				c.fail(mustBeOfType("dependency", "schema or array of strings"))
			}
			out[key] = dependency{properties: names}
		default:
			c.fail(mustBeOfType("dependency", "schema or array of strings"))
		}
	}
	return out
}

func asStrings(list []any) ([]string, bool) {
	out := make([]string, 0, len(list))
	for _, one := range list {
		text, ok := one.(string)
		if !ok {
			return nil, false
		}
		out = append(out, text)
	}
	return out, true
}

func (c *compiler) items() (items []*node, single bool) {
	value, ok := c.doc["items"]
	if !ok {
		return nil, false
	}
	switch value := value.(type) {
	case map[string]any:
		return []*node{c.sub(value)}, true
	case []any:
		for _, one := range value {
			if _, ok := one.(map[string]any); !ok {
				c.fail(mustBeOfType("items", "schema/array of schemas"))
				return nil, false
			}
			items = append(items, c.sub(one))
		}
		return items, false
	}
	c.fail(mustBeOfType("items", "schema/array of schemas"))
	return nil, false
}

func (c *compiler) enum() []string {
	value, ok := c.doc["enum"]
	if !ok {
		return nil
	}
	list, ok := value.([]any)
	if !ok {
		c.fail(mustBeAn("enum", "array"))
		return nil
	}
	var out []string
	for _, one := range list {
		text := marshal(one)
		if slices.Contains(out, text) {
			c.fail(errors.New("enum items must be unique"))
		}
		out = append(out, text)
	}
	return out
}

func (c *compiler) list(key string) []*node {
	value, ok := c.doc[key]
	if !ok {
		return nil
	}
	list, ok := value.([]any)
	if !ok {
		c.fail(mustBeAn(key, "array"))
		return nil
	}
	var out []*node
	for _, one := range list {
		out = append(out, c.sub(one))
	}
	return out
}

func (c *compiler) not() *node {
	value, ok := c.doc["not"]
	if !ok {
		return nil
	}
	if _, ok := value.(map[string]any); !ok {
		c.fail(mustBeAn("not", "object"))
		return nil
	}
	return c.sub(value)
}

// marshal writes a value as JSON, as messages and comparisons use it.
func marshal(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return strings.TrimSuffix(string(data), "\n")
}
