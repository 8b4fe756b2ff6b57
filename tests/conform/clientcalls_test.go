package conform_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"jimm-migrator/src/jimm"
)

// clientUser is a user with a connection, in a replay.
type clientUser struct {
	replay *clientReplay
	user   string // name in the world
	path   string
	client *jimm.Client
	model  *jimm.ModelConn
	again  bool // the recorded client logged in a second time
}

// call makes our client send a recorded request.
type call struct {
	run   func(ctx context.Context) (any, error)
	check func(x *exchange, result any, err error) string
}

// logIn connects with a login that the recording leaves out.
func (u *clientUser) logIn() {
	p := u.replay
	p.t.Helper()
	p.mu.Lock()
	p.logins = append(p.logins, p.release.login(u.user))
	p.mu.Unlock()
	client, err := jimm.Connect(p.t.Context(), p.options(u.user))
	if err != nil {
		p.t.Fatalf("cannot log in: %v", err)
	}
	u.client = client
	if u.path == "/api" {
		return
	}
	model := p.release.world.Model.UUID
	p.mu.Lock()
	p.logins = append(p.logins, p.release.modelLogin(u.path))
	p.mu.Unlock()
	if u.model, err = client.DialModel(p.t.Context(), model); err != nil {
		p.t.Fatalf("cannot log in to the model: %v", err)
	}
}

// modelLogin returns the recorded reply to a login on the model's endpoint.
func (r release) modelLogin(path string) string {
	for _, f := range r.fixtures {
		if strings.Contains(f.File, "09.01-proxy-login") && f.Client[0].Path == path {
			return f.Client[2].Message
		}
	}
	panic("no recorded login on " + path)
}

func (u *clientUser) close() {
	if u.model != nil {
		_ = u.model.Close()
	}
	if u.client != nil {
		_ = u.client.Close()
	}
}

// callFor returns the call with which our client sends a request, or why it never sends it.
func (u *clientUser) callFor(x *exchange) (c call, reason string) {
	if u.again {
		return call{}, "the recorded client had logged in a second time"
	}
	switch name := x.want.Facade + "." + x.want.Method; name {
	case "Admin.LoginWithClientCredentials":
		return u.loginCall(x)
	case "Client.FullStatus":
		if u.model == nil {
			return call{}, "it needs a connection to the model"
		}
		return call{
			run:   func(ctx context.Context) (any, error) { return u.model.FullStatus(ctx) },
			check: checkFullStatus,
		}, ""
	default:
		f, ok := apiCalls()[name]
		switch {
		case !ok || x.want.Facade == "JIMM" && x.want.Version != 4:
			return call{}, "our client has no such call"
		case u.client == nil:
			return call{}, "our client sends nothing without a login"
		case u.path != "/api":
			return call{}, "not on a model's connection"
		}
		return f(u, x.want.Params)
	}
}

func (u *clientUser) loginCall(x *exchange) (c call, reason string) {
	var params struct {
		ID     string `json:"client-id"`
		Secret string `json:"client-secret"`
	}
	decodeParams(x.want.Params, &params)
	switch {
	case x.want.Version != 4:
		return call{}, "our client knows version 4"
	case strings.HasSuffix(params.ID, "@serviceaccount"):
		return call{}, "our client leaves the suffix out"
	case u.client != nil || u.model != nil:
		u.again = true
		return call{}, "our client logs in once"
	}
	options := u.replay.options("admin")
	options.ClientID, options.ClientSecret = params.ID, jimm.NewSecret(params.Secret)
	if u.path == "/api" {
		return call{check: checkLogin, run: func(ctx context.Context) (any, error) {
			client, err := jimm.Connect(ctx, options)
			if err == nil {
				u.client = client
			}
			return client, err
		}}, ""
	}
	uuid := strings.TrimSuffix(strings.TrimPrefix(u.path, "/model/"), "/api")
	if !isUUID(uuid) {
		return call{}, "our client dials models by uuid"
	}
	return call{check: checkModelLogin, run: func(ctx context.Context) (any, error) {
		return u.dialModel(ctx, options, uuid)
	}}, ""
}

// dialModel dials a model with the id and secret of a login that succeeded on /api.
func (u *clientUser) dialModel(ctx context.Context, options jimm.Options, uuid string) (any, error) {
	p := u.replay
	p.mu.Lock()
	p.logins = append(p.logins, p.release.login("admin"))
	p.mu.Unlock()
	client, err := jimm.Connect(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("cannot log in on /api: %w", err)
	}
	model, err := client.DialModel(ctx, uuid)
	if err != nil {
		_ = client.Close()
		return nil, err
	}
	u.client, u.model = client, model
	return model, nil
}

// apiCalls are the calls on /api, by facade and method.
func apiCalls() map[string]func(u *clientUser, params json.RawMessage) (call, string) {
	return map[string]func(u *clientUser, params json.RawMessage) (call, string){
		"JIMM.ListControllers": func(u *clientUser, _ json.RawMessage) (call, string) {
			return call{check: checkControllers(u.client.Administrator()), run: func(ctx context.Context) (any, error) {
				return u.client.ListControllers(ctx)
			}}, ""
		},
		"JIMM.Version": func(u *clientUser, _ json.RawMessage) (call, string) {
			return call{check: checkVersion, run: func(ctx context.Context) (any, error) { return u.client.Version(ctx) }}, ""
		},
		"JIMM.DisableControllerUUIDMasking": func(u *clientUser, _ json.RawMessage) (call, string) {
			return call{check: checkEmpty, run: func(ctx context.Context) (any, error) {
				return nil, u.client.DisableControllerUUIDMasking(ctx)
			}}, ""
		},
		"ModelManager.ListModelSummaries": func(u *clientUser, _ json.RawMessage) (call, string) {
			return call{check: checkSummaries, run: func(ctx context.Context) (any, error) {
				return u.client.ListModelSummaries(ctx)
			}}, ""
		},
		"ModelManager.ModelInfo":    (*clientUser).modelInfo,
		"JIMM.ModelControllerInfo":  (*clientUser).modelControllerInfo,
		"JIMM.ListMigrationTargets": (*clientUser).listMigrationTargets,
		"JIMM.MigrateModel":         (*clientUser).migrateModel,
		"JIMM.UpdateMigratedModel":  (*clientUser).updateMigratedModel,
		"JIMM.FindAuditEvents":      (*clientUser).findAuditEvents,
	}
}

func (u *clientUser) modelInfo(raw json.RawMessage) (c call, reason string) {
	var params struct {
		Entities []struct{ Tag string }
	}
	decodeParams(raw, &params)
	if len(params.Entities) != 1 {
		return call{}, "our client asks for one model"
	}
	uuid, ok := uuidOf(params.Entities[0].Tag)
	if !ok {
		return call{}, "our client names models by tag"
	}
	return call{check: checkModelInfo, run: func(ctx context.Context) (any, error) { return u.client.ModelInfo(ctx, uuid) }}, ""
}

func (u *clientUser) modelControllerInfo(raw json.RawMessage) (c call, reason string) {
	var params struct{ Model string }
	decodeParams(raw, &params)
	if !isUUID(params.Model) && strings.Count(params.Model, "/") != 1 {
		return call{}, "our client names models by uuid or owner/name"
	}
	return call{check: checkModelController, run: func(ctx context.Context) (any, error) {
		return u.client.ModelControllerInfo(ctx, params.Model)
	}}, ""
}

func (u *clientUser) listMigrationTargets(raw json.RawMessage) (c call, reason string) {
	var params struct {
		ModelTag string `json:"model-tag"`
	}
	decodeParams(raw, &params)
	uuid, ok := uuidOf(params.ModelTag)
	if !ok {
		return call{}, "our client names models by tag"
	}
	return call{check: checkTargets, run: func(ctx context.Context) (any, error) {
		return u.client.ListMigrationTargets(ctx, uuid)
	}}, ""
}

func (u *clientUser) migrateModel(raw json.RawMessage) (c call, reason string) {
	var params struct {
		Specs []struct {
			ModelTag string `json:"model-tag"`
			Target   string `json:"target-controller"`
		}
	}
	decodeParams(raw, &params)
	if len(params.Specs) != 1 {
		return call{}, "our client sends one spec"
	}
	spec := params.Specs[0]
	uuid, isTag := uuidOf(spec.ModelTag)
	old := u.client.Generation() == jimm.Generation2024
	switch {
	case spec.Target == "":
		return call{}, "our client never sends an empty controller"
	case isTag != old || !isTag && !isUUID(spec.ModelTag):
		return call{}, "our client names the model otherwise"
	case !isTag:
		uuid = spec.ModelTag
	}
	return call{check: checkMigrate, run: func(ctx context.Context) (any, error) {
		return u.client.MigrateModel(ctx, uuid, spec.Target)
	}}, ""
}

func (u *clientUser) updateMigratedModel(raw json.RawMessage) (c call, reason string) {
	var params struct {
		ModelTag string `json:"model-tag"`
		Target   string `json:"target-controller"`
	}
	decodeParams(raw, &params)
	uuid, ok := uuidOf(params.ModelTag)
	switch {
	case !ok:
		return call{}, "our client names models by tag"
	case params.Target == "":
		return call{}, "our client never sends an empty controller"
	}
	return call{check: checkEmpty, run: func(ctx context.Context) (any, error) {
		return nil, u.client.UpdateMigratedModel(ctx, uuid, params.Target)
	}}, ""
}

func (u *clientUser) findAuditEvents(raw json.RawMessage) (c call, reason string) {
	var params struct {
		Method string
		Limit  int
	}
	decodeParams(raw, &params)
	return call{check: checkAudit, run: func(ctx context.Context) (any, error) {
		return u.client.FindAuditEvents(ctx, jimm.AuditQuery{Method: params.Method, Limit: params.Limit})
	}}, ""
}

// uuidOf returns the uuid of a model's tag.
func uuidOf(tag string) (uuid string, ok bool) {
	uuid, ok = strings.CutPrefix(tag, "model-")
	return uuid, ok && isUUID(uuid)
}

func decodeParams(raw json.RawMessage, v any) {
	if err := json.Unmarshal(raw, v); err != nil {
		panic(fmt.Sprintf("params of a fixture: %v: %s", err, raw))
	}
}
