package actions

import (
	"bytes"
	"fmt"
)

// flag is a parameter that is true or false. It may be a text: juju run
// --string-args sends nothing else, and neither does juju_action of Terraform's
// provider for Juju (2.2).
type flag bool

// UnmarshalJSON takes true, false, "true" and "false".
func (f *flag) UnmarshalJSON(raw []byte) error {
	switch string(bytes.Trim(raw, `"`)) {
	case "true":
		*f = true
	case "false", "null":
		*f = false
	default:
		return fmt.Errorf("cannot be %.40s: it is true or false", raw)
	}
	return nil
}
