package operator

import (
	"context"
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"jimm-migrator/src/juju"
)

// The secret controller-credentials has one key, since names of controllers may
// hold what names of secrets' keys may not: Juju wants them of lower-case
// letters, digits and inner hyphens, three at least. Its value is YAML:
//
//	east: {user: admin, password: PASSWORD}
const (
	keyControllers = "credentials"
	keyUser        = "user"
	keyPassword    = "password"
)

// controllerCredentials reads the accounts from the optional secret. No value of
// it is in an error, nor what may be a value in the wrong place.
func controllerCredentials(ctx context.Context, u Reader, uri string) (map[string]juju.Credentials, error) {
	if uri == "" {
		return nil, nil //nolint:nilnil // There are no accounts, and nothing is wrong with that.
	}
	content, err := userSecret(ctx, u, optionControllers, uri)
	if err != nil {
		return nil, err
	}
	remedy := updateControllers(uri)
	text, ok := content[keyControllers]
	if !ok || len(content) != 1 {
		return nil, &ProblemError{What: "the secret in controller-credentials needs the key credentials, and no other", Remedy: remedy}
	}
	logins, err := parseLogins(text)
	env := u.Env()
	for name, login := range logins {
		u.Redact(login.Password.Reveal())
		login.Reason = strings.TrimSpace(env.Unit + " " + env.ActionName)
		logins[name] = login
	}
	if err != nil {
		return nil, &ProblemError{What: "the secret in controller-credentials cannot be used: in its key credentials, " + err.Error(), Remedy: remedy}
	}
	return logins, nil
}

// updateControllers is the command that replaces the content of the secret.
func updateControllers(uri string) string {
	return "juju update-secret " + uri + " " + keyControllers + "#file=controllers.yaml"
}

// UpdateControllers is the command that replaces the accounts of controllers by
// those in a file.
func (s Settings) UpdateControllers() string { return updateControllers(s.controllersSecret) }

// loginError says what is wrong with the value of the key credentials.
type loginError struct {
	line int
	what string
}

// Error names the line, never what stands there.
func (e *loginError) Error() string { return fmt.Sprintf("line %d %s", e.line, e.what) }

const wantLogin = "is not CONTROLLER: {user: NAME, password: PASSWORD}"

// parseLogins reads the accounts. Those that were read before an error are
// returned with it, so that their passwords can be hidden.
func parseLogins(text string) (map[string]juju.Credentials, error) {
	var document yaml.Node
	// An error of the decoder may quote what it has read.
	if yaml.Unmarshal([]byte(text), &document) != nil {
		return nil, &loginError{1, "or a later one is no YAML"}
	}
	if len(document.Content) == 0 {
		return nil, &loginError{1, wantLogin}
	}
	root := document.Content[0]
	if root.Kind != yaml.MappingNode || len(root.Content) == 0 {
		return nil, &loginError{max(root.Line, 1), wantLogin}
	}
	logins := map[string]juju.Credentials{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		name, value := root.Content[i], root.Content[i+1]
		if name.Kind != yaml.ScalarNode || name.Value == "" || value.Kind != yaml.MappingNode {
			return logins, &loginError{name.Line, wantLogin}
		}
		if _, twice := logins[name.Value]; twice {
			return logins, &loginError{name.Line, fmt.Sprintf("has controller %q a second time", name.Value)}
		}
		login, err := parseLogin(value)
		logins[name.Value] = login
		if err != nil {
			return logins, &loginError{err.line, fmt.Sprintf("has controller %q %s", name.Value, err.what)}
		}
	}
	return logins, nil
}

// parseLogin reads user and password of one controller.
func parseLogin(of *yaml.Node) (login juju.Credentials, problem *loginError) {
	for i := 0; i+1 < len(of.Content); i += 2 {
		key, value := of.Content[i], of.Content[i+1]
		text := value.Value
		if value.Kind != yaml.ScalarNode || value.Tag == "!!null" {
			text = ""
		}
		switch key.Value {
		case keyUser:
			login.User = strings.TrimPrefix(text, "user-")
		case keyPassword:
			login.Password = juju.NewSecret(text)
		default:
			return login, &loginError{key.Line, "with a key that is neither user nor password"}
		}
	}
	switch {
	case login.User == "":
		return login, &loginError{of.Line, "without a user"}
	case login.Password.IsZero():
		return login, &loginError{of.Line, "without a password"}
	case strings.Contains(login.User, "@"):
		return login, &loginError{of.Line, "with a user that is not a local one"}
	default:
		return login, nil
	}
}
