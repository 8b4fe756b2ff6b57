package juju

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"jimm-migrator/src/rpc"
)

const (
	// anonymousUser is the user that Juju admits without a password, for a few calls.
	anonymousUser = "jujuanonymous"
	// clientVersion is the version of Juju that a login claims. Juju 3.1 and
	// newer only write it to their audit log; see [Conn.Login] for older ones.
	clientVersion = "3.6.14"
)

// Credentials are a local user of a controller.
type Credentials struct {
	// User is the name, such as admin; without "user-".
	User string
	// Password must not be empty: Juju answers a login without a password with
	// a demand for a macaroon discharge, which is not supported.
	Password Secret
	// Reason goes to the controller's audit log, as the command line of the
	// client; such as "jimm-migrator/0 locate-model".
	Reason string
}

// LoginResult is the answer to a login. JIMM's has the same members.
type LoginResult struct {
	// ControllerTag is the controller that answered, "controller-<uuid>".
	ControllerTag string `json:"controller-tag"`
	// ModelTag is the model of the connection, "model-<uuid>"; empty on a
	// connection to a controller.
	ModelTag string `json:"model-tag"`
	// ServerVersion is such as 3.6.14 or 4.0-beta8.
	ServerVersion string `json:"server-version"`
	// User is who logged in; nil for an anonymous login.
	User *UserInfo `json:"user-info"`
	// Facades are those that this connection may call; Pinger always works.
	Facades FacadeVersions `json:"facades"`
}

// ControllerUUID returns the UUID in ControllerTag, empty if there is none.
func (r LoginResult) ControllerUUID() string { return TagID(KindController, r.ControllerTag) }

// ModelUUID returns the UUID in ModelTag, empty if there is none.
func (r LoginResult) ModelUUID() string { return TagID(KindModel, r.ModelTag) }

// UserInfo is who logged in.
type UserInfo struct {
	// ControllerAccess is login, add-model, superuser or empty.
	ControllerAccess string `json:"controller-access"`
}

// loginRequest is the params of Admin 3 Login.
type loginRequest struct {
	AuthTag       string   `json:"auth-tag"`
	Credentials   string   `json:"credentials"`
	Nonce         string   `json:"nonce"`
	Macaroons     []string `json:"macaroons"`
	UserData      string   `json:"user-data"`
	CLIArgs       string   `json:"cli-args"`
	ClientVersion string   `json:"client-version"`
}

// loginAnswer is a login's answer, which may be a demand instead of a result.
type loginAnswer struct {
	LoginResult
	Discharge       json.RawMessage `json:"discharge-required"`
	BakeryDischarge json.RawMessage `json:"bakery-discharge-required"`
	DischargeReason string          `json:"discharge-required-error"`
}

// Login logs in as a local user, with Admin 3 Login.
//
// Errors: rpc.CodeUnauthorized for a wrong name or password, and for no access
// to the controller or the model; rpc.CodeModelNotFound for a model that is not
// here; a [*RedirectError] for a model that has left, even with a wrong
// password; rpc.CodeDischargeRequired if the controller wants a macaroon. An
// error that says the wrong controller or model answered leaves a connection to
// be closed.
//
// Juju 2.9 and 3.0 keep clients of another major version from most calls. So
// there Login connects and logs in once more, with the server's own version.
func (c *Conn) Login(ctx context.Context, credentials Credentials) (LoginResult, error) {
	switch {
	case credentials.User == "":
		return LoginResult{}, errors.New("cannot log in to controller: the user name is empty")
	case credentials.Password.IsZero():
		return LoginResult{}, fmt.Errorf("cannot log in to controller as %q: the password is empty", credentials.User)
	}
	result, err := c.logIn(ctx, credentials)
	if err != nil {
		return LoginResult{}, fmt.Errorf("cannot log in to controller %s as %q: %w", c.address, credentials.User, err)
	}
	return result, nil
}

// LoginAnonymous logs in as Juju's anonymous user, who needs no password and
// may call next to nothing. The answer says which controller and model
// answered and, on a controller connection, its version: a cheap sign of life.
// Errors are those of [Conn.Login].
func (c *Conn) LoginAnonymous(ctx context.Context, reason string) (LoginResult, error) {
	result, err := c.logIn(ctx, Credentials{User: anonymousUser, Reason: reason})
	if err != nil {
		return LoginResult{}, fmt.Errorf("cannot log in to controller %s anonymously: %w", c.address, err)
	}
	return result, nil
}

// logIn logs in, twice where the version gate wants it, and checks who answered.
func (c *Conn) logIn(ctx context.Context, credentials Credentials) (LoginResult, error) {
	c.login = LoginResult{} // Of this login, or of none.
	version := clientVersion
	result, err := c.sendLogin(ctx, credentials, version)
	if server := gatingVersion(err); server != "" {
		version = server // a refused login leaves the connection as it is
		result, err = c.sendLogin(ctx, credentials, version)
	}
	if err == nil && credentials.User != anonymousUser && gated(result.ServerVersion, version) {
		if err := c.redial(ctx); err != nil {
			return LoginResult{}, err
		}
		result, err = c.sendLogin(ctx, credentials, result.ServerVersion)
	}
	if err != nil {
		return LoginResult{}, err
	}
	if err := c.check(result); err != nil {
		return LoginResult{}, err
	}
	c.login = result
	return result, nil
}

// sendLogin calls Admin 3 Login.
func (c *Conn) sendLogin(ctx context.Context, credentials Credentials, version string) (LoginResult, error) {
	var answer loginAnswer
	err := c.rpc.Call(ctx, rpc.Request{Facade: "Admin", Version: 3, Method: "Login"}, loginRequest{
		AuthTag:       UserTag(credentials.User),
		Credentials:   credentials.Password.Reveal(),
		Macaroons:     []string{},
		CLIArgs:       credentials.Reason,
		ClientVersion: version,
	}, &answer)
	switch {
	case err != nil:
		return LoginResult{}, withRedirect(err)
	case len(answer.Discharge) > 0 || len(answer.BakeryDischarge) > 0 || answer.DischargeReason != "":
		return LoginResult{}, fmt.Errorf("%w (%q), which is not supported: use a local user with a password",
			rpc.CodeDischargeRequired, answer.DischargeReason)
	}
	return answer.LoginResult, nil
}

// check compares the server that answered with the one that was asked.
func (c *Conn) check(result LoginResult) error {
	want, got := c.target.opts.ModelUUID, result.ModelUUID()
	if got != want {
		return fmt.Errorf("the server answered for model %q instead of %q", got, want)
	}
	want, got = c.target.opts.ControllerUUID, result.ControllerUUID()
	if want != "" && got != want {
		return fmt.Errorf("controller %q answered instead of %q", got, want)
	}
	return nil
}

// redial replaces the websocket with another one to the same address.
func (c *Conn) redial(ctx context.Context) error {
	conn, err := c.target.dialAddress(ctx, c.address)
	if err != nil {
		return err
	}
	_ = c.rpc.Close()
	c.rpc = conn
	return nil
}

// gatingVersion returns the server's version if err is the version gate's
// refusal of a login.
func gatingVersion(err error) string {
	if !errors.Is(err, rpc.CodeIncompatibleClient) {
		return ""
	}
	answer, ok := errors.AsType[*rpc.Error](err)
	if !ok {
		return ""
	}
	var info struct {
		ServerVersion string `json:"server-version"`
	}
	if answer.DecodeInfo(&info) != nil {
		return ""
	}
	return info.ServerVersion
}

// gated reports whether a server keeps a client of the given version from most
// calls: Juju 2.9 and 3.0 do so with another major version than theirs.
func gated(server, client string) bool {
	gate := strings.HasPrefix(server, "2.9.") || strings.HasPrefix(server, "3.0.")
	return gate && server[0] != client[0]
}
