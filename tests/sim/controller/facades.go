package controller

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"jimm-migrator/tests/sim/wire"
)

func controllerVersion(_ context.Context, s *session, _ *wire.Request) (any, error) {
	return map[string]string{"version": s.c.Version(), "git-commit": ""}, nil
}

func identityProviderURL(_ context.Context, s *session, _ *wire.Request) (any, error) {
	return map[string]string{"result": s.c.config.IdentityURL}, nil
}

// controllerConfig has the members that a client reads; unset ones are absent (4.0-beta8, recorded).
func controllerConfig(_ context.Context, s *session, _ *wire.Request) (any, error) {
	config := map[string]any{
		"controller-uuid":           s.c.config.UUID,
		"controller-name":           s.c.config.Name,
		"ca-cert":                   s.c.CACert(),
		"api-port":                  17070,
		"migration-agent-wait-time": s.c.config.Pace.AgentLimit.String(),
		"auditing-enabled":          true,
		"audit-log-exclude-methods": "ReadOnlyMethods",
		"max-debug-log-duration":    (24 * time.Hour).String(),
	}
	if !s.c.release.has(juju4) {
		config["state-port"] = 37017 // of MongoDB (3.5.4, observed)
	}
	if s.c.release.has(juju4) { // recorded with 4.0-beta8; the migrations simulated here have a limit of their own
		maps.Copy(config, map[string]any{
			"agent-logfile-max-backups": 2, "agent-logfile-max-size": "100M", "audit-log-capture-args": true,
			"audit-log-max-backups": 5, "audit-log-max-size": "200M", "max-agent-state-size": 524288,
			"max-charm-state-size": 2097152, "model-logfile-max-backups": 1, "model-logfile-max-size": "1M",
			"object-store-type": "file", "query-tracing-enabled": false, "query-tracing-threshold": "1s",
			"ssh-max-concurrent-connections": 100, "ssh-server-port": 17022,
		})
	}
	if s.c.config.IdentityURL != "" {
		config["identity-url"] = s.c.config.IdentityURL
	}
	if s.c.config.Tokens.URL != "" {
		config["login-token-refresh-url"] = s.c.config.Tokens.URL
	}
	return map[string]any{"config": config}, nil
}

// configSet requires a superuser. The values that it sets have no effect here.
func configSet(_ context.Context, s *session, _ *wire.Request) (any, error) {
	return nil, s.superuser()
}

// apiInfoForModels returns where a model is: here, or the controller that it migrated to (2.9 to 4.0, documented).
func apiInfoForModels(_ context.Context, s *session, req *wire.Request) (any, error) {
	type info struct {
		Addresses []string    `json:"addresses"` // null beside an error
		CACert    string      `json:"cacert"`
		Error     *wire.Error `json:"error,omitempty"`
	}
	var params entities
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	list := []info{}
	for _, entity := range params.Entities {
		uuid, err := modelTag(entity.Tag)
		s.c.mu.Lock()
		h, m := s.c.models[uuid], s.c.latest[uuid]
		s.c.mu.Unlock()
		switch {
		case err != nil:
			list = append(list, info{Error: wire.AsError(err)})
		case h != nil && !h.hidden:
			list = append(list, info{Addresses: s.c.Addresses(), CACert: s.c.CACert()})
		case m != nil && m.Phase == Done:
			list = append(list, info{Addresses: m.target.Addrs, CACert: m.target.CACert})
		default:
			missing := wire.Errorf("not found", "migration not found")
			switch {
			case s.c.release.has(released4): // 4.0.15 and 4.1-beta2, recorded
				missing = wire.Errorf("", "no completed redirect for model %q: model not redirected", uuid)
			case s.c.release.has(juju4):
				missing = wire.Errorf("", "model not redirected") // 4.0-beta8, recorded
			}
			list = append(list, info{Error: missing})
		}
	}
	return map[string]any{"results": list}, nil
}

// cloudSpec answers what JIMM of 2026 asks when a controller is added (recorded). 4.0.15 has it from version 14 of the
// facade on (recorded). The credential is left out.
func cloudSpec(_ context.Context, s *session, req *wire.Request) (any, error) {
	if s.c.release.has(released4) && req.Version < 14 {
		return nil, s.unknownMethod(req)
	}
	if err := s.superuser(); err != nil {
		return nil, err
	}
	return each(req, func(tag string) (any, error) {
		uuid, err := modelTag(tag)
		if err != nil {
			return nil, err
		}
		s.c.mu.Lock()
		h := s.c.models[uuid]
		s.c.mu.Unlock()
		if h == nil {
			return nil, wire.Errorf("not found", "model %q not found", uuid)
		}
		cloud, _ := s.c.cloud(h.model.Cloud)
		spec := map[string]string{"type": cloud.Type, "name": cloud.Name, "region": h.model.Region}
		if cloud.Endpoint != "" {
			spec["endpoint"] = cloud.Endpoint
		}
		return spec, nil
	})
}

type cloudResult struct {
	Type      string        `json:"type"`
	AuthTypes []string      `json:"auth-types,omitempty"`
	Endpoint  string        `json:"endpoint,omitempty"`
	Regions   []cloudRegion `json:"regions,omitempty"`

	IsControllerCloud bool `json:"is-controller-cloud,omitempty"` // to 3.6; 3.5.4, observed
}

type cloudRegion struct {
	Name     string `json:"name"`
	Endpoint string `json:"endpoint,omitempty"`
}

// controllerAccess is the access of users (4.0-beta8, recorded; the error of older releases is documented).
func controllerAccess(_ context.Context, s *session, req *wire.Request) (any, error) {
	superuser, self := s.superuser() == nil, s.loggedIn().user
	return each(req, func(tag string) (any, error) {
		name, err := userTag(tag)
		if err != nil {
			return nil, err
		}
		user, known := s.c.user(name)
		switch newer := s.c.release.has(juju4); {
		case !superuser && name != self:
			return nil, errPermission()
		case !known && newer:
			return nil, wire.Errorf("", "access not found for %q on %q", name, s.c.config.UUID)
		case !known:
			return nil, wire.Errorf("not found", "user %q not found", name)
		}
		return map[string]string{"user-tag": tag, "access": s.c.resultOf(user).Access}, nil
	})
}

// mongoVersion does not exist in 4.x (4.0-beta8, recorded).
func mongoVersion(_ context.Context, s *session, _ *wire.Request) (any, error) {
	if s.c.release.has(juju4) {
		return nil, wire.Errorf("not supported", "not supported")
	}
	return map[string]string{"result": "4.4.24"}, nil
}

// cloudsByTag answers Cloud.Cloud (4.0-beta8, recorded; the error of older releases is documented).
func cloudsByTag(_ context.Context, s *session, req *wire.Request) (any, error) {
	type item struct {
		Cloud *cloudResult `json:"cloud,omitempty"`
		Error *wire.Error  `json:"error,omitempty"`
	}
	var params entities
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	list := []item{}
	for _, entity := range params.Entities {
		name := strings.TrimPrefix(entity.Tag, "cloud-")
		cloud, known := s.c.cloud(name)
		switch newer := s.c.release.has(juju4); {
		case known:
			result := resultOfCloud(cloud)
			list = append(list, item{Cloud: &result})
		case newer:
			list = append(list, item{Error: wire.Errorf("", "cloud not found %q", name)})
		default:
			list = append(list, item{Error: wire.Errorf("not found", "cloud %q not found", name)})
		}
	}
	return map[string]any{"results": list}, nil
}

// cloudInfos answers Cloud.CloudInfo: the cloud and its users. A user who is not a superuser sees only themselves
// (documented). Rights on clouds are not simulated: superusers administer all of them.
func cloudInfos(_ context.Context, s *session, req *wire.Request) (any, error) {
	type user struct {
		Name        string `json:"name"`
		DisplayName string `json:"display-name"`
		Access      string `json:"access"`
	}
	type info struct {
		cloudResult
		Users []user `json:"users"`
	}
	superuser, self := s.superuser() == nil, s.loggedIn().user
	users := []user{}
	for _, u := range s.c.config.Users {
		if u.Access == "superuser" && (superuser || u.Name == self) {
			users = append(users, user{u.Name, u.DisplayName, "admin"})
		}
	}
	return each(req, func(tag string) (any, error) {
		name := strings.TrimPrefix(tag, "cloud-")
		cloud, known := s.c.cloud(name)
		if !known {
			return nil, wire.Errorf("not found", "cloud %q not found", name)
		}
		return info{resultOfCloud(cloud), users}, nil
	})
}

func resultOfCloud(cloud Cloud) cloudResult {
	item := cloudResult{Type: cloud.Type, AuthTypes: cloud.AuthTypes, Endpoint: cloud.Endpoint}
	for _, region := range cloud.Regions {
		item.Regions = append(item.Regions, cloudRegion{Name: region})
	}
	return item
}

// ownCloud returns the name of the controller's cloud, if an answer has it.
func (c *Controller) ownCloud() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if h := c.models[c.config.ControllerModelUUID]; h != nil && !c.release.has(juju4) {
		return h.model.Cloud
	}
	return ""
}

// clouds lists all clouds. 4.0.15 refuses a user without a right on any (recorded); rights on clouds are not simulated.
func clouds(_ context.Context, s *session, _ *wire.Request) (any, error) {
	list := map[string]cloudResult{}
	who := s.loggedIn()
	stranger := s.c.release.has(released4) && !who.token && s.c.controllerAccess(who) == "login"
	own := s.c.ownCloud()
	for _, cloud := range s.c.config.Clouds {
		if stranger {
			return nil, wire.Errorf("", "access not found for %q on %q", who.user, cloud.Name)
		}
		item := resultOfCloud(cloud)
		item.IsControllerCloud = own == cloud.Name
		list["cloud-"+cloud.Name] = item
	}
	return map[string]any{"clouds": list}, nil
}

// listSecretBackends is SecretBackends.ListSecretBackends, for every user who can log in: all backends of the controller
// (by the source of 3.5.4). An id is not the name, and the same on each controller that has the backend. That Juju 4 answers the same is
// assumed.
func listSecretBackends(_ context.Context, s *session, _ *wire.Request) (any, error) {
	list := []secretBackend{{Result: map[string]any{"name": "internal", "backend-type": "controller", "config": map[string]any{}}, ID: s.c.config.UUID, Status: "active"}}
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	names := slices.Clone(s.c.config.SecretBackends)
	for _, h := range s.c.models {
		names = append(names, h.model.SecretBackends...)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		list = append(list, secretBackend{Result: map[string]any{"name": name, "backend-type": "vault", "config": map[string]any{}}, ID: "id-of-" + name, Status: "active"})
	}
	return map[string]any{"results": list}, nil
}

// modelGet returns the config of the connection's model, which on a controller connection is the controller model. JIMM
// of 2026 needs name, type and uuid (recorded).
func modelGet(_ context.Context, s *session, _ *wire.Request) (any, error) {
	uuid := s.model
	if uuid == "" {
		uuid = s.c.config.ControllerModelUUID
	}
	if !s.mayRead(uuid) {
		return nil, errPermission()
	}
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	h := s.c.models[uuid]
	if h == nil {
		return nil, wire.Errorf("not found", "model %q not found", uuid)
	}
	cloud, _ := s.c.cloud(h.model.Cloud)
	type value struct {
		Value  any    `json:"value"`
		Source string `json:"source"`
	}
	config := map[string]value{}
	for name, v := range map[string]any{
		"name": h.model.Name, "type": cloud.Type, "uuid": uuid, "agent-version": h.model.AgentVersion,
	} {
		config[name] = value{Value: v, Source: "model"}
	}
	config["logging-config"] = value{Value: "<root>=INFO", Source: "default"}
	return map[string]any{"config": config}, nil
}

type userResult struct {
	Username    string    `json:"username"`
	DisplayName string    `json:"display-name"`
	Access      string    `json:"access"`
	CreatedBy   string    `json:"created-by"`
	DateCreated time.Time `json:"date-created"`
	Disabled    bool      `json:"disabled"`

	LastConnection *time.Time `json:"last-connection,omitempty"`
}

// userInfos lists local users. A user who is not a superuser sees only themselves (documented).
func userInfos(_ context.Context, s *session, req *wire.Request) (any, error) {
	var params struct {
		entities
		IncludeDisabled bool `json:"include-disabled"`
	}
	if err := req.Decode(&params); err != nil {
		return nil, err
	}
	superuser, self := s.superuser() == nil, s.loggedIn().user
	if len(params.Entities) > 0 {
		return each(req, func(tag string) (any, error) {
			name, err := userTag(tag)
			if err != nil {
				return nil, err
			}
			user, ok := s.c.user(name)
			switch {
			case !superuser && name != self:
				return nil, errPermission()
			case !ok:
				return nil, wire.Errorf("user not found", "user %q not found", name)
			}
			return s.c.resultOf(user), nil
		})
	}
	list := results{Results: []result{}}
	for _, user := range s.c.config.Users {
		if (superuser || user.Name == self) && (params.IncludeDisabled || !user.Disabled) {
			list.Results = append(list.Results, result{Result: s.c.resultOf(user)})
		}
	}
	return list, nil
}

func (c *Controller) resultOf(user User) userResult {
	access := user.Access
	if access == "none" {
		access = ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var last *time.Time // to any model
	for _, h := range c.models {
		if at := h.lastConnection(user.Name); at != nil && (last == nil || at.After(*last)) {
			last = at
		}
	}
	return userResult{
		LastConnection: last, Username: user.Name, DisplayName: user.DisplayName, Access: access, CreatedBy: "admin",
		DateCreated: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), Disabled: user.Disabled,
	}
}
