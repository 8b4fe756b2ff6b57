package controller

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"

	"jimm-migrator/tests/sim/wire"
)

// login is the identity that a session is logged in as.
type login struct {
	user      string // name without "user-"
	anonymous bool
	token     bool
	access    map[string]string // token: tag → access
	mode      mode              // of the model when the login came
	cliArgs   string

	clientVersion string
	upgrading     bool   // an upgrade of the controller was running at login
	renew         func() // an anonymous login to 4.x ends without pings
}

// LoginRequest has Juju's name because decoding errors contain it.
type LoginRequest struct {
	AuthTag       string          `json:"auth-tag"`
	Credentials   string          `json:"credentials"`
	Macaroons     json.RawMessage `json:"macaroons"`
	Token         string          `json:"token"`
	CLIArgs       string          `json:"cli-args"`
	ClientVersion string          `json:"client-version"`
}

// loginResult has its members in Juju's order (4.0-beta8, recorded; the same struct in 3.6, documented).
type loginResult struct {
	DischargeRequired       any              `json:"discharge-required,omitempty"`
	BakeryDischargeRequired any              `json:"bakery-discharge-required,omitempty"`
	DischargeRequiredReason string           `json:"discharge-required-error,omitempty"`
	Servers                 [][]hostPort     `json:"servers,omitempty"`
	PublicDNSName           string           `json:"public-dns-name,omitempty"`
	ModelTag                string           `json:"model-tag,omitempty"`
	ControllerTag           string           `json:"controller-tag,omitempty"`
	UserInfo                *userInfo        `json:"user-info,omitempty"`
	Facades                 []facadeVersions `json:"facades,omitempty"`
	ServerVersion           string           `json:"server-version,omitempty"`
}

type userInfo struct {
	DisplayName      string `json:"display-name"`
	Identity         string `json:"identity"`
	ControllerAccess string `json:"controller-access"`
	ModelAccess      string `json:"model-access"`
}

// admin answers before the login. Anything but Admin 3 does not exist (documented; 4.0-beta8 likewise, recorded: the
// method has version 0 there).
func (s *session) admin(ctx context.Context, req *wire.Request) (any, error) {
	if req.Facade != "Admin" {
		return nil, s.unknownFacade(req)
	}
	if req.Version != 3 {
		const text = "this version of Juju does not support login from old clients"
		if !s.c.release.has(versionGate) { // 3.5.4, observed; 4.0-beta8, recorded
			return nil, wire.Errorf("not supported", "%s (not supported)", text)
		}
		return nil, wire.Errorf("not supported", text)
	}
	switch req.Method {
	case "Login":
		var params LoginRequest
		if err := req.Decode(&params); err != nil {
			return nil, err
		}
		return s.logIn(ctx, params)
	case "RedirectInfo":
		// A Juju controller never answers this (documented, 2.9 to 4.0; recorded with 4.0-beta8).
		return nil, wire.Errorf("", "not redirected")
	default:
		return nil, s.unknownMethod(&wire.Request{Facade: "Admin", Method: req.Method})
	}
}

// logIn checks in Juju's order: the tag, the redirect of a migrated model (before any credential), the credentials,
// the access (documented; the order recorded with 4.0-beta8).
func (s *session) logIn(ctx context.Context, params LoginRequest) (any, error) {
	if !s.c.release.has(tokenLogins) {
		params.Token = "" // an unknown member
	}
	var name, kind string
	if params.Token == "" && params.AuthTag != "" {
		var err error
		if kind, name, err = splitTag(params.AuthTag); err != nil {
			return nil, err
		}
	}
	if kind == "user" {
		if err := s.redirect(name); err != nil {
			return nil, err
		}
	}
	var who *login
	var err error
	switch {
	case params.Token != "":
		who, err = s.byToken(ctx, params.Token)
	case kind == "user" && name == anonymousUser && noMacaroons(params.Macaroons):
		who, err = &login{user: name, anonymous: true}, s.hasModel()
	case kind == "" || strings.Contains(name, "@"):
		// Not a local user, and no macaroon. (4.0-beta8, recorded; the same code in 3.6.)
		err = wire.Errorf("unauthorized access", "failed to authenticate request: unauthorized")
	case kind != "user":
		err = errLogin() // agents have no password in the simulator
	case params.Credentials == "":
		return s.c.dischargeRequired(), nil
	default:
		who, err = s.byPassword(name, params.Credentials)
	}
	s.c.mu.Lock()
	upgrading := s.c.upgrading
	s.c.mu.Unlock()
	switch {
	case err != nil && upgrading:
		return nil, wire.Errorf("", "login failed - maintenance in progress")
	case err != nil:
		return nil, err
	case upgrading && who.token && !s.c.release.has(juju4): // documented
		return nil, wire.Errorf("", "anonymous login blocked because upgrade is in progress")
	}
	who.upgrading = upgrading
	who.cliArgs, who.clientVersion = params.CLIArgs, params.ClientVersion
	return s.admit(who)
}

func noMacaroons(raw json.RawMessage) bool {
	var list []json.RawMessage
	return json.Unmarshal(raw, &list) != nil || len(list) == 0
}

// hasModel returns the error for a model that migrated away without a redirect for this client: Juju hides that it
// hosted the model (documented). If the model left after the connection was made, the cache of Juju 2.9 to 3.6 misses
// it (3.5.4, observed).
func (s *session) hasModel() error {
	s.c.mu.Lock()
	defer s.c.mu.Unlock()
	m := s.c.latest[s.model]
	switch {
	case s.model == "" || s.c.models[s.model].there():
		return nil
	case s.c.release.has(juju4) || m != nil && m.Phase == Done:
		return errLogin()
	default:
		return wire.Errorf("not found", "model cache: model %q not found", s.model)
	}
}

func (s *session) byPassword(name, password string) (*login, error) {
	user, ok := s.c.user(name)
	if !ok || user.Disabled || user.Password != password {
		return nil, errLogin() // one text for all three (documented; recorded with 4.0-beta8)
	}
	if err := s.hasModel(); err != nil {
		return nil, err
	}
	return &login{user: name}, nil
}

// admit checks the access and logs the session in as who.
func (s *session) admit(who *login) (any, error) {
	result := loginResult{
		Servers:       [][]hostPort{hostPorts(s.c.Addresses())},
		PublicDNSName: s.c.config.PublicDNSName,
		ControllerTag: "controller-" + s.c.config.UUID,
		ServerVersion: cmp.Or(s.c.config.Claims, s.c.Version()),
	}
	if s.model != "" {
		result.ModelTag = "model-" + s.model
	}
	if !who.anonymous {
		info, err := s.access(who)
		if err != nil {
			return nil, err
		}
		result.UserInfo = info
	}
	result.Facades = listing(s.offered(who))
	s.c.mu.Lock()
	if h := s.c.models[cmp.Or(s.model, s.c.config.ControllerModelUUID)]; h != nil {
		who.mode = h.mode
		if !who.token && !who.anonymous {
			if h.lastLogin == nil {
				h.lastLogin = map[string]time.Time{}
			}
			h.lastLogin[who.user] = time.Now().UTC().Truncate(time.Second)
		}
	}
	s.c.mu.Unlock()
	if who.anonymous && s.c.release.has(juju4) {
		who.renew = s.conn.Expire(anonymousLimit, websocket.StatusNormalClosure, "")
	}
	s.mu.Lock()
	s.login = who
	s.mu.Unlock()
	return result, nil
}

// anonymousLimit is how long 4.x keeps an anonymous connection without a ping; others stay (4.0-beta8, measured).
const anonymousLimit = 3 * time.Minute

// offered are the facades of a login result.
func (s *session) offered(who *login) map[string][]int {
	switch onModel := s.model != ""; {
	case who.anonymous && onModel:
		return s.c.release.anonymous
	case who.anonymous:
		return facadeList(anonymousControllerFacades)
	case onModel:
		return s.c.release.model
	default:
		return s.c.release.controller
	}
}

// access is the user's access in the login result. A superuser is administrator of every model; a user without any
// right is refused (documented).
func (s *session) access(who *login) (*userInfo, error) {
	// The display name is missing (3.5.4, observed; 4.0-beta8, and tokens with 3.6.28, recorded).
	info := &userInfo{Identity: "user-" + who.user, ControllerAccess: s.c.controllerAccess(who)}
	if known := []string{"", "login", "add-model", "superuser"}; who.token && !slices.Contains(known, info.ControllerAccess) {
		return nil, wire.Errorf("not valid", "obtaining ControllerUser for logged in user %s: %q controller access not valid",
			who.user, info.ControllerAccess) // 3.5.4, observed
	}
	if s.model == "" {
		if info.ControllerAccess == "" {
			return nil, errPermission()
		}
		return info, nil
	}
	modelAccess, ok := s.c.modelAccess(who, s.model)
	switch {
	case who.token && info.ControllerAccess == "": // 3.6.28, recorded: access to the model is not checked
		return nil, errPermission()
	case ok:
		info.ModelAccess = modelAccess
	case info.ControllerAccess == "superuser":
		info.ModelAccess = "admin"
	case who.token: // let in without any access (3.6.28 and 4.0-beta8, recorded)
	default:
		return nil, errPermission()
	}
	return info, nil
}

// controllerAccess is "", login, add-model or superuser.
func (c *Controller) controllerAccess(who *login) string {
	if who.token {
		return who.access["controller-"+c.config.UUID]
	}
	user, _ := c.user(who.user)
	if user.Access == "none" {
		return ""
	}
	return user.Access
}

// modelAccess is the access to a model that the user or the token has, if any.
func (c *Controller) modelAccess(who *login, uuid string) (string, bool) {
	if who.token {
		access, ok := who.access["model-"+uuid]
		return access, ok
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.models[uuid]
	if h == nil || h.permissionsGone || h.reaping != whole {
		return "", false
	}
	access := h.model.access(who.user)
	return access, access != ""
}

// superuser returns nil for a superuser, otherwise the error. For token logins it names the missing access, so that
// JIMM can log in again (4.0-beta8, recorded; documented since 3.3.5).
func (s *session) superuser() error {
	who := s.loggedIn()
	tag := "controller-" + s.c.config.UUID
	switch {
	case s.c.controllerAccess(who) == "superuser":
		return nil
	case who.token:
		return &wire.Error{
			Message: "access permissions required: map[" + tag + ":superuser]",
			Code:    "access required",
			Info:    map[string]string{tag: "superuser"},
		}
	default:
		return errPermission()
	}
}

// noRead is the error for users who may not see the connection's model. For token logins it names the missing access
// (3.5.4 and 3.6.28, observed), so that JIMM can log in again.
func (s *session) noRead() error {
	if !s.loggedIn().token {
		return errPermission()
	}
	tag := "model-" + s.model
	return &wire.Error{
		Message: "access permissions required: map[" + tag + ":read]",
		Code:    "access required",
		Info:    map[string]string{tag: "read"},
	}
}

// mayRead reports whether the session may see a model.
func (s *session) mayRead(uuid string) bool {
	who := s.loggedIn()
	access, _ := s.c.modelAccess(who, uuid)
	return access != "" || s.c.controllerAccess(who) == "superuser"
}
