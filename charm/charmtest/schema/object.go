package schema

import (
	"maps"
	"slices"
	"strings"
)

// object checks the properties of an object as a set; their values are
// validated by the caller, after the enum.
func (n *node) object(object map[string]any, path string, r *result) {
	if n.minProperties != nil && len(object) < *n.minProperties {
		r.add(path, object, "must have at least %d properties", *n.minProperties)
	}
	if n.maxProperties != nil && len(object) > *n.maxProperties {
		r.add(path, object, "must have at the most %d properties", *n.maxProperties)
	}
	for _, name := range n.required {
		if _, ok := object[name]; ok {
			r.score++
		} else {
			r.add(path, object, `"%s" property is missing and required`, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		n.property(object, name, path, r)
	}
}

// property decides about one property by its name: listed, matched by a
// pattern, or additional.
func (n *node) property(object map[string]any, name, path string, r *result) {
	_, listed := n.properties[name]
	matched, fits := n.matchPatterns(name, object[name], path, r)
	welcome := listed && !matched || fits
	switch {
	case welcome:
	case n.additional.schema != nil:
		n.additional.schema.validate(object[name], path, r)
	case n.additional.set && !n.additional.allow:
		r.add(path, object, `additional property "%s" is not allowed`, name)
	case !n.additional.set && matched:
		r.add(path, object, `property "%s" does not match pattern %s`, name, n.patternString())
	}
}

// matchPatterns validates a property against every pattern that its name
// matches. It fits if one of them accepts it.
func (n *node) matchPatterns(name string, value any, path string, r *result) (matched, fits bool) {
	for _, pattern := range slices.Sorted(maps.Keys(n.patternProperties)) {
		re := n.patterns[pattern]
		if re == nil || !re.MatchString(name) {
			continue
		}
		matched = true
		tried := n.patternProperties[pattern].try(value, path+"."+name)
		r.merge(tried)
		if len(tried.problems) == 0 {
			fits = true
			r.score++
		}
	}
	return matched, fits
}

func (n *node) patternString() string {
	quoted := slices.Sorted(maps.Keys(n.patternProperties))
	for i, pattern := range quoted {
		quoted[i] = marshal(pattern)
	}
	if len(quoted) == 1 {
		return quoted[0]
	}
	return "[" + strings.Join(quoted, ",") + "]"
}
