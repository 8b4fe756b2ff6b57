package juju

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// Kinds of tags.
const (
	KindController = "controller"
	KindModel      = "model"
	KindUser       = "user"
	KindCloud      = "cloud"
)

// uuidPattern returns the form of a UUID that Juju accepts: lower case.
var uuidPattern = sync.OnceValue(func() *regexp.Regexp { //nolint:gochecknoglobals // a constant that has to be compiled
	return regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
})

// IsUUID reports whether s is a UUID as Juju writes it, in lower case.
func IsUUID(s string) bool { return uuidPattern().MatchString(s) }

// ModelTag returns the tag of a model, "model-<uuid>". It fails for a text that
// is not a UUID, also for an empty one, which servers interpret as something
// else.
func ModelTag(uuid string) (string, error) {
	if !IsUUID(uuid) {
		return "", fmt.Errorf("cannot use %q as a model UUID: need 36 characters such as 6f0e1c5e-3f0a-4d7e-8a57-8b6f3a1f0001", uuid)
	}
	return KindModel + "-" + uuid, nil
}

// UserTag returns the tag of a user, "user-<name>".
func UserTag(name string) string { return KindUser + "-" + name }

// TagID returns the id of a tag of the given kind, such as the UUID of
// "controller-<uuid>". It is empty for a tag of another kind.
func TagID(kind, tag string) string {
	id, ok := strings.CutPrefix(tag, kind+"-")
	if !ok {
		return ""
	}
	return id
}
