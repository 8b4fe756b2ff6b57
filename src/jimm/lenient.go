package jimm

import (
	"encoding/json"
	"errors"
	"time"
)

// Time is a time of the wire. What is not a time is the zero time, and no error: the
// decoder would leave out all that follows it.
type Time struct{ time.Time }

// UnmarshalJSON implements [json.Unmarshaler].
func (t *Time) UnmarshalJSON(data []byte) error {
	if err := t.Time.UnmarshalJSON(data); err != nil {
		t.Time = time.Time{}
	}
	return nil
}

// lenient forgives an error of json.Unmarshal that says that a value has
// a type other than expected: the decoder leaves that one out and decodes all
// the rest.
func lenient(err error) error {
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return nil
	}
	return err
}
