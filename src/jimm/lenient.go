package jimm

import (
	"encoding/json"
	"errors"
	"time"
)

// Time is a time of the wire. Anything that is not a time becomes the zero time and
// is not an error, because the decoder would leave out everything after it.
type Time struct{ time.Time }

// UnmarshalJSON implements [json.Unmarshaler].
func (t *Time) UnmarshalJSON(data []byte) error {
	if err := t.Time.UnmarshalJSON(data); err != nil {
		t.Time = time.Time{}
	}
	return nil
}

// lenient ignores an error of json.Unmarshal about a value with an unexpected
// type: the decoder leaves out that value and decodes all the rest.
func lenient(err error) error {
	if _, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return nil
	}
	return err
}
