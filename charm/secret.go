package charm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// Why a secret cannot be read; see errors.Is.
var (
	// ErrSecretURI means that the secret's URI is not one.
	ErrSecretURI = errors.New("not the URI of a secret")
	// ErrSecretNotFound means that there is no such secret, or none of that label.
	ErrSecretNotFound = errors.New("no such secret")
	// ErrSecretNotGranted means that the secret exists and was not granted to
	// this application. A later grant fires no hook.
	ErrSecretNotGranted = errors.New("the secret is not granted to this application")
)

// SecretOptions say how to read a secret.
type SecretOptions struct {
	// Label is the name by which the charm will know the secret from now on;
	// with an empty URI, the name by which it knows it. A unit cannot know two
	// secrets by one name (Juju 3.6): give none to the secret of a config option,
	// which may be another one tomorrow.
	Label string
	// Refresh moves to the latest revision and stays there; Peek reads the
	// latest and stays at the old one. Without both the first revision that
	// was ever read is read again.
	Refresh, Peek bool
	// Public names keys whose values may be shown, such as a user name. All
	// other values are hidden from then on.
	Public []string
	// Examples are values that stand in the charm's own examples, such as
	// "SECRET". A user who types one as it is printed has no secret yet, and
	// the same example must not be redacted next time.
	Examples []string
}

// Secret reads the content of a secret, by the URI that a config option of
// type secret has, or by label. The values never pass through this package
// again: where they turn up in results, progress, status, log or errors,
// "[redacted]" stands instead, if they have at least four bytes. Each call
// asks the controller.
func (u *Unit) Secret(ctx context.Context, uri string, opts SecretOptions) (map[string]string, error) {
	name := uri
	if name == "" {
		name = opts.Label
	}
	if name == "" || strings.HasPrefix(uri, "-") || strings.ContainsFunc(uri, unspeakable) {
		return nil, fmt.Errorf("cannot read secret %q: %w", name, ErrSecretURI)
	}
	if opts.Refresh && opts.Peek {
		return nil, fmt.Errorf("cannot read secret %q: use refresh or peek, not both", name)
	}
	var args []string
	if opts.Refresh {
		args = append(args, "--refresh")
	}
	if opts.Peek {
		args = append(args, "--peek")
	}
	if opts.Label != "" {
		args = append(args, "--label", opts.Label)
	}
	if uri != "" {
		args = append(args, uri)
	}
	var content map[string]string
	if err := u.agent.query(ctx, &content, "secret-get", args...); err != nil {
		return nil, u.secretError(name, err)
	}
	for _, key := range slices.Sorted(maps.Keys(content)) {
		if !slices.Contains(opts.Public, key) && !slices.Contains(opts.Examples, content[key]) {
			u.agent.secrets.add(content[key])
		}
	}
	return content, nil
}

// secretError adds to the tool's error what it means and what to do.
func (u *Unit) secretError(name string, err error) error {
	tool, ok := errors.AsType[*ToolError](err)
	switch {
	case !ok:
	case tool.PermissionDenied():
		return fmt.Errorf("cannot read secret %q: %w (run: juju grant-secret %s %s): %w",
			name, ErrSecretNotGranted, name, u.Env().App(), err)
	case tool.NotFound():
		return fmt.Errorf("cannot read secret %q: %w: %w", name, ErrSecretNotFound, err)
	case tool.says("secret uri"):
		return fmt.Errorf("cannot read secret %q: %w: %w", name, ErrSecretURI, err)
	}
	return fmt.Errorf("cannot read secret %q: %w", name, err)
}

// unspeakable reports which characters no name in Juju contains.
func unspeakable(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }
