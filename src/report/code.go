package report

import (
	"errors"

	"jimm-migrator/src/rpc"
)

// wireCode returns the code of the error as a server gave it, or "".
func wireCode(err error) string {
	if wire, ok := errors.AsType[*rpc.Error](err); ok {
		return string(wire.Code)
	}
	if errors.Is(err, rpc.ErrConnection) {
		return "connection lost"
	}
	return ""
}
