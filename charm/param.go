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
	value, err := wholeNumber(raw, 1)
	*n = Number(value)
	return err
}

// Count is a [Number] that may be 0.
type Count int

// UnmarshalJSON accepts 0, 2 and "2".
func (n *Count) UnmarshalJSON(raw []byte) error {
	value, err := wholeNumber(raw, 0)
	*n = Count(value)
	return err
}

// wholeNumber reads a number that is not below least. Null is 0.
func wholeNumber(raw []byte, least int) (int, error) {
	if string(raw) == "null" {
		return 0, nil
	}
	value, err := strconv.Atoi(string(bytes.Trim(raw, `"`)))
	if err != nil || bytes.ContainsAny(raw, "+-") || value < least || value > maxNumber {
		return 0, fmt.Errorf("cannot be %.40s: it must be a whole number from %d to %d", raw, least, maxNumber)
	}
	return value, nil
}
