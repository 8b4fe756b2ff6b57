package jimm

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"

	"jimm-migrator/src/rpc"
	"jimm-migrator/tests/sim/wire"
)

type migrateSpec struct {
	ModelTag string `json:"model-tag"`
	Target   string `json:"target-controller"`
}

// migrateResult is one item of MigrateModel; the call as a whole succeeds.
type migrateResult struct {
	ModelTag    string      `json:"model-tag"` // empty if it failed before the rights were checked
	Error       *wire.Error `json:"error,omitempty"`
	MigrationID string      `json:"migration-id"`
}

// migrateModel is JIMM.MigrateModel. Model administrators may call it. JIMM sends nothing to the target, and checks
// neither its version nor its health nor its deprecation.
func (ss *session) migrateModel(ctx context.Context, req *wire.Request) (any, error) {
	var params struct {
		Specs []migrateSpec `json:"specs"`
	}
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	answer := results[migrateResult]{Results: []migrateResult{}}
	for _, spec := range params.Specs {
		result, err := ss.migrateOne(ctx, spec)
		if err != nil {
			result.Error, result.MigrationID = itemError(err), ""
		}
		answer.Results = append(answer.Results, result)
	}
	return answer, nil
}

func (ss *session) migrateOne(ctx context.Context, spec migrateSpec) (result migrateResult, err error) {
	target, row, err := ss.migrationOf(spec)
	if err != nil {
		return result, err
	}
	result.ModelTag = "model-" + row.UUID
	if ss.modelAccess(row.UUID) != accessAdmin {
		if _, down := ss.s.down(); down {
			return result, wire.Errorf("failed request to OpenFGA", "%s", openFGADownText())
		}
		return result, wire.Errorf(codeUnauthorized, "%s", ss.s.gen.NoRights)
	}
	info := targetInfo{
		ControllerTag: "controller-" + target.UUID, Addresses: target.Addresses, CACert: target.CACertificate,
		AuthTag: "user-" + target.Username, Password: target.Password,
	}
	if ss.s.gen.ControllerAlias {
		info.Alias = target.Name
	}
	result.MigrationID, err = ss.s.initiate(ctx, row, ModeInternal, info)
	return result, err
}

// migrationOf finds target and model. In 2026 the target is checked first, then the spelling; in 2024 the spelling
// first (source), then the target, then the model.
func (ss *session) migrationOf(spec migrateSpec) (target Controller, row Model, err error) {
	s := ss.s
	if !s.gen.BareTargets {
		if _, _, ok := cutTag(spec.ModelTag); !ok {
			return target, row, &wire.Error{Message: `"` + spec.ModelTag + `" is not a valid tag`}
		}
	}
	target, failed := s.forController(spec.Target)
	switch {
	case failed != nil && spec.Target == "" && !s.gen.EmptyIsFirst:
		return target, row, wire.Errorf(failed.Code, "failed to get controller with name \"\": %s", failed.Message)
	case failed != nil:
		return target, row, failed
	case spec.Target == "": // the first controller was found, but not the credentials of ""
		return target, row, wire.Errorf(codeBadRequest, "missing secret tag and type")
	case target.Username == "" && target.Password == "": // source
		return target, row, &wire.Error{Message: "missing target controller credentials"}
	}
	var ok bool
	switch name := spec.ModelTag; {
	case !s.gen.BareTargets:
		row, ok = s.db.model(strings.TrimPrefix(name, "model-"))
	default:
		if row, ok, err = s.bareTarget(name); err != nil {
			return target, row, err
		}
	}
	if !ok {
		return target, row, wire.Errorf(codeNotFound, "model not found")
	}
	return target, row, nil
}

// bareTarget reads <uuid> or <owner>/<name>. Text that can be parsed as a UUID is looked up as it was sent, so
// capitals, braces and urn: find nothing.
func (s *Server) bareTarget(name string) (row Model, found bool, err error) {
	if _, parseErr := uuid.Parse(name); parseErr == nil {
		row, found = s.db.model(name)
		return row, found, nil
	}
	parts := strings.Split(name, "/")
	switch {
	case len(parts) != 2:
		return row, false, &wire.Error{Message: "invalid model target"}
	case !isUserName(parts[0]):
		return row, false, &wire.Error{Message: "invalid user name"}
	case !isModelName(parts[1]):
		return row, false, &wire.Error{Message: "invalid model name"}
	}
	row, found = s.db.modelNamed(parts[0], parts[1])
	return row, found, nil
}

// targetInfo is the description of the target that the source gets. addrs are the api-addresses only.
type targetInfo struct {
	ControllerTag string   `json:"controller-tag"`
	Alias         string   `json:"controller-alias,omitempty"`
	Addresses     []string `json:"addrs"`
	CACert        string   `json:"ca-cert"`
	AuthTag       string   `json:"auth-tag"`
	Password      string   `json:"password,omitempty"`
	Macaroons     string   `json:"macaroons,omitempty"`
}

type initiateSpec struct {
	ModelTag   string     `json:"model-tag"`
	TargetInfo targetInfo `json:"target-info"`
}

// initiate asks the source to start. Where JIMM has modes, the mode is set first and rolled back after any failure,
// even if the controller started the migration nevertheless; only if the client is gone, the rollback fails too and the
// mode stays.
func (s *Server) initiate(ctx context.Context, row Model, mode Mode, target targetInfo) (string, error) {
	if s.gen.MigrationModes {
		if _, known := s.db.controller(row.Controller); !known { // the database refuses to write such a row
			return "", wrapf("failed to update the model's migration mode: ERROR: insert or update on table " +
				`"models" violates foreign key constraint "models_controller_id_fkey" (SQLSTATE 23503)`)
		}
		var was Mode
		if !s.db.updateModel(row.UUID, func(m *Model) bool {
			if was = m.Mode; was == ModeNone {
				m.Mode = mode
			}
			return was == ModeNone
		}) {
			return "", wrapf("failed to update the model's migration mode: model is already in migration mode %q",
				string(was))
		}
	}
	id, err := s.askInitiate(ctx, row, target)
	if err != nil && s.gen.MigrationModes && ctx.Err() == nil {
		s.setMode(row.UUID, ModeNone)
	}
	return id, err
}

func (s *Server) askInitiate(ctx context.Context, row Model, target targetInfo) (string, error) {
	var reply struct {
		Results []struct {
			MigrationID string     `json:"migration-id"`
			Error       *rpc.Error `json:"error"`
		} `json:"results"`
	}
	err := s.use(ctx, s.hosting(row), s.ownUser(), func(b *backing) error {
		return b.call(ctx, b.controller("InitiateMigration"), map[string][]initiateSpec{
			"specs": {{"model-" + row.UUID, target}},
		}, &reply)
	})
	if failed, ok := errors.AsType[*dialError](err); ok {
		return "", s.failedToDial(failed)
	}
	s.mu.Lock()
	cancels := s.cancels
	s.mu.Unlock()
	if cancels {
		return "", &wire.Error{Message: context.Canceled.Error()}
	}
	if refused, ok := errors.AsType[*rpc.Error](err); ok {
		code := ""
		if s.gen.KeepCallCode {
			code = string(refused.Code)
		}
		return "", wire.Errorf(code, "%s", withCode(refused))
	}
	switch {
	case err != nil:
		return "", &wire.Error{Message: brokenText(err)}
	case len(reply.Results) != 1:
		return "", &wire.Error{Message: "unexpected number of results returned"} // Juju's client, source
	case reply.Results[0].Error != nil:
		return "", wire.Errorf(string(reply.Results[0].Error.Code), "%s", reply.Results[0].Error.Message)
	}
	return reply.Results[0].MigrationID, nil
}

// initiateMigration is Controller.InitiateMigration: to a controller that JIMM does not know. Model administrators may
// call it.
func (ss *session) initiateMigration(ctx context.Context, req *wire.Request) (any, error) {
	var params struct {
		Specs []initiateSpec `json:"specs"`
	}
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	answer := results[migrateResult]{Results: []migrateResult{}}
	for _, spec := range params.Specs {
		result := migrateResult{ModelTag: spec.ModelTag}
		id, err := ss.initiateOne(ctx, spec)
		if err != nil {
			result.Error = itemError(err)
		}
		result.MigrationID = id
		answer.Results = append(answer.Results, result)
	}
	return answer, nil
}

func (ss *session) initiateOne(ctx context.Context, spec initiateSpec) (string, error) {
	row, err := ss.s.tagged(spec.ModelTag, codeNotFound)
	switch {
	case err != nil:
		return "", err
	case ss.modelAccess(row.UUID) != accessAdmin:
		return "", wire.Errorf(codeUnauthorized, "%s", ss.s.gen.NoRights)
	}
	return ss.s.initiate(ctx, row, ModeExporting, spec.TargetInfo)
}

// updateMigratedModel is JIMM.UpdateMigratedModel, for administrators of JIMM. It asks the target for ModelInfo and
// checks nothing else: not the source, not the migration, not whether the target is only importing.
func (ss *session) updateMigratedModel(ctx context.Context, req *wire.Request) (any, error) {
	var params migrateSpec
	if err := ss.adminParams(req, &params); err != nil {
		return nil, err
	}
	row, err := ss.s.tagged(params.ModelTag, codeModelNotFound)
	if err != nil {
		return nil, err
	}
	target, failed := ss.s.forController(params.Target)
	if failed != nil {
		return nil, failed
	}
	err = ss.s.use(ctx, target, ss.s.ownUser(), func(b *backing) error {
		answer := b.askModelInfo(ctx, row.UUID)
		if err := answer.asCallError(); err != nil {
			return err
		}
		return answer.info.parseOwner()
	})
	if err != nil {
		return nil, itemError(err)
	}
	ss.s.db.updateModel(row.UUID, func(m *Model) bool {
		m.Controller, m.Mode = target.Name, ModeNone
		return true
	})
	return nil, nil
}

// parseOwner fails for a model without an owner's tag, which JIMM parses before anything else; see Options.Mended.
func (m *modelInfo) parseOwner() error {
	if m.OwnerTag == "" {
		return &wire.Error{Message: `"" is not a valid tag`}
	}
	return nil
}

// asCallError is the controller's own error, "not found" included.
func (a controllerAnswer) asCallError() error {
	switch {
	case a.broken != nil:
		return a.broken
	case a.refused == nil:
		return nil
	case a.whole:
		return wire.Errorf(string(a.refused.Code), "%s", withCode(a.refused))
	default:
		return wire.Errorf(string(a.refused.Code), "%s", a.refused.Message)
	}
}
