package jimm

import (
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"jimm-migrator/tests/sim/wire"
)

// loginMethod is a way to log in. It returns the identity, or a result that does not log in.
type loginMethod func(req *wire.Request) (identity string, result any, err error)

// loginMethod finds the method of facade Admin: Login in all versions, the others only in version 4.
func (ss *session) loginMethod(req *wire.Request) loginMethod {
	if req.Version < 1 || req.Version > 4 {
		return nil
	}
	if req.Method == "Login" {
		return func(*wire.Request) (string, any, error) { return "", nil, ss.oldLogin() }
	}
	if req.Version != 4 {
		return nil
	}
	return map[string]loginMethod{
		"LoginWithClientCredentials": ss.clientCredentials,
		"LoginWithSessionToken":      ss.sessionToken,
		"LoginWithSessionCookie":     ss.sessionCookie,
		"LoginDevice":                ss.loginDevice,
		"GetDeviceSessionToken":      ss.deviceToken,
	}[req.Method]
}

func (ss *session) oldLogin() error {
	return &wire.Error{Message: ss.s.gen.OldLogin, Code: ss.s.gen.OldLoginCode}
}

// answerLogin answers a call of facade Admin on /api.
func (ss *session) answerLogin(login loginMethod, req *wire.Request) (any, error) {
	identity, result, err := login(req)
	if err != nil || identity == "" {
		return result, err
	}
	if _, down := ss.s.down(); down {
		// The text contains the address of OpenFGA and the id of its store.
		return nil, wire.Errorf(codeUnauthorized, "%s", openFGADownText())
	}
	return ss.loggedIn(identity), nil
}

func openFGADownText() string {
	return `cannot check relation: Post "http://127.0.0.1:18080/stores/01M81CEPAXNA9GT44TVEZ03NFB/check": ` +
		"dial tcp 127.0.0.1:18080: connect: connection refused"
}

// clientCredentials is the login of a service account. The id is sent to the identity provider unchanged, so one with
// the suffix @serviceaccount is unknown there; the identity gets the suffix.
func (ss *session) clientCredentials(req *wire.Request) (string, any, error) {
	var params struct {
		ID     string `json:"client-id"`
		Secret string `json:"client-secret"`
	}
	if err := req.Decode(&params); err != nil {
		return "", nil, err
	}
	down, _ := ss.s.down()
	if down || !slices.Contains(ss.s.opts.Accounts, Account{params.ID, params.Secret}) {
		return "", nil, wire.Errorf(codeUnauthorized, "%s", ss.s.gen.Refused)
	}
	return params.ID + "@serviceaccount", nil, nil
}

// sessionToken is the login of a person with a token that JIMM made.
func (ss *session) sessionToken(req *wire.Request) (string, any, error) {
	var params struct {
		Token string `json:"session-token"`
	}
	if err := req.Decode(&params); err != nil {
		return "", nil, err
	}
	// What juju sends without a token: with this code it starts the device flow, with any other it gives up (source).
	const start = "session token invalid"
	if params.Token == "" {
		return "", nil, wire.Errorf(start, "authentication failed, no token presented")
	}
	raw, err := base64.StdEncoding.DecodeString(params.Token)
	if err != nil { // recorded
		return "", nil, wire.Errorf(ss.s.gen.SessionCode, "failed to decode token: %v", err)
	}
	c, err := ss.s.keys.verify(string(raw))
	if err != nil { // of an earlier world, or too old; that these have the code of 2024 in 2026 too is inferred
		return "", nil, wire.Errorf(start, "%v", err)
	}
	return c.Subject, nil, nil
}

func (ss *session) sessionCookie(_ *wire.Request) (string, any, error) {
	return "", nil, wire.Errorf(codeUnauthorized, "missing cookie identity") // recorded 2026
}

// loginDevice starts the device flow. The user approves at once.
func (ss *session) loginDevice(_ *wire.Request) (string, any, error) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	ss.device = true
	return "", struct {
		URI  string `json:"verification-uri"`
		Code string `json:"user-code"`
	}{"https://" + ss.s.opts.DNSName + "/device", "ABCD-EFGH"}, nil
}

// deviceToken ends the device flow on the same connection (source).
func (ss *session) deviceToken(_ *wire.Request) (string, any, error) {
	ss.mu.Lock()
	started := ss.device
	ss.mu.Unlock()
	if !started {
		return "", nil, wire.Errorf(codeUnauthorized, "unauthorized") // text not recorded
	}
	token, err := ss.s.keys.sign(claims{
		Issuer: ss.s.opts.DNSName, Subject: ss.s.opts.DeviceUser, Expires: time.Now().Add(6 * time.Hour).Unix(),
	})
	if err != nil {
		return "", nil, err
	}
	return "", map[string]string{"session-token": base64.StdEncoding.EncodeToString([]byte(token))}, nil
}

// loginResult is the answer to a login on /api. It has no servers and no model-tag.
type loginResult struct {
	PublicDNSName string        `json:"public-dns-name"`
	ControllerTag string        `json:"controller-tag"`
	UserInfo      userInfo      `json:"user-info"`
	Facades       []facadeEntry `json:"facades"`
	ServerVersion string        `json:"server-version"`
}

type userInfo struct {
	DisplayName      string     `json:"display-name"`
	Identity         string     `json:"identity"`
	LastConnection   *time.Time `json:"last-connection,omitempty"`
	ControllerAccess string     `json:"controller-access"`
	ModelAccess      string     `json:"model-access"`
}

type facadeEntry struct {
	Name     string `json:"name"`
	Versions []int  `json:"versions"`
}

// loggedIn makes the session that of a user, a second time too (recorded).
func (ss *session) loggedIn(identity string) loginResult {
	s := ss.s
	now := time.Now().UTC().Truncate(time.Microsecond)
	last := s.db.login(identity, now)
	if s.gen.LastLoginNow {
		last = now
	}
	admin := s.db.administers(identity, s.jimmTag())
	ss.mu.Lock()
	ss.user, ss.admin = identity, admin
	ss.mu.Unlock()
	info := userInfo{DisplayName: displayName(identity), Identity: "user-" + identity}
	if !last.IsZero() {
		info.LastConnection = &last
	}
	if admin {
		info.ControllerAccess = relAdministrator // not "superuser", as a controller would say
	}
	return loginResult{
		PublicDNSName: s.opts.DNSName, ControllerTag: s.jimmTag(), UserInfo: info,
		Facades: s.facades(), ServerVersion: s.lowestVersion(),
	}
}

func (s *Server) facades() []facadeEntry {
	var list []facadeEntry
	for name, versions := range s.gen.Facades {
		list = append(list, facadeEntry{name, versions})
	}
	slices.SortFunc(list, func(a, b facadeEntry) int { return strings.Compare(a.Name, b.Name) })
	return list
}
