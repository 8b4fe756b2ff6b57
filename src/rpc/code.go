package rpc

// Code is an error code of the wire, as Juju and JIMM send it in "error-code"
// or in the "code" of an item error. It is an error itself, so that
// errors.Is(err, CodeNotFound) holds for everything that wraps an [*Error]
// with that code. Unknown codes are kept as they came.
type Code string //nolint:errname // see the constants

// The error codes of Juju 2.9 to 4.x and of JIMM that are distinguished here.
//
//nolint:errname // they are codes first; that they are errors too serves errors.Is
const (
	CodeNotFound           Code = "not found"
	CodeModelNotFound      Code = "model not found"
	CodeUnauthorized       Code = "unauthorized access"
	CodeDischargeRequired  Code = "macaroon discharge required"
	CodeRedirect           Code = "redirection required"
	CodeIncompatibleClient Code = "incompatible client" // Juju 2.9 and 3.0
	CodeNotImplemented     Code = "not implemented"     // also sent for facades before the login
	CodeNotSupported       Code = "not supported"

	// CodeModelMigrating is what JIMM of 2026 answers while it keeps a
	// migration mode for the model.
	CodeModelMigrating Code = "model migrating"
	// CodeMigrationInProgress is the code that Juju defines for a call on a
	// model that migrates. Servers up to 4.0 send it as the message and leave
	// the code empty; see [Error.Is].
	CodeMigrationInProgress Code = "model migration in progress"
)

// Error returns the code as the wire has it.
func (c Code) Error() string { return string(c) }
