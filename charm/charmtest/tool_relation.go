package charmtest

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/juju/gnuflag"
)

func relationTools() map[string]tool {
	return map[string]tool{
		"relation-ids":  {"[options] <name>", "List all relation ids for the given endpoint.", func() command { return &relationIDs{} }},
		"relation-list": {"[options]", "List relation units.", func() command { return &relationList{} }},
		"relation-get":  {"[options] <key> <unit id>", "Get relation settings.", func() command { return &relationGet{} }},
		"relation-set":  {"[options] key=value [key=value ...]", "Set relation settings.", func() command { return &relationSet{} }},
	}
}

// relationFlag is the -r of a tool. Only the number of "endpoint:number"
// counts.
type relationFlag struct {
	rel *relation
}

func (f *relationFlag) flags(x *execution, s *gnuflag.FlagSet) {
	f.rel, _ = x.agent.relationOf(x.run)
	read := checked(func(value string) error {
		_, number, ok := strings.Cut(value, ":")
		if !ok {
			number = value
		}
		id, err := strconv.Atoi(number)
		if err != nil {
			return errors.New("invalid relation id")
		}
		if f.rel, ok = x.agent.relations[id]; !ok {
			return errors.New("relation not found")
		}
		return nil
	})
	s.Var(read, "r", "")
	s.Var(read, "relation", "")
}

// need refuses to continue without a relation.
func (f *relationFlag) need() error {
	if f.rel == nil {
		return errors.New("no relation id specified")
	}
	return nil
}

type relationIDs struct {
	out  output
	name string
}

func (c *relationIDs) flags(_ *execution, s *gnuflag.FlagSet) {
	c.out.flags(s, "smart", "yaml", "json")
}

func (c *relationIDs) init(x *execution, args []string) error {
	if rel, ok := x.agent.relationOf(x.run); ok {
		c.name = rel.endpoint.Name
	}
	if len(args) > 0 {
		c.name, args = args[0], args[1:]
	} else if c.name == "" {
		return errors.New("no endpoint name specified")
	}
	return unrecognized(args)
}

func (c *relationIDs) run(x *execution) error {
	ids := []string{}
	for _, rel := range x.agent.sortedRelations() {
		if rel.endpoint.Name == c.name && !rel.breaking {
			ids = append(ids, rel.fakeID())
		}
	}
	slices.Sort(ids)
	return c.out.write(x, ids)
}

type relationList struct {
	out output
	rel relationFlag
	app bool
}

func (c *relationList) flags(x *execution, s *gnuflag.FlagSet) {
	c.out.flags(s, "smart", "yaml", "json")
	c.rel.flags(x, s)
	toggle(s, &c.app, "app")
}

func (c *relationList) init(_ *execution, args []string) error {
	if err := c.rel.need(); err != nil {
		return err
	}
	return unrecognized(args)
}

func (c *relationList) run(x *execution) error {
	rel := c.rel.rel
	if c.app {
		return c.out.write(x, rel.remoteApp)
	}
	units := x.run.members[rel.id]
	if rel.breaking || units == nil {
		units = []string{}
	}
	return c.out.write(x, units)
}

type relationGet struct {
	out output
	rel relationFlag
	app bool
	key string
	who string // unit or application
}

func (c *relationGet) flags(x *execution, s *gnuflag.FlagSet) {
	c.out.flags(s, "smart", "yaml", "json")
	c.rel.flags(x, s)
	toggle(s, &c.app, "app")
}

func (c *relationGet) init(x *execution, args []string) error {
	if err := c.rel.need(); err != nil {
		return err
	}
	if len(args) > 0 {
		if args[0] != "-" {
			c.key = args[0]
		}
		args = args[1:]
	}
	if len(args) > 0 {
		c.who, args = args[0], args[1:]
		if err := c.checkWho(); err != nil {
			return err
		}
		return unrecognized(args)
	}
	// The default is the other side of the hook's relation, even if -r names
	// another relation.
	hookRel, inHook := x.agent.relationOf(x.run)
	switch {
	case !inHook:
	case x.run.hook.RemoteUnit != "" && !c.app:
		c.who = x.run.hook.RemoteUnit
	default:
		c.who, c.app = hookRel.remoteApp, true
	}
	if c.who == "" {
		return errors.New("no unit or application specified")
	}
	return nil
}

// checkWho checks the name that was given, and turns a unit's into its
// application's if the application's data is wanted.
func (c *relationGet) checkWho() error {
	app, number, isUnit := strings.Cut(c.who, "/")
	_, err := strconv.ParseUint(number, 10, 31)
	valid := appName(app) && (!isUnit || err == nil)
	switch {
	case c.app && valid:
		c.who = app
	case c.app:
	case !isUnit && valid:
		return fmt.Errorf("expected unit name, got application name %q", c.who)
	case !valid:
		return fmt.Errorf("invalid unit name %q", c.who)
	}
	return nil
}

func appName(name string) bool {
	return name != "" && !strings.ContainsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}

func (c *relationGet) run(x *execution) error {
	data, err := x.relationData(c.rel.rel, c.who, c.app)
	if err != nil {
		return err
	}
	if c.key == "" {
		return c.out.write(x, data)
	}
	if value, ok := data[c.key]; ok {
		return c.out.write(x, value)
	}
	return c.out.write(x, nil)
}

// relationData reads a bag: our own with the changes that are not committed
// yet, others as the dispatch first saw them.
func (x *execution) relationData(rel *relation, who string, app bool) (map[string]string, error) {
	peer := rel.endpoint.Role == "peer"
	switch {
	case who == x.agent.unit, who == x.agent.app && (x.isLeader() || peer):
		return x.localData(rel, app), nil
	case !strings.HasPrefix(who+"/", rel.remoteApp+"/") || who == x.agent.app:
		return nil, errors.New("permission denied")
	}
	cached := strconv.Itoa(rel.id) + " " + who
	if data, ok := x.run.remote[cached]; ok {
		return data, nil
	}
	data := orEmpty(rel.remoteData)
	if !app {
		known, ok := rel.units[who]
		if !ok {
			return nil, fmt.Errorf("cannot read settings for unit %q in relation %q: unit %q: settings not found",
				who, rel.key(x.agent.app), who)
		}
		data = maps.Clone(known)
	}
	x.run.remote[cached] = data
	return data, nil
}

// localData returns our own bag, with this dispatch's writes.
func (x *execution) localData(rel *relation, app bool) map[string]string {
	if data, ok := x.run.pending.relations[relationKey{rel.id, app}]; ok {
		return data
	}
	return rel.local[app]
}

type relationSet struct {
	rel    relationFlag
	app    bool
	file   settingsFile
	pairs  map[string]string
	format string // accepted and ignored
}

func (c *relationSet) flags(x *execution, s *gnuflag.FlagSet) {
	c.rel.flags(x, s)
	c.file.flags(s)
	toggle(s, &c.app, "app")
	text(s, &c.format, "format")
}

func (c *relationSet) init(_ *execution, args []string) (err error) {
	if err := c.rel.need(); err != nil {
		return err
	}
	c.pairs, err = keyValues(args)
	return err
}

func (c *relationSet) run(x *execution) error {
	pairs, err := c.file.merge(x, c.pairs)
	if err != nil {
		return err
	}
	if c.app && !x.isLeader() {
		return errors.New("cannot write relation settings")
	}
	data := maps.Clone(x.localData(c.rel.rel, c.app))
	for key, value := range pairs {
		if value == "" {
			delete(data, key)
		} else {
			data[key] = value
		}
	}
	x.run.pending.relations[relationKey{c.rel.rel.id, c.app}] = data
	return nil
}
