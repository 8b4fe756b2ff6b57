package jimm

import (
	"fmt"
	"strings"

	"jimm-migrator/src/juju"
	"jimm-migrator/src/rpc"
)

// argumentError reports why a call was refused here, for its arguments, before
// anything was sent.
type argumentError struct{ reason string }

// Error returns the reason.
func (e *argumentError) Error() string { return e.reason }

// Is matches rpc.ErrNotSent: nothing can have changed.
func (e *argumentError) Is(target error) bool { return target == rpc.ErrNotSent }

// modelTag checks the uuid of a model and returns its tag.
func modelTag(uuid string) string { return juju.KindModel + "-" + uuid }

// checkModelUUID refuses what is not a canonical uuid: other spellings of one
// pass JIMM's checks and are then not found (JIMM of July 2026, recorded).
func checkModelUUID(uuid string) error {
	if uuid == "" {
		return &argumentError{reason: "the model's UUID is empty"}
	}
	if !juju.IsUUID(uuid) {
		return &argumentError{reason: "need a model UUID in lower case, such as 9e0a4c8e-4b3f-4a52-8c0b-3a0f4d2f6a10"}
	}
	return nil
}

// checkModelRef refuses what is neither a canonical uuid nor owner/name.
func checkModelRef(model string) error {
	if juju.IsUUID(model) {
		return nil
	}
	owner, name, _ := strings.Cut(model, "/")
	if owner == "" || name == "" || strings.Contains(name, "/") || hasSpace(model) {
		return &argumentError{reason: "need a model UUID in lower case, or owner/name"}
	}
	return nil
}

// checkController refuses an empty controller name and one that no JIMM can
// have.
func checkController(name string) error {
	if name == "" {
		return &argumentError{reason: "the controller's name is empty"}
	}
	if hasSpace(name) {
		return &argumentError{reason: "a controller name cannot contain spaces"}
	}
	return nil
}

func hasSpace(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f })
}

// uuidOfController returns the uuid of a controller's tag. What servers send is
// taken as it is: nothing is looked up by it.
func uuidOfController(tag string) (string, error) {
	uuid := juju.TagID(juju.KindController, tag)
	if uuid == "" {
		return "", fmt.Errorf("%q is not the tag of a controller", tag)
	}
	return uuid, nil
}
