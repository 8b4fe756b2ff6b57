package mongod

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/juju/mgo/v3/bson"
)

func copyValue(v any) any {
	switch x := v.(type) {
	case bson.D:
		out := make(bson.D, len(x))
		for i, e := range x {
			out[i] = bson.DocElem{Name: e.Name, Value: copyValue(e.Value)}
		}
		return out
	case []any:
		out := make([]any, len(x))
		for i, e := range x {
			out[i] = copyValue(e)
		}
		return out
	}
	return v
}

// setPath sets a dotted path in a container and returns the container.
func setPath(c any, parts []string, v any) any {
	if len(parts) == 0 {
		return v
	}
	switch x := c.(type) {
	case bson.D:
		field, rest := parts[0], parts[1:]
		for i, e := range x {
			if e.Name == field {
				x[i].Value = setPath(e.Value, rest, v)
				return x
			}
		}
		return append(x, bson.DocElem{Name: field, Value: setPath(nilDoc(rest), rest, v)})
	case []any:
		n, err := strconv.Atoi(parts[0])
		if err != nil || n < 0 || n > 1_500_000 {
			panic(fail(28, "PathNotViable", "Cannot create field '%s' in an array", parts[0]))
		}
		for len(x) <= n {
			x = append(x, nil)
		}
		if x[n] == nil && len(parts) > 1 {
			x[n] = bson.D{}
		}
		x[n] = setPath(x[n], parts[1:], v)
		return x
	case nil:
		panic(fail(28, "PathNotViable", "Cannot create field '%s' in element {null}", parts[0]))
	}
	panic(fail(28, "PathNotViable", "Cannot create field '%s' in element %s", parts[0], show(c)))
}

func nilDoc(rest []string) any {
	if len(rest) == 0 {
		return nil
	}
	return bson.D{}
}

func unsetPath(c any, parts []string) (any, bool) {
	switch x := c.(type) {
	case bson.D:
		for i := range x {
			if x[i].Name != parts[0] {
				continue
			}
			if len(parts) == 1 {
				return append(x[:i:i], x[i+1:]...), true
			}
			v, ok := unsetPath(x[i].Value, parts[1:])
			x[i].Value = v
			return x, ok
		}
	case []any:
		n, err := strconv.Atoi(parts[0])
		if err == nil && n >= 0 && n < len(x) {
			if len(parts) == 1 {
				x[n] = nil
				return x, true
			}
			v, ok := unsetPath(x[n], parts[1:])
			x[n] = v
			return x, ok
		}
	}
	return c, false
}

// getPath resolves a path strictly (array index only), for updates.
func getPath(c any, parts []string) (any, bool) {
	for _, p := range parts {
		switch x := c.(type) {
		case bson.D:
			v, ok := get(x, p)
			if !ok {
				return nil, false
			}
			c = v
		case []any:
			n, err := strconv.Atoi(p)
			if err != nil || n < 0 || n >= len(x) {
				return nil, false
			}
			c = x[n]
		default:
			return nil, false
		}
	}
	return c, true
}

func addNum(a, b any, mul bool) any {
	fa, isfa := a.(float64)
	fb, isfb := b.(float64)
	if isfa || isfb {
		if !isfa {
			fa = toFloat(a)
		}
		if !isfb {
			fb = toFloat(b)
		}
		if mul {
			return fa * fb
		}
		return fa + fb
	}
	na, oka := toInt(a)
	nb, okb := toInt(b)
	if !oka || !okb {
		panic(fail(14, "TypeMismatch", "Cannot apply $inc to a value of non-numeric type: %s", show(a)))
	}
	r := na + nb
	if mul {
		r = na * nb
	}
	_, l1 := a.(int64)
	_, l2 := b.(int64)
	if l1 || l2 || r > 1<<31-1 || r < -1<<31 {
		return r
	}
	return int(r)
}

// change applies an update to a document.
// old nil: an upsert with base as the new document.
func change(old, upd bson.D, upsert bool, query bson.D, now time.Time) bson.D {
	if len(upd) == 0 || !strings.HasPrefix(upd[0].Name, "$") {
		id, has := get(old, "_id")
		out := bson.D{}
		if nid, ok := get(upd, "_id"); ok {
			if has && !equal(id, nid) {
				panic(fail(66, "ImmutableField", "After applying the update, the (immutable) field '_id' was found to have been altered to _id: %s", show(nid)))
			}
			id, has = nid, true
		}
		if has {
			out = append(out, bson.DocElem{Name: "_id", Value: id})
		}
		for _, e := range upd {
			if e.Name != "_id" {
				out = append(out, bson.DocElem{Name: e.Name, Value: copyValue(e.Value)})
			}
		}
		return out
	}
	doc := copyValue(old)
	for _, op := range upd {
		fields, ok := op.Value.(bson.D)
		if !ok {
			panic(fail(9, "FailedToParse", "Modifiers operate on fields but we found type other: %s", show(op.Value)))
		}
		for _, f := range fields {
			name := f.Name
			if strings.Contains(name, ".$") {
				name = positional(name, old, query)
			}
			p := path(name)
			cur, has := getPath(doc, p)
			switch op.Name {
			case "$set":
				if name == "_id" && has && !equal(cur, f.Value) {
					panic(fail(66, "ImmutableField", "Performing an update on the path '_id' would modify the immutable field '_id'"))
				}
				doc = setPath(doc, p, copyValue(f.Value))
			case "$setOnInsert":
				if upsert {
					doc = setPath(doc, p, copyValue(f.Value))
				}
			case "$unset":
				doc, _ = unsetPath(doc, p)
			case "$inc", "$mul":
				if !has {
					cur = 0
					if op.Name == "$inc" {
						doc = setPath(doc, p, f.Value)
						break
					}
				}
				doc = setPath(doc, p, addNum(cur, f.Value, op.Name == "$mul"))
			case "$min":
				if !has || compare(f.Value, cur) < 0 {
					doc = setPath(doc, p, f.Value)
				}
			case "$max":
				if !has || compare(f.Value, cur) > 0 {
					doc = setPath(doc, p, f.Value)
				}
			case "$currentDate":
				doc = setPath(doc, p, now)
			case "$rename":
				if has {
					doc, _ = unsetPath(doc, p)
					doc = setPath(doc, path(f.Value.(string)), cur)
				}
			case "$push", "$addToSet":
				arr, isArr := cur.([]any)
				if has && !isArr {
					panic(fail(2, "BadValue", "The field '%s' must be an array but is of type %T", name, cur))
				}
				add := []any{f.Value}
				mods := bson.D(nil)
				if o, ok := isOps(f.Value); ok && o[0].Name[0] == '$' {
					if ea, ok := get(o, "$each"); ok {
						add, _ = ea.([]any)
						mods = o
					}
				}
				if op.Name == "$addToSet" {
					for _, a := range add {
						if !slices.ContainsFunc(arr, func(x any) bool { return equal(x, a) }) {
							arr = append(arr, copyValue(a))
						}
					}
				} else {
					at := len(arr)
					if v, ok := get(mods, "$position"); ok {
						n, _ := toInt(v)
						if int(n) < at && n >= 0 {
							at = int(n)
						}
					}
					var cp []any
					for _, a := range add {
						cp = append(cp, copyValue(a))
					}
					arr = slices.Insert(arr, at, cp...)
					if v, ok := get(mods, "$sort"); ok {
						slices.SortStableFunc(arr, func(a, b any) int {
							if by, ok := v.(bson.D); ok {
								da, _ := a.(bson.D)
								db, _ := b.(bson.D)
								for _, k := range by {
									n, _ := toInt(k.Value)
									if c := compare(sortKey(da, k.Name, n < 0), sortKey(db, k.Name, n < 0)); c != 0 {
										return c * int(n)
									}
								}
								return 0
							}
							n, _ := toInt(v)
							return compare(a, b) * int(n)
						})
					}
					if v, ok := get(mods, "$slice"); ok {
						n, _ := toInt(v)
						if n >= 0 && int(n) < len(arr) {
							arr = arr[:n]
						} else if n < 0 && int(-n) < len(arr) {
							arr = arr[len(arr)+int(n):]
						}
					}
				}
				if arr == nil {
					arr = []any{}
				}
				doc = setPath(doc, p, arr)
			case "$pop":
				if arr, ok := cur.([]any); ok && len(arr) > 0 {
					if n, _ := toInt(f.Value); n < 0 {
						arr = arr[1:]
					} else {
						arr = arr[:len(arr)-1]
					}
					doc = setPath(doc, p, arr)
				}
			case "$pull", "$pullAll":
				arr, ok := cur.([]any)
				if !ok {
					break
				}
				out := []any{}
				for _, x := range arr {
					drop := false
					if op.Name == "$pullAll" {
						l, _ := f.Value.([]any)
						drop = slices.ContainsFunc(l, func(y any) bool { return equal(x, y) })
					} else if q, isDoc := f.Value.(bson.D); isDoc {
						if _, isop := isOps(q); isop {
							drop = matchValue(q, []any{x}, false)
						} else if xd, ok := x.(bson.D); ok {
							drop = match(q, xd)
						}
					} else {
						drop = matchEq(f.Value, []any{x}, false) && class(x) != 25
					}
					if !drop {
						out = append(out, x)
					}
				}
				doc = setPath(doc, p, out)
			default:
				panic(fail(9, "FailedToParse", "Unknown modifier: %s", op.Name))
			}
		}
	}
	return doc.(bson.D)
}

// positional replaces ".$" by the index of the first array element that the query matched.
func positional(name string, doc, query bson.D) string {
	i := strings.Index(name, ".$")
	if strings.HasPrefix(name[i:], ".$[]") {
		panic(fail(2, "BadValue", "all-positional update is not supported here: %s", name))
	}
	base := name[:i]
	v, _ := getPath(doc, path(base))
	arr, _ := v.([]any)
	for _, e := range query {
		if e.Name != base && !strings.HasPrefix(e.Name, base+".") {
			continue
		}
		for n, x := range arr {
			var ok bool
			if e.Name == base {
				cond := e.Value
				if o, is := isOps(cond); is && o[0].Name == "$elemMatch" {
					ok = matchValue(cond, []any{[]any{x}}, false)
				} else {
					ok = matchValue(cond, []any{x}, false)
				}
			} else if d, is := x.(bson.D); is {
				ok = match(bson.D{{Name: e.Name[len(base)+1:], Value: e.Value}}, d)
			}
			if ok {
				return base + "." + strconv.Itoa(n) + name[i+2:]
			}
		}
	}
	panic(fail(2, "BadValue", "The positional operator did not find the match needed from the query."))
}

// upsertBase makes the document that an upsert starts from.
func upsertBase(q bson.D) bson.D {
	var out any = bson.D{}
	var walk func(bson.D)
	walk = func(q bson.D) {
		for _, e := range q {
			if e.Name == "$and" {
				l, _ := e.Value.([]any)
				for _, x := range l {
					if d, ok := x.(bson.D); ok {
						walk(d)
					}
				}
				continue
			}
			if strings.HasPrefix(e.Name, "$") {
				continue
			}
			if o, ok := isOps(e.Value); ok {
				if v, ok := get(o, "$eq"); ok {
					out = setPath(out, path(e.Name), copyValue(v))
				}
				continue
			}
			if _, ok := e.Value.(bson.RegEx); ok {
				continue
			}
			out = setPath(out, path(e.Name), copyValue(e.Value))
		}
	}
	walk(q)
	return out.(bson.D)
}

// diff returns the top-level fields that an update changed, for change streams.
func diff(before, after bson.D) (set bson.D, removed []any) {
	set, removed = bson.D{}, []any{}
	for _, e := range after {
		if v, ok := get(before, e.Name); !ok || key(v) != key(e.Value) || class(v) != class(e.Value) {
			set = append(set, e)
		}
	}
	for _, e := range before {
		if _, ok := get(after, e.Name); !ok {
			removed = append(removed, e.Name)
		}
	}
	return set, removed
}

// project applies a find projection.
func project(d, sel bson.D) bson.D {
	if len(sel) == 0 {
		return d
	}
	include, id := false, true
	for _, e := range sel {
		if e.Name == "_id" {
			id = truth(e.Value)
			continue
		}
		if _, isDoc := e.Value.(bson.D); isDoc {
			continue
		}
		if truth(e.Value) {
			include = true
		}
	}
	if len(sel) == 1 && sel[0].Name == "_id" && id {
		include = true
	}
	var out any
	if include {
		var names []string
		if id {
			names = append(names, "_id")
		}
		for _, e := range sel {
			if e.Name != "_id" {
				names = append(names, e.Name)
			}
		}
		return pick(d, names)
	}
	out = copyValue(d)
	for _, e := range sel {
		if e.Name == "_id" && id {
			continue
		}
		if o, ok := e.Value.(bson.D); ok {
			if s, ok := get(o, "$slice"); ok {
				v, _ := getPath(out, path(e.Name))
				if arr, ok := v.([]any); ok {
					n, _ := toInt(s)
					if l, isl := s.([]any); isl && len(l) == 2 {
						sk, _ := toInt(l[0])
						li, _ := toInt(l[1])
						if sk < 0 {
							sk = max(0, int64(len(arr))+sk)
						}
						sk = min(sk, int64(len(arr)))
						arr = arr[sk:min(sk+li, int64(len(arr)))]
					} else if n >= 0 && int(n) < len(arr) {
						arr = arr[:n]
					} else if n < 0 && int(-n) < len(arr) {
						arr = arr[len(arr)+int(n):]
					}
					out = setPath(out, path(e.Name), arr)
				}
			}
			continue
		}
		out, _ = unsetPath(out, path(e.Name))
	}
	return out.(bson.D)
}

// pick keeps the named (dotted) fields.
func pick(d bson.D, names []string) bson.D {
	heads := map[string][]string{}
	for _, n := range names {
		h, rest, dotted := strings.Cut(n, ".")
		if dotted {
			heads[h] = append(heads[h], rest)
		} else if _, ok := heads[h]; !ok {
			heads[h] = nil
		}
	}
	out := bson.D{}
	for _, e := range d {
		rest, ok := heads[e.Name]
		if !ok {
			continue
		}
		if len(rest) == 0 {
			out = append(out, e)
			continue
		}
		switch x := e.Value.(type) {
		case bson.D:
			out = append(out, bson.DocElem{Name: e.Name, Value: pick(x, rest)})
		case []any:
			arr := []any{}
			for _, y := range x {
				if yd, ok := y.(bson.D); ok {
					arr = append(arr, pick(yd, rest))
				}
			}
			out = append(out, bson.DocElem{Name: e.Name, Value: arr})
		}
	}
	return out
}
