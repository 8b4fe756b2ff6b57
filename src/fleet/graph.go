package fleet

import (
	"slices"
	"strings"
)

// Edge is a cross-model relation: a model uses an offer of another.
type Edge struct {
	// Offerer and Consumer are UUIDs.
	Offerer, Consumer string
	// Joined reports that the relation works.
	Joined bool
}

// Edges are the cross-model relations that are known.
type Edges struct {
	List []Edge
	// Unread lists the controllers or models with edges that could not be read; empty if all are known. An empty list
	// of JIMM does not prove that a model has none.
	Unread []string
	// Confirmed reports that the models' own status agrees.
	Confirmed bool
}

// Certainty is how well the edges are known, in the words of a plan.
func (e Edges) Certainty() string {
	switch {
	case len(e.Unread) > 0:
		return EdgesUnknown
	case e.Confirmed:
		return EdgesKnown
	default:
		return EdgesListed
	}
}

// The words of the line "edges" of a plan.
const (
	// EdgesKnown: JIMM's offers and the models' own status agree.
	EdgesKnown = "known"
	// EdgesListed: they are as JIMM lists the offers. Each model's own status is
	// compared when its turn comes.
	EdgesListed = "listed"
	// EdgesUnknown: not all offers could be read.
	EdgesUnknown = "unknown"
)

// graph finds neighbours.
type graph map[string][]string

// graphOf returns the neighbours of each model.
func graphOf(edges []Edge) graph {
	g := graph{}
	for _, e := range edges {
		if e.Offerer == e.Consumer {
			continue
		}
		g.add(e.Offerer, e.Consumer)
		g.add(e.Consumer, e.Offerer)
	}
	return g
}

func (g graph) add(a, b string) {
	if !slices.Contains(g[a], b) {
		g[a] = append(g[a], b)
	}
}

// components returns the models that are connected with each other, each group
// sorted, the groups by their first model.
func (g graph) components(models []string) [][]string {
	in := make(map[string]bool, len(models))
	for _, m := range models {
		in[m] = true
	}
	seen := make(map[string]bool, len(models))
	var out [][]string
	for _, first := range slices.Sorted(slices.Values(models)) {
		if seen[first] {
			continue
		}
		seen[first] = true
		group := []string{first}
		for i := 0; i < len(group); i++ {
			for _, next := range g[group[i]] {
				if in[next] && !seen[next] {
					seen[next] = true
					group = append(group, next)
				}
			}
		}
		slices.Sort(group)
		out = append(out, group)
	}
	slices.SortFunc(out, func(a, b []string) int { return strings.Compare(a[0], b[0]) })
	return out
}

// offers reports whether another model uses an offer of the model.
func (e Edges) offers(uuid string) bool {
	return slices.ContainsFunc(e.List, func(x Edge) bool { return x.Offerer == uuid })
}
