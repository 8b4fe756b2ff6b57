package charmtest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/juju/gnuflag"
)

func secretTools() map[string]tool {
	return map[string]tool{
		"secret-get": {"[options] [<ID>] [key[#base64]]", "Get the content of a secret.", func() command { return &secretGet{} }},
	}
}

// parseSecretURI reads the id of a secret from an argument.
func parseSecretURI(text string) (id string, err error) {
	if id = secretID(text); id == "" {
		return "", fmt.Errorf("secret URI %q not valid", text)
	}
	return id, nil
}

type secretGet struct {
	out     output
	label   string
	peek    bool
	refresh bool
	id      string
	key     string
}

func (c *secretGet) flags(_ *execution, s *gnuflag.FlagSet) {
	c.out.flags(s, "yaml", "json")
	text(s, &c.label, "label")
	toggle(s, &c.peek, "peek")
	toggle(s, &c.refresh, "refresh")
}

func (c *secretGet) init(_ *execution, args []string) (err error) {
	if len(args) > 0 && args[0] != "" && (c.label == "" || secretID(args[0]) != "" || strings.HasPrefix(args[0], "secret:")) {
		if c.id, err = parseSecretURI(args[0]); err != nil {
			return err
		}
		args = args[1:]
	}
	if c.id == "" && c.label == "" {
		return errors.New("require either a secret URI or label")
	}
	if c.peek && c.refresh {
		return errors.New("specify one of --peek or --refresh but not both")
	}
	if len(args) > 0 {
		c.key, args = args[0], args[1:]
	}
	return unrecognized(args)
}

func (c *secretGet) run(x *execution) error {
	content, err := x.readSecret(c)
	if err != nil {
		return err
	}
	if c.key == "" {
		return c.out.write(x, content)
	}
	key, encode := strings.CutSuffix(c.key, "#base64")
	value, ok := content[key]
	if !ok {
		return fmt.Errorf("secret key value %q not found", c.key)
	}
	if encode {
		value = base64.StdEncoding.EncodeToString([]byte(value))
	}
	return c.out.write(x, value)
}

// readSecret returns the content that the unit sees. The revision that the unit
// tracks and its label for the secret change at once.
func (x *execution) readSecret(c *secretGet) (map[string]string, error) {
	a := x.agent
	id := c.id
	if id == "" {
		if id = a.labels[c.label]; id == "" {
			return nil, fmt.Errorf("consumer label %q not found", c.label)
		}
	}
	s, ok := a.secrets[id]
	if !ok {
		return nil, fmt.Errorf("secret %q not found", id)
	}
	if !s.granted {
		return nil, errors.New("permission denied")
	}
	if c.id != "" && c.label != "" {
		if other := a.labels[c.label]; other != "" && other != id && a.secrets[other] != nil {
			// Juju 3.1 to 3.6 (state/secrets.go): a unit cannot use one label for two
			// secrets.
			return nil, fmt.Errorf("secret label %q for consumer %q already exists", c.label, "unit-"+strings.ReplaceAll(a.unit, "/", "-"))
		}
		maps.DeleteFunc(a.labels, func(_, labelled string) bool { return labelled == id })
		a.labels[c.label] = id
	}
	revision, known := a.tracked[id]
	if !known || c.refresh {
		revision = s.latest()
		a.tracked[id] = revision
	}
	if c.peek {
		revision = s.latest()
	}
	return s.revisions[revision-1], nil
}
