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

// addTuple reports false if the tuple is there already.
func (d *database) addTuple(t Tuple) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if slices.Contains(d.tuples, t) {
		return false
	}
	d.tuples = append(d.tuples, t)
	return true
}

// removeTuple reports false if there was none.
func (d *database) removeTuple(t Tuple) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := slices.Index(d.tuples, t)
	if i < 0 {
		return false
	}
	d.tuples = slices.Delete(d.tuples, i, i+1)
	return true
}

func (d *database) tupleList() []Tuple {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.tuples)
}

// jimmTag is the tag of JIMM itself.
func (s *Server) jimmTag() string { return "controller-" + s.opts.UUID }

// administers tells whether a user is administrator of a controller: directly, or of a controller above it. JIMM is
// above every controller it knows (JIMM's authorisation model of 2024, source).
func (s *Server) administers(tuples []Tuple, user, controllerTag string) bool {
	if slices.Contains(tuples, Tuple{"user-" + user, relAdministrator, controllerTag}) {
		return true
	}
	return slices.ContainsFunc(tuples, func(t Tuple) bool {
		return t.Relation == relController && t.Target == controllerTag && t.Object != controllerTag &&
			s.administers(tuples, user, t.Object)
	})
}

// isAdministrator tells whether a user is administrator of JIMM.
func (s *Server) isAdministrator(user string) bool {
	return s.administers(s.db.tupleList(), user, s.jimmTag())
}

// modelAccess returns "admin", "write", "read" or "". The way through the controller uses the tuple
// controller→model, which JIMM never changes: after a migration it names the old controller (both years, source).
func (s *Server) modelAccess(user, uuid string) string {
	tuples := s.db.tupleList()
	target, object := "model-"+uuid, "user-"+user
	through := slices.ContainsFunc(tuples, func(t Tuple) bool {
		return t.Relation == relController && t.Target == target && s.administers(tuples, user, t.Object)
	})
	switch {
	case through, slices.Contains(tuples, Tuple{object, relAdministrator, target}):
		return accessAdmin
	case slices.Contains(tuples, Tuple{object, relWriter, target}):
		return "write"
	case slices.Contains(tuples, Tuple{object, relReader, target}):
		return "read"
	default:
		return ""
	}
}

const accessAdmin = "admin"

// modelUsers returns the users who have access to a model, by name, with their access.
func (s *Server) modelUsers(uuid string) []userAccess {
	var users []userAccess
	for _, t := range s.db.tupleList() {
		name, ok := strings.CutPrefix(t.Object, "user-")
		if !ok || slices.ContainsFunc(users, func(u userAccess) bool { return u.name == name }) {
			continue
		}
		if access := s.modelAccess(name, uuid); access != "" {
			users = append(users, userAccess{name, access})
		}
	}
	slices.SortFunc(users, func(a, b userAccess) int { return strings.Compare(a.name, b.name) })
	return users
}

type userAccess struct {
	name, access string
}

func errUnauthorized() *wire.Error { return wire.Errorf(codeUnauthorized, "unauthorized") }
