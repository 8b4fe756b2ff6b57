package jimm

import (
	"encoding/json"
	"errors"
)

// lenient forgives an error of json.Unmarshal that says that a value has
// a type other than expected: the decoder leaves that one out and decodes all
// the rest.
func lenient(err error) error {
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return nil
	}
	return err
}
