package charm

import (
	"bytes"
	"fmt"
	"strconv"
)

// Flag is a parameter of an action that is true or false. It may be a text: juju run
// --string-args sends nothing else, and neither does juju_action of Terraform's
// provider for Juju (2.2).
type Flag bool

// UnmarshalJSON accepts true, false, "true" and "false".
func (f *Flag) UnmarshalJSON(raw []byte) error {
	switch string(bytes.Trim(raw, `"`)) {
	case "true":
		*f = true
	case "false", "null":
		*f = false
	default:
		return fmt.Errorf("cannot be %.40s: it must be true or false", raw)
	}
	return nil
}

// Number is a parameter of an action that is a whole number from 1 on. Like a
// [Flag] it may be a text.
type Number int

// maxNumber is the largest [Number].
const maxNumber = 999_999

// UnmarshalJSON accepts 2 and "2".
func (n *Number) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		return nil
	}
	value, err := strconv.ParseUint(string(bytes.Trim(raw, `"`)), 10, 32)
	if err != nil || value == 0 || value > maxNumber {
		return fmt.Errorf("cannot be %.40s: it must be a whole number from 1 to %d", raw, maxNumber)
	}
	*n = Number(value)
	return nil
}
