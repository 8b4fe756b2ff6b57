package rules

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

//go:embed *.json
var files embed.FS

// Rule is what is known about the migrations that fulfil its condition.
type Rule struct {
	ID string `json:"id"`
	Condition
	// Side and Fixed say where the fault is, and from which releases on it is
	// fixed.
	Side  Side  `json:"side"`
	Fixed Fixed `json:"fixed"`
	// Level is "fail" where Juju does not migrate such a model, and "warn"
	// otherwise.
	Level string `json:"level"`
	// Say and Do are sentences without their full stop. In them {names} stands
	// for what the condition is about, {model}, {source} and {target} for names.
	Say string `json:"say"`
	Do  string `json:"do"`
	// Evidence names the issue, the page or the recording that shows that this
	// is so, and that the remedy works.
	Evidence string `json:"evidence"`
}

// Match reports whether the rule is about the migration.
func (r Rule) Match(f Facts) Fit { return r.Apt(f).and(r.contents(f)) }

// Apt reports the same for the versions alone: if it fits, only the contents of
// the model are unknown.
func (r Rule) Apt(f Facts) Fit { return r.versions(f).and(r.Side.fault(r.Fixed, f)) }

// Names returns the names of what the condition is about.
func (r Rule) Names(f Facts) []string { return f.named(r.Holds) }

// Fill puts names into one of a rule's sentences. After a command they are
// separated by spaces, elsewhere by commas.
func Fill(text, model, source, target string, names []string) string {
	command := strings.Contains(text, "juju ") && strings.Contains(text, "{model} {names}")
	list := some(names)
	if command {
		list = strings.Join(names, " ")
	}
	var out strings.Builder
	for { // The text is replaced in one pass, so the contents of a name are not replaced.
		before, rest, opens := strings.Cut(text, "{")
		out.WriteString(before)
		key, after, closes := strings.Cut(rest, "}")
		if !opens {
			return out.String()
		}
		text = after
		switch {
		case closes && key == "model":
			out.WriteString(model)
		case closes && key == "source":
			out.WriteString(source)
		case closes && key == "target":
			out.WriteString(target)
		case closes && key == "names":
			out.WriteString(list)
		default:
			out.WriteByte('{')
			text = rest
		}
	}
}

// some lists names, but not more than a reader can use.
func some(names []string) string {
	const most = 8
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:most], ", ") + ", …"
}

// Book has the contents of the data files.
type Book struct {
	About      string   `json:"about"` // What a file is for; for its readers.
	Hops       []Rule   `json:"hops"`
	Advisories []Rule   `json:"advisories"`
	FollowUps  []Rule   `json:"follow-ups"`
	Reasons    []Reason `json:"reasons"`
}

// Files are the names of the data files, in the order in which they are read.
func Files() []string { return []string{"hops", "advisories", "follow-ups", "reasons"} }

// All reads the data files. They are part of the program: a test reads them, so
// that it cannot fail here.
var All = sync.OnceValue(func() Book { //nolint:gochecknoglobals // constants that have to be read
	var b Book
	for _, name := range Files() {
		data, err := files.ReadFile(name + ".json")
		if err == nil {
			err = strict(data, &b)
		}
		if err != nil {
			panic(fmt.Errorf("cannot read %s.json: %w", name, err))
		}
	}
	return b
})

// strict decodes and refuses unknown keys: a misspelt condition would always be
// fulfilled.
func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(into)
}
