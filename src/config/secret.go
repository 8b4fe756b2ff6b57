package config

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"jimm-migrator/charm"
	"jimm-migrator/src/jimm"
)

// The keys of the secret jimm-credentials.
const (
	keyClientID     = "client-id"
	keyClientSecret = "client-secret"
)

// credentials reads the service account from the secret.
func credentials(ctx context.Context, u Unit, uri string) (id string, secret jimm.Secret, err error) {
	app := u.Env().App()
	if uri == "" {
		return "", secret, &ProblemError{What: "jimm-credentials is not set", Remedy: newSecret(app, optionCredentials)}
	}
	update := "juju update-secret " + uri + " client-id=ID client-secret=SECRET"
	content, err := userSecret(ctx, u, optionCredentials, uri, keyClientID)
	switch {
	case err != nil:
		return "", secret, err
	case strings.TrimSpace(content[keyClientID]) == "" || strings.TrimSpace(content[keyClientSecret]) == "":
		return "", secret, &ProblemError{What: "the secret in jimm-credentials lacks client-id or client-secret", Remedy: update}
	}
	// key#file= keeps the newline at the end of a file.
	id, value := strings.TrimSpace(content[keyClientID]), strings.TrimSpace(content[keyClientSecret])
	if strings.ContainsFunc(id, unicode.IsSpace) {
		return "", secret, &ProblemError{What: "the client-id in jimm-credentials contains a space", Remedy: update}
	}
	if value != exampleSecret {
		u.Redact(value)
	}
	return id, jimm.NewSecret(value), nil
}

// The options that name a user secret.
const (
	optionCredentials = "jimm-credentials"
	optionControllers = "controller-credentials"
)

// newSecret is the command that makes a user secret and names it in the option.
// The secret is not granted then; the next status says so.
func newSecret(app, option string) string {
	content := app + " client-id=ID client-secret=SECRET"
	if option == optionControllers {
		content = "controllers " + keyControllers + "#file=controllers.json"
	}
	return fmt.Sprintf("juju config %s %s=$(juju add-secret %s)", app, option, content)
}

// exampleSecret is shown in commands in place of a secret. If it is typed as it is
// printed, it must not be removed from the next command.
const exampleSecret = "SECRET"

// userSecret reads the user secret that an option names, at its latest revision.
// Something that the administrator has to correct is a [*ProblemError]. The
// values of the keys in public need not be hidden.
func userSecret(ctx context.Context, u Reader, option, uri string, public ...string) (map[string]string, error) {
	app := u.Env().App()
	// Without a label: Juju would refuse the same one for the next secret that the
	// option names.
	content, err := u.Secret(ctx, uri, charm.SecretOptions{Refresh: true, Public: public, Examples: []string{exampleSecret}})
	switch {
	case errors.Is(err, charm.ErrSecretNotGranted):
		return nil, &ProblemError{What: "the secret in " + option + " is not granted", Remedy: "juju grant-secret " + uri + " " + app + ", then juju run " + u.Env().Unit + " check-access", Err: err}
	case errors.Is(err, charm.ErrSecretNotFound), errors.Is(err, charm.ErrSecretURI):
		return nil, &ProblemError{What: "the secret in " + option + " does not exist", Remedy: newSecret(app, option), Err: err}
	default:
		return content, err
	}
}
