package mongod

import (
	"fmt"
	"slices"
	"strings"

	"github.com/juju/mgo/v3/bson"
)

// runStages applies aggregation stages to documents. It panics with *failure on what Juju does not ask for.
func runStages(docs []bson.D, stages []any) []bson.D {
	for _, st := range stages {
		d, ok := st.(bson.D)
		if !ok || len(d) != 1 {
			panic(fail(40323, "Location40323", "A pipeline stage specification object must contain exactly one field."))
		}
		arg, _ := d[0].Value.(bson.D)
		docs = slices.Clone(docs)
		switch d[0].Name {
		case "$match":
			docs = slices.DeleteFunc(docs, func(x bson.D) bool { return !match(arg, x) })
		case "$sort":
			sortDocs(docs, arg)
		case "$project":
			for i, x := range docs {
				docs[i] = projectStage(x, arg)
			}
		case "$group":
			docs = group(docs, arg)
		case "$replaceRoot":
			root, _ := get(arg, "newRoot")
			for i, x := range docs {
				docs[i], _ = eval(root, x).(bson.D)
			}
		default:
			panic(fail(40324, "Location40324", "Unrecognized pipeline stage name: '%s'", d[0].Name))
		}
	}
	return docs
}

// projectStage keeps _id and the fields that are named with a number, and sets those that are named with an expression.
func projectStage(d, sel bson.D) bson.D {
	if _, named := get(sel, "_id"); !named {
		sel = append(bson.D{{Name: "_id", Value: "$_id"}}, sel...)
	}
	var out any = bson.D{}
	for _, e := range sel {
		value, has := get(d, e.Name)
		if _, isExpr := e.Value.(string); isExpr {
			value, has = eval(e.Value, d), true
		} else if !truth(e.Value) {
			panic(fail(2, "BadValue", "the projection is not served: %v", sel))
		}
		if has {
			out = setPath(out, path(e.Name), copyValue(value))
		}
	}
	return out.(bson.D)
}

// eval is the value of an expression: the name of a field, a document of expressions, or one of the operators that Juju uses.
func eval(expr any, d bson.D) any {
	switch x := expr.(type) {
	case nil, int:
		return x
	case string:
		if !strings.HasPrefix(x, "$") || strings.HasPrefix(x, "$$") {
			break
		}
		vals, _ := lookup(d, path(x[1:]))
		if len(vals) == 0 {
			return nil
		}
		return vals[0]
	case bson.D:
		if ops, ok := isOps(x); ok {
			return operate(ops[0].Name, eval(ops[0].Value, d))
		}
		out := bson.D{}
		for _, f := range x {
			out = append(out, bson.DocElem{Name: f.Name, Value: eval(f.Value, d)})
		}
		return out
	}
	panic(fail(168, "InvalidPipelineOperator", "Unrecognized expression '%v'", expr))
}

func operate(operator string, v any) any {
	switch operator {
	case "$toString":
		return fmt.Sprint(v)
	case "$arrayToObject":
		out := bson.D{}
		list, _ := v.([]any)
		for _, pair := range list {
			of, _ := pair.(bson.D)
			value, _ := get(of, "v")
			out = append(out, bson.DocElem{Name: getS(of, "k"), Value: value})
		}
		return out
	default:
		panic(fail(168, "InvalidPipelineOperator", "Unrecognized expression '%s'", operator))
	}
}

// group makes one document of those that have the same _id.
func group(docs []bson.D, spec bson.D) []bson.D {
	var out []bson.D
	at := map[string]int{}
	id, _ := get(spec, "_id")
	for _, d := range docs {
		value := eval(id, d)
		k := key(value)
		i, known := at[k]
		if !known {
			i, at[k] = len(out), len(out)
			out = append(out, bson.D{{Name: "_id", Value: value}})
		}
		for _, f := range spec {
			if f.Name != "_id" {
				op := f.Value.(bson.D)[0]
				out[i] = accumulate(out[i], f.Name, op.Name, eval(op.Value, d))
			}
		}
	}
	return out
}

// accumulate adds a value to a field of a group.
func accumulate(group bson.D, field, operator string, v any) bson.D {
	now, has := get(group, field)
	switch operator {
	case "$first":
		if has {
			return group
		}
	case "$sum":
		if has {
			v = add(now, v)
		}
	case "$push":
		list, _ := now.([]any)
		v = append(list, v)
	default:
		panic(fail(15952, "Location15952", "unknown group operator '%s'", operator))
	}
	return setPath(group, []string{field}, v).(bson.D)
}
