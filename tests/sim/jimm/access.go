package jimm

import (
	"slices"
	"strings"

	"jimm-migrator/tests/sim/wire"
)

// Tuple is an OpenFGA tuple as JIMM's relation calls spell it, e.g. user-alice@canonical.com, administrator,
// model-<uuid>. controller-jimm stands for JIMM itself.
type Tuple struct {
	Object   string `json:"object"`
	Relation string `json:"relation"`
	Target   string `json:"target_object"`
}

// The relations.
const (
	relAdministrator = "administrator"
	relWriter        = "writer"
	relReader        = "reader"
	relController    = "controller"
	relAuditViewer   = "audit_log_viewer"
)

// tupleStore holds tuples in the order in which they were made, indexed by what is looked up often.
type tupleStore struct {
	list    []Tuple
	known   map[Tuple]bool
	parents map[string][]string // controllers above a controller or model, by its tag
}

func (t *tupleStore) add(tuple Tuple) bool {
	if t.known[tuple] {
		return false
	}
	t.known[tuple] = true
	t.list = append(t.list, tuple)
	if tuple.Relation == relController {
		t.parents[tuple.Target] = append(t.parents[tuple.Target], tuple.Object)
	}
	return true
}

func (t *tupleStore) remove(tuple Tuple) bool {
	if !t.known[tuple] {
		return false
	}
	delete(t.known, tuple)
	t.list = slices.DeleteFunc(t.list, func(x Tuple) bool { return x == tuple })
	if tuple.Relation == relController {
		t.parents[tuple.Target] = slices.DeleteFunc(t.parents[tuple.Target],
			func(object string) bool { return object == tuple.Object })
	}
	return true
}

// administers reports whether a user is administrator of a controller: directly, or of a controller above it. JIMM is
// above every controller it knows (JIMM's authorisation model of 2024, source).
func (t *tupleStore) administers(user, controllerTag string) bool {
	if t.known[Tuple{"user-" + user, relAdministrator, controllerTag}] {
		return true
	}
	return slices.ContainsFunc(t.parents[controllerTag], func(parent string) bool {
		return parent != controllerTag && t.administers(user, parent)
	})
}

// access returns "admin", "write", "read" or "". The path through the controller uses the tuple controller→model, which
// JIMM never changes: after a migration it names the old controller (both years, source).
func (t *tupleStore) access(user, uuid string) string {
	target, object := "model-"+uuid, "user-"+user
	through := func(controller string) bool { return t.administers(user, controller) }
	switch {
	case t.known[Tuple{object, relAdministrator, target}], slices.ContainsFunc(t.parents[target], through):
		return accessAdmin
	case t.known[Tuple{object, relWriter, target}]:
		return "write"
	case t.known[Tuple{object, relReader, target}]:
		return "read"
	default:
		return ""
	}
}

const accessAdmin = "admin"

// addTuple reports false if the tuple already exists.
func (d *database) addTuple(t Tuple) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tuples.add(t)
}

// removeTuple reports false if the tuple does not exist.
func (d *database) removeTuple(t Tuple) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tuples.remove(t)
}

func (d *database) hasTuple(t Tuple) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tuples.known[t]
}

func (d *database) tupleList() []Tuple {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.tuples.list)
}

// administers reports whether a user is administrator of a controller, or of JIMM by its own tag.
func (d *database) administers(user, controllerTag string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tuples.administers(user, controllerTag)
}

// modelAccess is a user's access to a model.
func (d *database) modelAccess(user, uuid string) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.tuples.access(user, uuid)
}

// modelUsers returns the users who have access to a model, by name, with their access.
func (d *database) modelUsers(uuid string) []userAccess {
	d.mu.Lock()
	defer d.mu.Unlock()
	seen := map[string]bool{}
	var users []userAccess
	for _, t := range d.tuples.list {
		name, ok := strings.CutPrefix(t.Object, "user-")
		if !ok || seen[name] || t.Target != "model-"+uuid && !strings.HasPrefix(t.Target, "controller-") {
			continue
		}
		seen[name] = true
		if access := d.tuples.access(name, uuid); access != "" {
			users = append(users, userAccess{name, access})
		}
	}
	slices.SortFunc(users, func(a, b userAccess) int { return strings.Compare(a.name, b.name) })
	return users
}

type userAccess struct {
	name, access string
}

// jimmTag is the tag of JIMM itself.
func (s *Server) jimmTag() string { return "controller-" + s.opts.UUID }

func errUnauthorized() *wire.Error { return wire.Errorf(codeUnauthorized, "unauthorized") }
