package schema

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// result collects what is wrong. The score says how close a document came,
// which chooses the alternative whose problems anyOf and oneOf report.
type result struct {
	problems []string
	score    int
}

func (r *result) add(path string, given any, format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf("%s : %s, given %s", path, fmt.Sprintf(format, args...), marshal(given)))
	r.score -= 2
}

func (r *result) merge(other *result) {
	r.problems = append(r.problems, other.problems...)
	r.score += other.score
}

func (r *result) error() error {
	if len(r.problems) == 0 {
		return nil
	}
	return errors.New("validation failed: " + strings.Join(r.problems, "; "))
}

// try validates apart and returns what came of it.
func (n *node) try(value any, path string) *result {
	r := &result{}
	n.validate(value, path, r)
	return r
}

func (n *node) validate(value any, path string, r *result) {
	if !n.hasType(value) {
		r.add(path, value, "must be of type %s", n.typeString())
		return
	}
	n.combinations(value, path, r)
	switch value := value.(type) {
	case []any:
		n.array(value, path, r)
	case map[string]any:
		n.object(value, path, r)
	case float64:
		n.number(value, path, r)
	}
	if len(n.enum) > 0 && !slices.Contains(n.enum, marshal(value)) {
		r.add(path, value, "must match one of the enum values [%s]", strings.Join(n.enum, ","))
	}
	switch value := value.(type) {
	case string:
		n.string(value, path, r)
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(n.properties)) {
			if inner, ok := value[name]; ok {
				n.properties[name].validate(inner, path+"."+name, r)
			}
		}
	}
	r.score += points(value)
}

// points is what a value scores for having been looked at, problems or not;
// a problem takes two away. Only comparisons between schemas matter.
func points(value any) int {
	switch value.(type) {
	case nil, bool:
		return 3
	}
	return 4
}

func (n *node) hasType(value any) bool {
	if len(n.types) == 0 {
		return true
	}
	has := func(name string) bool { return slices.Contains(n.types, name) }
	switch value := value.(type) {
	case nil:
		return has("null")
	case bool:
		return has("boolean")
	case string:
		return has("string")
	case float64:
		return has("number") || has("integer") && isInteger(value)
	case []any:
		return has("array")
	}
	return has("object")
}

func (n *node) typeString() string {
	if len(n.types) == 1 {
		return n.types[0]
	}
	return "[" + strings.Join(n.types, ",") + "]"
}

func (n *node) combinations(value any, path string, r *result) {
	if len(n.anyOf) > 0 {
		if valid, best := choose(n.anyOf, value, path); valid == 0 {
			r.add(path, value, "must validate at least one schema (anyOf)")
			r.merge(best)
		}
	}
	if len(n.oneOf) > 0 {
		if valid, best := choose(n.oneOf, value, path); valid != 1 {
			r.add(path, value, "must validate one and only one schema (oneOf)")
			if valid == 0 {
				r.merge(best)
			}
		}
	}
	if len(n.allOf) > 0 {
		valid := 0
		for _, one := range n.allOf {
			tried := one.try(value, path)
			if len(tried.problems) == 0 {
				valid++
			}
			r.merge(tried)
		}
		if valid != len(n.allOf) {
			r.add(path, value, "must validate all the schemas (allOf)")
		}
	}
	if n.not != nil && len(n.not.try(value, path).problems) == 0 {
		r.add(path, value, "must not validate the schema (not)")
	}
	n.dependent(value, path, r)
}

// choose counts the schemas that a value fits, and keeps the closest miss.
func choose(nodes []*node, value any, path string) (valid int, best *result) {
	for _, one := range nodes {
		tried := one.try(value, path)
		switch {
		case len(tried.problems) == 0:
			valid++
		case best == nil || tried.score > best.score:
			best = tried
		}
	}
	return valid, best
}

func (n *node) dependent(value any, path string, r *result) {
	object, ok := value.(map[string]any)
	if !ok {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(n.dependencies)) {
		if _, ok := object[name]; !ok {
			continue
		}
		dep := n.dependencies[name]
		for _, other := range dep.properties {
			if _, ok := object[other]; !ok {
				r.add(path, value, "has a dependency on %s", other)
			}
		}
		if dep.schema != nil {
			dep.schema.validate(value, path, r)
		}
	}
}

func (n *node) array(list []any, path string, r *result) {
	item := func(one *node, i int) { one.validate(list[i], path+"."+strconv.Itoa(i), r) }
	switch {
	case n.singleItem:
		for i := range list {
			item(n.items[0], i)
		}
	case len(n.items) == len(list):
		for i, one := range n.items {
			item(one, i)
		}
	case len(n.items) > 0 && len(n.items) < len(list):
		if n.additionalItems.set && !n.additionalItems.allow {
			r.add(path, list, "no additional item allowed on array")
		}
		for i := len(n.items); n.additionalItems.schema != nil && i < len(list); i++ {
			item(n.additionalItems.schema, i)
		}
	}
	if n.minItems != nil && len(list) < *n.minItems {
		r.add(path, list, "array must have at least %d items", *n.minItems)
	}
	if n.maxItems != nil && len(list) > *n.maxItems {
		r.add(path, list, "array must have at the most %d items", *n.maxItems)
	}
	var seen []string
	for _, one := range list {
		text := marshal(one)
		if n.uniqueItems && slices.Contains(seen, text) {
			r.add(path, list, "array items must be unique")
		}
		seen = append(seen, text)
	}
}

func (n *node) number(value float64, path string, r *result) {
	given := formatNumber(value)
	if n.multipleOf != nil && !isInteger(value / *n.multipleOf) {
		r.add(path, given, "must be a multiple of %s", formatNumber(*n.multipleOf))
	}
	if n.maximum != nil {
		if n.exclusiveMaximum && value >= *n.maximum {
			r.add(path, given, "must be lower than or equal to %s", formatNumber(*n.maximum))
		} else if value > *n.maximum {
			r.add(path, given, "must be lower than %s", formatNumber(*n.maximum))
		}
	}
	if n.minimum != nil {
		if n.exclusiveMinimum && value <= *n.minimum {
			r.add(path, given, "must be greater than or equal to %s", formatNumber(*n.minimum))
		} else if value < *n.minimum {
			r.add(path, given, "must be greater than %s", formatNumber(*n.minimum))
		}
	}
}

// formatNumber writes a number for a message: whole ones without a fraction.
func formatNumber(n float64) string {
	if isInteger(n) {
		return strconv.FormatInt(int64(n), 10)
	}
	return strconv.FormatFloat(n, 'g', -1, 64)
}

func (n *node) string(value, path string, r *result) {
	length := len([]rune(value))
	if n.minLength != nil && length < *n.minLength {
		r.add(path, value, "string length must be greater or equal to %d", *n.minLength)
	}
	if n.maxLength != nil && length > *n.maxLength {
		r.add(path, value, "string length must be lower or equal to %d", *n.maxLength)
	}
	if n.pattern != nil && !n.pattern.MatchString(value) {
		r.add(path, value, "does not match pattern '%s'", n.pattern)
	}
}
