package jimm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
)

// Codes that only JIMM has.
const (
	// CodeFatalLogin is a refused login on a proxied model connection (2025
	// and newer; before that it was rpc.CodeUnauthorized).
	CodeFatalLogin rpc.Code = "fatal login error" //nolint:errname // named as the other codes
	// CodeConnectionFailed reports that JIMM's own login to a controller was
	// refused, with the message "authentication failed".
	CodeConnectionFailed rpc.Code = "connection failed" //nolint:errname // named as the other codes
)

// session is what a login to JIMM returned.
type session struct {
	identity       string
	administrator  bool
	controllerUUID string
	facades        juju.FacadeVersions
}

// loginParams are the params of Admin 4 LoginWithClientCredentials. The secret
// stays a Secret until it is marshalled, so that printed params do not show it.
type loginParams struct{ credentials credentials }

// MarshalJSON reveals the secret, for the wire.
func (p loginParams) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{
		"client-id":     p.credentials.id,
		"client-secret": p.credentials.secret.Reveal(),
	})
}

// loginResult is the answer to a login, of JIMM itself and of a controller
// behind its proxy. Unlike a controller's own it has no servers.
type loginResult struct {
	ControllerTag string              `json:"controller-tag"`
	ModelTag      string              `json:"model-tag"`
	ServerVersion string              `json:"server-version"`
	Facades       juju.FacadeVersions `json:"facades"`
	UserInfo      userInfoWire        `json:"user-info"`
}

type userInfoWire struct {
	Identity         string `json:"identity"`
	ControllerAccess string `json:"controller-access"`
}

// logIn sends the one login of a connection.
func logIn(ctx context.Context, conn rpc.Caller, credentials credentials) (loginResult, error) {
	var result loginResult
	err := conn.Call(ctx, rpc.Request{
		Facade:  "Admin",
		Version: 4,
		Method:  "LoginWithClientCredentials",
	}, loginParams{credentials}, &result)
	if err != nil {
		return loginResult{}, scrub(err, credentials.secret)
	}
	return result, nil
}

// ErrRightsUnknown reports that JIMM knows the account, and cannot check its rights.
var ErrRightsUnknown = errors.New("JIMM cannot check rights, because its OpenFGA does not answer")

// cannotCheckRights reports whether a login was refused because OpenFGA does not answer: the
// code is that of a wrong secret (2024, recorded).
func cannotCheckRights(err error) bool {
	answer, ok := errors.AsType[*rpc.Error](err)
	return ok && strings.HasPrefix(answer.Message, "cannot check relation: ")
}

// logInToJIMM logs in on JIMM's own API.
func logInToJIMM(ctx context.Context, conn rpc.Caller, credentials credentials) (session, error) {
	result, err := logIn(ctx, conn, credentials)
	switch {
	case errors.Is(err, rpc.CodeNotImplemented):
		return session{}, fmt.Errorf("%w (this is not JIMM, or JIMM older than v3.1.0)", err)
	case errors.Is(err, rpc.CodeUnauthorized) && cannotCheckRights(err):
		return session{}, fmt.Errorf("%w: %w", ErrRightsUnknown, err)
	case errors.Is(err, rpc.CodeUnauthorized):
		return session{}, fmt.Errorf("%w (the client ID or secret is wrong, or JIMM's identity provider does not answer)", err)
	case err != nil:
		return session{}, err
	}
	uuid, err := uuidOfController(result.ControllerTag)
	if err != nil {
		return session{}, fmt.Errorf("unexpected answer: %w", err)
	}
	facades := result.Facades
	if _, ok := facades.Best("JIMM", 4); !ok {
		return session{}, fmt.Errorf("the server offers JIMM facade versions %v, but this client knows only 4", facades["JIMM"])
	}
	return session{
		identity:       juju.TagID(juju.KindUser, result.UserInfo.Identity),
		administrator:  isAdministrator(result.UserInfo.ControllerAccess),
		controllerUUID: uuid,
		facades:        facades,
	}, nil
}

// isAdministrator accepts JIMM's name for it, which is a relation in OpenFGA,
// and Juju's name, in case JIMM ever uses that.
func isAdministrator(controllerAccess string) bool {
	return controllerAccess == "administrator" || controllerAccess == "superuser"
}

// scrub removes the secret from a server's message, in case the message repeats
// it: JIMM passes on the answer of the identity provider. The code is kept.
func scrub(err error, secret Secret) error {
	answer, ok := errors.AsType[*rpc.Error](err)
	if !ok || secret.IsZero() {
		return err
	}
	clean := func(s string) string { return strings.ReplaceAll(s, secret.Reveal(), secret.String()) }
	scrubbed := &rpc.Error{Message: clean(answer.Message), Code: rpc.Code(clean(string(answer.Code))), Info: answer.Info}
	if strings.Contains(string(answer.Info), secret.Reveal()) {
		scrubbed.Info = nil
	}
	return scrubbed
}
