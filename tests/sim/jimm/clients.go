package jimm

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"jimm-migrator/tests/sim/wire"
)

// This file has the calls that the juju command makes through JIMM and that are not about migrations. None of them was
// recorded: names, members and rights were read in JIMM's source.

// controllerVersion is Controller.ControllerVersion: the lowest of all controllers.
func (ss *session) controllerVersion(_ context.Context, _ *wire.Request) (any, error) {
	return struct {
		Version   string `json:"version"`
		GitCommit string `json:"git-commit"`
	}{ss.s.lowestVersion(), ss.s.opts.Commit}, nil
}

// controllerConfig is empty here for every user; in JIMM it is empty for users who are not administrators.
func (ss *session) controllerConfig(_ context.Context, _ *wire.Request) (any, error) {
	return map[string]map[string]any{"config": {}}, nil
}

func (ss *session) identityProviderURL(_ context.Context, _ *wire.Request) (any, error) {
	return map[string]string{"result": ""}, nil
}

// notSupported is JIMM's answer to questions about MongoDB and the controller model.
func (ss *session) notSupported(_ context.Context, _ *wire.Request) (any, error) {
	return nil, wire.Errorf("not supported", "not supported")
}

// controllerAccess is Controller.GetControllerAccess, in Juju's words. A user who is not an administrator sees only
// themselves.
func (ss *session) controllerAccess(_ context.Context, req *wire.Request) (any, error) {
	type access struct {
		User   string `json:"user-tag"`
		Access string `json:"access"`
	}
	user, admin := ss.who()
	return eachEntity(req, func(tag string) (*access, error) {
		name, err := userName(tag)
		switch {
		case err != nil:
			return nil, err
		case name != user && !admin:
			return nil, errUnauthorized()
		case ss.s.db.administers(name, ss.s.jimmTag()):
			return &access{tag, "superuser"}, nil
		default:
			return &access{tag, "login"}, nil
		}
	})
}

// watchSummaries makes a watcher that never waits: its Next returns the current state.
func (ss *session) watchSummaries(_ context.Context, _ *wire.Request) (any, error) {
	return map[string]string{"watcher-id": "1"}, nil
}

func (ss *session) watchAllSummaries(ctx context.Context, req *wire.Request) (any, error) {
	if _, admin := ss.who(); !admin {
		return nil, wire.Errorf(codeUnauthorized, "permission denied")
	}
	return ss.watchSummaries(ctx, req)
}

func (ss *session) nextSummaries(_ context.Context, _ *wire.Request) (any, error) {
	return map[string][]any{"models": {}}, nil
}

func (ss *session) stopSummaries(_ context.Context, _ *wire.Request) (any, error) { return nil, nil }

// userInfo is UserManager.UserInfo, only for the user themselves.
func (ss *session) userInfo(_ context.Context, req *wire.Request) (any, error) {
	type info struct {
		Username       string     `json:"username"`
		DisplayName    string     `json:"display-name"`
		Access         string     `json:"access"`
		CreatedBy      string     `json:"created-by"`
		DateCreated    time.Time  `json:"date-created"`
		LastConnection *time.Time `json:"last-connection,omitempty"`
		Disabled       bool       `json:"disabled"`
	}
	user, _ := ss.who()
	return eachEntity(req, func(tag string) (*info, error) {
		name, err := userName(tag)
		if err != nil {
			return nil, err
		}
		if name != user {
			return nil, wire.Errorf(codeUnauthorized, codeUnauthorized)
		}
		ss.s.mu.Lock()
		started := ss.s.started
		ss.s.mu.Unlock()
		return &info{Username: name, DisplayName: displayName(name), DateCreated: started.UTC()}, nil
	})
}

// cloudInfo is a cloud as JIMM knows it from its controllers.
type cloudInfo struct {
	Type      string        `json:"type"`
	AuthTypes []string      `json:"auth-types,omitempty"`
	Regions   []cloudRegion `json:"regions,omitempty"`
}

type cloudRegion struct {
	Name string `json:"name"`
}

func (s *Server) clouds() map[string]cloudInfo {
	clouds := map[string]cloudInfo{}
	for _, c := range s.db.controllerList() {
		tag := "cloud-" + c.Cloud
		info, known := clouds[tag]
		if !known {
			info = cloudInfo{Type: cmp.Or(c.CloudType, "lxd"), AuthTypes: []string{"certificate"}}
		}
		if region := (cloudRegion{c.Region}); !slices.Contains(info.Regions, region) {
			info.Regions = append(info.Regions, region)
		}
		clouds[tag] = info
	}
	return clouds
}

func (ss *session) listClouds(_ context.Context, _ *wire.Request) (any, error) {
	return map[string]map[string]cloudInfo{"clouds": ss.s.clouds()}, nil
}

// cloud is Cloud.Cloud; its items have a member "cloud".
func (ss *session) cloud(_ context.Context, req *wire.Request) (any, error) {
	type item struct {
		Cloud *cloudInfo  `json:"cloud,omitempty"`
		Error *wire.Error `json:"error,omitempty"`
	}
	var params entities
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	clouds := ss.s.clouds()
	answer := results[item]{Results: []item{}}
	for _, e := range params.Entities {
		if info, known := clouds[e.Tag]; known {
			answer.Results = append(answer.Results, item{Cloud: &info})
			continue
		}
		failed := wire.Errorf(codeNotFound, "cloud %q not found", cloudName(e.Tag))
		answer.Results = append(answer.Results, item{Error: failed})
	}
	return answer, nil
}

// cloudInfo is Cloud.CloudInfo: the cloud and its users. JIMM knows them from its own relations (source); here only the
// administrators of JIMM have access.
func (ss *session) cloudInfo(_ context.Context, req *wire.Request) (any, error) {
	type cloudUser struct {
		Name        string `json:"name"`
		DisplayName string `json:"display-name"`
		Access      string `json:"access"`
	}
	type result struct {
		cloudInfo
		Users []cloudUser `json:"users"`
	}
	var params entities
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	users := []cloudUser{}
	if user, admin := ss.who(); admin {
		users = append(users, cloudUser{user, displayName(user), accessAdmin})
	}
	clouds := ss.s.clouds()
	answer := results[itemResult[result]]{Results: []itemResult[result]{}}
	for _, e := range params.Entities {
		if info, known := clouds[e.Tag]; known {
			answer.Results = append(answer.Results, itemResult[result]{Result: &result{info, users}})
			continue
		}
		failed := wire.Errorf(codeNotFound, "cloud %q not found", cloudName(e.Tag))
		answer.Results = append(answer.Results, itemResult[result]{Error: failed})
	}
	return answer, nil
}

// userCredentials is Cloud.UserCredentials: tags of credentials.
func (ss *session) userCredentials(_ context.Context, req *wire.Request) (any, error) {
	var params struct {
		UserClouds []struct {
			User  string `json:"user-tag"`
			Cloud string `json:"cloud-tag"`
		} `json:"user-clouds"`
	}
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	user, _ := ss.who()
	answer := results[itemResult[[]string]]{Results: []itemResult[[]string]{}}
	for _, uc := range params.UserClouds {
		if strings.TrimPrefix(uc.User, "user-") != user {
			answer.Results = append(answer.Results, itemResult[[]string]{Error: errUnauthorized()})
			continue
		}
		tags := ss.s.db.credentialTags(user, cloudName(uc.Cloud))
		answer.Results = append(answer.Results, itemResult[[]string]{Result: &tags})
	}
	return answer, nil
}

func userName(tag string) (string, error) {
	kind, name, ok := cutTag(tag)
	if !ok || kind != "user" {
		return "", wire.Errorf(codeBadRequest, "%q is not a valid user tag", tag)
	}
	return name, nil
}

// eachEntity answers a bulk call item by item.
func eachEntity[T any](req *wire.Request, answer func(tag string) (*T, error)) (any, error) {
	var params entities
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	list := results[itemResult[T]]{Results: []itemResult[T]{}}
	for _, e := range params.Entities {
		result, err := answer(e.Tag)
		list.Results = append(list.Results, itemResult[T]{Result: result, Error: wire.AsError(err)})
	}
	return list, nil
}
