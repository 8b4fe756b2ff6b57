package juju

import (
	"errors"

	"jimm-migrator/src/rpc"
)

// RedirectError reports that a model has moved to another controller, and to
// which: the target of the migration as its source knew it. It wraps the
// [*rpc.Error] with the code rpc.CodeRedirect.
type RedirectError struct {
	// Both may be empty: JIMM removes them from ModelInfo, Juju before 2.6 had no tag.
	ControllerUUID, ControllerAlias string

	err *rpc.Error
}

// Error returns the server's message.
func (e *RedirectError) Error() string { return e.err.Error() }

// Unwrap returns the *rpc.Error.
func (e *RedirectError) Unwrap() error { return e.err }

// AsRedirect returns the redirection that err carries, if it does: that of a
// model login (Juju 2.9 to 4.x) or of an item of ModelInfo. Details that do not decode
// are left empty.
func AsRedirect(err error) (*RedirectError, bool) {
	if redirect, ok := errors.AsType[*RedirectError](err); ok {
		return redirect, true
	}
	answer, isAnswer := errors.AsType[*rpc.Error](err)
	if !isAnswer || answer.Code != rpc.CodeRedirect {
		return nil, false //nolint:nilerr // err is what is asked about
	}
	var info struct {
		ControllerTag   string `json:"controller-tag"`
		ControllerAlias string `json:"controller-alias"`
	}
	_ = answer.DecodeInfo(&info) // what does decode is used, the rest stays empty
	return &RedirectError{
		ControllerUUID:  TagID(KindController, info.ControllerTag),
		ControllerAlias: info.ControllerAlias,
		err:             answer,
	}, true
}

// withRedirect returns err, made a [*RedirectError] if it is a redirection.
func withRedirect(err error) error {
	if redirect, ok := AsRedirect(err); ok {
		return redirect
	}
	return err
}
