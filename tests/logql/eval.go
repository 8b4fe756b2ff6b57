package logql

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Sample is a value of a vector.
type Sample struct {
	Labels map[string]string
	Value  float64
}

// Lines returns the entries that a query for lines selects, with the labels that its stages made; nil for a query over
// time.
func (q Query) Lines(entries []Entry) []Entry {
	if q.lines == nil {
		return nil
	}
	var out []Entry
	for _, r := range q.lines.run(entries) {
		out = append(out, r.Entry)
	}
	return out
}

// Vector returns the result of a query over time at a moment, in a fixed order; nil if it is empty, or for a query for
// lines.
func (q Query) Vector(entries []Entry, at time.Time) []Sample {
	if q.vector == nil {
		return nil
	}
	out := slices.Clone(q.vector.eval(entries, at))
	slices.SortFunc(out, func(a, b Sample) int { return strings.Compare(key(a.Labels), key(b.Labels)) })
	return out
}

// node is a part of a query with a vector as its result.
type node interface {
	eval(entries []Entry, at time.Time) []Sample
}

// key is the same for equal labels. Empty labels count as missing.
func key(labels map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if labels[name] != "" {
			b.WriteString(name + "\x00" + labels[name] + "\x00")
		}
	}
	return b.String()
}

// only returns the labels with those names; all if names is nil.
func only(labels map[string]string, names []string) map[string]string {
	if names == nil {
		return labels
	}
	out := map[string]string{}
	for _, name := range names {
		out[name] = labels[name]
	}
	return out
}

// grouped makes one sample of each group of samples.
func grouped(samples []Sample, by []string, join func(values []float64) float64) []Sample {
	groups, labels := map[string][]float64{}, map[string]map[string]string{}
	for _, s := range samples {
		kept := only(s.Labels, by)
		groups[key(kept)] = append(groups[key(kept)], s.Value)
		labels[key(kept)] = kept
	}
	var out []Sample
	for name, values := range groups {
		out = append(out, Sample{labels[name], join(values)})
	}
	return out
}

func sum(values []float64) (total float64) {
	for _, v := range values {
		total += v
	}
	return total
}

type overTime struct {
	lines *pipeline
	name  string
	long  time.Duration
	by    []string
}

func (o overTime) eval(entries []Entry, at time.Time) []Sample {
	within := slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool { return !e.At.After(at.Add(-o.long)) || e.At.After(at) })
	slices.SortStableFunc(within, func(a, b Entry) int { return a.At.Compare(b.At) })
	var samples []Sample
	for _, r := range o.lines.run(within) {
		samples = append(samples, Sample{r.Labels, r.value})
	}
	return grouped(samples, o.by, func(values []float64) float64 {
		switch o.name {
		case "count_over_time":
			return float64(len(values))
		case "max_over_time":
			return slices.Max(values)
		case "avg_over_time":
			return sum(values) / float64(len(values))
		default: // last_over_time
			return values[len(values)-1]
		}
	})
}

type aggregated struct {
	inner node
	name  string
	by    []string
}

func (a aggregated) eval(entries []Entry, at time.Time) []Sample {
	by := a.by
	if by == nil {
		by = []string{} // all in one
	}
	return grouped(a.inner.eval(entries, at), by, func(values []float64) float64 {
		switch a.name {
		case "sum":
			return sum(values)
		case "max":
			return slices.Max(values)
		default: // count
			return float64(len(values))
		}
	})
}

// constant is one sample without labels, whatever the entries are.
type constant float64

func (c constant) eval([]Entry, time.Time) []Sample {
	return []Sample{{map[string]string{}, float64(c)}}
}

type above struct {
	inner node
	limit float64
}

func (a above) eval(entries []Entry, at time.Time) []Sample {
	return slices.DeleteFunc(a.inner.eval(entries, at), func(s Sample) bool { return s.Value <= a.limit })
}

type combined struct {
	left, right node
	operator    string
}

func (c combined) eval(entries []Entry, at time.Time) []Sample {
	left, right := c.left.eval(entries, at), c.right.eval(entries, at)
	in := func(list []Sample) map[string]bool {
		out := map[string]bool{}
		for _, s := range list {
			out[key(s.Labels)] = true
		}
		return out
	}
	switch there := in(right); c.operator {
	case "unless":
		return slices.DeleteFunc(left, func(s Sample) bool { return there[key(s.Labels)] })
	case "and":
		return slices.DeleteFunc(left, func(s Sample) bool { return !there[key(s.Labels)] })
	default: // or
		there = in(left)
		return append(left, slices.DeleteFunc(right, func(s Sample) bool { return there[key(s.Labels)] })...)
	}
}
