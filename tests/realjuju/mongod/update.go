package mongod

import (
	"slices"
	"strings"

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
	}
	panic(fail(28, "PathNotViable", "Cannot create field '%s' in element %v", parts[0], c))
}

func nilDoc(rest []string) any {
	if len(rest) == 0 {
		return nil
	}
	return bson.D{}
}

// getPath resolves a path strictly, for updates.
func getPath(c any, parts []string) (any, bool) {
	for _, p := range parts {
		d, _ := c.(bson.D)
		v, ok := get(d, p)
		if !ok {
			return nil, false
		}
		c = v
	}
	return c, true
}

// add is the sum of two numbers: an int unless one of them is an int64 or it is too large.
func add(a, b any) any {
	na, oka := toInt(a)
	nb, okb := toInt(b)
	if !oka || !okb {
		panic(fail(14, "TypeMismatch", "Cannot apply $inc to a value of non-integer type: %v", a))
	}
	r := na + nb
	_, l1 := a.(int64)
	_, l2 := b.(int64)
	if l1 || l2 || r > 1<<31-1 || r < -1<<31 {
		return r
	}
	return int(r)
}

// change applies an update to a document.
func change(old, upd bson.D) bson.D {
	if len(upd) == 0 || !strings.HasPrefix(upd[0].Name, "$") {
		id, has := get(old, "_id")
		out := bson.D{}
		if nid, ok := get(upd, "_id"); ok {
			if has && !equal(id, nid) {
				panic(fail(66, "ImmutableField", "After applying the update, the (immutable) field '_id' was found to have been altered to _id: %v", nid))
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
			panic(fail(9, "FailedToParse", "Modifiers operate on fields but we found type other: %v", op.Value))
		}
		for _, f := range fields {
			name := f.Name
			if strings.Contains(name, ".$") {
				panic(fail(2, "BadValue", "positional updates are not served: %s", name))
			}
			p := path(name)
			cur, has := getPath(doc, p)
			switch op.Name {
			case "$set":
				if name == "_id" && has && !equal(cur, f.Value) {
					panic(fail(66, "ImmutableField", "Performing an update on the path '_id' would modify the immutable field '_id'"))
				}
				doc = setPath(doc, p, copyValue(f.Value))
			case "$unset":
				doc = unsetPath(doc, p)
			case "$inc":
				if has {
					doc = setPath(doc, p, add(cur, f.Value))
				} else {
					doc = setPath(doc, p, f.Value)
				}
			case "$push", "$addToSet":
				arr, isArr := cur.([]any)
				if has && !isArr {
					panic(fail(2, "BadValue", "The field '%s' must be an array but is of type %T", name, cur))
				}
				for _, a := range pushed(f.Value) {
					if op.Name == "$push" || !slices.ContainsFunc(arr, func(x any) bool { return equal(x, a) }) {
						arr = append(arr, copyValue(a))
					}
				}
				doc = setPath(doc, p, arr)
			case "$pull", "$pullAll":
				if arr, ok := cur.([]any); ok {
					doc = setPath(doc, p, slices.DeleteFunc(slices.Clone(arr), func(x any) bool { return pulled(op.Name, f.Value, x) }))
				}
			default:
				panic(fail(9, "FailedToParse", "Unknown modifier: %s", op.Name))
			}
		}
	}
	return doc.(bson.D)
}

// pulled reports whether a $pull or $pullAll takes a value out.
func pulled(operator string, arg, x any) bool {
	if operator == "$pullAll" {
		list, _ := arg.([]any)
		return slices.ContainsFunc(list, func(y any) bool { return equal(x, y) })
	}
	q, isDoc := arg.(bson.D)
	if !isDoc {
		return equal(x, arg)
	}
	if ops, ok := isOps(q); ok {
		return matchValue(ops, []any{x}, false)
	}
	d, ok := x.(bson.D)
	return ok && match(q, d)
}

// unsetPath removes what a dotted path names.
func unsetPath(c any, parts []string) any {
	d, ok := c.(bson.D)
	if !ok {
		return c
	}
	i := slices.IndexFunc(d, func(e bson.DocElem) bool { return e.Name == parts[0] })
	switch {
	case i < 0:
	case len(parts) == 1:
		return slices.Delete(d, i, i+1)
	default:
		d[i].Value = unsetPath(d[i].Value, parts[1:])
	}
	return d
}

// pushed are the values of a $push or $addToSet: one, or those of $each.
func pushed(v any) []any {
	ops, ok := isOps(v)
	if !ok {
		return []any{v}
	}
	if len(ops) != 1 || ops[0].Name != "$each" {
		panic(fail(2, "BadValue", "modifiers of arrays are not served: %v", v))
	}
	values, _ := ops[0].Value.([]any)
	return values
}

// upsertBase makes the document that an upsert starts from.
func upsertBase(q bson.D) bson.D {
	var out any = bson.D{}
	for _, e := range q {
		if _, ops := isOps(e.Value); ops || strings.HasPrefix(e.Name, "$") {
			panic(fail(2, "BadValue", "an upsert by an operator is not served: %v", e))
		}
		out = setPath(out, path(e.Name), copyValue(e.Value))
	}
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

// project applies a find projection, which names the fields that it keeps.
func project(d, sel bson.D) bson.D {
	if len(sel) == 0 {
		return d
	}
	id := true
	var names []string
	for _, e := range sel {
		_, isDoc := e.Value.(bson.D)
		switch {
		case e.Name == "_id":
			id = truth(e.Value)
		case isDoc || !truth(e.Value):
			panic(fail(2, "BadValue", "the projection is not served: %v", sel))
		default:
			names = append(names, e.Name)
		}
	}
	if id {
		names = append(names, "_id")
	}
	if len(names) == 0 {
		panic(fail(2, "BadValue", "the projection is not served: %v", sel))
	}
	return pick(d, names)
}

// pick keeps the named fields.
func pick(d bson.D, names []string) bson.D {
	if slices.ContainsFunc(names, func(n string) bool { return strings.Contains(n, ".") }) {
		panic(fail(2, "BadValue", "projections of paths are not served: %v", names))
	}
	return slices.DeleteFunc(slices.Clone(d), func(e bson.DocElem) bool { return !slices.Contains(names, e.Name) })
}
