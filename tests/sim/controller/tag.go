package controller

import (
	"regexp"
	"strings"

	"jimm-migrator/tests/sim/wire"
)

// Tags and the errors for invalid ones, which have no code in Juju up to 3.6 (recorded with 4.0-beta8).

func validKind(kind string) bool {
	switch kind {
	case "user", "model", "controller", "machine", "unit", "application", "cloud", "cloudcred":
		return true
	default:
		return false
	}
}

func splitTag(tag string) (kind, id string, err error) {
	kind, id, ok := strings.Cut(tag, "-")
	if !ok || id == "" || !validKind(kind) {
		return "", "", wire.Errorf("", "%q is not a valid tag", tag)
	}
	return kind, id, nil
}

func modelTag(tag string) (uuid string, err error) {
	kind, id, err := splitTag(tag)
	if err != nil {
		return "", err
	}
	if kind != "model" || !validUUID(id) {
		return "", wire.Errorf("", "%q is not a valid model tag", tag)
	}
	return id, nil
}

// userTag returns the user name. JIMM of 2026 sends the tag "user-user-jaas-<uuid>@external" (recorded); the name
// "user-jaas-…" is a valid one.
func userTag(tag string) (name string, err error) {
	kind, id, err := splitTag(tag)
	if err != nil {
		return "", err
	}
	valid := regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9.+-]*[a-zA-Z0-9](@[a-zA-Z0-9][a-zA-Z0-9.-]*)?$|^[a-zA-Z0-9]$`)
	if kind != "user" || !valid.MatchString(id) {
		return "", wire.Errorf("", "%q is not a valid user tag", tag)
	}
	return id, nil
}

// anonymousUser logs in without credentials; Juju controllers do so for cross-model relations (documented).
const anonymousUser = "jujuanonymous"
