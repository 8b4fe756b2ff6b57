package facts

import (
	"errors"
	"fmt"
	"strings"
)

// ModelList is JIMM's list of models with the controller on record.
type ModelList struct {
	Models []Model
	// Gaps is why some models are missing; nil if none is.
	Gaps error
}

// Select returns the one model that the selector names, as [Select] does. From a list
// that has gaps, only a UUID or a full name does so for certain: a missing model may
// have the same bare name. The error is a [*SelectError], or says what the gaps are.
func (l ModelList) Select(selector string) (Model, error) {
	m, err := Select(l.Models, selector)
	if certain := err == nil && (strings.EqualFold(selector, m.UUID) || selector == m.FullName()); l.Gaps != nil && !certain {
		return Model{}, fmt.Errorf("cannot determine which model %q means: %w", selector, l.Gaps)
	}
	return m, err
}

// NotSelected returns the error as a [*SelectError], nil if it is none.
func NotSelected(err error) *SelectError {
	selection, _ := errors.AsType[*SelectError](err)
	return selection
}
