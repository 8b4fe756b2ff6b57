package charmtest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v2"
)

// secretFields are what secret-add and secret-set may say of a secret.
type secretFields struct {
	label       string
	description string
	rotate      string
	expire      string
	owner       string
	file        string
	content     map[string]string
}

func (f *secretFields) flags(_ *execution, s *flagSet) {
	s.text(&f.label, "label")
	s.text(&f.description, "description")
	s.text(&f.rotate, "rotate")
	s.text(&f.expire, "expire")
	s.text(&f.owner, "owner")
	s.text(&f.file, "file")
}

// check checks the fields and reads the content from the arguments and files.
func (f *secretFields) check(x *execution, args []string) error {
	if err := f.checkRotation(); err != nil {
		return err
	}
	if f.owner == "" {
		f.owner = string(OwnerApplication)
	}
	if f.owner != string(OwnerApplication) && f.owner != string(OwnerUnit) {
		return fmt.Errorf("secret owner %q not valid", f.owner)
	}
	f.content = make(map[string]string)
	if f.file != "" {
		data, err := os.ReadFile(x.abs(f.file))
		if err != nil {
			return err
		}
		if err := yaml.Unmarshal(data, &f.content); err != nil {
			return err
		}
	}
	for _, arg := range args {
		if err := f.add(x, arg); err != nil {
			return err
		}
	}
	if len(f.content) == 0 {
		return nil
	}
	return checkSecretContent(f.content)
}

// add reads one "key=value", "key#base64=value" or "key#file=path".
func (f *secretFields) add(x *execution, arg string) error {
	key, value, ok := strings.Cut(arg, "=")
	if !ok || key == "" {
		return fmt.Errorf("key value %q not valid", arg)
	}
	key, form, _ := strings.Cut(key, "#")
	switch form {
	case "":
	case "base64":
		raw, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			return fmt.Errorf("key value %q not valid", arg)
		}
		value = string(raw)
	case "file":
		raw, err := os.ReadFile(x.abs(value))
		if err != nil {
			return fmt.Errorf("reading content for secret key %q: %w", key, err)
		}
		value = string(raw)
	default:
		return fmt.Errorf("key %q not valid", key+"#"+form)
	}
	f.content[key] = value
	return nil
}

func (f *secretFields) checkRotation() error {
	policies := []string{"", "never", "hourly", "daily", "weekly", "monthly", "quarterly", "yearly"}
	if !slices.Contains(policies, f.rotate) {
		return fmt.Errorf("rotate policy %q not valid", f.rotate)
	}
	if f.expire == "" {
		return nil
	}
	if d, err := time.ParseDuration(f.expire); err == nil {
		if d < 0 {
			return fmt.Errorf("negative expire duration %q not valid", f.expire)
		}
		return nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05"} {
		if _, err := time.Parse(layout, f.expire); err == nil {
			return nil
		}
	}
	return fmt.Errorf("expire time or duration %q not valid", f.expire)
}

// apply puts what was given into a secret; content becomes a new revision.
func (f *secretFields) apply(s *secret) {
	if f.label != "" {
		s.label = f.label
	}
	if f.description != "" {
		s.description = f.description
	}
	if f.rotate != "" {
		s.rotate = f.rotate
	}
	if len(f.content) > 0 {
		s.revisions = append(s.revisions, maps.Clone(f.content))
	}
}

type secretAdd struct {
	secretFields
}

func (c *secretAdd) init(x *execution, args []string) error {
	if len(args) == 0 && c.file == "" {
		return errors.New("missing secret value or filename")
	}
	return c.check(x, args)
}

func (c *secretAdd) run(x *execution) error {
	if c.owner == string(OwnerApplication) && !x.isLeader() {
		return errNotLeader
	}
	id := x.agent.newSecretID()
	s := &secret{id: id, owner: Owner(c.owner), rotate: "never", grants: map[string]bool{}}
	c.apply(s)
	x.run.pending.secrets[id] = s
	x.stdout.WriteString("secret:" + id + "\n")
	return nil
}

type secretSet struct {
	secretFields
	id string
}

func (c *secretSet) init(x *execution, args []string) (err error) {
	if len(args) == 0 {
		return errors.New("missing secret URI")
	}
	if c.id, err = parseSecretURI(args[0]); err != nil {
		return err
	}
	return c.check(x, args[1:])
}

func (c *secretSet) run(x *execution) error {
	s, err := x.writableSecret(c.id)
	if s == nil {
		return err
	}
	c.apply(s)
	x.run.pending.secrets[c.id] = s
	return nil
}

// writableSecret returns a copy of an own secret. It is nil, without an error,
// for one that is not the charm's: the controller refuses that, at the end.
func (x *execution) writableSecret(id string) (*secret, error) {
	s, ok := x.ownSecrets()[id]
	switch {
	case ok && s.owner == OwnerApplication && !x.isLeader():
		return nil, errNotLeader
	case ok:
		return s.clone(), nil
	}
	if _, exists := x.agent.secrets[id]; exists {
		x.run.pending.denied = errors.New("permission denied")
	} else {
		x.run.pending.denied = fmt.Errorf("secret %q not found", id)
	}
	return nil, nil
}

type secretRemove struct {
	id       string
	revision int
}

func (c *secretRemove) flags(_ *execution, s *flagSet) { s.number(&c.revision, "revision") }

func (c *secretRemove) init(_ *execution, args []string) (err error) {
	if len(args) == 0 {
		return errors.New("missing secret URI")
	}
	if c.id, err = parseSecretURI(args[0]); err != nil {
		return err
	}
	return unrecognized(args[1:])
}

func (c *secretRemove) run(x *execution) error {
	s, err := x.writableSecret(c.id)
	if s == nil {
		return err
	}
	if c.revision > 0 && c.revision < s.latest() {
		s.revisions[c.revision-1] = nil
		x.run.pending.secrets[c.id] = s
		return nil
	}
	x.run.pending.secrets[c.id] = nil
	return nil
}

// secretGrant is secret-grant and secret-revoke.
type secretGrant struct {
	revoke bool
	rel    relationFlag
	app    string
	unit   string
	id     string
}

func (c *secretGrant) flags(x *execution, s *flagSet) {
	c.rel.flags(x, s)
	s.text(&c.unit, "unit")
	if c.revoke {
		s.text(&c.app, "app", "application")
	}
}

func (c *secretGrant) init(_ *execution, args []string) (err error) {
	if len(args) == 0 {
		return errors.New("missing secret URI")
	}
	if c.id, err = parseSecretURI(args[0]); err != nil {
		return err
	}
	if app, _, ok := strings.Cut(c.unit, "/"); c.unit != "" && (!ok || !appName(app)) {
		return fmt.Errorf("unit %q not valid", c.unit)
	}
	if c.rel.rel == nil && c.app == "" && c.unit == "" {
		return errors.New("no relation id specified")
	}
	return unrecognized(args[1:])
}

func (c *secretGrant) run(x *execution) error {
	s, ok := x.ownSecrets()[c.id]
	if !ok {
		return fmt.Errorf("secret %q not found", c.id)
	}
	if s.owner == OwnerApplication && !x.isLeader() {
		return errNotLeader
	}
	s = s.clone()
	to := c.app + c.unit
	if c.rel.rel != nil {
		to = c.rel.rel.fakeID() + " " + c.unit
	}
	if c.revoke {
		delete(s.grants, to)
	} else {
		s.grants[to] = true
	}
	x.run.pending.secrets[c.id] = s
	return nil
}
