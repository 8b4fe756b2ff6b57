package mongod

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/juju/mgo/v3/bson"
)

// Documents are bson.D trees as the mgo bson package decodes them: int (int32), int64, float64,
// string, bool, nil, time.Time, bson.ObjectId, bson.Binary, []byte, bson.RegEx, bson.D, []any.

func get(d bson.D, k string) (any, bool) {
	for _, e := range d {
		if e.Name == k {
			return e.Value, true
		}
	}
	return nil, false
}

func getS(d bson.D, k string) string { v, _ := get(d, k); s, _ := v.(string); return s }
func getD(d bson.D, k string) bson.D { v, _ := get(d, k); x, _ := v.(bson.D); return x }
func getA(d bson.D, k string) []any  { v, _ := get(d, k); x, _ := v.([]any); return x }
func getN(d bson.D, k string) int64  { v, _ := get(d, k); n, _ := toInt(v); return n }
func getB(d bson.D, k string) bool   { v, _ := get(d, k); return truth(v) }

func truth(v any) bool {
	switch x := v.(type) {
	case nil:
		return false
	case bool:
		return x
	case int:
		return x != 0
	case int64:
		return x != 0
	case float64:
		return x != 0
	}
	return true
}

// toInt reads a whole number; Juju stores no others.
func toInt(v any) (int64, bool) {
	switch x := v.(type) {
	case int:
		return int64(x), true
	case int64:
		return x, true
	case float64:
		return int64(x), x == math.Trunc(x)
	}
	return 0, false
}

// class is the place of a value's type in MongoDB's comparison order.
func class(v any) int {
	switch v.(type) {
	case nil:
		return 5
	case int, int64, float64:
		return 10
	case string:
		return 15
	case bson.D:
		return 20
	case []any:
		return 25
	case []byte, bson.Binary:
		return 30
	case bson.ObjectId:
		return 35
	case bool:
		return 40
	case time.Time:
		return 45
	}
	panic(fail(2, "BadValue", "cannot compare a %T", v))
}

func compare(a, b any) int {
	if c := cmp.Compare(class(a), class(b)); c != 0 {
		return c
	}
	switch x := a.(type) {
	case string:
		return strings.Compare(x, b.(string))
	case bson.D:
		return slices.CompareFunc(x, b.(bson.D), func(p, q bson.DocElem) int {
			return cmp.Or(cmp.Compare(class(p.Value), class(q.Value)), strings.Compare(p.Name, q.Name), compare(p.Value, q.Value))
		})
	case []any:
		return slices.CompareFunc(x, b.([]any), compare)
	case []byte, bson.Binary:
		ka, da := binOf(a)
		kb, db := binOf(b)
		return cmp.Or(cmp.Compare(len(da), len(db)), cmp.Compare(ka, kb), bytes.Compare(da, db))
	case bson.ObjectId:
		return strings.Compare(string(x), string(b.(bson.ObjectId)))
	case bool:
		na, nb := 0, 0
		if x {
			na = 1
		}
		if b.(bool) {
			nb = 1
		}
		return cmp.Compare(na, nb)
	case time.Time:
		return cmp.Compare(x.UnixMilli(), b.(time.Time).UnixMilli())
	case nil:
		return 0
	}
	na, whole := toInt(a)
	nb, both := toInt(b)
	if !whole || !both {
		panic(fail(2, "BadValue", "cannot compare %v and %v", a, b))
	}
	return cmp.Compare(na, nb)
}

func binOf(v any) (byte, []byte) {
	if x, ok := v.(bson.Binary); ok {
		return x.Kind, x.Data
	}
	x, _ := v.([]byte)
	return 0, x
}

func equal(a, b any) bool { return compare(a, b) == 0 }

// key gives equal strings for equal values.
func key(v any) string {
	switch x := v.(type) {
	case string:
		return "s" + x
	case bson.ObjectId:
		return "o" + string(x)
	case int:
		return "n" + strconv.Itoa(x)
	case int64:
		return "n" + strconv.FormatInt(x, 10)
	case float64:
		if x == math.Trunc(x) && math.Abs(x) < 1e15 {
			return "n" + strconv.FormatInt(int64(x), 10)
		}
		return "n" + strconv.FormatFloat(x, 'g', -1, 64)
	case bool:
		return "b" + strconv.FormatBool(x)
	case nil:
		return "z"
	case time.Time:
		return "t" + strconv.FormatInt(x.UnixMilli(), 10)
	case []byte, bson.Binary:
		k, d := binOf(v)
		return fmt.Sprintf("y%d", k) + string(d)
	case bson.D:
		var b strings.Builder
		b.WriteString("{")
		for _, e := range x {
			fmt.Fprintf(&b, "%q:%q,", e.Name, key(e.Value))
		}
		return b.String() + "}"
	case []any:
		var b strings.Builder
		b.WriteString("[")
		for _, e := range x {
			fmt.Fprintf(&b, "%q,", key(e))
		}
		return b.String() + "]"
	}
	return fmt.Sprintf("?%T%v", v, v)
}

// lookup resolves a dotted path with MongoDB's array rules. It returns all values found and whether
// some branch lacked the field.
func lookup(v any, parts []string) (vals []any, missing bool) {
	if len(parts) == 0 {
		return []any{v}, false
	}
	switch x := v.(type) {
	case bson.D:
		w, ok := get(x, parts[0])
		if !ok {
			return nil, true
		}
		return lookup(w, parts[1:])
	case []any:
		if n, err := strconv.Atoi(parts[0]); err == nil && n >= 0 {
			if n < len(x) {
				vs, m := lookup(x[n], parts[1:])
				vals, missing = append(vals, vs...), missing || m
			} else {
				missing = true
			}
		}
		for _, e := range x {
			if d, ok := e.(bson.D); ok {
				vs, m := lookup(d, parts)
				vals, missing = append(vals, vs...), missing || m
			}
		}
		if len(x) == 0 {
			missing = true
		}
		return vals, missing
	}
	return nil, true
}

func path(s string) []string { return strings.Split(s, ".") }

// matcher returns the function that matches a regular expression. Most of Juju's are "^" and a model's UUID.
func matcher(pattern string) (func(string) bool, error) {
	if prefix, ok := strings.CutPrefix(pattern, "^"); ok && regexp.QuoteMeta(prefix) == prefix {
		return func(s string) bool { return strings.HasPrefix(s, prefix) }, nil
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, err
	}
	return re.MatchString, nil
}

type failure struct {
	code int
	name string
	msg  string
	// label is an errorLabel ("TransientTransactionError").
	label string
}

func (f *failure) Error() string { return f.msg }

func fail(code int, name, format string, args ...any) *failure {
	return &failure{code: code, name: name, msg: fmt.Sprintf(format, args...)}
}

// match reports whether doc matches the filter. It panics with *failure on a filter that it does not know.
func match(filter, doc bson.D) bool {
	for _, e := range filter {
		switch e.Name {
		case "$and", "$or":
			arr, _ := e.Value.([]any)
			matches := func(f any) bool { return match(f.(bson.D), doc) }
			misses := func(f any) bool { return !matches(f) }
			if e.Name == "$and" && slices.ContainsFunc(arr, misses) || e.Name == "$or" && !slices.ContainsFunc(arr, matches) {
				return false
			}
			continue
		}
		if strings.HasPrefix(e.Name, "$") {
			panic(fail(2, "BadValue", "unknown top level operator: %s", e.Name))
		}
		vals, missing := lookup(doc, path(e.Name))
		if !matchValue(e.Value, vals, missing) {
			return false
		}
	}
	return true
}

func isOps(v any) (bson.D, bool) {
	d, ok := v.(bson.D)
	if !ok || len(d) == 0 || !strings.HasPrefix(d[0].Name, "$") || d[0].Name == "$ref" || d[0].Name == "$id" {
		return nil, false
	}
	return d, true
}

func matchValue(cond any, vals []any, missing bool) bool {
	if ops, ok := isOps(cond); ok {
		for _, o := range ops {
			if !matchOp(o.Name, o.Value, vals, missing) {
				return false
			}
		}
		return true
	}
	return matchEq(cond, vals, missing)
}

func matchEq(want any, vals []any, missing bool) bool {
	if re, ok := want.(bson.RegEx); ok {
		return matchRegex(re, vals)
	}
	if want == nil && (missing || len(vals) == 0) {
		return true
	}
	found := false
	each(vals, func(v any) { found = found || equal(v, want) })
	return found
}

func matchRegex(re bson.RegEx, vals []any) bool {
	if re.Options != "" {
		panic(fail(2, "BadValue", "options of regular expressions are not served: %s", re.Options))
	}
	matches, err := matcher(re.Pattern)
	if err != nil {
		panic(fail(51091, "Location51091", "Regular expression is invalid: %v", err))
	}
	ok := false
	each(vals, func(v any) {
		s, is := v.(string)
		ok = ok || is && matches(s)
	})
	return ok
}

// each visits the values and the elements of those that are arrays.
func each(vals []any, fn func(any)) {
	for _, v := range vals {
		fn(v)
		if arr, ok := v.([]any); ok {
			for _, x := range arr {
				fn(x)
			}
		}
	}
}

func matchOp(op string, arg any, vals []any, missing bool) bool {
	switch op {
	case "$eq":
		return matchEq(arg, vals, missing)
	case "$ne":
		return !matchEq(arg, vals, missing)
	case "$gt", "$gte", "$lt", "$lte":
		ok := false
		if arg == nil && (op == "$gte" || op == "$lte") && (missing || len(vals) == 0) {
			return true
		}
		each(vals, func(v any) {
			if class(v) != class(arg) {
				return
			}
			c := compare(v, arg)
			ok = ok || op == "$gt" && c > 0 || op == "$gte" && c >= 0 || op == "$lt" && c < 0 || op == "$lte" && c <= 0
		})
		return ok
	case "$in", "$nin":
		arr, ok := arg.([]any)
		if !ok && arg != nil {
			panic(fail(2, "BadValue", "%s needs an array", op))
		}
		in := slices.ContainsFunc(arr, func(w any) bool { return matchEq(w, vals, missing) })
		return in == (op == "$in")
	case "$exists":
		return (len(vals) > 0) == truth(arg)
	case "$not":
		if re, ok := arg.(bson.RegEx); ok {
			return !matchRegex(re, vals)
		}
		return !matchValue(arg, vals, missing)
	case "$regex":
		if pattern, ok := arg.(string); ok {
			return matchRegex(bson.RegEx{Pattern: pattern}, vals)
		}
	case "$size":
		n, _ := toInt(arg)
		for _, v := range vals {
			if arr, ok := v.([]any); ok && int64(len(arr)) == n {
				return true
			}
		}
		return false
	case "$elemMatch":
		q, _ := arg.(bson.D)
		_, isOp := isOps(q)
		return slices.ContainsFunc(vals, func(v any) bool {
			arr, _ := v.([]any)
			return slices.ContainsFunc(arr, func(x any) bool {
				if isOp {
					return matchValue(q, []any{x}, false)
				}
				d, ok := x.(bson.D)
				return ok && match(q, d)
			})
		})
	}
	panic(fail(2, "BadValue", "unknown operator: %s", op))
}

func sortDocs(docs []bson.D, by bson.D) {
	if len(by) == 0 {
		return
	}
	slices.SortStableFunc(docs, func(a, b bson.D) int {
		for _, k := range by {
			n, _ := toInt(k.Value)
			if c := compare(sortKey(a, k.Name), sortKey(b, k.Name)); c != 0 {
				return c * int(n)
			}
		}
		return 0
	})
}

func sortKey(d bson.D, name string) any {
	if strings.HasPrefix(name, "$") {
		panic(fail(2, "BadValue", "order is not served: %s", name))
	}
	vals, _ := lookup(d, path(name))
	if len(vals) == 0 {
		return nil
	}
	return vals[0]
}
