package mongod

import (
	"fmt"
	"slices"
	"strings"

	"github.com/juju/mgo/v3/bson"
)

// run applies aggregation stages to documents.
func runStages(docs []bson.D, stages []any) []bson.D {
	for _, st := range stages {
		d, ok := st.(bson.D)
		if !ok || len(d) != 1 {
			panic(fail(40323, "Location40323", "A pipeline stage specification object must contain exactly one field."))
		}
		arg := d[0].Value
		switch d[0].Name {
		case "$match":
			docs = slices.DeleteFunc(slices.Clone(docs), func(x bson.D) bool { return !match(arg.(bson.D), x) })
		case "$sort":
			docs = slices.Clone(docs)
			sortDocs(docs, arg.(bson.D))
		case "$limit":
			n, _ := toInt(arg)
			docs = docs[:min(int(n), len(docs))]
		case "$skip":
			n, _ := toInt(arg)
			docs = docs[min(int(n), len(docs)):]
		case "$count":
			docs = []bson.D{{{Name: arg.(string), Value: len(docs)}}}
		case "$project":
			var out []bson.D
			for _, x := range docs {
				out = append(out, projectStage(x, arg.(bson.D)))
			}
			docs = out
		case "$addFields", "$set":
			var out []bson.D
			for _, x := range docs {
				y := copyValue(x)
				for _, e := range arg.(bson.D) {
					y = setPath(y, path(e.Name), eval(e.Value, x))
				}
				out = append(out, y.(bson.D))
			}
			docs = out
		case "$unwind":
			p, _ := arg.(string)
			if o, ok := arg.(bson.D); ok {
				p = getS(o, "path")
			}
			p = strings.TrimPrefix(p, "$")
			var out []bson.D
			for _, x := range docs {
				v, _ := getPath(x, path(p))
				arr, ok := v.([]any)
				if !ok && v != nil {
					arr = []any{v}
				}
				for _, y := range arr {
					out = append(out, setPath(copyValue(x), path(p), y).(bson.D))
				}
			}
			docs = out
		case "$replaceRoot":
			var out []bson.D
			for _, x := range docs {
				v, ok := eval(getDV(arg, "newRoot"), x).(bson.D)
				if !ok {
					panic(fail(40228, "Location40228", "'newRoot' expression must evaluate to an object"))
				}
				out = append(out, v)
			}
			docs = out
		case "$group":
			docs = group(docs, arg.(bson.D))
		default:
			panic(fail(40324, "Location40324", "Unrecognized pipeline stage name: '%s'", d[0].Name))
		}
	}
	return docs
}

func getDV(v any, k string) any {
	d, _ := v.(bson.D)
	x, _ := get(d, k)
	return x
}

func projectStage(d, sel bson.D) bson.D {
	computed := false
	for _, e := range sel {
		switch x := e.Value.(type) {
		case string:
			computed = true
		case bson.D:
			computed = true
			_ = x
		}
	}
	if !computed {
		return project(d, sel)
	}
	names := []string{"_id"}
	var rest bson.D
	for _, e := range sel {
		_, isS := e.Value.(string)
		_, isD := e.Value.(bson.D)
		switch {
		case isS || isD:
			if e.Name == "_id" {
				names = names[1:]
			}
			rest = append(rest, e)
		case e.Name == "_id" && !truth(e.Value):
			names = names[1:]
		case e.Name != "_id":
			names = append(names, e.Name)
		}
	}
	out := copyValue(pick(d, names))
	for _, e := range rest {
		if v := eval(e.Value, d); v != (missingT{}) {
			out = setPath(out, path(e.Name), v)
		}
	}
	return out.(bson.D)
}

type missingT struct{}

func eval(e any, d bson.D) any {
	switch x := e.(type) {
	case string:
		if strings.HasPrefix(x, "$$ROOT") {
			return d
		}
		if strings.HasPrefix(x, "$") {
			vals, _ := lookup(d, path(x[1:]))
			if len(vals) == 0 {
				return nil
			}
			return vals[0]
		}
		return x
	case []any:
		out := []any{}
		for _, y := range x {
			out = append(out, eval(y, d))
		}
		return out
	case bson.D:
		if len(x) == 1 && strings.HasPrefix(x[0].Name, "$") {
			a := x[0].Value
			switch x[0].Name {
			case "$literal":
				return a
			case "$toString":
				v := eval(a, d)
				if v == nil {
					return nil
				}
				return fmt.Sprint(v)
			case "$ifNull":
				l := a.([]any)
				for _, y := range l {
					if v := eval(y, d); v != nil {
						return v
					}
				}
				return nil
			case "$concat":
				var s strings.Builder
				for _, y := range a.([]any) {
					fmt.Fprint(&s, eval(y, d))
				}
				return s.String()
			case "$size":
				l, _ := eval(a, d).([]any)
				return len(l)
			case "$arrayToObject":
				out := bson.D{}
				l, _ := eval(a, d).([]any)
				for _, y := range l {
					if kv, ok := y.(bson.D); ok {
						v, _ := get(kv, "v")
						out = append(out, bson.DocElem{Name: getS(kv, "k"), Value: v})
					}
				}
				return out
			}
			panic(fail(168, "InvalidPipelineOperator", "Unrecognized expression '%s'", x[0].Name))
		}
		out := bson.D{}
		for _, f := range x {
			out = append(out, bson.DocElem{Name: f.Name, Value: eval(f.Value, d)})
		}
		return out
	}
	return e
}

func group(docs []bson.D, spec bson.D) []bson.D {
	type acc struct {
		out bson.D
		n   map[string]int
	}
	byKey := map[string]*acc{}
	var order []*acc
	idExpr, _ := get(spec, "_id")
	for _, d := range docs {
		id := eval(idExpr, d)
		k := key(id)
		a := byKey[k]
		if a == nil {
			a = &acc{out: bson.D{{Name: "_id", Value: id}}, n: map[string]int{}}
			byKey[k] = a
			order = append(order, a)
		}
		for _, f := range spec {
			if f.Name == "_id" {
				continue
			}
			op := f.Value.(bson.D)[0]
			v := eval(op.Value, d)
			cur, has := get(a.out, f.Name)
			var nv any
			switch op.Name {
			case "$first":
				if has {
					continue
				}
				nv = v
			case "$last":
				nv = v
			case "$sum":
				if !has {
					cur = 0
				}
				if class(v) != 10 {
					v = 0
				}
				nv = addNum(cur, v, false)
			case "$avg":
				f1 := toFloat(cur)
				f2 := toFloat(v)
				n := a.n[f.Name]
				a.n[f.Name] = n + 1
				nv = (f1*float64(n) + f2) / float64(n+1)
			case "$max":
				nv = cur
				if !has || compare(v, cur) > 0 {
					nv = v
				}
			case "$min":
				nv = cur
				if !has || compare(v, cur) < 0 {
					nv = v
				}
			case "$push":
				l, _ := cur.([]any)
				nv = append(l, v)
			case "$addToSet":
				l, _ := cur.([]any)
				if !slices.ContainsFunc(l, func(x any) bool { return equal(x, v) }) {
					l = append(l, v)
				}
				nv = l
			default:
				panic(fail(15952, "Location15952", "unknown group operator '%s'", op.Name))
			}
			a.out = setPath(a.out, []string{f.Name}, nv).(bson.D)
		}
	}
	var out []bson.D
	for _, a := range order {
		out = append(out, a.out)
	}
	return out
}
