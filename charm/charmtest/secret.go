package charmtest

import (
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Limits of a secret's content, in bytes.
const (
	maxSecretValue = 8 << 10
	maxSecretTotal = 64 << 10
)

// secret is a user secret as the controller keeps it.
type secret struct {
	id        string
	name      string
	revisions []map[string]string // index is the revision less one
	granted   bool                // to our application
}

func (s *secret) latest() int { return len(s.revisions) }

// secretID returns the id of "secret:<id>", "secret://<model>/<id>" or "<id>",
// or "" if the text is none of these.
func secretID(uri string) string {
	match := regexp.MustCompile(`^(?:secret:(?://)?(?:[0-9a-f-]{36}/)?)?([0-9a-v]{20})$`).FindStringSubmatch(uri)
	if match == nil {
		return ""
	}
	return match[1]
}

// AddSecret makes a secret and returns its URI. It runs no hook.
func (a *Agent) AddSecret(s Secret) (uri string, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.addSecret(s)
}

func (a *Agent) addSecret(s Secret) (string, error) {
	id := secretID(s.ID)
	if s.ID == "" {
		id = a.newSecretID()
	}
	if id == "" {
		return "", fmt.Errorf("secret %q: an id has 20 characters, 0 to 9 and a to v", s.ID)
	}
	if _, ok := a.secrets[id]; ok {
		return "", fmt.Errorf("secret %q is there twice", id)
	}
	if err := checkSecretContent(s.Content); err != nil {
		return "", fmt.Errorf("secret %q: %w", id, err)
	}
	a.secrets[id] = &secret{
		id: id, name: s.Label, revisions: []map[string]string{maps.Clone(s.Content)}, granted: !s.NotGranted,
	}
	return "secret:" + id, nil
}

// newSecretID makes an id in Juju's form. The ids are the same in every run.
func (a *Agent) newSecretID() string {
	a.lastSecret++
	var raw [12]byte
	binary.BigEndian.PutUint32(raw[:], 0x9b4d21ee)
	binary.BigEndian.PutUint64(raw[4:], a.lastSecret)
	return strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(raw[:]))
}

// checkSecretContent checks keys and sizes as Juju does.
func checkSecretContent(content map[string]string) error {
	if len(content) == 0 {
		return errors.New("missing secret value or filename")
	}
	total := 0
	rule := regexp.MustCompile(`^([a-z](?:-?[a-z0-9]){2,})$`)
	for _, key := range slices.Sorted(maps.Keys(content)) {
		if !rule.MatchString(key) {
			return fmt.Errorf("key %q not valid", key)
		}
		size := len(content[key])
		if size > maxSecretValue {
			return fmt.Errorf("secret content for key %q too large: %d bytes", key, size)
		}
		total += size
	}
	if total > maxSecretTotal {
		return fmt.Errorf("secret content too large: %d bytes", total)
	}
	return nil
}

// UpdateSecret gives a secret a new revision, as juju update-secret does. Units
// that have read it stay at the revision they track; run their secret-changed
// hook if the scenario wants it.
func (a *Agent) UpdateSecret(uri string, content map[string]string) (revision int, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, err := a.secret(uri)
	if err != nil {
		return 0, err
	}
	if err := checkSecretContent(content); err != nil {
		return 0, err
	}
	s.revisions = append(s.revisions, maps.Clone(content))
	return s.latest(), nil
}

// GrantSecret grants a user secret to the application, as juju grant-secret
// does. No hook follows.
func (a *Agent) GrantSecret(uri string) error { return a.setGrant(uri, true) }

// RevokeSecret takes the grant back.
func (a *Agent) RevokeSecret(uri string) error { return a.setGrant(uri, false) }

func (a *Agent) setGrant(uri string, granted bool) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, err := a.secret(uri)
	if err != nil {
		return err
	}
	s.granted = granted
	return nil
}

// RemoveSecret removes a secret with all its revisions.
func (a *Agent) RemoveSecret(uri string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, err := a.secret(uri)
	if err == nil {
		delete(a.secrets, s.id)
	}
	return err
}

// TrackedRevision returns the revision that the unit reads of a secret without
// peek or refresh; 0 if it has never read it.
func (a *Agent) TrackedRevision(uri string) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.tracked[secretID(uri)]
}

func (a *Agent) secret(uri string) (*secret, error) {
	if s, ok := a.secrets[secretID(uri)]; ok {
		return s, nil
	}
	return nil, fmt.Errorf("secret %q not found", uri)
}
