package schema

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
)

// number reads a keyword whose value is a number.
func (c *compiler) number(key string) *float64 {
	value, ok := c.doc[key]
	if !ok {
		return nil
	}
	n, ok := value.(float64)
	if !ok {
		c.fail(mustBeA(key, "number"))
		return nil
	}
	return &n
}

// count reads a keyword whose value is an integer of at least zero.
func (c *compiler) count(key string) *int {
	value, ok := c.doc[key]
	if !ok {
		return nil
	}
	n, ok := value.(float64)
	if !ok || !isInteger(n) {
		c.fail(mustBeAn(key, "integer"))
		return nil
	}
	if n < 0 {
		c.fail(fmt.Errorf("%s must be greater than or equal to 0", key))
	}
	i := int(n)
	return &i
}

// flag reads a keyword whose value is a boolean that needs another keyword.
func (c *compiler) flag(key, needs string) bool {
	value, ok := c.doc[key]
	if !ok {
		return false
	}
	on, ok := value.(bool)
	if !ok {
		c.fail(mustBeA(key, "boolean"))
		return false
	}
	if _, ok := c.doc[needs]; needs != "" && !ok {
		c.fail(fmt.Errorf("%s cannot be used without %s", key, needs))
	}
	return on
}

// order checks that a lower limit is not above its upper one.
func order[T int | float64](c *compiler, low, high *T, lowKey, highKey string) {
	if low != nil && high != nil && *low > *high {
		c.fail(fmt.Errorf("%s cannot be greater than %s", lowKey, highKey))
	}
}

func (c *compiler) numbers(n *node) {
	n.multipleOf = c.number("multipleOf")
	if n.multipleOf != nil && *n.multipleOf <= 0 {
		c.fail(errors.New("multipleOf must be strictly greater than 0"))
	}
	n.minimum = c.number("minimum")
	n.exclusiveMinimum = c.flag("exclusiveMinimum", "minimum")
	n.maximum = c.number("maximum")
	n.exclusiveMaximum = c.flag("exclusiveMaximum", "maximum")
	order(c, n.minimum, n.maximum, "minimum", "maximum")
}

func (c *compiler) strings(n *node) {
	n.minLength, n.maxLength = c.count("minLength"), c.count("maxLength")
	order(c, n.minLength, n.maxLength, "minLength", "maxLength")
	value, ok := c.doc["pattern"]
	if !ok {
		return
	}
	text, ok := value.(string)
	if !ok {
		c.fail(mustBeA("pattern", "string"))
		return
	}
	re, err := regexp.Compile(text)
	if err != nil {
		c.fail(errors.New("pattern must be a valid regex"))
		return
	}
	n.pattern = re
}

func (c *compiler) object(n *node) {
	n.minProperties, n.maxProperties = c.count("minProperties"), c.count("maxProperties")
	order(c, n.minProperties, n.maxProperties, "minProperties", "maxProperties")
	value, ok := c.doc["required"]
	if !ok {
		return
	}
	list, ok := value.([]any)
	if !ok {
		c.fail(mustBeAn("required", "array"))
		return
	}
	names, ok := asStrings(list)
	if !ok {
		c.fail(errors.New("required items must be string"))
		return
	}
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			c.fail(errors.New("required items must be unique"))
		}
	}
	n.required = names
}

func (c *compiler) array(n *node) {
	n.minItems, n.maxItems = c.count("minItems"), c.count("maxItems")
	n.uniqueItems = c.flag("uniqueItems", "")
}

// isInteger says whether a number counts as an integer: a whole number that a
// float64 holds exactly.
func isInteger(n float64) bool {
	const limit = 1<<53 - 1
	return !math.IsNaN(n) && !math.IsInf(n, 0) && math.Abs(n) <= limit && n == math.Trunc(n)
}
