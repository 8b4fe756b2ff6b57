package jaas

import (
	"maps"
	"slices"

	"jimm-migrator/src/jimm"
	"jimm-migrator/src/juju"
	"jimm-migrator/src/migration/facts"
)

// unitsToAsk names one unit of each application that has a relation: it sees all units of the other side.
func unitsToAsk(status jimm.Status, units map[string]facts.Unit) []string {
	related := map[string]bool{}
	for _, r := range status.Relations {
		for _, e := range r.Endpoints {
			related[e.Application] = true
		}
	}
	var out []string
	for _, name := range facts.SortedNames(units, func(facts.Unit) bool { return true }) {
		if a := facts.ApplicationOf(name); related[a] {
			out, related[a] = append(out, name), false
		}
	}
	return out
}

// principalsOf returns the units beside which the subordinates are.
func principalsOf(status jimm.Status) map[string]string {
	principals := map[string]string{}
	for _, a := range status.Applications {
		for name, u := range a.Units {
			for subordinate := range u.Subordinates {
				principals[subordinate] = name
			}
		}
	}
	return principals
}

// addElsewhere adds which subordinates never join a relation of their application, because they
// are beside another one.
func addElsewhere(to facts.Inventory, status jimm.Status) {
	principals := principalsOf(status)
	for _, r := range status.Relations {
		known, listed := to.Relations[r.Key]
		if !listed {
			continue
		}
		for _, name := range facts.SortedNames(to.Units, func(facts.Unit) bool { return true }) {
			application := facts.ApplicationOf(name)
			isIn := slices.ContainsFunc(r.Endpoints, func(e jimm.RelationEndpoint) bool { return e.Application == application })
			if isIn && !takesPart(r, application, facts.ApplicationOf(principals[name])) {
				known.Elsewhere = append(known.Elsewhere, name)
			}
		}
		to.Relations[r.Key] = known
	}
}

// addJoined adds which units have not joined their relations, for the relations of which
// all sides were seen.
func addJoined(to facts.Inventory, status jimm.Status, seen []juju.Joined) {
	principals := principalsOf(status)
	for _, r := range status.Relations {
		joined := map[string]bool{}
		for _, s := range seen {
			if s.Relation == r.ID {
				maps.Copy(joined, s.Units)
			}
		}
		read, missing := true, []string(nil)
		for name := range to.Units {
			if !takesPart(r, facts.ApplicationOf(name), facts.ApplicationOf(principals[name])) {
				continue
			}
			in, listed := joined[name]
			read = read && listed
			if listed && !in {
				missing = append(missing, name)
			}
		}
		local := !slices.ContainsFunc(r.Endpoints, func(e jimm.RelationEndpoint) bool {
			_, ok := to.Applications[e.Application]
			return !ok
		})
		if !read || !local {
			continue
		}
		slices.Sort(missing)
		known := to.Relations[r.Key]
		known.JoinedRead, known.NotJoined = true, missing
		to.Relations[r.Key] = known
	}
}

// addAlone adds the principals without a subordinate to the units that have not joined: Juju makes the subordinate when its
// principal joins the relation (3.5.4 recorded). Where the subordinate application has no units, nothing else shows it.
func addAlone(to facts.Inventory, status jimm.Status) {
	for _, r := range status.Relations {
		subordinate := slices.IndexFunc(r.Endpoints, func(e jimm.RelationEndpoint) bool { return e.Subordinate })
		known := to.Relations[r.Key]
		if r.Scope != "container" || len(r.Endpoints) != 2 || subordinate < 0 || known.JoinedRead {
			continue
		}
		for name, u := range status.Applications[r.Endpoints[1-subordinate].Application].Units {
			if !slices.ContainsFunc(slices.Collect(maps.Keys(u.Subordinates)), func(beside string) bool {
				return facts.ApplicationOf(beside) == r.Endpoints[subordinate].Application
			}) {
				known.NotJoined = append(known.NotJoined, name)
			}
		}
		slices.Sort(known.NotJoined)
		to.Relations[r.Key] = known
	}
}

// takesPart reports whether a unit of an application, with the application of its principal, should join
// a relation. A subordinate that is related to two applications joins only the relation with that of its
// principal (state.RelationUnit.Valid of 3.5.4).
func takesPart(r jimm.Relation, application, principal string) bool {
	own := slices.IndexFunc(r.Endpoints, func(e jimm.RelationEndpoint) bool { return e.Application == application })
	if own < 0 {
		return false
	}
	if r.Scope != "container" || !r.Endpoints[own].Subordinate {
		return true
	}
	return !slices.ContainsFunc(r.Endpoints, func(e jimm.RelationEndpoint) bool { return !e.Subordinate }) ||
		slices.ContainsFunc(r.Endpoints, func(e jimm.RelationEndpoint) bool { return e.Application == principal })
}
