package config

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"jimm-migrator/src/juju"
)

// The secret controller-credentials has one key, because names of controllers
// may contain characters that keys of secrets must not: Juju requires at least
// three characters, which are lower-case letters, digits or inner hyphens. Its
// value is JSON:
//
//	{"east": {"user": "admin", "password": "PASSWORD"}}
const (
	keyControllers = "credentials"
	keyUser        = "user"
	keyPassword    = "password"
)

// controllerCredentials reads the accounts from the optional secret. No error
// contains a value of it, or anything that may be a value in the wrong place.
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
		return nil, &ProblemError{What: "the secret in controller-credentials must have the key credentials and no other", Remedy: remedy}
	}
	logins, err := parseLogins(text)
	env := u.Env()
	for name, login := range logins {
		if password := login.Password.Reveal(); password != examplePassword {
			u.Redact(password)
		}
		login.Reason = strings.TrimSpace(env.Unit + " " + env.ActionName)
		logins[name] = login
	}
	if err != nil {
		return nil, &ProblemError{What: "the secret in controller-credentials cannot be used: in the key credentials, " + err.Error(), Remedy: remedy}
	}
	return logins, nil
}

// updateControllers is the command that replaces the content of the secret.
func updateControllers(uri string) string {
	return "juju update-secret " + uri + " " + keyControllers + "#file=controllers.json"
}

// UpdateControllers is the command that replaces the accounts of controllers
// with those in a file.
func (s Settings) UpdateControllers() string { return updateControllers(s.controllersSecret) }

// loginError reports what is wrong with the value of the key credentials.
type loginError struct {
	line int
	what string
}

// Error names the line, never its text.
func (e *loginError) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.what) }

// loginParser reads the accounts token by token: an error of a decoder could
// quote what it has read, and would not report a controller that is listed
// twice.
type loginParser struct {
	text string
	json *json.Decoder
}

// parseLogins reads the accounts. Those that were read before an error are
// returned with it, so that their passwords can be hidden.
func parseLogins(text string) (map[string]juju.Credentials, error) {
	p := loginParser{text, json.NewDecoder(strings.NewReader(text))}
	logins := map[string]juju.Credentials{}
	if !p.open() {
		return nil, p.wrong(wantLogin)
	}
	for p.json.More() {
		name, ok := p.string()
		if !ok || name == "" || !p.open() {
			return logins, p.wrong(wantLogin)
		}
		if _, twice := logins[name]; twice {
			return logins, p.wrong(fmt.Sprintf("controller %q is listed twice", name))
		}
		login, err := p.login(name)
		logins[name] = login
		if err != nil {
			return logins, err
		}
	}
	if _, err := p.json.Token(); err != nil || p.rest() || len(logins) == 0 {
		return logins, p.wrong(wantLogin)
	}
	return logins, nil
}

// Messages show this in place of a password. If a user types it as printed, it must
// not be redacted from later messages.
const examplePassword = "PASSWORD"

const wantLogin = `expected {"CONTROLLER": {"user": "NAME", "password": "` + examplePassword + `"}}`

// login reads user and password of one controller.
func (p loginParser) login(controller string) (login juju.Credentials, err error) {
	for p.json.More() {
		key, ok := p.string()
		if !ok {
			return login, p.wrong(wantLogin)
		}
		if key != keyUser && key != keyPassword {
			return login, p.wrong(fmt.Sprintf("controller %q has a key that is neither user nor password", controller))
		}
		value, ok := p.string()
		switch {
		case !ok:
			return login, p.wrong(fmt.Sprintf("the %s of controller %q is not a string", key, controller))
		case key == keyUser:
			login.User = strings.TrimPrefix(value, "user-")
		default:
			login.Password = juju.NewSecret(value)
		}
	}
	_, end := p.json.Token()
	switch {
	case end != nil:
		return login, p.wrong(wantLogin)
	case login.User == "":
		return login, p.wrong(fmt.Sprintf("controller %q has no user", controller))
	case login.Password.IsZero():
		return login, p.wrong(fmt.Sprintf("controller %q has no password", controller))
	case strings.Contains(login.User, "@"):
		return login, p.wrong(fmt.Sprintf("the user of controller %q is not a local user", controller))
	default:
		return login, nil
	}
}

// open reads the beginning of an object.
func (p loginParser) open() bool {
	token, err := p.json.Token()
	return err == nil && token == json.Delim('{')
}

// string reads a text.
func (p loginParser) string() (string, bool) {
	token, err := p.json.Token()
	text, ok := token.(string)
	return text, err == nil && ok
}

// rest reports whether anything follows.
func (p loginParser) rest() bool {
	_, err := p.json.Token()
	return !errors.Is(err, io.EOF)
}

// wrong is what is wrong where the parser is.
func (p loginParser) wrong(what string) error {
	return &loginError{1 + strings.Count(p.text[:p.json.InputOffset()], "\n"), what}
}
