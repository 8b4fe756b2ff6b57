package actions

import (
	"bytes"
	"fmt"
	"strconv"
)

// number is a parameter that counts, from 1 on. Like a [flag] it may be a text.
type number int

// maxNumber is what the schema in actions.yaml lets through at most.
const maxNumber = 999_999

// UnmarshalJSON takes 2 and "2".
func (n *number) UnmarshalJSON(raw []byte) error {
	if string(raw) == "null" {
		return nil
	}
	value, err := strconv.ParseUint(string(bytes.Trim(raw, `"`)), 10, 32)
	if err != nil || value == 0 || value > maxNumber {
		return fmt.Errorf("cannot be %.40s: it is a whole number from 1 to %d", raw, maxNumber)
	}
	*n = number(value)
	return nil
}
