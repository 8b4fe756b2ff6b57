package jimm

import (
	"context"
	"slices"
	"strings"

	"jimm-migrator/tests/sim/wire"
)

// canonical replaces controller-jimm and controller-<name> by the tag with the UUID.
func (s *Server) canonical(t Tuple) Tuple {
	t.Object, t.Target = s.canonicalTag(t.Object), s.canonicalTag(t.Target)
	return t
}

func (s *Server) canonicalTag(tag string) string {
	name, ok := strings.CutPrefix(tag, "controller-")
	switch {
	case !ok:
		return tag
	case name == "jimm":
		return s.jimmTag()
	}
	if c, known := s.db.controller(name); known {
		return "controller-" + c.UUID
	}
	return tag
}

// checkTuple refuses an invalid tuple; the text is not recorded.
func (s *Server) checkTuple(t Tuple) error {
	for _, tag := range []string{t.Object, t.Target} {
		if _, _, ok := cutTag(strings.TrimSuffix(tag, "#member")); !ok {
			return wire.Errorf("failed to parse tuple", "failed to parse tuple object key %s", tag)
		}
	}
	return nil
}

type tuplesParams struct {
	Tuples []Tuple `json:"tuples"`
}

func (ss *session) addRelation(_ context.Context, req *wire.Request) (any, error) {
	return nil, ss.changeRelations(req, ss.s.db.addTuple)
}

func (ss *session) removeRelation(_ context.Context, req *wire.Request) (any, error) {
	return nil, ss.changeRelations(req, ss.s.db.removeTuple)
}

// changeRelations changes tuples one by one. One that already exists, or is missing, is OpenFGA's error (source).
func (ss *session) changeRelations(req *wire.Request, change func(Tuple) bool) error {
	if err := ss.needAdmin(); err != nil {
		return err
	}
	var params tuplesParams
	if err := req.Decode(&params); err != nil {
		return err
	}
	for _, t := range params.Tuples {
		if err := ss.s.checkTuple(t); err != nil {
			return err
		}
	}
	for _, t := range params.Tuples {
		if !change(ss.s.canonical(t)) {
			return wire.Errorf("failed request to OpenFGA", "cannot write relation: tuple exists or is missing")
		}
	}
	return nil
}

// checkRelation is for administrators, and for users about themselves.
func (ss *session) checkRelation(_ context.Context, req *wire.Request) (any, error) {
	var params struct {
		Tuple Tuple `json:"tuple"`
	}
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	if _, down := ss.s.down(); down { // As MigrateModel answers; assumed here.
		return nil, wire.Errorf("failed request to OpenFGA", "%s", openFGADownText())
	}
	allowed, err := ss.allowed(params.Tuple)
	if err != nil {
		return nil, err
	}
	return map[string]bool{"allowed": allowed}, nil
}

// checkRelations is the bulk form of newer JIMM (source).
func (ss *session) checkRelations(_ context.Context, req *wire.Request) (any, error) {
	var params tuplesParams
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	type checked struct {
		Allowed bool        `json:"allowed"`
		Error   *wire.Error `json:"error,omitempty"`
	}
	answer := results[checked]{Results: []checked{}}
	for _, t := range params.Tuples {
		allowed, err := ss.allowed(t)
		answer.Results = append(answer.Results, checked{allowed, wire.AsError(err)})
	}
	return answer, nil
}

// allowed follows the relations as far as JIMM's model goes for controllers and models.
func (ss *session) allowed(t Tuple) (bool, error) {
	user, admin := ss.who()
	if !admin && t.Object != "user-"+user {
		return false, errUnauthorized()
	}
	if err := ss.s.checkTuple(t); err != nil {
		return false, err
	}
	t = ss.s.canonical(t)
	name, isUser := strings.CutPrefix(t.Object, "user-")
	if there := ss.s.db.hasTuple(t); there || !isUser {
		return there, nil
	}
	if id, ok := strings.CutPrefix(t.Target, "model-"); ok {
		rank := []string{"", "read", "write", accessAdmin}
		need := map[string]int{relReader: 1, relWriter: 2, relAdministrator: 3}[t.Relation]
		return need > 0 && slices.Index(rank, ss.s.db.modelAccess(name, id)) >= need, nil
	}
	switch t.Relation {
	case relAdministrator, relAuditViewer:
		return ss.s.db.administers(name, t.Target), nil
	default:
		return false, nil
	}
}

// listTuples is JIMM.ListRelationshipTuples: those that match all given parts, in pages.
func (ss *session) listTuples(_ context.Context, req *wire.Request) (any, error) {
	var params struct {
		Tuple   Tuple `json:"tuple"`
		Size    int   `json:"page_size"`
		Resolve bool  `json:"resolve_uuids"`
	}
	if err := ss.adminParams(req, &params); err != nil {
		return nil, err
	}
	want := ss.s.canonical(params.Tuple)
	found := slices.DeleteFunc(ss.s.db.tupleList(), func(t Tuple) bool {
		return want.Object != "" && t.Object != want.Object ||
			want.Relation != "" && t.Relation != want.Relation ||
			want.Target != "" && t.Target != want.Target
	})
	for i, t := range found {
		if params.Resolve {
			found[i].Object, found[i].Target = ss.s.resolve(t.Object), ss.s.resolve(t.Target)
		}
	}
	return struct {
		Tuples []Tuple  `json:"tuples"`
		Errors []string `json:"errors,omitempty"`
		Token  string   `json:"continuation_token,omitempty"`
	}{Tuples: found}, nil
}

// resolve replaces UUIDs by names, e.g. model-<controller>:<owner>/<name> (source of 2024).
func (s *Server) resolve(tag string) string {
	kind, id, _ := cutTag(tag)
	switch kind {
	case "controller":
		if id == s.opts.UUID {
			return "controller-jimm"
		}
		for _, c := range s.db.controllerList() {
			if c.UUID == id {
				return "controller-" + c.Name
			}
		}
	case "model":
		if m, ok := s.db.model(id); ok {
			return "model-" + m.Controller + ":" + m.Owner + "/" + m.Name
		}
	}
	return tag
}

type auditAccess struct {
	UserTag string `json:"user-tag"`
	Level   string `json:"level"`
}

func (ss *session) grantAuditLogAccess(_ context.Context, req *wire.Request) (any, error) {
	return nil, ss.changeAuditAccess(req, ss.s.db.addTuple)
}

func (ss *session) revokeAuditLogAccess(_ context.Context, req *wire.Request) (any, error) {
	return nil, ss.changeAuditAccess(req, ss.s.db.removeTuple)
}

func (ss *session) changeAuditAccess(req *wire.Request, change func(Tuple) bool) error {
	if err := ss.needAdmin(); err != nil {
		return err
	}
	var params auditAccess
	if err := req.Decode(&params); err != nil {
		return err
	}
	change(Tuple{params.UserTag, relAuditViewer, ss.s.jimmTag()})
	return nil
}
