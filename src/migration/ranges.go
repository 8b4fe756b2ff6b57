package migration

import (
	"fmt"
	"strings"
)

// fit tells whether something fulfils a condition, as far as can be told.
type fit int

const (
	fits fit = iota
	fitUnknown
	fitsNot
)

// and combines two conditions that must both be fulfilled.
func (f fit) and(g fit) fit { return max(f, g) }

// versions is a range of versions: all of its bounds hold. The zero value takes
// every version, also one that is not known.
type versions struct{ bounds []bound }

// bound is one end of a range.
type bound struct {
	op string
	v  version
}

// UnmarshalText reads bounds such as ">=3.6 <4.0-beta1", separated by spaces.
func (r *versions) UnmarshalText(raw []byte) error {
	text := string(raw)
	for field := range strings.FieldsSeq(text) {
		number := strings.TrimLeft(field, "<>=")
		v, ok := parseVersion(number)
		op := strings.TrimSuffix(field, number)
		switch op {
		case "<", "<=", ">", ">=", "=":
		default:
			ok = false
		}
		if !ok {
			return fmt.Errorf("cannot read the bound %q of the versions %q", field, text)
		}
		r.bounds = append(r.bounds, bound{op, v})
	}
	return nil
}

// take tells whether the range takes the version in text.
func (r versions) take(text string) fit {
	if len(r.bounds) == 0 {
		return fits
	}
	v, ok := parseVersion(text)
	if !ok {
		return fitUnknown
	}
	for _, b := range r.bounds {
		if !b.holds(v) {
			return fitsNot
		}
	}
	return fits
}

func (b bound) holds(v version) bool {
	switch b.op {
	case "<":
		return v.less(b.v)
	case "<=":
		return !b.v.less(v)
	case ">":
		return b.v.less(v)
	case ">=":
		return !v.less(b.v)
	default:
		return v == b.v
	}
}
