package charmtest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

func secretTools() map[string]tool {
	return map[string]tool{
		"secret-get":      {"[options] [<ID>] [key[#base64]]", "Get the content of a secret.", func() command { return &secretGet{} }},
		"secret-add":      {"[options] [key[#base64|#file]=value...]", "Add a new secret.", func() command { return &secretAdd{} }},
		"secret-set":      {"[options] <ID> [key[#base64]=value...]", "Update an existing secret.", func() command { return &secretSet{} }},
		"secret-remove":   {"[options] <ID>", "Remove an existing secret.", func() command { return &secretRemove{} }},
		"secret-grant":    {"[options] <ID>", "Grant access to a secret.", func() command { return &secretGrant{} }},
		"secret-revoke":   {"[options] <ID>", "Revoke access to a secret.", func() command { return &secretGrant{revoke: true} }},
		"secret-ids":      {"[options]", "Print secret IDs.", func() command { return &secretIDs{} }},
		"secret-info-get": {"[options] <ID>", "Get a secret's metadata info.", func() command { return &secretInfo{} }},
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

func (c *secretGet) flags(_ *execution, s *flagSet) {
	c.out.flags(s, "yaml", "json")
	s.text(&c.label, "label")
	s.toggle(&c.peek, "peek")
	s.toggle(&c.refresh, "refresh")
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

// readSecret returns the content that the unit is to see. What it tracks and
// how it calls the secret changes at once.
func (x *execution) readSecret(c *secretGet) (map[string]string, error) {
	a := x.agent
	id := c.id
	if id == "" {
		if id = x.findLabel(c.label); id == "" {
			return nil, fmt.Errorf("consumer label %q not found", c.label)
		}
	}
	if pending, ok := x.run.pending.secrets[id]; ok && pending != nil {
		if _, committed := a.secrets[id]; !committed || c.peek || c.refresh {
			return pending.revisions[pending.latest()-1], nil
		}
	}
	s, ok := a.secrets[id]
	if !ok {
		return nil, fmt.Errorf("secret %q not found", id)
	}
	if s.owner == OwnerModel && !s.granted {
		return nil, errors.New("permission denied")
	}
	if c.id != "" && c.label != "" {
		if other := a.labels[c.label]; other != "" && other != id && a.secrets[other] != nil {
			// Juju 3.1 to 3.6 (state/secrets.go): a unit cannot call two secrets the same.
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
	content := s.revisions[revision-1]
	if content == nil {
		return nil, fmt.Errorf("secret revision %d for %q not found", revision, id)
	}
	return content, nil
}

// findLabel finds a secret by the charm's own label of it, or by the label
// that this unit gave it.
func (x *execution) findLabel(label string) (id string) {
	for id, s := range x.ownSecrets() {
		if s.label == label {
			return id
		}
	}
	return x.agent.labels[label]
}

// ownSecrets returns the secrets that the charm owns, with this dispatch's
// writes.
func (x *execution) ownSecrets() map[string]*secret {
	out := make(map[string]*secret)
	for id, s := range x.agent.secrets {
		if s.owner != OwnerModel {
			out[id] = s
		}
	}
	for id, s := range x.run.pending.secrets {
		if s == nil {
			delete(out, id)
		} else {
			out[id] = s
		}
	}
	return out
}

type secretIDs struct {
	out output
}

func (c *secretIDs) flags(_ *execution, s *flagSet) { c.out.flags(s, "smart", "yaml", "json") }

func (c *secretIDs) init(_ *execution, args []string) error { return unrecognized(args) }

func (c *secretIDs) run(x *execution) error {
	var ids []string // nil prints null
	for id, s := range x.ownSecrets() {
		if s.owner == OwnerUnit || x.isLeader() {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return c.out.write(x, ids)
}

type secretInfo struct {
	out   output
	label string
	id    string
}

func (c *secretInfo) flags(_ *execution, s *flagSet) {
	c.out.flags(s, "yaml", "json")
	s.text(&c.label, "label")
}

func (c *secretInfo) init(_ *execution, args []string) (err error) {
	if len(args) > 0 {
		if c.id, err = parseSecretURI(args[0]); err != nil {
			return err
		}
		args = args[1:]
	}
	if c.id == "" && c.label == "" {
		return errors.New("require either a secret URI or label")
	}
	if c.id != "" && c.label != "" {
		return errors.New("specify either a secret URI or label but not both")
	}
	return unrecognized(args)
}

func (c *secretInfo) run(x *execution) error {
	for id, s := range x.ownSecrets() {
		if id != c.id && (c.label == "" || s.label != c.label) {
			continue
		}
		return c.out.write(x, map[string]any{id: map[string]any{
			"revision": s.latest(), "label": s.label, "owner": string(s.owner), "rotation": s.rotate,
		}})
	}
	name := c.id
	if name == "" {
		name = c.label
	}
	return fmt.Errorf("secret %q not found", name)
}
