package conform

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// AnyOrder is the first element of an array in a fixture; the other elements may come in any order.
const AnyOrder = "<any order>"

// Matcher compares messages with recorded ones. Placeholders in these stand for values that vary.
type Matcher struct {
	// Vars are the values that the replay knows, e.g. "ctl-a.addr". A placeholder <name> in a fixture stands for the
	// value of the variable if there is one, otherwise for any value of the kind that it names; see README.md.
	Vars map[string]string

	// Docs are placeholders that stand for a whole JSON value, e.g. "facades".
	Docs map[string]string

	// AtLeast accepts keys that are not in the recording: a server may answer more than a client needs.
	AtLeast bool

	mu       sync.Mutex // Replays of several servers share a matcher.
	captured map[string]string
}

// Diff returns the differences between got and want, one per line, or "" if got matches.
func (m *Matcher) Diff(want, got string) string {
	w, err := decode(want)
	if err != nil {
		return fmt.Sprintf("the fixture is not JSON: %v: %s", err, want)
	}
	g, err := decode(got)
	if err != nil {
		return fmt.Sprintf("not JSON: %v: %q", err, got)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.captured == nil {
		m.captured = map[string]string{}
	}
	saved := maps.Clone(m.captured)
	diffs := m.value("", w, g)
	if diffs != nil {
		m.captured = saved
	}
	return strings.Join(diffs, "\n")
}

// Expand replaces the placeholders of a recorded message, for sending. A placeholder for any value of a kind gets a
// fixed value of that kind.
func (m *Matcher) Expand(message string) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	message = quotedNumber().ReplaceAllStringFunc(message, func(s string) string { // "port":"<ctl-a.port>"
		if value, ok := m.Vars[s[2:len(s)-2]]; ok {
			return value
		}
		return s
	})
	message = quotedPlaceholder().ReplaceAllStringFunc(message, func(s string) string {
		name := s[2 : len(s)-2]
		if doc, ok := m.Docs[name]; ok {
			return doc
		}
		if name == "int" {
			return "1"
		}
		return s
	})
	message = strings.ReplaceAll(message, strconv.Quote(AnyOrder)+",", "")
	return placeholder().ReplaceAllStringFunc(message, func(s string) string {
		name := s[1 : len(s)-1]
		if value, ok := m.Vars[name]; ok {
			return jsonText(value)
		}
		if value, ok := m.captured[name]; ok {
			return jsonText(value)
		}
		kind, _, _ := strings.Cut(name, ":")
		if k, ok := kinds()[kind]; ok {
			return jsonText(k.example)
		}
		return s
	})
}

func decode(s string) (any, error) {
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		return nil, err
	}
	if dec.More() {
		return nil, errors.New("more than one JSON value")
	}
	return v, nil
}

func (m *Matcher) value(path string, want, got any) []string {
	if s, ok := want.(string); ok && placeholder().MatchString(s) {
		return m.placeholder(path, s, got)
	}
	switch w := want.(type) {
	case map[string]any:
		return m.object(path, w, got)
	case []any:
		return m.array(path, w, got)
	default:
		if want != got {
			return differs(path, want, got)
		}
		return nil
	}
}

func (m *Matcher) object(path string, want map[string]any, got any) []string {
	g, ok := got.(map[string]any)
	if !ok {
		return differs(path, want, got)
	}
	var diffs []string
	for _, key := range slices.Sorted(maps.Keys(want)) {
		at := strings.TrimPrefix(path+"."+key, ".")
		if v, ok := g[key]; ok {
			diffs = append(diffs, m.value(at, want[key], v)...)
		} else {
			diffs = append(diffs, fmt.Sprintf("%s: missing, want %s", at, text(want[key])))
		}
	}
	if m.AtLeast {
		return diffs
	}
	for _, key := range slices.Sorted(maps.Keys(g)) {
		if _, ok := want[key]; !ok {
			at := strings.TrimPrefix(path+"."+key, ".")
			diffs = append(diffs, fmt.Sprintf("%s: not in the recording, got %s", at, text(g[key])))
		}
	}
	return diffs
}

func (m *Matcher) array(path string, want []any, got any) []string {
	g, ok := got.([]any)
	if !ok {
		return differs(path, want, got)
	}
	if len(want) > 0 && want[0] == AnyOrder {
		return m.unordered(path, want[1:], g)
	}
	if len(want) != len(g) {
		return []string{fmt.Sprintf("%s: want %d elements, got %d\n  want %s\n  got  %s",
			path, len(want), len(g), text(want), text(g))}
	}
	var diffs []string
	for i := range want {
		diffs = append(diffs, m.value(fmt.Sprintf("%s[%d]", path, i), want[i], g[i])...)
	}
	return diffs
}

func (m *Matcher) unordered(path string, want, got []any) []string {
	rest := slices.Clone(got)
	var diffs []string
	for i, w := range want {
		at := fmt.Sprintf("%s[%d, any order]", path, i)
		j := slices.IndexFunc(rest, func(g any) bool { return m.value(at, w, g) == nil })
		if j < 0 {
			diffs = append(diffs, fmt.Sprintf("%s: missing %s\n  among %s", at, text(w), text(got)))
			continue
		}
		rest = slices.Delete(rest, j, j+1)
	}
	if len(rest) > 0 && !m.AtLeast {
		diffs = append(diffs, fmt.Sprintf("%s: not in the recording: %s", path, text(rest)))
	}
	return diffs
}

// placeholder compares a recorded string with placeholders in it.
func (m *Matcher) placeholder(path, want string, got any) []string {
	name := ""
	if placeholder().FindString(want) == want {
		name = want[1 : len(want)-1]
	}
	if doc, ok := m.Docs[name]; ok {
		w, err := decode(doc)
		if err != nil {
			return []string{fmt.Sprintf("%s: <%s> is not JSON: %v", path, name, err)}
		}
		return m.value(path, w, got)
	}
	if name == "any" {
		return nil
	}
	var is string
	switch g := got.(type) {
	case string:
		is = g
	case json.Number:
		if _, known := m.Vars[name]; !known && name != "int" {
			return differs(path, want, got)
		}
		is = g.String()
	default:
		return differs(path, want, got)
	}
	if !m.matchString(want, is) {
		return differs(path, want, got)
	}
	return nil
}

// matchString compares a string with a recorded one, placeholder by placeholder.
func (m *Matcher) matchString(want, got string) bool {
	var pattern strings.Builder
	var names []string // of captures, by group
	last := 0
	for _, at := range placeholder().FindAllStringIndex(want, -1) {
		pattern.WriteString(regexp.QuoteMeta(want[last:at[0]]))
		last = at[1]
		name := want[at[0]+1 : at[1]-1]
		kind, capture, _ := strings.Cut(name, ":")
		value, known := m.Vars[name]
		if !known {
			value, known = m.captured[name]
		}
		switch k, ok := kinds()[kind]; {
		case known:
			pattern.WriteString(regexp.QuoteMeta(value))
		case !ok:
			pattern.WriteString(regexp.QuoteMeta(want[at[0]:at[1]]))
		case capture != "":
			names = append(names, name)
			pattern.WriteString("(" + k.pattern + ")")
		default:
			pattern.WriteString("(?:" + k.pattern + ")")
		}
	}
	pattern.WriteString(regexp.QuoteMeta(want[last:]))
	groups := regexp.MustCompile(`(?s)\A` + pattern.String() + `\z`).FindStringSubmatch(got)
	if groups == nil {
		return false
	}
	for i, name := range names {
		m.captured[name] = groups[i+1]
	}
	return true
}

// Unknown returns the placeholders in a message that are neither a variable nor a kind.
func (m *Matcher) Unknown(message string) []string {
	var unknown []string
	for _, s := range placeholder().FindAllString(message, -1) {
		name := s[1 : len(s)-1]
		kind, _, _ := strings.Cut(name, ":")
		_, isVar := m.Vars[name]
		_, isDoc := m.Docs[name]
		if _, isKind := kinds()[kind]; !isVar && !isDoc && !isKind && s != AnyOrder {
			unknown = append(unknown, s)
		}
	}
	return unknown
}

func differs(path string, want, got any) []string {
	return []string{fmt.Sprintf("%s: want %s\n  got  %s", path, text(want), text(got))}
}

func text(v any) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSpace(b.String())
}

// jsonText returns a string as it is written between the quotes of a JSON string.
func jsonText(s string) string {
	t := text(s)
	return t[1 : len(t)-1]
}
