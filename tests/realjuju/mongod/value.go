package mongod

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"regexp"
	"sort"
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

func toInt(v any) (int64, bool) {
	switch x := v.(type) {
	case int:
		return int64(x), true
	case int64:
		return x, true
	case float64:
		return int64(x), true
	case bool:
		if x {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

func toFloat(v any) float64 {
	switch x := v.(type) {
	case int:
		return float64(x)
	case int64:
		return float64(x)
	case float64:
		return x
	}
	return 0
}

// class is the place of a value's type in MongoDB's comparison order.
func class(v any) int {
	switch v.(type) {
	case nil:
		return 5
	case int, int64, float64:
		return 10
	case string, bson.Symbol:
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
	case bson.MongoTimestamp:
		return 47
	case bson.RegEx:
		return 50
	}
	if v == bson.MinKey {
		return 0
	}
	if v == bson.MaxKey {
		return 100
	}
	return 60
}

func compare(a, b any) int {
	ca, cb := class(a), class(b)
	if ca != cb {
		return sign(ca - cb)
	}
	switch x := a.(type) {
	case int, int64, float64:
		ia, oka := a.(float64)
		ib, okb := b.(float64)
		_, _ = ia, ib
		if !oka && !okb {
			na, _ := toInt(a)
			nb, _ := toInt(b)
			switch {
			case na < nb:
				return -1
			case na > nb:
				return 1
			}
			return 0
		}
		fa := toFloat(a)
		fb := toFloat(b)
		switch {
		case fa < fb:
			return -1
		case fa > fb:
			return 1
		case math.IsNaN(fa) && !math.IsNaN(fb):
			return -1
		}
		return 0
	case string:
		return strings.Compare(x, fmt.Sprint(b))
	case bson.Symbol:
		return strings.Compare(string(x), fmt.Sprint(b))
	case bson.D:
		y := b.(bson.D)
		for i := range x {
			if i >= len(y) {
				return 1
			}
			if c := sign(class(x[i].Value) - class(y[i].Value)); c != 0 {
				return c
			}
			if c := strings.Compare(x[i].Name, y[i].Name); c != 0 {
				return c
			}
			if c := compare(x[i].Value, y[i].Value); c != 0 {
				return c
			}
		}
		return sign(len(x) - len(y))
	case []any:
		y := b.([]any)
		for i := range x {
			if i >= len(y) {
				return 1
			}
			if c := compare(x[i], y[i]); c != 0 {
				return c
			}
		}
		return sign(len(x) - len(y))
	case []byte, bson.Binary:
		ka, da := binOf(a)
		kb, db := binOf(b)
		if c := sign(len(da) - len(db)); c != 0 {
			return c
		}
		if c := sign(int(ka) - int(kb)); c != 0 {
			return c
		}
		return bytes.Compare(da, db)
	case bson.ObjectId:
		return strings.Compare(string(x), string(b.(bson.ObjectId)))
	case bool:
		if x == b.(bool) {
			return 0
		} else if x {
			return 1
		}
		return -1
	case time.Time:
		return sign64(millis(x) - millis(b.(time.Time)))
	case bson.MongoTimestamp:
		return sign64(int64(x) - int64(b.(bson.MongoTimestamp)))
	case bson.RegEx:
		y := b.(bson.RegEx)
		return strings.Compare(x.Pattern+"/"+x.Options, y.Pattern+"/"+y.Options)
	case nil:
		return 0
	}
	return strings.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

func millis(t time.Time) int64 { return t.UnixMilli() }

func binOf(v any) (byte, []byte) {
	switch x := v.(type) {
	case []byte:
		return 0, x
	case bson.Binary:
		return x.Kind, x.Data
	}
	return 0, nil
}

func sign(i int) int {
	switch {
	case i < 0:
		return -1
	case i > 0:
		return 1
	}
	return 0
}

func sign64(i int64) int {
	switch {
	case i < 0:
		return -1
	case i > 0:
		return 1
	}
	return 0
}

func equal(a, b any) bool { return compare(a, b) == 0 }

// key gives equal strings for equal values.
func key(v any) string {
	switch x := v.(type) {
	case string:
		return "s" + x
	case bson.Symbol:
		return "s" + string(x)
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
		return "t" + strconv.FormatInt(millis(x), 10)
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

// show prints a value briefly, for error texts and the log.
func show(v any) string {
	switch x := v.(type) {
	case string:
		return strconv.Quote(x)
	case bson.ObjectId:
		return "ObjectId('" + hex.EncodeToString([]byte(x)) + "')"
	case bson.D:
		var p []string
		for _, e := range x {
			p = append(p, e.Name+": "+show(e.Value))
		}
		return "{ " + strings.Join(p, ", ") + " }"
	case []any:
		var p []string
		for _, e := range x {
			p = append(p, show(e))
		}
		return "[ " + strings.Join(p, ", ") + " ]"
	case []byte:
		return fmt.Sprintf("Bin(%d)", len(x))
	case bson.Binary:
		return fmt.Sprintf("Bin(%d,%d)", x.Kind, len(x.Data))
	case nil:
		return "null"
	}
	return fmt.Sprint(v)
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
func matcher(pattern, options string) (func(string) bool, error) {
	if prefix, ok := strings.CutPrefix(pattern, "^"); ok && options == "" && regexp.QuoteMeta(prefix) == prefix {
		return func(s string) bool { return strings.HasPrefix(s, prefix) }, nil
	}
	flags := strings.Map(func(r rune) rune {
		if strings.ContainsRune("ims", r) {
			return r
		}
		return -1
	}, options)
	if flags != "" {
		pattern = "(?" + flags + ")" + pattern
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
		case "$and", "$or", "$nor":
			arr, _ := e.Value.([]any)
			some := false
			all := true
			for _, f := range arr {
				d, _ := f.(bson.D)
				if match(d, doc) {
					some = true
				} else {
					all = false
				}
			}
			if e.Name == "$and" && !all || e.Name == "$or" && !some || e.Name == "$nor" && some {
				return false
			}
			continue
		case "$comment":
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
			if !matchOp(o.Name, o.Value, ops, vals, missing) {
				return false
			}
		}
		return true
	}
	return matchEq(cond, vals, missing)
}

func matchEq(want any, vals []any, missing bool) bool {
	if re, ok := want.(bson.RegEx); ok {
		return matchRegex(re.Pattern, re.Options, vals)
	}
	if want == nil && (missing || len(vals) == 0) {
		return true
	}
	for _, v := range vals {
		if equal(v, want) {
			return true
		}
		if arr, ok := v.([]any); ok {
			for _, x := range arr {
				if equal(x, want) {
					return true
				}
			}
		}
	}
	return false
}

func matchRegex(pattern, options string, vals []any) bool {
	matches, err := matcher(pattern, options)
	if err != nil {
		panic(fail(51091, "Location51091", "Regular expression is invalid: %v", err))
	}
	ok := false
	each(vals, func(v any) {
		switch x := v.(type) {
		case string:
			ok = ok || matches(x)
		case bson.RegEx:
			ok = ok || x.Pattern == pattern
		}
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

func matchOp(op string, arg any, ops bson.D, vals []any, missing bool) bool {
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
		in := false
		arr, ok := arg.([]any)
		if !ok && arg != nil {
			panic(fail(2, "BadValue", "%s needs an array", op))
		}
		for _, w := range arr {
			if matchEq(w, vals, missing) {
				in = true
				break
			}
		}
		return in == (op == "$in")
	case "$exists":
		return (len(vals) > 0) == truth(arg)
	case "$not":
		if re, ok := arg.(bson.RegEx); ok {
			return !matchRegex(re.Pattern, re.Options, vals)
		}
		return !matchValue(arg, vals, missing)
	case "$regex":
		opts := getS(ops, "$options")
		switch x := arg.(type) {
		case string:
			return matchRegex(x, opts, vals)
		case bson.RegEx:
			return matchRegex(x.Pattern, x.Options+opts, vals)
		}
		return false
	case "$options":
		return true
	case "$size":
		n, _ := toInt(arg)
		for _, v := range vals {
			if arr, ok := v.([]any); ok && int64(len(arr)) == n {
				return true
			}
		}
		return false
	case "$all":
		arr, _ := arg.([]any)
		for _, w := range arr {
			if o, ok := isOps(w); ok {
				if !matchValue(o, vals, missing) {
					return false
				}
			} else if !matchEq(w, vals, missing) {
				return false
			}
		}
		return len(arr) > 0
	case "$elemMatch":
		q, _ := arg.(bson.D)
		o, isop := isOps(q)
		for _, v := range vals {
			arr, ok := v.([]any)
			if !ok {
				continue
			}
			for _, x := range arr {
				if isop && o[0].Name != "$and" && o[0].Name != "$or" && o[0].Name != "$nor" {
					if matchValue(o, []any{x}, false) {
						return true
					}
				} else if d, ok := x.(bson.D); ok && match(q, d) {
					return true
				}
			}
		}
		return false
	case "$type":
		ok := false
		each(vals, func(v any) {
			names := map[int]string{5: "null", 15: "string", 20: "object", 25: "array", 30: "binData", 35: "objectId", 40: "bool", 45: "date"}
			nums := map[int]int64{5: 10, 15: 2, 20: 3, 25: 4, 30: 5, 35: 7, 40: 8, 45: 9}
			if s, is := arg.(string); is {
				ok = ok || names[class(v)] == s || s == "number" && class(v) == 10
			} else if n, is := toInt(arg); is {
				ok = ok || nums[class(v)] == n
			}
		})
		return ok
	case "$mod":
		a, _ := arg.([]any)
		if len(a) == 2 {
			d, _ := toInt(a[0])
			r, _ := toInt(a[1])
			ok := false
			each(vals, func(v any) {
				if n, is := toInt(v); is && class(v) == 10 && d != 0 {
					ok = ok || n%d == r
				}
			})
			return ok
		}
	}
	panic(fail(2, "BadValue", "unknown operator: %s", op))
}

func sortDocs(docs []bson.D, by bson.D) {
	if len(by) == 0 {
		return
	}
	if by[0].Name == "$natural" {
		if n, _ := toInt(by[0].Value); n < 0 {
			for i, j := 0, len(docs)-1; i < j; i, j = i+1, j-1 {
				docs[i], docs[j] = docs[j], docs[i]
			}
		}
		return
	}
	sort.SliceStable(docs, func(i, j int) bool {
		for _, k := range by {
			n, _ := toInt(k.Value)
			c := compare(sortKey(docs[i], k.Name, n < 0), sortKey(docs[j], k.Name, n < 0))
			if n < 0 {
				c = -c
			}
			if c != 0 {
				return c < 0
			}
		}
		return false
	})
}

func sortKey(d bson.D, name string, desc bool) any {
	vals, _ := lookup(d, path(name))
	if len(vals) == 0 {
		return nil
	}
	var best any
	first := true
	take := func(v any) {
		if first || !desc && compare(v, best) < 0 || desc && compare(v, best) > 0 {
			best, first = v, false
		}
	}
	for _, v := range vals {
		if arr, ok := v.([]any); ok {
			for _, x := range arr {
				take(x)
			}
			continue
		}
		take(v)
	}
	if first {
		return nil
	}
	return best
}
