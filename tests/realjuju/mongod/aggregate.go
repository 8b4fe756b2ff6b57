package mongod

import (
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

// eval is the value of an expression, which names a field.
func eval(expr any, d bson.D) any {
	name, ok := expr.(string)
	if !ok || !strings.HasPrefix(name, "$") || strings.HasPrefix(name, "$$") {
		panic(fail(168, "InvalidPipelineOperator", "Unrecognized expression '%v'", expr))
	}
	vals, _ := lookup(d, path(name[1:]))
	if len(vals) == 0 {
		return nil
	}
	return vals[0]
}

// group makes one document of those that have the same _id. The other fields are the first ones.
func group(docs []bson.D, spec bson.D) []bson.D {
	var out []bson.D
	seen := map[string]bool{}
	id, _ := get(spec, "_id")
	for _, d := range docs {
		group := bson.D{{Name: "_id", Value: eval(id, d)}}
		k := key(group[0].Value)
		if seen[k] {
			continue
		}
		seen[k] = true
		for _, f := range spec {
			if f.Name == "_id" {
				continue
			}
			op := f.Value.(bson.D)[0]
			if op.Name != "$first" {
				panic(fail(15952, "Location15952", "unknown group operator '%s'", op.Name))
			}
			group = append(group, bson.DocElem{Name: f.Name, Value: eval(op.Value, d)})
		}
		out = append(out, group)
	}
	return out
}
