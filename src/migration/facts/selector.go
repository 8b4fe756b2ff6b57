package facts

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// SelectError reports why a selector does not name one model.
type SelectError struct {
	// Selector is what was given.
	Selector string
	// Candidates are the models that the selector matches; none if empty.
	Candidates []Model
	// Nearest are names that may have been meant, if there are no candidates.
	Nearest []string
	// Pattern reports that one model is needed and a pattern was given.
	Pattern bool
	// Unasked reports that a UUID was given, and that no controller was asked whether it has
	// the model, because the charm must not ask them.
	Unasked bool
}

// Error returns what was given, what would be right, and the nearest names.
func (e *SelectError) Error() string {
	if e.Ambiguous() {
		names := make([]string, len(e.Candidates))
		for i, m := range e.Candidates {
			names[i] = m.FullName() + " (" + m.UUID + ")"
		}
		return fmt.Sprintf("%d models are called %q: %s", len(names), e.Selector, strings.Join(names, ", "))
	}
	text := fmt.Sprintf("JIMM has no model %q", e.Selector)
	switch {
	case unquoted(e.Selector) == "":
		text = "no model was given"
	case e.Pattern:
		text = fmt.Sprintf("%q is a pattern, but one model is needed", e.Selector)
	case IsPattern(e.Selector):
		text = fmt.Sprintf("no model matches the pattern %q", e.Selector)
	default:
		text += cmp.Or(foreign(e.Selector), uuidFault(e.Selector, "model"))
	}
	if e.Unasked {
		text += "; JIMM may have lost it, and the controllers were not asked (probe-controllers=false): set that to true and run locate-model"
	}
	if len(e.Nearest) > 0 {
		text += "; did you mean " + strings.Join(e.Nearest, " or ") + "?"
	}
	return text
}

// UUID returns the UUID that was given, "" if something else was. Controllers can be
// asked about a model that JIMM does not know only by its UUID.
func (e *SelectError) UUID() string {
	if e.Ambiguous() {
		return ""
	}
	return SelectedUUID(e.Selector)
}

// SelectedUUID returns the UUID by which a selector names a model, "" if it names one by
// something else.
func SelectedUUID(selector string) string {
	for _, text := range readings(selector, "model") {
		if isUUID(text) {
			return strings.ToLower(text)
		}
	}
	return ""
}

// Ambiguous reports whether several models match.
func (e *SelectError) Ambiguous() bool { return len(e.Candidates) > 0 }

// Select returns the one model that the selector names, in any form in which Juju
// and JIMM print one: its UUID, "owner/name", or the name alone if it is unique;
// behind "controller:", which is the client's name of JIMM; the UUID in capitals;
// the owner without the domain if that is unique, or as Juju 4 qualifies names with it
// ("alice-example-com/prod"); as a tag ("model-UUID", and
// "model:UUID" in JIMM's access rules). It never guesses: the error is a
// [*SelectError] that lists the candidates or the nearest names.
func Select(models []Model, selector string) (Model, error) {
	if IsPattern(selector) {
		e := &SelectError{Selector: selector, Pattern: true}
		if matches, err := SelectAll(models, selector); err == nil {
			for _, m := range matches[:min(len(matches), mostNearest)] {
				e.Nearest = append(e.Nearest, m.FullName())
			}
		}
		return Model{}, e
	}
	matches := match(models, selector)
	if len(matches) != 1 {
		return Model{}, NoModel(models, selector, matches)
	}
	return matches[0], nil
}

// NoModel is the error of a selector that does not name one model.
func NoModel(models []Model, selector string, matches []Model) *SelectError {
	e := &SelectError{Selector: selector, Candidates: matches}
	if len(matches) > 0 {
		return e
	}
	if IsPattern(selector) {
		e.Nearest = nearPatterns(models, selector)
		return e
	}
	if uuid := uuidWithin(selector); uuid != "" {
		for _, m := range models {
			if strings.EqualFold(m.UUID, uuid) {
				e.Nearest = append(e.Nearest, m.FullName())
			}
		}
		if len(e.Nearest) > 0 {
			return e
		}
	}
	said := readings(selector, "model")
	e.Nearest = nearestOf(said, func(typed string) map[string][]string {
		return namesOf(models, func(m Model) []string { return m.forms(typed) })
	})
	if len(e.Nearest) > 0 {
		return e
	}
	// The owner may be another one, and the text the URL of an offer.
	if _, name, owned := strings.Cut(said[len(said)-1], "/"); owned {
		name, _, _ = strings.Cut(name, ".")
		e.Nearest = nearest(name, namesOf(models, func(m Model) []string { return []string{m.Name} }))
	}
	if len(e.Nearest) == 0 {
		e.Nearest = namedWithin(selector, func(part string) []string { return fullNames(match(models, part)) })
	}
	if len(e.Nearest) == 0 {
		owned := slices.DeleteFunc(slices.Clone(models), func(m Model) bool { return !m.ownedBy(unquoted(selector)) })
		e.Nearest = fullNames(owned[:min(len(owned), mostNearest)])
	}
	return e
}

// ownedBy reports whether a text is the name of the model's owner, with or without the domain.
func (m Model) ownedBy(text string) bool {
	short, _, _ := strings.Cut(m.Owner, "@")
	return text == m.Owner || text == short
}

func fullNames(models []Model) []string {
	out := make([]string, len(models))
	for i, m := range models {
		out[i] = m.FullName()
	}
	return out
}

// namedWithin returns what the parts of a text name: of a list, or of a name with something
// beside it, such as "prod,stage", "prod (alice@example.com)" or a unit, "prod/0". A part that
// commas and spaces divide counts before one that a slash or a dot divides.
func namedWithin(text string, named func(part string) []string) []string {
	for _, between := range []string{",;|()<>[]{} \t\r\n", ",;|()<>[]{} \t\r\n/:."} {
		var out []string
		for part := range strings.FieldsFuncSeq(unquoted(text), func(r rune) bool { return strings.ContainsRune(between, r) }) {
			for _, name := range named(unquoted(part)) {
				if !slices.Contains(out, name) && len(out) < mostNearest {
					out = append(out, name)
				}
			}
		}
		if len(out) > 0 {
			return out
		}
	}
	return nil
}

// NamedBy reports whether the selector is the model's UUID or full name, in any form in
// which they are printed: the model and no other one was meant.
func (m Model) NamedBy(selector string) bool {
	return slices.ContainsFunc(readings(selector, "model"), func(text string) bool {
		return text == m.FullName() || text == Qualifier(m.Owner)+"/"+m.Name || strings.EqualFold(text, m.UUID)
	})
}

// nearPatterns are those that match something, of what a pattern that matches nothing may
// mean: without the client's name of a controller, and with the whole name of the owner.
func nearPatterns(models []Model, selector string) []string {
	var out []string
	add := func(pattern string) {
		if found, err := SelectAll(models, pattern); err == nil && len(found) > 0 && !slices.Contains(out, pattern) && len(out) < mostNearest {
			out = append(out, pattern)
		}
	}
	pattern := unquoted(selector)
	if _, behind, found := strings.Cut(pattern, ":"); found {
		pattern = behind
	}
	add(pattern)
	owner, name, _ := strings.Cut(pattern, "/")
	for _, m := range models {
		if short, _, _ := strings.Cut(m.Owner, "@"); owner == short || owner == Qualifier(m.Owner) {
			add(m.Owner + "/" + name)
		}
	}
	return out
}

// namesOf returns the forms of each model, by its full name.
func namesOf(models []Model, forms func(Model) []string) map[string][]string {
	out := map[string][]string{}
	for _, m := range models {
		out[m.FullName()] = append(out[m.FullName()], forms(m)...)
	}
	return out
}

// forms are those of the model's names that a text of such a shape may mean.
func (m Model) forms(typed string) []string {
	const shortID = 6 // The last characters of a UUID, which Juju prints.
	switch owner, _, _ := strings.Cut(m.Owner, "@"); {
	case looksLikeUUID(typed):
		return []string{m.UUID, strings.ReplaceAll(m.UUID, "-", "")}
	case strings.Contains(typed, "/"):
		return []string{m.FullName(), owner + "/" + m.Name, Qualifier(m.Owner) + "/" + m.Name}
	case len(typed) >= shortID && strings.Trim(typed, "0123456789abcdefABCDEF") == "" && m.hasDigits(strings.ToLower(typed)):
		return []string{m.Name, typed}
	default:
		return []string{m.Name}
	}
}

// hasDigits reports whether the text is a part of the model's UUID, with or without its
// hyphens.
func (m Model) hasDigits(text string) bool {
	return strings.Contains(m.UUID, text) || strings.Contains(strings.ReplaceAll(m.UUID, "-", ""), text)
}

// SelectAll returns the models that the selector matches: as [Select], and a
// glob with *, ? or […] over the bare names or, if it has a slash, over
// "owner/name". An error means that the glob is malformed.
func SelectAll(models []Model, selector string) ([]Model, error) {
	if !IsPattern(selector) {
		return match(models, selector), nil
	}
	selector = unquoted(selector)
	var out []Model
	for _, m := range models {
		name := m.Name
		if strings.Contains(selector, "/") {
			name = m.FullName()
		}
		ok, err := path.Match(selector, name)
		if err != nil {
			return nil, fmt.Errorf("cannot read the pattern %q: %w; a bracket needs its counterpart, as in [ab]*", selector, err)
		}
		if ok {
			out = append(out, m)
		}
	}
	return out, nil
}

func match(models []Model, selector string) []Model {
	for _, text := range readings(selector, "model") {
		for _, same := range []func(m Model) bool{
			func(m Model) bool { return text == m.UUID || text == m.FullName() || text == m.Name },
			func(m Model) bool { return looksLikeUUID(text) && strings.EqualFold(text, m.UUID) },
			func(m Model) bool {
				owner, _, domain := strings.Cut(m.Owner, "@")
				return domain && text == owner+"/"+m.Name
			},
			func(m Model) bool { return text == Qualifier(m.Owner)+"/"+m.Name },
		} {
			var out []Model
			for _, m := range models {
				if same(m) {
					out = append(out, m)
				}
			}
			if len(out) > 0 {
				return out
			}
		}
	}
	return nil
}

// unquoted returns a text without the spaces, the quotes and the invisible characters around
// it that were copied with it.
func unquoted(text string) string {
	return strings.TrimFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) || strings.ContainsRune("\"'`“”‘’«»", r)
	})
}

// foreign returns that a text has characters which no name has: models, users and controllers
// of Juju have ASCII names. They are written as numbers, because they can look like others.
func foreign(text string) string {
	other := strings.Map(func(r rune) rune {
		if r <= unicode.MaxASCII {
			return -1
		}
		return r
	}, unquoted(text))
	if other == "" {
		return ""
	}
	return fmt.Sprintf("; it has characters that no name has: %+q", other)
}

// readings are what a text can mean, the likeliest first: itself without spaces and quotes
// around it; what its tag is of, where it is one; and what stands behind the name of a
// controller, which Juju's client prints before a colon.
func readings(text, kind string) []string {
	text = unquoted(text)
	out := []string{text}
	if tagged, is := strings.CutPrefix(text, kind+"-"); is {
		out = append(out, tagged)
	}
	for _, t := range slices.Clone(out) {
		if _, behind, found := strings.Cut(t, ":"); found {
			out = append(out, behind)
		}
	}
	return out
}

// IsPattern reports whether a selector is a glob, as [SelectAll] takes it.
func IsPattern(selector string) bool { return strings.ContainsAny(selector, "*?[") }

// uuidLength is that of a UUID with its hyphens.
const uuidLength = 36

// uuidWithin returns the UUID that a longer text contains, such as the address of a model
// ("wss://HOST/model/UUID/api"); "" if it contains none.
func uuidWithin(text string) string {
	return regexp.MustCompile(`\b[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\b`).FindString(text)
}

func isUUID(text string) bool {
	return regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`).MatchString(text)
}

// looksLikeUUID reports whether a text was meant as a UUID: it has the shape of one, or its
// length and hardly any other letters, such as an "o" in place of a zero.
func looksLikeUUID(text string) bool {
	const few, spare = 3, 6
	if strings.Contains(text, "/") {
		return false // The owner of a model may be a service account, which has a UUID for a name.
	}
	shaped := regexp.MustCompile(`^[0-9A-Fa-f]{6,}-[0-9A-Fa-f]+-[0-9A-Fa-f-]+$`).MatchString(text)
	long := len(text) >= uuidLength-spare && len(text) <= uuidLength+spare
	return shaped || long && len(otherThanUUID(text)) <= few
}

// otherThanUUID returns the characters of a text that no UUID has.
func otherThanUUID(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("0123456789abcdefABCDEF-", r) {
			return -1
		}
		return r
	}, text)
}

// uuidFault returns why a text that was meant as a UUID is not one; "" if it is one, or was
// not meant as one. The kind is that of its tag.
func uuidFault(selector, kind string) string {
	said := readings(selector, kind)
	if slices.ContainsFunc(said, isUUID) {
		return ""
	}
	for _, text := range slices.Backward(said) { // What stands behind a tag comes last.
		other := otherThanUUID(text)
		switch {
		case !looksLikeUUID(text):
		case other != "":
			return fmt.Sprintf("; a UUID has only digits, the letters a to f and hyphens, and this one has %q", other)
		case len(text) != uuidLength:
			return fmt.Sprintf("; a UUID has %d characters, and this one has %d", uuidLength, len(text))
		default:
			return "; the hyphens of a UUID are in other places: 8-4-4-4-12 characters"
		}
	}
	return ""
}
