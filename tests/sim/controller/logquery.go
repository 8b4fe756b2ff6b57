package controller

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"jimm-migrator/tests/sim/wire"
)

// logQuery holds the parameters of a log stream.
type logQuery struct {
	version          int
	noTail, replay   bool
	firehose         bool
	backlog          int  // lines at the beginning
	limit            int  // lines in all; 0: no limit
	newer            bool // Juju 4: the parameter maxLines is another backlog
	start            time.Time
	level            int
	modules, without []string // of modules
	entities, except []string
	labels, unlabel  []string
}

func logLevels() []string { return []string{"TRACE", "DEBUG", "INFO", "WARNING", "ERROR"} }

// readLogQuery reads a query. The texts of its errors were recorded with 4.0-beta8.
func readLogQuery(values url.Values, newer bool) (q logQuery, err error) {
	q = logQuery{version: 1, newer: newer}
	numbers := []struct {
		name string
		into *int
	}{{"maxLines", &q.limit}, {"backlog", &q.backlog}}
	toggles := []struct {
		name string
		into *bool
	}{{"noTail", &q.noTail}, {"replay", &q.replay}}
	if newer {
		numbers = append(numbers, struct {
			name string
			into *int
		}{"version", &q.version})
		toggles = append(toggles, struct {
			name string
			into *bool
		}{"firehose", &q.firehose})
	}
	for _, n := range numbers {
		if text := values.Get(n.name); text != "" {
			number, err := strconv.ParseUint(text, 10, 31)
			if err != nil {
				return q, wire.Errorf("", "%s value %q is not a valid number", n.name, text)
			}
			*n.into = int(number)
		}
	}
	for _, t := range toggles {
		if text := values.Get(t.name); text != "" {
			if *t.into, err = strconv.ParseBool(text); err != nil {
				return q, wire.Errorf("", "%s value %q is not a valid boolean", t.name, text)
			}
		}
	}
	return q, q.filter(values)
}

// filter reads the parameters that select single lines.
func (q *logQuery) filter(values url.Values) (err error) {
	if text := values.Get("startTime"); text != "" {
		if q.start, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return wire.Errorf("", "start time %q is not a valid time in RFC3339 format", text)
		}
	}
	if text := values.Get("level"); text != "" {
		if q.level = slices.Index(logLevels(), text); q.level < 0 {
			return wire.Errorf("", `level value %q is not one of "TRACE", "DEBUG", "INFO", "WARNING", "ERROR"`, text)
		}
	}
	q.modules, q.without = values["includeModule"], values["excludeModule"]
	q.entities, q.except = values["includeEntity"], values["excludeEntity"]
	q.labels, q.unlabel = values["includeLabel"], values["excludeLabel"]
	if !q.newer {
		return nil
	}
	for name, into := range map[string]*[]string{"include": &q.labels, "exclude": &q.unlabel} {
		for _, text := range values[name+"Labels"] {
			key, value, ok := strings.Cut(text, "=")
			if !ok {
				return wire.Errorf("not valid", "%s label key value %q not valid", name, text)
			}
			if key == "logger-tags" {
				*into = append(*into, value)
			}
		}
	}
	return nil
}

// first returns the existing lines that are sent. Juju 4 treats maxLines and backlog as the same number, of the last
// lines or, with replay, of the first; without either it sends all existing lines to a client that does not wait for
// more (recorded). Before, existing lines are sent only with a backlog or a replay, and maxLines is a limit
// (documented).
func (q *logQuery) first(lines []LogLine) []LogLine {
	n := q.backlog
	if q.newer && n == 0 {
		n = q.limit
	}
	switch {
	case q.replay && q.newer && n > 0:
		lines = lines[:min(n, len(lines))]
	case q.replay, q.newer && n == 0 && (q.noTail || !q.start.IsZero()):
	case n == 0 && q.start.IsZero():
		lines = nil
	case n > 0:
		lines = lines[max(len(lines)-n, 0):]
	}
	if !q.newer && q.limit > 0 {
		lines = lines[:min(q.limit, len(lines))]
	}
	return lines
}

// wants reports whether a line passes the filters. A module includes the modules below it, separated by dots.
func (q *logQuery) wants(l LogLine) bool {
	module := func(name string) bool { return l.Module == name || strings.HasPrefix(l.Module, name+".") }
	entity := func(pattern string) bool {
		prefix, all := strings.CutSuffix(pattern, "*")
		return l.Entity == pattern || all && strings.HasPrefix(l.Entity, prefix)
	}
	label := func(name string) bool { return slices.Contains(l.Labels, name) }
	passes := func(include, exclude []string, match func(string) bool) bool {
		return (include == nil || slices.ContainsFunc(include, match)) && !slices.ContainsFunc(exclude, match)
	}
	return !l.Time.Before(q.start) && slices.Index(logLevels(), l.Level) >= q.level &&
		passes(q.modules, q.without, module) && passes(q.entities, q.except, entity) && passes(q.labels, q.unlabel, label)
}
