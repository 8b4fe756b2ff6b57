package jq

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

type parser struct {
	text string
	at   int
}

func parse(text string) (filter, error) {
	p := &parser{text: text}
	f, err := p.pipe()
	if p.space(); err == nil && p.at < len(text) {
		err = fmt.Errorf("syntax error at %q", text[p.at:])
	}
	return f, err
}

func (p *parser) space() {
	for p.at < len(p.text) && strings.ContainsRune(" \t\n", rune(p.text[p.at])) {
		p.at++
	}
}

// take takes a sign if it is next.
func (p *parser) take(sign string) bool {
	p.space()
	if !strings.HasPrefix(p.text[p.at:], sign) {
		return false
	}
	p.at += len(sign)
	return true
}

// match takes what a pattern matches here.
func (p *parser) match(pattern string) string {
	found := regexp.MustCompile("^(?:" + pattern + ")").FindString(p.text[p.at:])
	p.at += len(found)
	return found
}

func (p *parser) need(sign string) error {
	if !p.take(sign) {
		return fmt.Errorf("syntax error: %q is missing at %q", sign, p.text[p.at:])
	}
	return nil
}

const name = `[A-Za-z_][A-Za-z0-9_]*`

// pipe reads a | b.
func (p *parser) pipe() (filter, error) {
	left, err := p.alternative()
	if err != nil || !p.take("|") {
		return left, err
	}
	right, err := p.pipe()
	return through(left, right), err
}

func through(left, right filter) filter {
	return func(value any, vars map[string]any) (out []any, err error) {
		values, err := left(value, vars)
		for _, v := range values {
			more, failure := right(v, vars)
			if out = append(out, more...); failure != nil {
				return out, failure
			}
		}
		return out, err
	}
}

// alternative reads a // b.
func (p *parser) alternative() (filter, error) {
	left, err := p.comparison()
	if err != nil || !p.take("//") {
		return left, err
	}
	right, err := p.alternative()
	return func(value any, vars map[string]any) ([]any, error) {
		values, _ := left(value, vars) // an error counts as nothing
		values = slices.DeleteFunc(slices.Clone(values), func(v any) bool { return !truthy(v) })
		if len(values) > 0 {
			return values, nil
		}
		return right(value, vars)
	}, err
}

// comparison reads a == b.
func (p *parser) comparison() (filter, error) {
	left, err := p.suffixed()
	if err != nil || !p.take("==") {
		return left, err
	}
	right, err := p.suffixed()
	return func(value any, vars map[string]any) (out []any, err error) {
		values, err := left(value, vars)
		if err != nil {
			return nil, err
		}
		others, err := right(value, vars)
		for _, other := range others {
			for _, v := range values {
				out = append(out, reflect.DeepEqual(v, other))
			}
		}
		return out, err
	}, err
}

// suffixed reads a term and the .name, [] and [index] behind it.
func (p *parser) suffixed() (filter, error) {
	f, err := p.term()
	for err == nil {
		switch {
		case p.take("[]"):
			f = through(f, func(value any, _ map[string]any) ([]any, error) { return each(value) })
		case p.take("["):
			var key filter
			if key, err = p.pipe(); err == nil {
				f, err = indexed(f, key), p.need("]")
			}
		case regexp.MustCompile(`^\.` + name).MatchString(p.text[p.at:]):
			p.at++
			f = named(f, p.match(name))
		default:
			return f, nil
		}
	}
	return nil, err
}

func named(f filter, key string) filter {
	return through(f, func(value any, _ map[string]any) ([]any, error) {
		return one(field(value, key))
	})
}

// one is a value, or an error and none.
func one(value any, err error) ([]any, error) {
	if err != nil {
		return nil, err
	}
	return []any{value}, nil
}

func indexed(f, key filter) filter {
	return func(value any, vars map[string]any) ([]any, error) {
		keys, err := key(value, vars)
		if err != nil || len(keys) != 1 {
			return nil, fmt.Errorf("one index is known, not %d (%w)", len(keys), err)
		}
		return through(f, func(value any, _ map[string]any) ([]any, error) {
			return one(field(value, keys[0]))
		})(value, vars)
	}
}

func always(value any) filter {
	return func(any, map[string]any) ([]any, error) { return []any{value}, nil }
}

func same(value any, _ map[string]any) ([]any, error) { return []any{value}, nil }

// term reads what stands alone.
func (p *parser) term() (filter, error) {
	p.space()
	switch {
	case p.take("{}"):
		return always(map[string]any{}), nil
	case p.take("["):
		inner, err := p.pipe()
		if err == nil {
			err = p.need("]")
		}
		return func(value any, vars map[string]any) ([]any, error) {
			values, err := inner(value, vars)
			return []any{append([]any{}, values...)}, err
		}, err
	case p.take("("):
		inner, err := p.pipe()
		if err == nil {
			err = p.need(")")
		}
		return inner, err
	case p.take(`"`):
		return p.interpolated()
	case p.take("$"):
		key := "$" + p.match(name)
		return func(_ any, vars map[string]any) ([]any, error) {
			value, ok := vars[key]
			if !ok {
				return nil, fmt.Errorf("%s is not defined", key)
			}
			return []any{value}, nil
		}, nil
	case p.take("."):
		if key := p.match(name); key != "" {
			return named(same, key), nil
		}
		return same, nil
	}
	if digits := p.match(`[0-9]+`); digits != "" {
		number, err := strconv.ParseFloat(digits, 64)
		return always(number), err
	}
	return p.function(p.match(name))
}

func (p *parser) function(called string) (filter, error) {
	switch called {
	case "empty":
		return func(any, map[string]any) ([]any, error) { return nil, nil }, nil
	case "to_entries":
		return func(value any, _ map[string]any) ([]any, error) { return entries(value) }, nil
	case "select":
		if err := p.need("("); err != nil {
			return nil, err
		}
		condition, err := p.pipe()
		if err == nil {
			err = p.need(")")
		}
		return func(value any, vars map[string]any) ([]any, error) {
			values, err := condition(value, vars)
			if slices.ContainsFunc(values, truthy) {
				return []any{value}, err
			}
			return nil, err
		}, err
	}
	return nil, fmt.Errorf("%q is not known, at %q", called, p.text[p.at:])
}

// interpolated reads a text, and \(…) in it, behind its first quote.
func (p *parser) interpolated() (filter, error) {
	var parts []filter
	for {
		if text := p.match(`(?:[^"\\]|\\[^(])+`); text != "" {
			var plain string
			if err := json.Unmarshal([]byte(`"`+text+`"`), &plain); err != nil {
				return nil, err
			}
			parts = append(parts, always(plain))
		}
		switch {
		case p.match(`"`) != "":
			return joined(parts), nil
		case p.match(`\\\(`) == "":
			return nil, fmt.Errorf("a text does not end at %q", p.text[p.at:])
		}
		inner, err := p.pipe()
		if err == nil {
			err = p.need(")")
		}
		if err != nil {
			return nil, err
		}
		parts = append(parts, inner)
	}
}

func joined(parts []filter) filter {
	return func(value any, vars map[string]any) ([]any, error) {
		var b strings.Builder
		for _, part := range parts {
			values, err := part(value, vars)
			if err != nil {
				return nil, err
			}
			for _, v := range values {
				b.WriteString(show(v, true))
			}
		}
		return []any{b.String()}, nil
	}
}
