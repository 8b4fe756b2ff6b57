package rules

import (
	"fmt"
	"strings"
)

// Fit reports whether something fulfils a condition, as far as is known.
type Fit int

// The fits, from the surest yes to the surest no.
const (
	Fits Fit = iota
	FitUnknown
	FitsNot
)

// and combines two conditions that must both be fulfilled.
func (f Fit) and(g Fit) Fit { return max(f, g) }

// or combines two conditions of which one is enough.
func (f Fit) or(g Fit) Fit { return min(f, g) }

// Range is a range of versions: all of its bounds hold. The zero value takes every
// version, also one that is not known.
type Range struct{ bounds []bound }

// bound is one end of a range.
type bound struct {
	op string
	v  Version
}

// UnmarshalText reads bounds such as ">=3.6 <4.0.12", separated by spaces. A bound
// of two numbers means the line with its betas: "<4.1" leaves out 4.1-beta1, and
// "<4.1.0" takes it.
func (r *Range) UnmarshalText(raw []byte) error {
	text := string(raw)
	for field := range strings.FieldsSeq(text) {
		number := strings.TrimLeft(field, "<>=")
		op := strings.TrimSuffix(field, number)
		v, ok := ParseVersion(number)
		if strings.Count(number, ".") == 1 && !strings.Contains(number, "-") {
			v = v.line()
			ok = ok && (op == "<" || op == ">=")
		}
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

// Take reports whether the range takes the version in text.
func (r Range) Take(text string) Fit {
	if len(r.bounds) == 0 {
		return Fits
	}
	v, ok := ParseVersion(text)
	if !ok {
		return FitUnknown
	}
	for _, b := range r.bounds {
		if !b.holds(v) {
			return FitsNot
		}
	}
	return Fits
}

func (b bound) holds(v Version) bool {
	switch b.op {
	case "<":
		return v.Less(b.v)
	case "<=":
		return !b.v.Less(v)
	case ">":
		return b.v.Less(v)
	case ">=":
		return !v.Less(b.v)
	default:
		return v == b.v
	}
}
