package migration

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// The data files say what is known of Juju beyond its API: which versions can
// migrate to which, which bugs are about which versions, and what is left to do
// when a model has moved. They are JSON, since a package that reads YAML would be
// a tenth of what a hook costs that has nothing to do.
//
//go:embed known/*.json
var knownFiles embed.FS

// condition says which migrations an entry of a data file is about: all of its
// parts must be fulfilled, and one that is left out always is.
type condition struct {
	Source versions `json:"source"` // Of the source controller.
	Target versions `json:"target"` // Of the target controller.
	Model  versions `json:"model"`  // Of the model's agents.
	Type   string   `json:"type"`   // iaas or caas.
	Offers bool     `json:"offers"` // The model has offers that are connected.
	Remote bool     `json:"remote"` // The model consumes offers of others.
	Charms []string `json:"charms"` // Names, one of which an application has.
	// Bases are names and versions, "ubuntu@18.04", one of which a machine or an
	// application has.
	Bases []string `json:"bases"`
}

// hop is a rule about which versions can migrate to which.
type hop struct {
	ID string `json:"id"`
	condition
	// Warn tells that the migration is possible, but limited.
	Warn bool   `json:"warn"`
	Say  string `json:"say"`
	Do   string `json:"do"`
}

// advisory is a known bug.
type advisory struct {
	Issue string `json:"issue"` // juju/juju#22113
	condition
	Say string `json:"say"`
	Do  string `json:"do"`
}

// chore is something that is left to do when a model has moved.
type chore struct {
	ID string `json:"id"`
	condition
	Say string `json:"say"`
	Do  string `json:"do"` // {model} and {source} stand for names.
}

// reason is what a refusal or an abort means.
type reason struct {
	ID    string           `json:"id"`
	Texts []*regexp.Regexp `json:"texts"` // One of which is in the server's text.
	Say   string           `json:"say"`
	Do    string           `json:"do"`
}

// hint says what a server's text means and what helps, "" if that is not known.
func hint(text string) string {
	for _, r := range knowledge().Reasons {
		if slices.ContainsFunc(r.Texts, func(p *regexp.Regexp) bool { return p.MatchString(text) }) {
			return r.Say + "; " + r.Do
		}
	}
	return ""
}

// known holds the contents of the data files.
type known struct {
	About      string     `json:"about"` // what a file is for; for its readers
	Hops       []hop      `json:"hops"`
	Advisories []advisory `json:"advisories"`
	Chores     []chore    `json:"chores"`
	Reasons    []reason   `json:"reasons"`
}

// knowledge reads the data files. They are part of the program: a test reads
// them, so that it cannot fail here.
var knowledge = sync.OnceValue(func() known { //nolint:gochecknoglobals // constants that have to be read
	var k known
	for _, name := range []string{"hops", "advisories", "chores", "reasons"} {
		data, err := knownFiles.ReadFile("known/" + name + ".json")
		if err == nil {
			err = strict(data, &k)
		}
		if err != nil {
			panic(fmt.Errorf("cannot read %s.json: %w", name, err))
		}
	}
	return k
})

// strict decodes and refuses keys that mean nothing: a misspelled condition
// would always be fulfilled.
func strict(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// facts are what conditions are about.
type facts struct {
	source, target, model string // Versions; "" if not known.
	kind                  string // iaas or caas; "" if not known.
	inside                *Inventory
}

// facts returns what is known of the migration.
func (s *situation) facts() facts {
	f := facts{
		source: s.source.AgentVersion, target: s.target.AgentVersion, model: s.model.AgentVersion, kind: s.model.Type,
	}
	if s.inside.known {
		f.inside = &s.inside.Inventory
	}
	return f
}

// match tells whether the condition is fulfilled.
func (c condition) match(f facts) fit {
	out := c.Source.take(f.source).and(c.Target.take(f.target)).and(c.Model.take(f.model))
	switch {
	case c.Type == "" || c.Type == f.kind:
	case f.kind == "":
		out = out.and(fitUnknown)
	default:
		return fitsNot
	}
	if !c.Offers && !c.Remote && c.Charms == nil && c.Bases == nil {
		return out
	}
	if f.inside == nil {
		return out.and(fitUnknown)
	}
	return out.and(c.inside(*f.inside))
}

func (c condition) inside(i Inventory) fit {
	switch {
	case c.Offers && i.connections() == 0,
		c.Remote && len(i.Remotes) == 0,
		c.Charms != nil && len(i.withCharm(c.Charms)) == 0,
		c.Bases != nil && len(i.withBase(c.Bases)) == 0:
		if len(i.Unread) > 0 {
			return fitUnknown
		}
		return fitsNot
	default:
		return fits
	}
}

// withCharm returns the applications whose charm has one of the names.
func (i Inventory) withCharm(names []string) []string {
	return sorted(i.Applications, func(a Application) bool { return slices.Contains(names, a.CharmName()) })
}

// withBase returns the machines and applications that have one of the bases.
func (i Inventory) withBase(bases []string) []string {
	has := func(base string) bool {
		short, _, _ := strings.Cut(base, "/")
		return slices.Contains(bases, short)
	}
	out := sorted(i.Machines, func(m Machine) bool { return has(m.Base) })
	for n := range out {
		out[n] = "machine " + out[n]
	}
	return append(out, sorted(i.Applications, func(a Application) bool { return has(a.Base) })...)
}
