package facts

import (
	"fmt"
	"path"
	"strings"
)

// SelectError says why a selector does not name one model.
type SelectError struct {
	Selector string
	// Candidates are the models that the selector matches; none if empty.
	Candidates []Model
}

// Error names the selector, the candidates and the remedy.
func (e *SelectError) Error() string {
	if len(e.Candidates) == 0 {
		return fmt.Sprintf("cannot find model %q: JIMM does not know it, or this identity may not see it", e.Selector)
	}
	names := make([]string, len(e.Candidates))
	for i, m := range e.Candidates {
		names[i] = m.FullName() + " (" + m.UUID + ")"
	}
	return fmt.Sprintf("cannot tell which model %q means: use the full name or the UUID of one of %s", e.Selector, strings.Join(names, ", "))
}

// Select returns the one model that the selector names: a UUID, "owner/name",
// or a bare name if it is unique. It never guesses: the error is a
// [*SelectError] that lists the candidates.
func Select(models []Model, selector string) (Model, error) {
	matches := match(models, selector)
	if len(matches) != 1 {
		return Model{}, &SelectError{Selector: selector, Candidates: matches}
	}
	return matches[0], nil
}

// SelectAll returns the models that the selector matches: as [Select], and a
// glob with *, ? or […] over the bare names or, if it has a slash, over
// "owner/name". An error means that the glob is malformed.
func SelectAll(models []Model, selector string) ([]Model, error) {
	if !strings.ContainsAny(selector, "*?[") {
		return match(models, selector), nil
	}
	var out []Model
	for _, m := range models {
		name := m.Name
		if strings.Contains(selector, "/") {
			name = m.FullName()
		}
		ok, err := path.Match(selector, name)
		if err != nil {
			return nil, fmt.Errorf("cannot read the pattern %q: %w", selector, err)
		}
		if ok {
			out = append(out, m)
		}
	}
	return out, nil
}

func match(models []Model, selector string) []Model {
	var out []Model
	for _, m := range models {
		if selector == m.UUID || selector == m.FullName() || selector == m.Name {
			out = append(out, m)
		}
	}
	return out
}
