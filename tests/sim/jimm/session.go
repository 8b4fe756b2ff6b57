package jimm

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"sync"

	"jimm-migrator/tests/sim/wire"
)

// session is one connection to /api or to a model.
type session struct {
	s            *Server
	conn         *wire.Conn
	conversation string // of the audit log
	modelName    string // of the audit log: controller/model on a model connection

	mu       sync.Mutex
	user     string // identity, empty before login
	admin    bool   // as the login found it; a later grant counts at the next login
	unmasked bool
	device   bool // LoginDevice was called
}

func (s *Server) newSession(c *wire.Conn) *session {
	id := make([]byte, 8)
	_, _ = rand.Read(id) // never fails
	return &session{s: s, conn: c, conversation: hex.EncodeToString(id)}
}

// method answers one call of a logged-in user.
type method func(ctx context.Context, req *wire.Request) (any, error)

// openAPI serves /api.
func (s *Server) openAPI(_ *http.Request, c *wire.Conn) (wire.Session, error) {
	ss := s.newSession(c)
	renew := c.Expire(s.gen.PingLimit, s.gen.BadMessage, "")
	return wire.Session{Call: func(ctx context.Context, req *wire.Request) (any, error) {
		if req.Facade == "Pinger" && req.Version == 1 && req.Method == "Ping" {
			renew() // no other call counts (recorded)
			return nil, nil
		}
		s.called(ss, req)
		ss.auditRequest(req)
		result, err := ss.call(ctx, req)
		ss.auditResponse(req, err)
		return result, err
	}}, nil
}

func (s *Server) called(ss *session, req *wire.Request) {
	if s.opts.Called != nil {
		user, _ := ss.who()
		s.opts.Called(Call{User: user, Path: ss.conn.Path(), Facade: req.Facade, Method: req.Method, Params: req.Params})
	}
}

// call finds the method. Before a login there is only the facade Admin.
func (ss *session) call(ctx context.Context, req *wire.Request) (any, error) {
	if req.Facade == "Admin" {
		if login := ss.loginMethod(req); login != nil {
			return ss.answerLogin(login, req)
		}
		return nil, notImplemented(req)
	}
	user, _ := ss.who()
	if user == "" || !slices.Contains(ss.s.gen.Facades[req.Facade], req.Version) {
		return nil, notImplemented(req)
	}
	if m := ss.method(req.Facade, req.Method); m != nil {
		return m(ctx, req)
	}
	return nil, notImplemented(req)
}

// method returns what answers a method, or nil. The real JIMM has more methods in the facades of Juju.
func (ss *session) method(facade, name string) method {
	switch facade {
	case "JIMM":
		if slices.Contains(ss.s.gen.Methods, name) {
			return ss.jimmMethod(name)
		}
		return nil
	case "ModelManager":
		return map[string]method{
			"CreateModel":        ss.createModel,
			"ListModels":         ss.listModels,
			"ListModelSummaries": ss.listModelSummaries,
			"ModelInfo":          ss.modelInfo,
			"ModelStatus":        ss.modelStatus,
		}[name]
	case "Controller":
		return ss.controllerMethod(name)
	case "Cloud":
		return map[string]method{
			"Cloud":                        ss.cloud,
			"CloudInfo":                    ss.cloudInfo,
			"Clouds":                       ss.listClouds,
			"UpdateCredentialsCheckModels": ss.updateCredentials,
			"UserCredentials":              ss.userCredentials,
		}[name]
	case "UserManager":
		return map[string]method{"UserInfo": ss.userInfo}[name]
	case "ModelUpgrader":
		return map[string]method{"UpgradeModel": ss.upgradeModel, "AbortModelUpgrade": ss.abortUpgrade}[name]
	case "ApplicationOffers":
		return map[string]method{"ListApplicationOffers": ss.listOffers, "FindApplicationOffers": ss.listOffers}[name]
	case "ModelSummaryWatcher":
		return map[string]method{"Next": ss.nextSummaries, "Stop": ss.stopSummaries}[name]
	default:
		return nil
	}
}

func (ss *session) controllerMethod(name string) method {
	if name == "ModelConfig" && !ss.s.gen.ControllerModelConfig {
		return nil
	}
	return map[string]method{
		"AllModels":              ss.allModels,
		"ControllerConfig":       ss.controllerConfig,
		"ControllerVersion":      ss.controllerVersion,
		"GetControllerAccess":    ss.controllerAccess,
		"IdentityProviderURL":    ss.identityProviderURL,
		"InitiateMigration":      ss.initiateMigration,
		"ModelConfig":            ss.notSupported,
		"ModelStatus":            ss.modelStatus,
		"MongoVersion":           ss.notSupported,
		"WatchAllModelSummaries": ss.watchAllSummaries,
		"WatchModelSummaries":    ss.watchSummaries,
	}[name]
}

func (ss *session) jimmMethod(name string) method {
	return map[string]method{
		"AddController":                ss.addController,
		"AddModelToController":         ss.addModelToController,
		"AddRelation":                  ss.addRelation,
		"CheckRelation":                ss.checkRelation,
		"CheckRelations":               ss.checkRelations,
		"CrossModelQuery":              ss.crossModelQuery,
		"DisableControllerUUIDMasking": ss.disableMasking,
		"FindAuditEvents":              ss.findAuditEvents,
		"FullModelStatus":              ss.fullModelStatus,
		"GrantAuditLogAccess":          ss.grantAuditLogAccess,
		"ImportModel":                  ss.importModel,
		"ListControllers":              ss.listControllers,
		"ListJobs":                     ss.listJobs,
		"ListMigrationTargets":         ss.listMigrationTargets,
		"ListModels":                   ss.listModelControllers,
		"ListRelationshipTuples":       ss.listTuples,
		"ListUserClouds":               ss.listUserClouds,
		"MigrateModel":                 ss.migrateModel,
		"ModelControllerInfo":          ss.modelControllerInfo,
		"RemoveController":             ss.removeController,
		"RemoveRelation":               ss.removeRelation,
		"RevokeAuditLogAccess":         ss.revokeAuditLogAccess,
		"SetControllerDeprecated":      ss.setControllerDeprecated,
		"ShowController":               ss.showController,
		"UpdateMigratedModel":          ss.updateMigratedModel,
		"Version":                      ss.version,
	}[name]
}

func notImplemented(req *wire.Request) *wire.Error {
	return wire.Errorf("not implemented", "no such request - method %s(%d).%s is not implemented",
		req.Facade, req.Version, req.Method)
}

// who returns the user and whether the login found an administrator of JIMM.
func (ss *session) who() (user string, admin bool) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	return ss.user, ss.admin
}

// needAdmin is an error unless the user is administrator of JIMM.
func (ss *session) needAdmin() error {
	if _, admin := ss.who(); !admin {
		return errUnauthorized()
	}
	return nil
}

// adminParams reads the params of a call that only administrators of JIMM may make.
func (ss *session) adminParams(req *wire.Request, params any) error {
	if err := ss.needAdmin(); err != nil {
		return err
	}
	return req.Decode(params)
}

// modelAccess is the user's access to a model; an administrator of JIMM has full access. JIMM of 2024 asks OpenFGA each
// time: a user who has lost that right since the login has no access to anything, and no user has any when OpenFGA is
// down (recorded; that JIMM of 2025 does so is from the source). That the right at login counts in 2026 is inferred.
func (ss *session) modelAccess(uuid string) string {
	user, admin := ss.who()
	if ss.s.gen.LiveRights {
		if _, down := ss.s.down(); down {
			return ""
		}
	} else if admin {
		return accessAdmin
	}
	return ss.s.db.modelAccess(user, uuid)
}

func (ss *session) disableMasking(_ context.Context, _ *wire.Request) (any, error) {
	if err := ss.needAdmin(); err != nil {
		return nil, err
	}
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.unmasked = true
	return nil, nil
}

// shownController is the controller-uuid that this connection may see: JIMM's own, unless it is unmasked.
func (ss *session) shownController(row Model) string {
	ss.mu.Lock()
	unmasked := ss.unmasked
	ss.mu.Unlock()
	if !unmasked {
		return ss.s.opts.UUID
	}
	controller, _ := ss.s.db.controller(row.Controller)
	return controller.UUID
}

func (ss *session) version(_ context.Context, _ *wire.Request) (any, error) {
	return struct {
		Version string `json:"version"`
		Commit  string `json:"commit"`
	}{ss.s.opts.Version, ss.s.opts.Commit}, nil
}

func (ss *session) listJobs(_ context.Context, _ *wire.Request) (any, error) {
	return map[string][]string{"jobs": {}}, nil
}

func (ss *session) listUserClouds(_ context.Context, _ *wire.Request) (any, error) {
	return nil, &wire.Error{Message: "record not found"} // recorded for a user whom JIMM had never seen
}

// crossModelQuery asks every model in the real JIMM; a client that waits for an answer should not call it.
func (ss *session) crossModelQuery(_ context.Context, _ *wire.Request) (any, error) {
	return map[string]any{"results": map[string]any{}, "errors": map[string]any{}}, nil
}

// modelTag returns the UUID of a model tag. The texts are those of Juju's names package.
func modelTag(tag string) (string, *wire.Error) {
	kind, rest, ok := cutTag(tag)
	switch {
	case !ok:
		return "", wire.Errorf(codeBadRequest, "%q is not a valid tag", tag)
	case kind != "model" || !isUUID(rest):
		return "", wire.Errorf(codeBadRequest, "%q is not a valid model tag", tag)
	default:
		return rest, nil
	}
}

// tagged returns the row of the model that a tag names. The code of JIMM's error without one depends on the call.
func (s *Server) tagged(tag, without string) (Model, error) {
	id, tagErr := modelTag(tag)
	if tagErr != nil {
		return Model{}, tagErr
	}
	row, ok := s.db.model(id)
	if !ok {
		return Model{}, wire.Errorf(without, "model not found")
	}
	return row, nil
}

// lowestVersion is the server-version of a login on /api: the lowest agent version of all controllers.
func (s *Server) lowestVersion() string {
	lowest := ""
	for _, c := range s.db.controllerList() {
		if lowest == "" || compareVersions(c.AgentVersion, lowest) < 0 {
			lowest = c.AgentVersion
		}
	}
	return cmp.Or(lowest, "0.0.0")
}

func wrapf(format string, args ...any) error { return fmt.Errorf(format, args...) }
